//! What stands where something is on its way.

use leptos::prelude::*;

/// Grey lines in the shape of what comes: `<Skeleton what="the squad" lines=4/>`. Read aloud as "Loading the squad".
#[component]
pub fn Skeleton(
    /// What is on its way ("the list").
    #[prop(into)]
    what: String,
    /// How many lines.
    #[prop(default = 3)]
    lines: usize,
) -> impl IntoView {
    let line = |_| view! { <div class="h-5 rounded bg-line motion-safe:animate-breathe last:w-2/3"></div> };
    view! {
        <div aria-busy="true" class="flex flex-col gap-3 py-2">
            <span class="sr-only">{format!("Loading {what}")}</span>
            {(0..lines).map(line).collect_view()}
        </div>
    }
}
