//! Short messages at the edge of the page, about what was just done.

use std::time::Duration;

use leptos::prelude::*;

use super::Seen;

use super::chip::Tone;
use super::icon::{Glyph, Icon};

/// A plain message leaves after this; one that tells of a failure stays until it is closed.
const SHOWN: Duration = Duration::from_secs(6);
/// Messages at one time: more would cover the page.
const TOASTS_MAX: usize = 3;

#[derive(Clone, PartialEq)]
struct Toast {
    number: u64,
    tone: Tone,
    text: String,
}

/// The messages shown now.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<(u64, Vec<Toast>)>);

impl Toasts {
    /// None.
    pub fn new() -> Toasts {
        Toasts(RwSignal::new((0, Vec::new())))
    }

    /// Tells of something done.
    pub fn done(self, text: impl Into<String>) {
        let number = self.push(Tone::Done, text.into());
        set_timeout(move || self.close(number), SHOWN);
    }

    /// Tells of something that did not work.
    pub fn failed(self, text: impl Into<String>) {
        self.push(Tone::Fail, text.into());
    }

    fn push(self, tone: Tone, text: String) -> u64 {
        let mut number = 0;
        self.0.update(|(last, shown)| {
            *last += 1;
            number = *last;
            shown.push(Toast { number, tone, text });
            if shown.len() > TOASTS_MAX {
                shown.remove(0);
            }
        });
        number
    }

    fn close(self, number: u64) {
        let _ = self.0.try_update(|(_, shown)| shown.retain(|toast| toast.number != number));
    }
}

impl Default for Toasts {
    fn default() -> Self {
        Toasts::new()
    }
}

/// The app's messages.
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_default()
}

/// Where they appear; once, at the root.
#[component]
pub fn ToastOutlet() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="pointer-events-none fixed inset-x-4 bottom-20 z-60 flex flex-col items-end gap-2 sm:inset-x-auto sm:right-6 sm:bottom-6" aria-live="polite">
            <For each=move || toasts.0.seen(|(_, shown)| shown.clone()) key=|toast| toast.number let:toast>
                <div
                    role=if toast.tone == Tone::Fail { "alert" } else { "status" }
                    class="pointer-events-auto flex w-full max-w-sm animate-pop-in items-start gap-3 rounded-lg border border-line bg-raised py-3 pr-2 pl-4 shadow-pop sm:w-96"
                >
                    <Icon
                        glyph=if toast.tone == Tone::Fail { Glyph::Warning } else { Glyph::Check }
                        class=format!("mt-0.5 size-5 shrink-0 {}", toast.tone.text())
                    />
                    <p class="min-w-0 grow text-sm break-words text-ink">{toast.text}</p>
                    <button
                        type="button"
                        class="grid size-8 shrink-0 place-items-center rounded-lg text-ink-3 hover:text-ink focus-vibe"
                        aria-label="Close this message"
                        on:click=move |_| toasts.close(toast.number)
                    >
                        <Icon glyph=Glyph::Cross class="size-4"/>
                    </button>
                </div>
            </For>
        </div>
    }
}
