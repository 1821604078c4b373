//! One voice for the whole app: sentences for those who listen instead of look.
//!
//! The rule: when the focus moves, the words belong into the name of what is focused; when it stays, they are announced.

use std::time::Duration;

use leptos::prelude::*;

use super::{Seen, SeenOnce};

/// A sentence is removed after this, so that it is not found again by walking the page.
const KEPT: Duration = Duration::from_secs(7);

/// Says sentences aloud.
#[derive(Clone, Copy)]
pub struct Announcer {
    polite: RwSignal<(u64, String)>,
    urgent: RwSignal<(u64, String)>,
}

impl Announcer {
    /// Silence.
    pub fn new() -> Announcer {
        Announcer { polite: RwSignal::new((0, String::new())), urgent: RwSignal::new((0, String::new())) }
    }

    /// Says it when the listener is free.
    pub fn say(self, sentence: impl Into<String>) {
        speak(self.polite, sentence.into());
    }

    /// Interrupts. Only for what cannot wait.
    pub fn interrupt(self, sentence: impl Into<String>) {
        speak(self.urgent, sentence.into());
    }
}

impl Default for Announcer {
    fn default() -> Self {
        Announcer::new()
    }
}

fn speak(line: RwSignal<(u64, String)>, sentence: String) {
    let number = line.seen_once(|(number, _)| number + 1);
    line.set((number, sentence));
    set_timeout(
        move || {
            if line.try_with_untracked(|(now, _)| *now) == Some(number) {
                line.update(|(_, text)| text.clear());
            }
        },
        KEPT,
    );
}

/// The app's voice.
pub fn use_announcer() -> Announcer {
    use_context().unwrap_or_default()
}

/// Where it is read from; once, at the root. The same sentence said twice is read twice: a space makes it new.
#[component]
pub fn AnnouncerOutlet() -> impl IntoView {
    let Announcer { polite, urgent } = use_announcer();
    let text = |line: RwSignal<(u64, String)>| {
        move || line.seen(|(number, text)| if number % 2 == 0 { format!("{text}\u{a0}") } else { text.clone() })
    };
    view! {
        <div class="sr-only" role="status" aria-live="polite" aria-atomic="true">{text(polite)}</div>
        <div class="sr-only" role="alert" aria-live="assertive" aria-atomic="true">{text(urgent)}</div>
    }
}
