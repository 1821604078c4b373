//! Wakes the pages in the browser.

/// Takes over the page the server rendered, once the pieces it is in have come; done when it is awake.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    app::fetch_pieces().await;
    leptos::mount::hydrate_body(app::App);
}
