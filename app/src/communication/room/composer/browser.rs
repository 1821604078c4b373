//! What the field does in the browser: it grows, keeps drafts, offers words, tells that somebody types, and takes files.

use std::time::Duration;

use super::super::{dom, drafts, suggest};
use super::*;
use wasm_bindgen::JsCast;

/// It is said at most this often that somebody types.
const TYPING_EVERY_MS: f64 = 2_000.0;
/// After this long without a key nobody types.
const TYPING_ENDS_AFTER: Duration = Duration::from_secs(5);

/// What was begun before is there again; what is to be changed comes into the field.
pub fn begin(writing: Writing) {
    effect(move || {
        if writing.node.get().is_some() && writing.text.seen_once(String::is_empty) {
            set_text(writing, &draft(writing));
        }
    });
    effect(move || {
        if let Some(row) = writing.talk.editing.get() {
            set_text(writing, &row.text);
            focus_soon(vec![writing.talk.field_id().to_owned()]);
        }
    });
    effect(move || {
        if writing.talk.quoting.get().is_some() {
            focus_soon(vec![writing.talk.field_id().to_owned()]);
        }
    });
}

pub fn draft(writing: Writing) -> String {
    drafts::read(&writing.talk.channel(), writing.talk.thread().as_deref())
}

/// What was begun is forgotten, but for the rest.
pub fn forget(writing: Writing, rest: &str) {
    drafts::keep(&writing.talk.channel(), writing.talk.thread().as_deref(), rest);
    if writing.typed_ms.get_value() > 0.0 {
        tell_typing(writing, Act::TypingStop);
    }
}

pub fn fresh_id() -> String {
    let made = || {
        let crypto = js_sys::Reflect::get(&window(), &"crypto".into()).ok()?;
        let make: js_sys::Function = js_sys::Reflect::get(&crypto, &"randomUUID".into()).ok()?.dyn_into().ok()?;
        make.call0(&crypto).ok()?.as_string()
    };
    // Where there is none, the server makes one: only a repeat after a broken answer is then a message of its own.
    made().unwrap_or_default()
}

pub fn set_text(writing: Writing, text: &str) {
    if let Some(field) = writing.node.get_untracked() {
        field.set_value(text);
        grow(&field);
    }
    writing.text.set(text.to_owned());
    writing.offered.set((0, Vec::new()));
    writing.chosen.set(None);
}

fn grow(field: &web_sys::HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(field);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", field.scroll_height() + 2));
}

pub fn typed(writing: Writing) {
    let Some(field) = writing.node.get_untracked() else { return };
    let text = field.value();
    grow(&field);
    let cursor = field.selection_start().ok().flatten().unwrap_or_default() as usize;
    let cursor = suggest::bytes_at(&text, cursor);
    let offered = writing.people.seen_once(|people| suggest::offered(&text, cursor, people)).unwrap_or_default();
    let n = offered.1.len();
    if n > 0 && writing.offered.seen_once(|(_, before)| before.len()) != n {
        writing.announcer.say(if n == 1 { "1 suggestion".to_owned() } else { format!("{n} suggestions") });
    }
    writing.chosen.set(None);
    writing.offered.set(offered);
    if writing.talk.editing.get_untracked().is_none() {
        drafts::keep(&writing.talk.channel(), writing.talk.thread().as_deref(), &text);
    }
    let empty = text.trim().is_empty() || text.starts_with('/');
    writing.text.set(text);
    if !empty {
        typing(writing);
    }
}

fn typing(writing: Writing) {
    let now_ms = js_sys::Date::now();
    if now_ms - writing.typed_ms.get_value() < TYPING_EVERY_MS {
        return;
    }
    writing.typed_ms.set_value(now_ms);
    tell_typing(writing, Act::TypingStart);
    set_timeout(
        move || {
            if writing.typed_ms.try_get_value() == Some(now_ms) {
                writing.typed_ms.set_value(0.0);
                tell_typing(writing, Act::TypingStop);
            }
        },
        TYPING_ENDS_AFTER,
    );
}

fn tell_typing(writing: Writing, what: Act) {
    let (channel, thread) = (writing.talk.channel(), writing.talk.thread().unwrap_or_default());
    // That nobody hears of it loses nothing.
    leptos::task::spawn_local(async move { drop(act_on(channel, what, thread, String::new()).await) });
}

pub fn pressed(writing: Writing, event: &ev::KeyboardEvent) {
    // An input method that is composing keeps its keys.
    if event.is_composing() || event.key_code() == 229 {
        return;
    }
    let count = writing.offered.seen_once(|(_, offers)| offers.len());
    let chosen = writing.chosen.get_untracked();
    match event.key().as_str() {
        "ArrowDown" if count > 0 => writing.chosen.set(Some(chosen.map_or(0, |at| (at + 1) % count))),
        "ArrowUp" if count > 0 => writing.chosen.set(Some(chosen.map_or(count - 1, |at| (at + count - 1) % count))),
        "Enter" | "Tab" if count > 0 && chosen.is_some() => pick(writing, chosen.unwrap_or_default()),
        "Escape" if count > 0 => writing.offered.set((0, Vec::new())),
        "Escape"
            if writing.talk.editing.get_untracked().is_some() || writing.talk.quoting.get_untracked().is_some() =>
        {
            cancel(writing);
        }
        "ArrowUp" if writing.text.seen_once(String::is_empty) => edit_last(writing),
        "Enter" if !event.shift_key() && !dom::is_touch() => send(writing),
        "PageUp" if event.shift_key() && dom::show_new(writing.talk.list_id()) => {}
        _ => return,
    }
    event.prevent_default();
    event.stop_propagation();
}

/// The last own message, to be changed.
fn edit_last(writing: Writing) {
    let me = writing.talk.me();
    let last = writing
        .talk
        .rows
        .seen_once(|rows| rows.iter().rfind(|row| row.by == me && !row.deleted).map(|row| Row::clone(row)));
    if let Some(row) = last {
        writing.talk.editing.set(Some(row));
    }
}

pub fn pick(writing: Writing, at: usize) {
    let (begin, offers) = writing.offered.get_untracked();
    let (Some(offer), Some(field)) = (offers.get(at), writing.node.get_untracked()) else { return };
    let text = field.value();
    let cursor = suggest::bytes_at(&text, field.selection_start().ok().flatten().unwrap_or_default() as usize);
    let (Some(before), Some(after)) = (text.get(..begin), text.get(cursor..)) else { return };
    let put = format!("{before}{}", offer.puts);
    set_text(writing, &format!("{put}{after}"));
    let place = u32::try_from(put.encode_utf16().count()).unwrap_or(u32::MAX);
    // A cursor that cannot be moved stands at the end.
    let _ = field.set_selection_range(place, place);
    drafts::keep(&writing.talk.channel(), writing.talk.thread().as_deref(), &field.value());
}

pub fn open_picker(picker: NodeRef<html::Input>) {
    if let Some(input) = picker.get_untracked() {
        input.click();
    }
}

pub fn picked(writing: Writing, picker: NodeRef<html::Input>) {
    let Some(input) = picker.get_untracked() else { return };
    add(writing, input.files());
    input.set_value("");
}

pub fn dropped(writing: Writing, event: &ev::DragEvent) {
    event.prevent_default();
    add(writing, event.data_transfer().and_then(|data| data.files()));
}

pub fn pasted(writing: Writing, event: &ev::ClipboardEvent) {
    let files = event.clipboard_data().and_then(|data| data.files());
    if files.as_ref().is_some_and(|files| files.length() > 0) {
        event.prevent_default();
        add(writing, files);
    }
}

fn add(writing: Writing, files: Option<web_sys::FileList>) {
    let Some(files) = files else { return };
    for at in 0..files.length() {
        if let Some(file) = files.item(at) {
            writing.files.add(&writing.talk.channel(), file);
        }
    }
}
