//! Whether the page is live, and the switch that lets it hold still.

use leptos::prelude::*;

use crate::live::{LiveState, use_live};
use crate::ui::*;

fn look(state: LiveState) -> (Tone, Shape, &'static str) {
    match state {
        LiveState::Live => (Tone::Done, Shape::DottedCircle, "Live"),
        LiveState::Reconnecting => (Tone::Wait, Shape::Ring, "Reconnecting…"),
        LiveState::Offline => (Tone::Fail, Shape::HollowCircle, "Offline"),
        LiveState::Paused => (Tone::Quiet, Shape::Bars, "Paused"),
    }
}

fn sentence(state: LiveState, waiting: usize) -> String {
    match (state, waiting) {
        (LiveState::Live, _) => "Changes appear as they happen.".to_owned(),
        (LiveState::Reconnecting, _) => {
            "The connection broke off. It is taken up again by itself; nothing is lost.".to_owned()
        }
        (LiveState::Offline, _) => "Your browser has no network. What you see may be out of date.".to_owned(),
        (LiveState::Paused, 0) => "The page holds still. Nothing has changed since.".to_owned(),
        (LiveState::Paused, 1) => "The page holds still. 1 change is waiting.".to_owned(),
        (LiveState::Paused, n) => format!("The page holds still. {n} changes are waiting."),
    }
}

/// The chip in the top bar.
#[component]
pub fn LiveChip() -> impl IntoView {
    let live = use_live();
    let state = live.state();
    let announcer = use_announcer();
    Effect::new(move |before: Option<LiveState>| {
        let now = state.get();
        match (before, now) {
            (Some(LiveState::Live), LiveState::Reconnecting | LiveState::Offline) => announcer.say("Connection lost."),
            (Some(LiveState::Reconnecting | LiveState::Offline), LiveState::Live) => announcer.say("Connected again."),
            _ => {}
        }
        now
    });
    let turn = move |_| if state.get_untracked() == LiveState::Paused { live.resume() } else { live.pause() };
    view! {
        <button
            type="button"
            popovertarget="live"
            class=shared(move || format!("{} min-h-8 max-sm:min-h-11 focus-vibe", look(state.get()).0.chip()))
            aria-label=shared(move || format!("{}: about live updates", look(state.get()).2))
        >
            {part(move || view! { <ShapeIcon shape=look(state.get()).1 class="size-3.5 shrink-0"/> })}
            <span>{part(move || look(state.get()).2)}</span>
        </button>
        <div id="live" popover="auto" role="dialog" aria-label="Live updates" class="menu w-72">
            <p class="text-sm text-ink-2">{part(move || sentence(state.get(), live.waiting().get()))}</p>
            <div class="mt-3">
                <Button glyph=Glyph::Pause on:click=turn>
                    {part(move || if state.get() == LiveState::Paused { "Show changes again" } else { "Hold the page still" })}
                </Button>
            </div>
        </div>
    }
    .into_any()
}
