//! The browser's `EventSource`, with a resumption of our own: the journal's `seq` travels in the address, so that a
//! stream taken up again begins where the last one ended.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;
use serde::Deserialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::{Heard, Live, LiveState};

/// Waits before trying again: at first, and at the longest.
const WAIT_MS_MIN: u64 = 500;
const WAIT_MS_MAX: u64 = 15_000;

/// The part of an event that every page reads.
#[derive(Deserialize)]
struct Seq {
    seq: u64,
}

struct Stream {
    live: Live,
    source: RefCell<Option<EventSource>>,
    wait_ms: Cell<u64>,
    retry_is_due: Cell<bool>,
}

/// Opens the stream and keeps it open for as long as the tab lives. A second call does nothing.
pub(super) fn open(live: Live) {
    thread_local! { static OPENED: Cell<bool> = const { Cell::new(false) }; }
    if OPENED.replace(true) {
        return;
    }
    let stream = Rc::new(Stream {
        live,
        source: RefCell::new(None),
        wait_ms: Cell::new(WAIT_MS_MIN),
        retry_is_due: Cell::new(false),
    });
    // After the first effects have run: by then every page has said what it knows.
    let first = Rc::clone(&stream);
    set_timeout(move || first.connect(), Duration::ZERO);
    for (name, online) in [("online", true), ("offline", false)] {
        let stream = Rc::clone(&stream);
        let handle = window_event_listener_untyped(name, move |_| stream.network(online));
        std::mem::forget(handle);
    }
}

impl Stream {
    fn connect(self: Rc<Self>) {
        self.retry_is_due.set(false);
        if let Some(old) = self.source.take() {
            old.close();
        }
        let seq = self.live.seq();
        let address = if seq == 0 { "/live".to_owned() } else { format!("/live?after={seq}") };
        let Ok(source) = EventSource::new(&address) else { return };
        let this = Rc::clone(&self);
        on(&source, "message", move |event| this.message(&event));
        let this = Rc::clone(&self);
        on(&source, "hello", move |event| this.hello(&event));
        let live = self.live;
        on(&source, "reset", move |_| live.reset());
        let this = Rc::clone(&self);
        on(&source, "error", move |_| Rc::clone(&this).broken());
        self.source.replace(Some(source));
    }

    fn message(&self, event: &MessageEvent) {
        let text = event.data().as_string();
        let read = text.as_deref().and_then(|text| serde_json::from_str::<Seq>(text).ok());
        match (read, text) {
            (Some(Seq { seq }), Some(text)) => self.live.arrived(Heard { seq, text: text.into() }),
            _ => self.live.reset(),
        }
    }

    fn hello(&self, event: &MessageEvent) {
        self.wait_ms.set(WAIT_MS_MIN);
        if let Some(hello) = event.data().as_string().and_then(|text| serde_json::from_str::<Seq>(&text).ok()) {
            self.live.known(hello.seq);
        }
        self.show(LiveState::Live);
    }

    fn broken(self: Rc<Self>) {
        if let Some(source) = self.source.take() {
            source.close();
        }
        let online = window().navigator().on_line();
        self.show(if online { LiveState::Reconnecting } else { LiveState::Offline });
        if online {
            self.retry_later();
        }
    }

    fn retry_later(self: Rc<Self>) {
        if self.retry_is_due.replace(true) {
            return;
        }
        let wait_ms = self.wait_ms.get();
        self.wait_ms.set((wait_ms * 2).min(WAIT_MS_MAX));
        // Up to a quarter more, so that a thousand tabs do not come back in the same instant.
        let jitter_ms = (js_sys::Math::random() * wait_ms as f64 / 4.0) as u64;
        set_timeout(move || self.connect(), Duration::from_millis(wait_ms + jitter_ms));
    }

    fn network(self: &Rc<Self>, online: bool) {
        if online {
            self.wait_ms.set(WAIT_MS_MIN);
            Rc::clone(self).connect();
        } else {
            Rc::clone(self).broken();
        }
    }

    /// Pausing is the person's choice: a connection that comes and goes does not end it.
    fn show(&self, state: LiveState) {
        if self.live.state.get_untracked() != LiveState::Paused && self.live.state.get_untracked() != state {
            self.live.state.set(state);
        }
    }
}

/// Listens for as long as the source lives.
fn on(source: &EventSource, name: &str, listener: impl FnMut(MessageEvent) + 'static) {
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(listener);
    // A listener that cannot be added is a stream that says nothing: the chip shows it.
    let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    listener.forget();
}
