//! Wakes the pages in the browser.

/// Takes over the page the server rendered, once the piece it is in has come; done when it is awake.
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() {
    console_error_panic_hook::set_once();
    app::fetch_piece().await;
    leptos::mount::hydrate_body(app::App);
}
