//! Where one writes: a field that grows, keeps what was begun, offers names and commands, and loses nothing that could not be sent.
#![cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the page the server draws stands still"))]

#[cfg(feature = "hydrate")]
mod browser;

use devsquad::view::chat::{Act, ChatUser, Row, TEXT_CHARS_MAX, excerpt};
use leptos::ev;
use leptos::html;
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::files::{FileList, Files};
use super::heard::Asked;
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
    people: Now<Vec<ChatUser>>,
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
    name: Now<String>,
    /// Who can be named.
    people: Now<Vec<ChatUser>>,
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
            <FileList files=writing.files field/>
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
    let asked = talk.asks();
    leptos::task::spawn_local(async move {
        let channel = talk.channel();
        let words = text.clone();
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
            Ok(row) => arrived(writing, asked, row, &words),
            Err(failure) => writing.failure.set(Some(failure)),
        }
    });
}

fn arrived(writing: Writing, asked: Asked, row: Option<Row>, words: &str) {
    let talk = writing.talk;
    let was_new = talk.editing.get_untracked().is_none();
    talk.editing.set(None);
    talk.quoting.set(None);
    writing.id.set_value(String::new());
    if was_new {
        writing.files.clear();
        // What was written while it was on its way stays.
        let now = writing.text.get_untracked();
        let rest = now.strip_prefix(words).unwrap_or(&now).trim_start();
        forget(writing, rest);
        set_text(writing, rest);
    } else {
        set_text(writing, &draft(writing));
    }
    if let Some(row) = row {
        talk.answered(asked, row, was_new);
    }
    if was_new {
        if talk.newer.get_untracked() {
            talk.to_latest();
        }
        writing.typed_ms.set_value(0.0);
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
    pub fn forget(_writing: Writing, _rest: &str) {}
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
