//! A page of one sentence, for the moments before somebody is signed in. It needs no script.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

use super::App;
use super::headers::quiet_page_policy;

/// What stands under the sentence.
pub enum Way<'a> {
    /// A link.
    Link(&'a str, &'a str),
    /// A button that sends a form back to this address.
    Button(&'a str),
}

/// A page with a title, a sentence and a way on.
pub fn page(app: &App, status: StatusCode, title: &str, sentence: &str, way: Way<'_>) -> Response {
    let css = escape(&app.site().files.css);
    let way = match way {
        Way::Link(href, words) => format!(r#"<a class="underline" href="{}">{}</a>"#, escape(href), escape(words)),
        Way::Button(words) => {
            format!(r#"<form method="post"><button class="underline" type="submit">{}</button></form>"#, escape(words))
        }
    };
    let (title, sentence) = (escape(title), escape(sentence));
    let html = format!(
        r#"<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="robots" content="noindex"><title>{title} · Vibe DevSquad</title><link rel="stylesheet" href="{css}"></head><body class="aurora text-ink font-sans"><main class="mx-auto max-w-xl px-4 py-10"><h1 class="text-2xl font-semibold">{title}</h1><p class="my-4">{sentence}</p>{way}</main></body></html>"#
    );
    let mut response = (status, Html(html)).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, quiet_page_policy());
    response
}

/// Text as HTML shows it, in an attribute too.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
