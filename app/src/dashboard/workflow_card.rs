//! One workflow that runs.

use devsquad::view::WorkflowSummary;
use devsquad::workflow::task::TaskStatus;
use devsquad::workflow::{Priority, WorkflowStatus};
use leptos::prelude::*;

use crate::ui::*;
use crate::workflows::status::{WorkflowChip, priority_word, task_look};

/// How far it is, and where its tasks stand.
#[component]
pub fn WorkflowCard(
    /// The workflow.
    workflow: Now<WorkflowSummary>,
) -> impl IntoView {
    let WorkflowSummary { id, name, created_at, .. } = workflow.get_untracked();
    let heading = format!("workflow-{id}");
    let done = memo(move |_| workflow.seen(|workflow| (workflow.ended(), workflow.total())));
    let percent = derived(move || percent(done.get()));
    let words = derived(move || format!("{} of {} tasks ended", done.get().0, done.get().1));
    let status = memo(move |_| workflow.seen(|workflow| workflow.status));
    let surface =
        move || if status.get() == WorkflowStatus::Running { "hairline" } else { "border border-line bg-raised" };
    let reason = move || workflow.seen(|workflow| workflow.reason.clone()).filter(|reason| !reason.is_empty());
    let priority = move || workflow.seen(|workflow| workflow.priority);
    view! {
        <article aria-labelledby=heading class=shared(move || format!("flex h-full min-w-0 gap-4 rounded-lg p-4 {}", surface()))>
            <ProgressRing percent label=words/>
            <div class="min-w-0 grow">
                <div class="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
                    <h3 id=heading.clone() class="min-w-0 font-semibold break-words text-ink">
                        <a href=format!("/orchestration/workflows/{id}") class="-my-2.5 inline-block rounded-sm py-2.5 hover:underline focus-vibe">{name}</a>
                    </h3>
                    <div class="flex flex-wrap items-center gap-1.5">
                        {part(move || matters(priority()).then(|| view! { <Chip>{format!("{} priority", priority_word(priority()))}</Chip> }))}
                        <WorkflowChip status/>
                    </div>
                </div>
                <p class="mt-0.5 text-sm text-ink-3">{part(move || words.get())} ", began " <RelativeTime at=created_at/></p>
                {part(move || reason().map(|reason| view! { <p class="mt-1 text-sm break-words text-ink-2">{reason}</p> }))}
                <Counts workflow/>
            </div>
        </article>
    }
}

/// How many of its tasks are in each status, in the order of a life.
#[component]
fn Counts(workflow: Now<WorkflowSummary>) -> impl IntoView {
    let counts = memo(move |_| workflow.seen(|workflow| workflow.counts.clone()));
    let count = |(status, n): (TaskStatus, u32)| {
        let (shape, tone, word) = task_look(status);
        view! {
            <li class="inline-flex items-center gap-1.5 text-sm whitespace-nowrap text-ink-2 tabular-nums">
                <ShapeIcon shape class=format!("size-3.5 shrink-0 {}", tone.text())/>
                {format!("{n} {}", word.to_lowercase())}
            </li>
        }
    };
    view! { <ul class="mt-2.5 flex flex-wrap gap-x-3 gap-y-1" aria-label="Its tasks">{part(move || counts.get().into_iter().map(count).collect_view())}</ul> }
}

fn percent((ended, total): (u32, u32)) -> u32 {
    ended.saturating_mul(100).checked_div(total).unwrap_or(0)
}

/// Whether a priority is worth a word.
fn matters(priority: Priority) -> bool {
    match priority {
        Priority::Low | Priority::Normal => false,
        Priority::High | Priority::Urgent => true,
    }
}
