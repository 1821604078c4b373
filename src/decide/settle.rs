//! What follows by itself: gates that open, tasks that can never run, workflows that are over.

use super::{Draft, workflows};
use crate::event::{Change, Reason};
use crate::id::{TaskId, WorkflowId};
use crate::messaging::wording;
use crate::workflow::task::Gate;
use crate::workflow::{EdgeKind, TaskState, Workflow, WorkflowStatus};

/// Looks at every blocked task of a workflow: for its beginning and for retries.
pub(super) fn open_gates(draft: &mut Draft<'_>, id: WorkflowId) {
    let all: Vec<u32> = match draft.state.workflows.get(&id) {
        Some(workflow) => (0u32..).take(workflow.tasks.len()).collect(),
        None => return,
    };
    open(draft, id, all);
    close_if_over(draft, id);
}

/// Looks at the tasks after one that ended, and at the workflow if that was the last.
pub(super) fn after(draft: &mut Draft<'_>, id: WorkflowId, ended: u32) {
    let children = match draft.state.workflows.get(&id) {
        Some(workflow) => workflow.children[ended as usize].clone(),
        None => return,
    };
    open(draft, id, children);
    close_if_over(draft, id);
}

fn open(draft: &mut Draft<'_>, id: WorkflowId, mut candidates: Vec<u32>) {
    let mut ready: Vec<TaskId> = Vec::new();
    // Skipping a task may decide the ones after it, so this goes on until nothing follows.
    while !candidates.is_empty() {
        let Some(workflow) = draft.state.workflows.get(&id) else { return };
        let mut never: Vec<u32> = Vec::new();
        for at in candidates {
            let task = workflow.task(at);
            if !matches!(task.state, TaskState::Blocked) {
                continue;
            }
            match task.waits.gate(task.edge) {
                Gate::Open => ready.push(task.id),
                Gate::Never => never.push(at),
                Gate::Shut => {}
            }
        }
        never.dedup();
        candidates = never.iter().flat_map(|at| workflow.children[*at as usize].clone()).collect();
        if !never.is_empty() {
            let tasks = never.iter().map(|at| workflow.task(*at).id).collect();
            draft.emit(Change::TasksSkipped { workflow: id, tasks });
        }
    }
    ready.sort_unstable();
    ready.dedup();
    if !ready.is_empty() {
        draft.emit(Change::TasksReady { workflow: id, tasks: ready });
    }
}

/// Ends the workflow when its last task has ended.
fn close_if_over(draft: &mut Draft<'_>, id: WorkflowId) {
    let Some(workflow) = draft.state.workflows.get(&id) else { return };
    if workflow.open > 0 || workflow.status.is_terminal() {
        return;
    }
    let (status, reason) = match first_failure(workflow) {
        Some((name, why)) => (WorkflowStatus::Failed, wording::failed_because(&name, why)),
        None => (WorkflowStatus::Completed, String::new()),
    };
    workflows::end(draft, id, status, reason);
}

/// The first task that failed and whose failure no edge put up with.
fn first_failure(workflow: &Workflow) -> Option<(String, Reason)> {
    (0u32..).zip(&workflow.tasks).find_map(|(at, task)| {
        let reason = match &task.state {
            TaskState::Failed { reason, .. } | TaskState::DeadLetter { reason, .. } => *reason,
            TaskState::Skipped { .. }
            | TaskState::Blocked
            | TaskState::Ready { .. }
            | TaskState::BackingOff { .. }
            | TaskState::Leased(_)
            | TaskState::AwaitingApproval { .. }
            | TaskState::AwaitingInput { .. }
            | TaskState::Completed { .. }
            | TaskState::Cancelled { .. } => return None,
        };
        let children = &workflow.children[at as usize];
        let tolerated =
            !children.is_empty() && children.iter().all(|child| workflow.task(*child).edge != EdgeKind::AllSucceeded);
        (!tolerated).then(|| (task.name.clone(), reason))
    })
}
