//! How far something is.

use super::now::Now;
use super::part::{part, shared};
use leptos::prelude::*;

/// A ring that fills, with the number inside and a sentence for those who listen.
#[component]
pub fn ProgressRing(
    /// Percent done.
    #[prop(into)]
    percent: Now<u32>,
    /// What it measures ("4 of 7 tasks done").
    #[prop(into)]
    label: Now<String>,
    /// Its size.
    #[prop(into, default = "size-12".to_owned())]
    class: String,
) -> impl IntoView {
    view! {
        <svg
            class=format!("{class} shrink-0")
            viewBox="0 0 48 48"
            role="progressbar"
            aria-valuemin="0"
            aria-valuemax="100"
            aria-valuenow=shared(move || percent.get().to_string())
            aria-valuetext=shared(move || label.get())
            aria-label=shared(move || label.get())
        >
            <circle cx="24" cy="24" r="20" fill="none" stroke-width="5" class="stroke-line"></circle>
            <circle
                cx="24"
                cy="24"
                r="20"
                fill="none"
                stroke-width="5"
                stroke-linecap="round"
                pathLength="100"
                stroke-dasharray=shared(move || format!("{} 100", percent.get()))
                transform="rotate(-90 24 24)"
                class=shared(move || if percent.get() == 0 { "hidden" } else { "ring-fill transition-[stroke-dasharray] duration-300" })
            ></circle>
            <text x="24" y="28.5" text-anchor="middle" aria-hidden="true" class="fill-ink text-[13px] font-semibold tabular-nums">
                {part(move || percent.get())}
            </text>
        </svg>
    }
}

/// A thin bar that fills. It says nothing by itself: the number stands beside it.
#[component]
pub fn Bar(
    /// Percent done.
    #[prop(into)]
    percent: Now<u32>,
    /// Added to its classes; may set the colour (`text-ok`).
    #[prop(into, default = "text-primary-text".to_owned())]
    class: String,
) -> impl IntoView {
    view! {
        <svg class=format!("h-1.5 w-full overflow-hidden rounded-full {class}") viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true" focusable="false">
            <rect width="100" height="6" class="fill-line"></rect>
            <rect width=shared(move || percent.get().min(100).to_string()) height="6" fill="currentColor"></rect>
        </svg>
    }
}
