//! Where one writes: a field that grows, keeps what was begun, offers names and commands, and loses nothing that could not be sent.
#![cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the page the server draws stands still"))]

use devsquad::view::chat::{Act, ChatUser, Row, TEXT_CHARS_MAX, excerpt};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::files::{FileList, Files};
use super::suggest::Suggestion;
use super::talk::Talk;
use crate::communication::api::{FORM, Say, act_on, say};
use crate::error::Failure;
use crate::ui::flash::{Told, heard};
use crate::ui::*;

/// What is left is told when less than this many characters fit.
const NEARLY: usize = 500;

/// One field, and everything around it.
#[derive(Clone, Copy)]
pub struct Writing {
    talk: Talk,
    node: NodeRef<html::Textarea>,
    text: RwSignal<String>,
    sending: RwSignal<bool>,
    failure: RwSignal<Option<Failure>>,
    files: Files,
    people: Signal<Vec<ChatUser>>,
    offered: RwSignal<(usize, Vec<Suggestion>)>,
    chosen: RwSignal<Option<usize>>,
    id: StoredValue<String>,
    typed_ms: StoredValue<f64>,
    announcer: Announcer,
}

/// The field of a place.
#[component]
pub fn Composer(
    /// The place.
    talk: Talk,
    /// What the field is called: "Message #name".
    name: Signal<String>,
    /// Who can be named.
    people: Signal<Vec<ChatUser>>,
) -> impl IntoView {
    let (given, failure) = before(talk);
    let writing = Writing {
        talk,
        node: NodeRef::new(),
        text: RwSignal::new(given.clone()),
        sending: RwSignal::new(false),
        failure: RwSignal::new(failure),
        files: Files::new(),
        people,
        offered: RwSignal::new((0, Vec::new())),
        chosen: RwSignal::new(None),
        id: StoredValue::new(String::new()),
        typed_ms: StoredValue::new(0.0),
        announcer: use_announcer(),
    };
    begin(writing);
    let field = talk.field_id();
    let (list, hint) = (format!("{field}-offers"), format!("{field}-hint"));
    let of_list = list.clone();
    let active = move || writing.chosen.get().map(|at| format!("{of_list}-{at}"));
    let picker = NodeRef::<html::Input>::new();
    view! {
        <form
            method="post"
            action=Say::PATH
            class="composer"
            on:submit=move |event: ev::SubmitEvent| {
                event.prevent_default();
                send(writing);
            }
            on:drop=move |event: ev::DragEvent| dropped(writing, &event)
            on:dragover=move |event: ev::DragEvent| event.prevent_default()
        >
            <input type="hidden" name="channel" value=talk.channel()/>
            <input type="hidden" name="thread" value=talk.thread().unwrap_or_default()/>
            <Banner writing/>
            <FileList files=writing.files/>
            <Offers writing id=list.clone()/>
            {part(move || writing.failure.get().map(|failure| failed(writing, &failure)))}
            <div class="flex items-end gap-1 p-1.5">
                <input type="file" multiple=true node_ref=picker class="hidden" tabindex="-1" aria-hidden="true" on:change=move |_| picked(writing, picker)/>
                <button type="button" class="msg-tool size-11 shrink-0 md:size-9 needs-script focus-vibe" aria-label="Add files" title="Add files" on:click=move |_| open_picker(picker)>
                    <Icon glyph=Glyph::Paperclip/>
                </button>
                <label for=field class="sr-only">{part(move || name.get())}</label>
                <textarea
                    id=field
                    name="text"
                    rows="1"
                    node_ref=writing.node
                    placeholder=shared(move || name.get())
                    aria-describedby=hint.clone()
                    aria-autocomplete="list"
                    aria-controls=list
                    aria-activedescendant=shared(active)
                    autocomplete="off"
                    class="composer-field"
                    on:input=move |_| typed(writing)
                    on:keydown=move |event: ev::KeyboardEvent| pressed(writing, &event)
                    on:blur=move |_| writing.offered.set((0, Vec::new()))
                    on:paste=move |event: ev::ClipboardEvent| pasted(writing, &event)
                >{given}</textarea>
                <button type="submit" class="btn btn-primary size-11 shrink-0 px-0 md:size-9 md:px-0 focus-vibe" aria-label="Send" title="Send" aria-busy=shared(move || writing.sending.get().then_some("true"))>
                    <Icon glyph=Glyph::Send class="size-4"/>
                </button>
            </div>
            <p id=hint class="composer-hint">
                <span class="max-sm:hidden">"Enter sends, Shift and Enter begins a line. Type @ for people, / for commands."</span>
                {part(move || left(writing.text.seen(|text| text.chars().count())))}
            </p>
        </form>
    }
    .into_any()
}

/// What a form without scripts had been filled with, and why it was refused.
fn before(talk: Talk) -> (String, Option<Failure>) {
    match heard::<Told<Row>>(FORM) {
        Some(Told::Refused { failure, given })
            if given.get("thread").map_or("", String::as_str) == talk.thread().unwrap_or_default() =>
        {
            (given.get("text").cloned().unwrap_or_default(), Some(failure))
        }
        _ => (String::new(), None),
    }
}

fn left(chars: usize) -> Option<AnyView> {
    let words = match TEXT_CHARS_MAX.checked_sub(chars) {
        Some(left) if left > NEARLY => return None,
        Some(left) => format!("{left} characters left"),
        None => format!("{} characters too many", chars - TEXT_CHARS_MAX),
    };
    let tone = if chars > TEXT_CHARS_MAX { "font-medium text-bad" } else { "" };
    Some(view! { <span role="status" class=format!("ml-auto tabular-nums {tone}")>{words}</span> }.into_any())
}

fn failed(writing: Writing, failure: &Failure) -> AnyView {
    let why = match failure {
        // What the browser says of a connection that broke is no sentence for people.
        Failure::Unavailable { message } if message.starts_with("error ") => "The server cannot be reached.".to_owned(),
        failure => failure.to_string(),
    };
    view! {
        <div role="alert" class="mx-3 mt-2 flex flex-wrap items-center gap-x-3 gap-y-2 rounded-lg border border-line bg-red-500/12 px-3 py-2 text-sm text-ink">
            <Icon glyph=Glyph::Warning class="size-4 shrink-0 text-bad"/>
            <span class="min-w-0 grow break-words">{format!("It was not sent. {why}")}</span>
            <button type="button" class="btn btn-plain needs-script focus-vibe" on:click=move |_| send(writing)>"Retry"</button>
        </div>
    }
    .into_any()
}

/// What is being changed or quoted, with a way out.
#[component]
fn Banner(writing: Writing) -> impl IntoView {
    let Talk { editing, quoting, .. } = writing.talk;
    let line = move |words: String, text: String| {
        view! {
            <div class="flex items-center gap-2 border-b border-line px-3 py-1.5 text-sm text-ink-2">
                <span class="min-w-0 grow truncate"><span class="font-medium text-ink">{words}</span>" "{excerpt(&text, 120)}</span>
                <button type="button" class="msg-tool focus-vibe" aria-label="Do not" on:click=move |_| {
                    cancel(writing);
                    focus_soon(vec![writing.talk.field_id().to_owned()]);
                }><Icon glyph=Glyph::Cross class="size-4"/></button>
            </div>
        }
    };
    part(move || {
        let edited = editing.get().map(|row| line("Changing your message.".to_owned(), row.text));
        edited.or_else(|| quoting.get().map(|row| line(format!("Quoting {}:", row.name), row.text)))
    })
}

/// What is offered for the word one writes.
#[component]
fn Offers(writing: Writing, id: String) -> impl IntoView {
    let of = id.clone();
    let line = move |(at, offer): (usize, Suggestion)| {
        let chosen = move || (writing.chosen.get() == Some(at)).to_string();
        view! {
            <li
                id=format!("{of}-{at}")
                role="option"
                aria-selected=shared(chosen)
                class="offer"
                // Before the field loses the focus.
                on:mousedown=move |event: ev::MouseEvent| {
                    event.prevent_default();
                    pick(writing, at);
                }
            >
                <span class="font-medium text-ink">{offer.name}</span>
                <span class="ml-auto truncate text-ink-3">{offer.means}</span>
            </li>
        }
    };
    let none = move || writing.offered.seen(|(_, offers)| offers.is_empty());
    view! {
        <ul id=id role="listbox" aria-label="Suggestions" class=shared(move || if none() { "hidden" } else { "offers" })>
            {part(move || writing.offered.get().1.into_iter().enumerate().map(&line).collect_view())}
        </ul>
    }
    .into_any()
}

/// Leaves what is being changed or quoted.
fn cancel(writing: Writing) {
    writing.talk.quoting.set(None);
    if writing.talk.editing.get_untracked().is_some() {
        writing.talk.editing.set(None);
        set_text(writing, &draft(writing));
    }
}

/// Sends what is written: what is changed, or what is new. It stays in the field until it has arrived.
fn send(writing: Writing) {
    let text = writing.text.get_untracked();
    let blank = text.trim().is_empty() && writing.files.is_empty();
    if writing.sending.get_untracked() || blank || writing.files.pending() {
        return;
    }
    writing.sending.set(true);
    writing.failure.set(None);
    let talk = writing.talk;
    if writing.id.with_value(String::is_empty) {
        writing.id.set_value(fresh_id());
    }
    leptos::task::spawn_local(async move {
        let channel = talk.channel();
        let sent = match talk.editing.get_untracked() {
            Some(row) => act_on(channel, Act::Edit, row.id, text).await,
            None => {
                let quoted = talk.quoting.get_untracked().map(|row| row.id).unwrap_or_default();
                let (id, files) = (writing.id.get_value(), writing.files.described());
                say(channel, text, talk.thread().unwrap_or_default(), quoted, id, files).await.map(Some)
            }
        };
        // The page may have been left meanwhile.
        if writing.sending.try_set(false).is_some() {
            return;
        }
        match sent {
            Ok(row) => arrived(writing, row),
            Err(failure) => writing.failure.set(Some(failure)),
        }
    });
}

fn arrived(writing: Writing, row: Option<Row>) {
    let talk = writing.talk;
    let was_new = talk.editing.get_untracked().is_none();
    talk.editing.set(None);
    talk.quoting.set(None);
    writing.id.set_value(String::new());
    if was_new {
        writing.files.clear();
        forget(writing);
        set_text(writing, "");
    } else {
        set_text(writing, &draft(writing));
    }
    if let Some(row) = row {
        talk.put(row, was_new);
    }
    if was_new {
        if talk.newer.get_untracked() {
            talk.to_latest();
        }
        writing.typed_ms.set_value(0.0);
    }
}

#[cfg(feature = "hydrate")]
mod browser {
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

    pub fn forget(writing: Writing) {
        drafts::keep(&writing.talk.channel(), writing.talk.thread().as_deref(), "");
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
        let last = writing.talk.rows.seen_once(|rows| rows.iter().rfind(|row| row.by == me && !row.deleted).cloned());
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
}

#[cfg(feature = "hydrate")]
use browser::{begin, draft, dropped, forget, fresh_id, open_picker, pasted, pick, picked, pressed, set_text, typed};

#[cfg(not(feature = "hydrate"))]
mod still {
    //! On the server nobody types.
    use super::{NodeRef, Writing, ev, html};

    pub fn begin(_writing: Writing) {}
    pub fn draft(_writing: Writing) -> String {
        String::new()
    }
    pub fn forget(_writing: Writing) {}
    pub fn fresh_id() -> String {
        String::new()
    }
    pub fn set_text(_writing: Writing, _text: &str) {}
    pub fn typed(_writing: Writing) {}
    pub fn pressed(_writing: Writing, _event: &ev::KeyboardEvent) {}
    pub fn pick(_writing: Writing, _at: usize) {}
    pub fn open_picker(_picker: NodeRef<html::Input>) {}
    pub fn picked(_writing: Writing, _picker: NodeRef<html::Input>) {}
    pub fn dropped(_writing: Writing, _event: &ev::DragEvent) {}
    pub fn pasted(_writing: Writing, _event: &ev::ClipboardEvent) {}
}

#[cfg(not(feature = "hydrate"))]
use still::{begin, draft, dropped, forget, fresh_id, open_picker, pasted, pick, picked, pressed, set_text, typed};
