//! What the list does in the window: where it is scrolled, what has the focus, in which time zone it is read.

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, FocusOptions, HtmlElement};

    use crate::ui::is_nowhere;

    /// Nearer to the end than this, one follows what is said.
    const AT_END_PX: i32 = 120;
    /// Inside of a message, what can be focused.
    const INSIDE: &str = "a, button, input, textarea, summary, [tabindex]";

    fn list(id: &str) -> Option<HtmlElement> {
        document().get_element_by_id(id)?.dyn_into().ok()
    }

    /// The list is drawn from its end: scrolled to it, it stands at 0, and further up at less.
    fn scroller(id: &str) -> Option<HtmlElement> {
        list(id)?.closest(".talk-scroll").ok().flatten()?.dyn_into().ok()
    }

    fn message(id: &str) -> Option<HtmlElement> {
        document().get_element_by_id(&format!("m-{id}"))?.dyn_into().ok()
    }

    pub fn is_at_end(id: &str) -> bool {
        scroller(id).is_none_or(|at| -at.scroll_top() < AT_END_PX)
    }

    /// Whether an edge of what is there is near: the older one, the newer one.
    pub fn near(id: &str) -> (bool, bool) {
        let Some(at) = scroller(id) else { return (false, false) };
        // Half a window: what is fetched is more than that, so that one edge's rows do not bring the other edge near.
        let near = at.client_height() / 2;
        let above = at.scroll_height() - at.client_height() + at.scroll_top();
        (above < near, -at.scroll_top() < near)
    }

    pub fn to_end(id: &'static str) {
        request_animation_frame(move || {
            if let Some(at) = scroller(id) {
                at.set_scroll_top(0);
            }
        });
    }

    /// What of a list has the focus: the message, and what can be done with the button in it.
    struct Held {
        message: String,
        button: Option<String>,
    }

    fn held(id: &str) -> Option<Held> {
        let (list, at) = (list(id)?, document().active_element()?);
        let row = at.closest("li[data-id]").ok().flatten().filter(|row| list.contains(Some(row)))?;
        let selector = |act: String| match at.get_attribute("data-kind") {
            Some(kind) => format!("[data-act={act}][data-kind=\"{kind}\"]"),
            None => format!("[data-act={act}]"),
        };
        Some(Held { message: row.get_attribute("data-id")?, button: at.get_attribute("data-act").map(selector) })
    }

    /// A message that was drawn anew has lost the focus: it goes to the button that does the same, or to the message.
    fn hold_again(held: &Held) {
        let Some(row) = message(&held.message).filter(|_| is_nowhere()) else { return };
        let button = held.button.as_ref().and_then(|button| row.query_selector(button).ok().flatten());
        let stay = FocusOptions::new();
        stay.set_prevent_scroll(true);
        // A focus that cannot be moved leaves the page as it was.
        let _ = button.and_then(|button| button.dyn_into().ok()).unwrap_or(row).focus_with_options(&stay);
    }

    /// Changes the list, and leaves what is seen of it, and the focus, where they are.
    pub fn keeping(id: &'static str, change: impl FnOnce() + 'static) {
        // Where a row stands in what is scrolled: that scrolling goes on meanwhile moves nothing.
        let stands =
            |at: &HtmlElement, row: &Element| row.get_bounding_client_rect().top() + f64::from(at.scroll_top());
        let seen = scroller(id).and_then(|at| {
            let top = at.get_bounding_client_rect().top();
            let rows = at.query_selector_all("li[data-id]").ok()?;
            // From the end: that is where one mostly is.
            (0..rows.length())
                .rev()
                .filter_map(|n| rows.item(n)?.dyn_into::<Element>().ok())
                .take_while(|row| row.get_bounding_client_rect().bottom() > top)
                .last()
                .map(|row| {
                    let was = stands(&at, &row);
                    (row, was)
                })
        });
        let held = held(id);
        change();
        request_animation_frame(move || {
            if let Some(held) = &held {
                hold_again(held);
            }
            let (Some(at), Some((row, was))) = (scroller(id), seen) else { return };
            if row.is_connected() {
                let moved = stands(&at, &row) - was;
                if moved.abs() >= 1.0 {
                    at.set_scroll_top(at.scroll_top() + moved.round() as i32);
                }
            }
        });
    }

    /// Shows a message and gives it the focus.
    pub fn show(_list: &'static str, id: &str) {
        let id = id.to_owned();
        request_animation_frame(move || {
            let Some(row) = message(&id) else { return };
            row.scroll_into_view();
            focus(&id);
        });
    }

    /// Gives a message the focus, and what is inside of it alone a place in the order of tabs.
    pub fn focus(id: &str) {
        if let Some(row) = message(id) {
            let how = FocusOptions::new();
            how.set_prevent_scroll(false);
            // A focus that cannot be moved leaves the page as it was.
            let _ = row.focus_with_options(&how);
        }
    }

    /// Of one list, one message is in the order of tabs with what is inside of it: `active`, or the last. Says whether the list is
    /// in the page.
    pub fn tame(id: &str, active: Option<&str>) -> bool {
        let Some(list) = list(id) else { return false };
        let Ok(rows) = list.query_selector_all("li[data-id]") else { return false };
        let rows: Vec<HtmlElement> =
            (0..rows.length()).filter_map(|n| rows.item(n)?.dyn_into::<HtmlElement>().ok()).collect();
        let chosen =
            active.and_then(|id| rows.iter().position(|row| row.get_attribute("data-id").as_deref() == Some(id)));
        let chosen = chosen.or(rows.len().checked_sub(1));
        for (n, row) in rows.iter().enumerate() {
            let order = if Some(n) == chosen { "0" } else { "-1" };
            // What is inside is new when the message was drawn anew.
            let Some(inner) = row.first_element_child() else { continue };
            if inner.get_attribute("data-tab").as_deref() == Some(order) {
                continue;
            }
            // Attributes of known names do not fail.
            let _ = inner.set_attribute("data-tab", order);
            let _ = row.set_attribute("tabindex", order);
            if let Ok(inside) = row.query_selector_all(INSIDE) {
                for n in 0..inside.length() {
                    if let Some(node) = inside.item(n).and_then(|node| node.dyn_into::<Element>().ok()) {
                        let _ = node.set_attribute("tabindex", order);
                    }
                }
            }
            local_time(row);
        }
        true
    }

    /// Seconds the reader's clock is ahead of UTC.
    pub fn offset_s() -> i64 {
        -(js_sys::Date::new_0().get_timezone_offset() as i64) * 60
    }

    fn local_time(row: &HtmlElement) {
        let Ok(times) = row.query_selector_all("time.msg-time") else { return };
        for n in 0..times.length() {
            let Some(time) = times.item(n).and_then(|node| node.dyn_into::<Element>().ok()) else { continue };
            let Some(exact) = time.get_attribute("datetime") else { continue };
            let at = js_sys::Date::new(&exact.into());
            let words = format!("{:02}:{:02}", at.get_hours(), at.get_minutes());
            if time.text_content().as_ref() != Some(&words) {
                time.set_text_content(Some(&words));
            }
        }
    }

    /// The message an event happened in, and the nearest element there that does something.
    pub fn at(event: &web_sys::Event) -> Option<(String, Option<Element>)> {
        let target: Element = event.target()?.dyn_into().ok()?;
        let row = target.closest("li[data-id]").ok().flatten()?;
        Some((row.get_attribute("data-id")?, target.closest("[data-act]").ok().flatten()))
    }

    /// Whether the keys of an event are for a message itself, and not for a field or a button inside of it.
    pub fn is_on_message(event: &web_sys::Event) -> bool {
        event
            .target()
            .and_then(|target| target.dyn_into::<Element>().ok())
            .is_some_and(|at| at.has_attribute("data-id"))
    }

    /// The message before or after one; with nothing, the first and the last.
    pub fn neighbour(id: &str, of: Option<&str>, forward: bool) -> Option<String> {
        let list = list(id)?;
        let rows = list.query_selector_all("li[data-id]").ok()?;
        let ids: Vec<String> = (0..rows.length())
            .filter_map(|n| rows.item(n)?.dyn_into::<Element>().ok()?.get_attribute("data-id"))
            .collect();
        let Some(of) = of else { return if forward { ids.last().cloned() } else { ids.first().cloned() } };
        let at = ids.iter().position(|id| id == of)?;
        if forward { ids.get(at + 1).cloned() } else { at.checked_sub(1).and_then(|at| ids.get(at).cloned()) }
    }

    /// The line where the new messages begin.
    pub fn show_new(id: &str) -> bool {
        let Some(line) = list(id).and_then(|list| list.query_selector("[data-new]").ok().flatten()) else {
            return false;
        };
        line.scroll_into_view();
        let next = line.next_element_sibling().and_then(|row| row.get_attribute("data-id"));
        if let Some(next) = next {
            focus(&next);
        }
        true
    }

    /// Where one types on glass, Enter begins a line and the button sends; and a field that gets the focus covers half the page.
    pub fn is_touch() -> bool {
        window().match_media("(pointer: coarse)").ok().flatten().is_some_and(|query| query.matches())
    }

    pub fn focus_field(id: &str) {
        if let Some(field) = document().get_element_by_id(id).and_then(|node| node.dyn_into::<HtmlElement>().ok()) {
            // A focus that cannot be moved leaves the page as it was.
            let _ = field.focus();
        }
    }
}

#[cfg(feature = "hydrate")]
pub use browser::*;

#[cfg(not(feature = "hydrate"))]
mod server {
    //! The server's page stands still.

    /// Nobody has scrolled yet.
    pub fn is_at_end(_list: &str) -> bool {
        true
    }

    /// Nobody types.
    pub fn is_touch() -> bool {
        false
    }

    /// Nothing to scroll.
    pub fn to_end(_list: &'static str) {}

    /// Changes, and has nothing to keep.
    pub fn keeping(_list: &'static str, change: impl FnOnce() + 'static) {
        change();
    }

    /// Nothing to show it in.
    pub fn show(_list: &'static str, _id: &str) {}
}

#[cfg(not(feature = "hydrate"))]
pub use server::*;
