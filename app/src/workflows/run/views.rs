//! The switch between the ways to look at a run, and the one that is looked at.

use leptos::prelude::*;

use super::Run;
use super::graph::Graph;
use super::history::History;
use super::places::{Places, View};
use super::table::TaskTable;
use crate::ui::*;

/// The switch and the view. When the address does not say which, a wide window shows the graph and a narrow one the list.
#[component]
pub fn Views(
    /// The run.
    run: Run,
    /// Where one is.
    places: Places,
) -> impl IntoView {
    let link = move |view: View| {
        let (words, glyph) = match view {
            View::Graph => ("Graph", Glyph::Graph),
            View::List => ("List", Glyph::List),
            View::History => ("History", Glyph::History),
        };
        // Without a view in the address both ends of the switch may be current, one for each width.
        let class = move || match (places.view().get(), view) {
            (None, View::Graph) => "segment segment-on-wide focus-vibe",
            (None, View::List) => "segment segment-on-narrow focus-vibe",
            _ => "segment focus-vibe",
        };
        view! {
            <li>
                <a href=shared(move || places.to_view(view)) {..stay()} class=shared(class) aria-current=shared(move || (places.view().get() == Some(view)).then_some("true"))>
                    <Icon glyph class="size-4 shrink-0"/>
                    {words}
                </a>
            </li>
        }
    };
    view! {
        <nav aria-label="Views of this workflow">
            <ul class="segments">{View::ALL.map(link).collect_view()}</ul>
        </nav>
        {part(move || match places.view().get() {
            Some(View::Graph) => view! { <Graph run places/> }.into_any(),
            Some(View::List) => view! { <TaskTable run places/> }.into_any(),
            Some(View::History) => view! { <History run/> }.into_any(),
            None => view! {
                <div class="hidden min-w-0 sm:block"><Graph run places/></div>
                <div class="min-w-0 sm:hidden"><TaskTable run places/></div>
            }
            .into_any(),
        })}
    }
    .into_any()
}
