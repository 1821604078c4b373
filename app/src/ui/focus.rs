//! Moving the focus to where the next step is.

/// Gives the focus to the first of these ids that is on the page, once the page is drawn anew.
#[cfg(feature = "hydrate")]
pub fn focus_soon(ids: Vec<String>) {
    use wasm_bindgen::JsCast;

    leptos::prelude::request_animation_frame(move || {
        let page = leptos::prelude::document();
        let found = ids.iter().find_map(|id| page.get_element_by_id(id));
        if let Some(node) = found.and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok()) {
            // A focus that cannot be moved leaves the page as it was.
            let _ = node.focus();
        }
    });
}

/// Gives the focus to the first of these ids that is on the page, once the page is drawn anew.
#[cfg(not(feature = "hydrate"))]
pub fn focus_soon(_ids: Vec<String>) {}
