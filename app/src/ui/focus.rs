//! Moving the focus to where the next step is.

#[cfg(feature = "hydrate")]
mod browser {
    use std::cell::RefCell;

    use leptos::ev;
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, FocusOptions, HtmlElement};

    thread_local! { static LAST: RefCell<Option<Element>> = const { RefCell::new(None) }; }

    /// Remembers what has the focus; once, at the root.
    pub fn watch_focus() {
        let listener = window_event_listener(ev::focusin, |event| {
            LAST.set(event.target().and_then(|target| target.dyn_into().ok()));
        });
        std::mem::forget(listener);
    }

    pub fn focus_soon(ids: Vec<String>) {
        request_animation_frame(move || first(&ids, &FocusOptions::new()));
    }

    pub fn recover_focus(ids: &'static [&'static str]) {
        request_animation_frame(move || {
            let is_gone = |last: &Element| !last.is_connected() || last.matches(":disabled") == Ok(true);
            if is_nowhere() && LAST.with_borrow(|last| last.as_ref().is_some_and(is_gone)) {
                let stay = FocusOptions::new();
                stay.set_prevent_scroll(true);
                first(ids, &stay);
            }
        });
    }

    /// Whether nothing on the page has the focus.
    pub fn is_nowhere() -> bool {
        document().active_element().is_none_or(|at| at.tag_name().eq_ignore_ascii_case("body"))
    }

    fn first(ids: &[impl AsRef<str>], how: &FocusOptions) {
        let found = ids.iter().find_map(|id| document().get_element_by_id(id.as_ref()));
        if let Some(node) = found.and_then(|node| node.dyn_into::<HtmlElement>().ok()) {
            // A focus that cannot be moved leaves the page as it was.
            let _ = node.focus_with_options(how);
        }
    }
}

#[cfg(feature = "hydrate")]
pub use browser::{is_nowhere, watch_focus};

/// Gives the focus to the first of these ids that is on the page, once the page is drawn anew.
#[cfg(feature = "hydrate")]
pub fn focus_soon(ids: Vec<String>) {
    browser::focus_soon(ids);
}

/// Gives the focus to the first of these ids that is on the page, once the page is drawn anew.
#[cfg(not(feature = "hydrate"))]
pub fn focus_soon(_ids: Vec<String>) {}

/// Gives the focus to the first of these ids if what had it is gone: a button that went away once it was pressed would
/// leave who works by keyboard nowhere.
#[cfg(feature = "hydrate")]
pub fn recover_focus(ids: &'static [&'static str]) {
    browser::recover_focus(ids);
}

/// Gives the focus to the first of these ids if what had it is gone.
#[cfg(not(feature = "hydrate"))]
pub fn recover_focus(_ids: &'static [&'static str]) {}
