//! What was begun to be written, kept in the browser until it is sent.

/// What was begun in a place.
#[cfg(feature = "hydrate")]
pub fn read(channel: &str, thread: Option<&str>) -> String {
    storage().and_then(|storage| storage.get_item(&key(channel, thread)).ok().flatten()).unwrap_or_default()
}

/// Keeps it; nothing is kept of nothing. A browser that keeps nothing loses a draft, and no more.
#[cfg(feature = "hydrate")]
pub fn keep(channel: &str, thread: Option<&str>, text: &str) {
    let Some(storage) = storage() else { return };
    let _ = match text.is_empty() {
        true => storage.remove_item(&key(channel, thread)),
        false => storage.set_item(&key(channel, thread), text),
    };
}

#[cfg(feature = "hydrate")]
fn storage() -> Option<web_sys::Storage> {
    leptos::prelude::window().local_storage().ok().flatten()
}

#[cfg(feature = "hydrate")]
fn key(channel: &str, thread: Option<&str>) -> String {
    format!("draft:{channel}:{}", thread.unwrap_or_default())
}
