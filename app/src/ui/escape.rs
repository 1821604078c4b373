//! What Escape closes beside the page: a panel. (A dialog is closed by the browser.)

use leptos::ev::KeyboardEvent;

/// What the panel's `on:keydown` needs so that Escape closes it: pressed in it, or where nothing has the focus, as after
/// a press on bare ground.
pub fn on_escape(close: impl Fn() + Clone + 'static) -> impl Fn(KeyboardEvent) + Clone + 'static {
    #[cfg(feature = "hydrate")]
    from_nowhere(close.clone());
    move |event| {
        if event.key() == "Escape" {
            event.stop_propagation();
            close();
        }
    }
}

/// As long as the panel is there.
#[cfg(feature = "hydrate")]
fn from_nowhere(close: impl Fn() + 'static) {
    use leptos::prelude::{on_cleanup, window_event_listener};

    use super::dialog::dialog_is_open;
    use super::focus::is_nowhere;

    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.key() == "Escape" && is_nowhere() && !dialog_is_open() {
            close();
        }
    });
    on_cleanup(move || handle.remove());
}
