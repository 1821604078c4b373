//! One edge of the drawing: what flows where. For eyes only: the nodes say it in words.

use devsquad::workflow::task::TaskStatus;
use leptos::prelude::*;

use super::Drawing;
use crate::ui::{Seen, memo, shared};

/// One edge.
#[component]
pub fn Edge(drawing: Drawing, nth: usize) -> impl IntoView {
    let (from, to) = drawing.layout.seen_once(|layout| (layout.edges[nth].from, layout.edges[nth].to));
    let tasks = drawing.run.tasks();
    let (before, after) = (tasks[from as usize], tasks[to as usize]);
    let line = memo(move |_| {
        drawing.layout.seen(|layout| layout.edges.get(nth).map(|edge| edge.svg(drawing.direction.get())))
    });
    let state = memo(move |_| state(before.seen(|task| task.status), after.seen(|task| task.status)));
    let weight = if drawing.is_critical(from, to) { "critical" } else { "plain" };
    view! {
        <path d=shared(move || line.get()) class="edge" data-state=shared(move || state.get()) data-weight=weight marker-end="url(#arrow)"></path>
    }
    .into_any()
}

/// Whether something flows along the edge now, has flowed, cannot flow, or may yet.
fn state(before: TaskStatus, after: TaskStatus) -> &'static str {
    match (before, after) {
        (TaskStatus::Completed, TaskStatus::Running) => "flowing",
        (TaskStatus::Completed, _) => "flowed",
        (TaskStatus::Failed | TaskStatus::DeadLetter | TaskStatus::Skipped | TaskStatus::Cancelled, _) => "broken",
        (
            TaskStatus::Blocked
            | TaskStatus::Ready
            | TaskStatus::Running
            | TaskStatus::AwaitingInput
            | TaskStatus::InReview
            | TaskStatus::AwaitingApproval
            | TaskStatus::Rework,
            _,
        ) => "waiting",
    }
}
