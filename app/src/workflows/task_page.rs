//! One task as a page of its own: what the inspector shows, with room.

use devsquad::Refusal;
use devsquad::id::{TaskId, WorkflowId};
use devsquad::view::WorkflowView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::api::{get_task, get_workflow};
use super::inspector::{TaskPanel, refetched_with};
use super::run::Run;
use super::run_href;
use crate::errors::FailurePage;
use crate::live::use_live;
use crate::ui::*;

/// The task page.
#[component]
pub fn TaskPage() -> impl IntoView {
    let params = use_params_map();
    let ids = memo(move |_| {
        params.seen(|params| {
            Some((
                params.get("workflow_id")?.parse::<WorkflowId>().ok()?,
                params.get("task_id")?.parse::<TaskId>().ok()?,
            ))
        })
    });
    move || match ids.get() {
        Some((workflow, task)) => view! { <OneTask workflow task/> }.into_any(),
        None => view! { <FailurePage failure=Refusal::not_found("task", "of that name").into()/> }.into_any(),
    }
}

#[component]
fn OneTask(workflow: WorkflowId, task: TaskId) -> impl IntoView {
    let live = use_live();
    let loaded = Resource::new_blocking(move || live.resets().get(), move |_| get_workflow(workflow));
    let failed = |failure| view! { <FailurePage failure/> }.into_any();
    view! {
        <Loaded resource=loaded what="the task" failed=failed let:newest>
            <Whole newest task/>
        </Loaded>
    }
    .into_any()
}

#[component]
fn Whole(newest: Now<WorkflowView>, task: TaskId) -> impl IntoView {
    let run = Run::follow(newest);
    let Some(live) = run.task(task) else {
        return view! { <FailurePage failure=Refusal::not_found("task", task).into()/> }.into_any();
    };
    let version = refetched_with(run, live);
    let detail = Resource::new_blocking(move || version.get(), move |_| get_task(run.id, task));
    let name = derived(move || live.seen(|task| task.name.clone()));
    let workflow = derived(move || run.summary.seen(|summary| summary.name.clone()));
    let tab = derived(move || format!("{} · {}", name.get(), workflow.get()));
    view! {
        <BackLink href=run_href(run.id) words=workflow/>
        <PageTitle title=name document=tab>
            <LinkButton href=format!("{}?task={task}", run_href(run.id)) glyph=Glyph::Graph>"Show in the graph"</LinkButton>
        </PageTitle>
        <section aria-labelledby="details-title" class="glass max-w-4xl min-w-0 p-4 md:p-6">
            <h2 id="details-title" class="sr-only">"Details"</h2>
            <Loaded resource=detail what="the task" let:detail>
                <TaskPanel detail run task=live/>
            </Loaded>
        </section>
    }
    .into_any()
}
