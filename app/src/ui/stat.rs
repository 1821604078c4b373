//! Figures: what is counted, how much of it there is, and what that means.

use super::now::Now;
use super::part::part;
use leptos::prelude::*;

/// A row of figures: `<Stats label="Key figures"><Stat …/>…</Stats>`.
#[component]
pub fn Stats(
    /// What they are about, read aloud.
    #[prop(into)]
    label: String,
    /// How many stand beside each other.
    #[prop(default = "grid-cols-2 sm:grid-cols-3 lg:grid-cols-5")]
    columns: &'static str,
    /// The figures.
    children: Children,
) -> impl IntoView {
    view! { <dl aria-label=label class=format!("grid gap-3 md:gap-4 {columns}")>{children()}</dl> }
}

/// One figure.
#[component]
pub fn Stat(
    /// What is counted.
    #[prop(into)]
    label: String,
    /// How much there is.
    #[prop(into)]
    value: Now<String>,
    /// What that means, in a few words.
    #[prop(optional, into)]
    note: Option<Now<String>>,
) -> impl IntoView {
    view! {
        <div class="glass flex min-w-0 flex-col px-3.5 py-3">
            <dt class="text-sm font-medium text-ink-3">{label}</dt>
            <dd class="mt-1 min-w-0">
                <span class="text-2xl font-bold text-ink tabular-nums md:text-3xl">{part(move || value.get())}</span>
                {note.map(|note| view! { <span class="block text-sm text-ink-3">{part(move || note.get())}</span> })}
            </dd>
        </div>
    }
}
