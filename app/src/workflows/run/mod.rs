//! The run page: one workflow, live. What happens is folded into it event by event.

mod alerts;
mod controls;
mod graph;
mod header;
mod history;
mod places;
mod state;
mod table;
mod views;

pub use places::Places;
pub use state::Run;

use devsquad::id::WorkflowId;
use devsquad::view::WorkflowView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::get_workflow;
use crate::errors::FailurePage;
use crate::live::use_live;
use crate::pages::inspector;
use crate::ui::*;
use alerts::Alerts;
use header::Header;
use views::Views;

/// The run page.
#[component]
pub fn RunPage() -> impl IntoView {
    let params = use_params_map();
    let id =
        memo(move |_| params.seen(|params| params.get("workflow_id").and_then(|id| id.parse::<WorkflowId>().ok())));
    move || match id.get() {
        Some(id) => view! { <OneRun id/> }.into_any(),
        None => {
            view! { <FailurePage failure=devsquad::Refusal::not_found("workflow", "of that name").into()/> }.into_any()
        }
    }
}

#[component]
fn OneRun(id: WorkflowId) -> impl IntoView {
    let live = use_live();
    let loaded = Resource::new_blocking(move || live.resets().get(), move |_| get_workflow(id));
    let failed = |failure| view! { <FailurePage failure/> }.into_any();
    view! {
        <Loaded resource=loaded what="the workflow" failed=failed let:newest>
            <Whole newest/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Whole(newest: Now<WorkflowView>) -> impl IntoView {
    let run = Run::follow(newest);
    let places = Places::new(run.id);
    let narrow = move || if places.task().get().is_some() { "run-page run-page-inspecting" } else { "run-page" };
    view! {
        <div class=shared(narrow)>
            <div class="flex min-w-0 flex-col gap-4">
                <Header run/>
                <Alerts run places/>
                <Views run places/>
            </div>
            {part(move || places.task().get().map(|task| inspector(run, task, places)))}
        </div>
    }
    .into_any()
}
