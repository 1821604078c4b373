//! The workflows that run, and the latest that ended.

use devsquad::view::{DashboardView, WorkflowSummary};
use leptos::prelude::*;

use super::workflow_card::WorkflowCard;
use crate::ui::*;
use crate::workflows::status::WorkflowChip;

/// Cards shown; the list has the rest.
const CARDS_MAX: usize = 6;
/// Ended workflows shown.
const ENDED_MAX: usize = 5;

/// Cards of those that run, lines of those that ended.
#[component]
pub fn Workflows(
    /// The overview.
    view: Now<DashboardView>,
) -> impl IntoView {
    let pick = move |ended: bool, max: usize| {
        memo(move |_| {
            let fits = |workflow: &&WorkflowSummary| workflow.status.is_terminal() == ended;
            view.seen(|view| view.workflows.iter().filter(fits).take(max).cloned().collect::<Vec<_>>())
        })
    };
    let (active, ended) = (pick(false, CARDS_MAX), pick(true, ENDED_MAX));
    view! {
        <Card
            title="Active workflows"
            id="active"
            class="h-full"
            actions=|| view! { <a href="/orchestration/workflows" class="link text-sm">"All workflows"</a> }
        >
            <Only when=move || !active.seen(Vec::is_empty) fallback=NothingRuns>
                <ul class="flex flex-col gap-3" aria-label="Active workflows">
                    <Rows items=active key=|workflow: &WorkflowSummary| workflow.id let:workflow>
                        <li class="min-w-0"><WorkflowCard workflow/></li>
                    </Rows>
                </ul>
            </Only>
            <Only when=move || !ended.seen(Vec::is_empty)>
                <h3 class="mt-5 mb-1 text-sm font-semibold text-ink">"Latest ended"</h3>
                <ul class="divide-y divide-line" aria-label="Latest ended">
                    <Rows items=ended key=|workflow: &WorkflowSummary| workflow.id let:workflow>
                        <li><Ended workflow/></li>
                    </Rows>
                </ul>
            </Only>
        </Card>
    }
}

#[component]
fn NothingRuns() -> impl IntoView {
    view! {
        <p class="py-2 text-sm text-ink-3">
            "Nothing runs now. "
            <a href="/orchestration/workflows/create" class="link">"Launch a workflow"</a>
        </p>
    }
}

#[component]
fn Ended(workflow: Now<WorkflowSummary>) -> impl IntoView {
    let WorkflowSummary { id, name, created_at, .. } = workflow.get_untracked();
    let ended_at = derived(move || workflow.seen(|workflow| workflow.completed_at.unwrap_or(created_at)));
    view! {
        <div class="flex min-h-11 flex-wrap items-center gap-x-3 gap-y-1 py-1.5 text-sm">
            <a href=format!("/orchestration/workflows/{id}") class="link min-w-0 grow basis-40 truncate font-medium">{name}</a>
            <span class="text-ink-3"><RelativeTime at=ended_at/></span>
            <WorkflowChip status=derived(move || workflow.seen(|workflow| workflow.status))/>
        </div>
    }
}
