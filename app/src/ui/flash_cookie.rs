//! The cookie behind `flash`: one word for one page, kept for a minute.

use http::header::{ACCEPT, COOKIE, ORIGIN, REFERER, SET_COOKIE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of a value that every browser keeps (RFC 6265 §6.1: 4096 with name and attributes).
const BYTES_MAX: usize = 3_900;
/// Seconds it is kept: long enough for a slow redirect, too short for a second visit.
const KEPT_S: u32 = 60;

/// Leaves a word for the page a plain form is redirected to, and goes back to the form's page. Returns whether it fits;
/// with JavaScript nothing is needed, and nothing is done.
pub fn leave<T: Serialize>(name: &str, word: &T) -> bool {
    let (Some(parts), Some(response)) = (use_context::<Parts>(), use_context::<ResponseOptions>()) else { return true };
    if !is_plain_form() {
        return true;
    }
    let Ok(json) = serde_json::to_string(word) else { return false };
    let value = encoded(&json);
    if value.len() > BYTES_MAX {
        return false;
    }
    let secure = if text(&parts, &ORIGIN).starts_with("https://") { "; Secure" } else { "" };
    set(&response, &format!("flash-{name}={value}; Path=/; Max-Age={KEPT_S}; HttpOnly; SameSite=Strict{secure}"));
    leptos_axum::redirect(path(text(&parts, &REFERER)));
    true
}

/// Whether a page without JavaScript asks.
pub fn is_plain_form() -> bool {
    use_context::<Parts>().is_some_and(|parts| text(&parts, &ACCEPT).contains("text/html"))
}

/// Sets the status of the answer. A plain form is redirected after that.
pub fn answer_with(status: StatusCode) {
    if let Some(response) = use_context::<ResponseOptions>() {
        response.set_status(status);
    }
}

/// Takes the word left under that name.
pub fn take<T: DeserializeOwned>(name: &str) -> Option<T> {
    let parts = use_context::<Parts>()?;
    let wanted = format!("flash-{name}");
    let cookies = parts.headers.get_all(COOKIE).iter().filter_map(|header| header.to_str().ok());
    let mut pairs = cookies.flat_map(|header| header.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(name, _)| *name == wanted).map(|(_, value)| decoded(value))?;
    if let Some(response) = use_context::<ResponseOptions>() {
        set(&response, &format!("{wanted}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"));
    }
    serde_json::from_slice(&value).ok()
}

fn set(response: &ResponseOptions, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.append_header(SET_COOKIE, value);
    }
}

fn text<'a>(parts: &'a Parts, name: &HeaderName) -> &'a str {
    parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
}

/// Path and query of an address of ours; anything else goes to the start.
fn path(referer: &str) -> &str {
    let rest = referer.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    rest.filter(|path| !path.starts_with("//")).unwrap_or("/")
}

/// Percent-encodes what a cookie's value may not hold (RFC 6265 §4.1.1), and `%` itself.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\' | b'%') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

fn decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let digit =
            |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|n| u8::try_from(n).ok());
        match byte {
            b'%' => out.push(digit(bytes.next()).unwrap_or(0) * 16 + digit(bytes.next()).unwrap_or(0)),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_survives_the_cookie() {
        let text = "{\"a\": \"50 %; é, \\\\ \u{1F980}\"}";
        let value = encoded(text);
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\')));
        assert_eq!(decoded(&value), text.as_bytes());
    }

    #[test]
    fn the_way_back_stays_on_this_site() {
        assert_eq!(path("http://localhost:3000/orchestration/agents/new?x=1"), "/orchestration/agents/new?x=1");
        assert_eq!(path("http://localhost:3000//evil.example"), "/");
        assert_eq!(path("nonsense"), "/");
    }
}
