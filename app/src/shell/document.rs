//! The document around every page.
#![cfg(feature = "ssr")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::{Link, Meta, MetaTags};

use super::theme::theme_of_request;
use crate::App;

/// Where the browser finds its half of the pages: paths with the content's hash in them.
#[derive(Debug, Default)]
pub struct SiteFiles {
    /// The JavaScript module which loads the WebAssembly.
    pub js: String,
    /// The JavaScript module which loads the pieces of the WebAssembly.
    pub split: String,
    /// The WebAssembly every page needs.
    pub wasm: String,
    /// The files of every piece, by its name.
    pub pieces: BTreeMap<String, Vec<String>>,
    /// The stylesheet.
    pub css: String,
}

/// The document around every page. `html[data-awake]` appears when the browser's half has taken over.
pub fn shell(files: Arc<SiteFiles>) -> impl IntoView {
    let nonce = use_nonce();
    let SiteFiles { js, split, wasm, css, .. } = &*files;
    let wake = format!(
        "import init, {{ hydrate }} from {js:?};\nawait init({{ module_or_path: {wasm:?} }});\nawait hydrate();\ndocument.documentElement.dataset.awake = '';"
    );
    provide_context(Arc::clone(&files));
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme_of_request()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="preload" href="/fonts/inter-latin.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link id="leptos" rel="stylesheet" href=css.clone()/>
                <link rel="modulepreload" href=js.clone() nonce=nonce.clone()/>
                <link rel="modulepreload" href=split.clone() nonce=nonce.clone()/>
                <link rel="preload" href=wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <script type="module" nonce=nonce>{wake}</script>
                <MetaTags/>
            </head>
            <body class="text-ink font-sans antialiased"><App/></body>
        </html>
    }
}

/// Tells the browser which pieces the page is in, and has it fetch them together with what every page needs.
pub fn announce_pieces(names: &[&'static str]) {
    let Some(files) = use_context::<Arc<SiteFiles>>() else { return };
    // These stand in the head and nowhere else.
    for name in names {
        let _ = view! { <Meta name="piece" content=*name/> }.to_html();
    }
    let needed: BTreeSet<&String> = names.iter().filter_map(|name| files.pieces.get(*name)).flatten().collect();
    for &href in &needed {
        let _ = view! { <Link rel="preload" href=href.clone() as_="fetch" type_="application/wasm" crossorigin="anonymous"/> }
            .to_html();
    }
    // The others in an idle moment, so that the next page is there at once.
    for href in files.pieces.values().flatten().collect::<BTreeSet<_>>() {
        if !needed.contains(href) {
            let _ = view! { <Link rel="prefetch" href=href.clone() as_="fetch" crossorigin="anonymous"/> }.to_html();
        }
    }
}
