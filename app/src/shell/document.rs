//! The document around every page.
#![cfg(feature = "ssr")]

use leptos::prelude::*;
use leptos_meta::MetaTags;

use super::theme::theme_of_request;
use crate::App;

/// Where the browser finds its half of the pages: paths with the content's hash in them.
#[derive(Clone, Debug, Default)]
pub struct SiteFiles {
    /// The JavaScript module which loads the WebAssembly.
    pub js: String,
    /// The WebAssembly.
    pub wasm: String,
    /// The stylesheet.
    pub css: String,
}

/// The document around every page. `html[data-awake]` appears when the browser's half has taken over.
pub fn shell(files: SiteFiles) -> impl IntoView {
    let nonce = use_nonce();
    let SiteFiles { js, wasm, css } = files;
    let wake = format!(
        "import init, {{ hydrate }} from {js:?};\nawait init({{ module_or_path: {wasm:?} }});\nhydrate();\ndocument.documentElement.dataset.awake = '';"
    );
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme_of_request()>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"/>
                <meta name="color-scheme" content="light dark"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="preload" href="/fonts/inter-latin.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link id="leptos" rel="stylesheet" href=css/>
                <link rel="modulepreload" href=js nonce=nonce.clone()/>
                <link rel="preload" href=wasm r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                <script type="module" nonce=nonce>{wake}</script>
                <MetaTags/>
            </head>
            <body class="text-ink font-sans antialiased"><App/></body>
        </html>
    }
}
