//! Files on what one writes: chosen, dropped or pasted, sent to our own door at once, named here until the message goes.
#![cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "the page the server draws stands still"))]

use std::collections::BTreeMap;

#[cfg(feature = "hydrate")]
use devsquad::view::chat::FILES_MAX;
use leptos::prelude::*;

use crate::ui::*;

/// A file on its way, or there.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    number: u64,
    name: String,
    state: State,
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// It is being sent.
    Sending,
    /// What the server said of it.
    There(BTreeMap<String, String>),
    /// Why it could not be sent.
    Failed(String),
}

/// The files of one message.
#[derive(Clone, Copy)]
pub struct Files(RwSignal<Vec<Upload>>);

impl Files {
    /// None.
    pub fn new() -> Files {
        Files(RwSignal::new(Vec::new()))
    }

    /// What the server said of each, as a list in JSON; empty when there is none.
    pub fn described(self) -> String {
        let there: Vec<BTreeMap<String, String>> = self.0.seen_once(|files| {
            let there = files.iter().filter_map(|file| match &file.state {
                State::There(said) => Some(said.clone()),
                State::Sending | State::Failed(_) => None,
            });
            there.collect()
        });
        if there.is_empty() { String::new() } else { serde_json::to_string(&there).unwrap_or_default() }
    }

    /// Whether there is none that could be sent.
    pub fn is_empty(self) -> bool {
        self.described().is_empty()
    }

    /// Whether some are still on their way.
    pub fn pending(self) -> bool {
        self.0.seen(|files| files.iter().any(|file| file.state == State::Sending))
    }

    /// Forgets them: the message has gone.
    pub fn clear(self) {
        self.0.set(Vec::new());
    }

    fn remove(self, number: u64) {
        self.0.update(|files| files.retain(|file| file.number != number));
    }

    /// Begins to send a file.
    #[cfg(feature = "hydrate")]
    pub fn add(self, channel: &str, file: web_sys::File) {
        if self.0.seen_once(Vec::len) >= FILES_MAX {
            return;
        }
        let number = self.0.seen_once(|files| files.last().map_or(1, |last| last.number + 1));
        let name = file.name();
        self.0.update(|files| files.push(Upload { number, name, state: State::Sending }));
        send(channel, &file, move |result| {
            let state = match result {
                Ok(said) => State::There(said),
                Err(why) => State::Failed(why),
            };
            // The message may have been left meanwhile.
            let _ = self.0.try_update(|files| {
                if let Some(file) = files.iter_mut().find(|file| file.number == number) {
                    file.state = state;
                }
            });
        });
    }
}

/// Sends one file, and says what became of it.
#[cfg(feature = "hydrate")]
fn send(channel: &str, file: &web_sys::File, then: impl Fn(Result<BTreeMap<String, String>, String>) + 'static) {
    use std::rc::Rc;
    use wasm_bindgen::JsCast;
    use web_sys::{FormData, RequestInit, Response};

    const LOST: &str = "It did not arrive. Remove it and try again.";
    let then = Rc::new(then);
    let request = || {
        let form = FormData::new()?;
        form.append_with_blob_and_filename("file", file, &file.name())?;
        let how = RequestInit::new();
        how.set_method("POST");
        how.set_body(&form);
        Ok::<_, wasm_bindgen::JsValue>(window().fetch_with_str_and_init(&format!("/chat-files/{channel}"), &how))
    };
    let Ok(answer) = request() else { return then(Err(LOST.to_owned())) };
    when_settled(&answer, move |answer| {
        let then = Rc::clone(&then);
        let Some(answer) = answer.and_then(|answer| answer.dyn_into::<Response>().ok()) else {
            return then(Err(LOST.to_owned()));
        };
        let (ok, Ok(text)) = (answer.ok(), answer.text()) else { return then(Err(LOST.to_owned())) };
        when_settled(&text, move |text| {
            let text = text.and_then(|text| text.as_string()).unwrap_or_default();
            then(match (ok, serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&text)) {
                (true, Ok(said)) => {
                    let plain =
                        |value: serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    Ok(said.into_iter().map(|(name, value)| (name, plain(value))).collect())
                }
                (_, Ok(said)) => Err(said.get("detail").and_then(|why| why.as_str()).unwrap_or(LOST).to_owned()),
                _ => Err(LOST.to_owned()),
            });
        });
    });
}

/// The files, each with a button that takes it off.
#[component]
pub fn FileList(
    /// Which.
    files: Files,
    /// The field they are sent with: it gets the focus of a button that went away.
    field: &'static str,
) -> impl IntoView {
    let line = move |file: Upload| {
        let Upload { number, name, state } = file;
        let (words, tone) = match state {
            State::Sending => ("Sending…".to_owned(), "text-ink-3"),
            State::There(_) => (String::new(), "text-ink-3"),
            State::Failed(why) => (why, "text-bad"),
        };
        view! {
            <li class="flex min-w-0 items-center gap-2 rounded-lg border border-line bg-raised py-0.5 pl-2 text-sm">
                <Icon glyph=Glyph::File class="size-4 shrink-0 text-ink-3"/>
                <span class="min-w-0 truncate text-ink">{name.clone()}</span>
                <span class=tone>{words}</span>
                <button type="button" class="msg-tool focus-vibe" aria-label=format!("Remove {name}") on:click=move |_| {
                    files.remove(number);
                    if !super::dom::is_touch() {
                        focus_soon(vec![field.to_owned()]);
                    }
                }>
                    <Icon glyph=Glyph::Cross class="size-4"/>
                </button>
            </li>
        }
    };
    view! {
        <Only when=move || !files.0.seen(Vec::is_empty)>
            <ul class="flex flex-wrap gap-2 px-3 pt-2" aria-label="Files to send" aria-live="polite">
                {part(move || files.0.get().into_iter().map(line).collect_view())}
            </ul>
        </Only>
    }
    .into_any()
}
