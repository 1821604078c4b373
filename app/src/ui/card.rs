//! Surfaces that group what belongs together.

use leptos::prelude::*;

/// A titled section: `<Card title="Squad" id="squad">…</Card>`. The title is its `h2` and names the region; `id` must be
/// unique on the page. `actions` stand at the right of the title.
#[component]
pub fn Card(
    /// Its heading.
    #[prop(into)]
    title: String,
    /// Its id, and the base of its heading's.
    #[prop(into)]
    id: String,
    /// What stands beside the heading.
    #[prop(optional, into)]
    actions: ViewFnOnce,
    /// Added to the section's classes.
    #[prop(optional, into)]
    class: String,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    view! {
        <section id=id aria-labelledby=heading.clone() class=format!("glass min-w-0 p-4 {class}")>
            <div class="mb-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                <h2 id=heading.clone() class="text-lg font-semibold text-ink">{title}</h2>
                {actions.run()}
            </div>
            {children()}
        </section>
    }
}

/// A surface without a heading of its own; `hairline` gives it the gradient edge reserved for the most important one.
#[component]
pub fn GlassCard(
    /// Whether it has the gradient edge.
    #[prop(optional)]
    hairline: bool,
    /// Added to its classes.
    #[prop(optional, into)]
    class: String,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let surface = if hairline { "hairline rounded-lg shadow-card" } else { "glass" };
    view! { <div class=format!("{surface} min-w-0 p-4 {class}")>{children()}</div> }
}
