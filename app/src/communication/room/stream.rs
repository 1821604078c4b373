//! The chat's stream in the browser: of one channel that is open, or of all for those who list them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use devsquad::view::chat::ChatNews;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use crate::ui::effect;

/// Waits before trying again: at first, and at the longest.
const WAIT_MS_MIN: u64 = 500;
const WAIT_MS_MAX: u64 = 15_000;
/// Lists are fetched anew at most this often.
const STIR_EVERY: Duration = Duration::from_secs(2);

/// What a stream says.
pub enum Told {
    /// It begins: what was said since the page was made is missing.
    Begins,
    /// Something happened.
    News(Box<ChatNews>),
    /// Something may have been missed: what is there is fetched anew.
    Again,
}

struct Stream {
    address: String,
    on: Box<dyn Fn(Told)>,
    source: RefCell<Option<EventSource>>,
    wait_ms: Cell<u64>,
    was_open: Cell<bool>,
    closed: Cell<bool>,
}

/// Listens to an address until the page is left.
pub fn listen(address: String, on: impl Fn(Told) + 'static) {
    let stream = Rc::new(Stream {
        address,
        on: Box::new(on),
        source: RefCell::new(None),
        wait_ms: Cell::new(WAIT_MS_MIN),
        was_open: Cell::new(false),
        closed: Cell::new(false),
    });
    Rc::clone(&stream).connect();
    let ended = StoredValue::new_local(stream);
    on_cleanup(move || ended.with_value(|stream| stream.close()));
}

/// Says, a little later and not too often, that something was said in a channel.
pub fn stir(stirred: RwSignal<u64>) {
    effect(move || {
        let due = StoredValue::new(false);
        listen("/live/chat".to_owned(), move |told| {
            if !matches!(told, Told::Begins) && due.try_update_value(|due| std::mem::replace(due, true)) == Some(false)
            {
                set_timeout(
                    move || {
                        let _ = due.try_set_value(false);
                        let _ = stirred.try_update(|n| *n += 1);
                    },
                    STIR_EVERY,
                );
            }
        });
    });
}

impl Stream {
    fn connect(self: Rc<Self>) {
        if self.closed.get() {
            return;
        }
        let Ok(source) = EventSource::new(&self.address) else { return };
        let this = Rc::clone(&self);
        on(&source, "message", move |event| {
            let news = event.data().as_string().and_then(|text| serde_json::from_str(&text).ok());
            // A newer server may say what this page does not know: what it changed is fetched anew.
            (this.on)(news.map_or(Told::Again, |news| Told::News(Box::new(news))));
        });
        let this = Rc::clone(&self);
        on(&source, "hello", move |_| {
            this.wait_ms.set(WAIT_MS_MIN);
            let first = !this.was_open.replace(true);
            (this.on)(if first { Told::Begins } else { Told::Again });
        });
        let this = Rc::clone(&self);
        on(&source, "reset", move |_| (this.on)(Told::Again));
        let this = Rc::clone(&self);
        on(&source, "error", move |_| Rc::clone(&this).broken());
        if let Some(old) = self.source.replace(Some(source)) {
            old.close();
        }
    }

    fn broken(self: Rc<Self>) {
        if let Some(source) = self.source.take() {
            source.close();
        }
        let wait_ms = self.wait_ms.get();
        self.wait_ms.set((wait_ms * 2).min(WAIT_MS_MAX));
        // However it comes back, something may have been missed.
        self.was_open.set(true);
        // Up to a quarter more, so that a thousand tabs do not come back in the same instant.
        let jitter_ms = (js_sys::Math::random() * wait_ms as f64 / 4.0) as u64;
        set_timeout(move || self.connect(), Duration::from_millis(wait_ms + jitter_ms));
    }

    fn close(&self) {
        self.closed.set(true);
        if let Some(source) = self.source.take() {
            source.close();
        }
    }
}

/// Listens for as long as the source lives.
fn on(source: &EventSource, name: &str, listener: impl FnMut(MessageEvent) + 'static) {
    let listener = Closure::<dyn FnMut(MessageEvent)>::new(listener);
    // A listener that cannot be added is a stream that says nothing: what is there can still be fetched.
    let _ = source.add_event_listener_with_callback(name, listener.as_ref().unchecked_ref());
    listener.forget();
}
