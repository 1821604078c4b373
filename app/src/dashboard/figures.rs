//! The key figures.

use devsquad::view::DashboardView;
use leptos::prelude::*;

use crate::ui::*;

/// Counts of what is there now; nothing is estimated.
#[component]
pub fn Figures(
    /// The overview.
    view: Now<DashboardView>,
) -> impl IntoView {
    let figure = move |label: &'static str, note: &'static str, value: fn(&DashboardView) -> String| {
        view! { <Stat label value=derived(move || view.seen(value)) note=Now::stored(note.to_owned())/> }
    };
    view! {
        <section aria-labelledby="figures-title">
            <h2 id="figures-title" class="sr-only">"Key figures"</h2>
            <Stats label="Key figures" columns="grid-cols-2 sm:grid-cols-3 xl:grid-cols-6">
                {figure("Active workflows", "running or paused", |view| view.active_workflows.to_string())}
                {figure("Tasks running", "agents at work", |view| view.tasks_running.to_string())}
                {figure("Tasks ready", "wait for an agent", |view| view.tasks_ready.to_string())}
                {figure("Tasks completed", "in 24 hours", |view| view.completed_today.to_string())}
                {figure("Squad", "agents reachable", |view| format!("{}/{}", view.agents_online, view.agents_total))}
                {figure("Needs you", "to decide", |view| view.needs.len().to_string())}
            </Stats>
        </section>
    }
}
