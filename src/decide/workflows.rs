//! What people do to a workflow as a whole, and to a failed task.

use jiff::Timestamp;

use super::{Draft, Facts, assignment, settle};
use crate::command::Answer;
use crate::event::{AttemptOutcome, Change, Reason, WorkflowCreated};
use crate::id::{AgentId, AttemptId, ProjectId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::text;
use crate::workflow::{Priority, TaskState, Workflow, WorkflowDefinition, WorkflowStatus};

/// Workflows that have not ended, in one organization: each costs memory while it lives.
pub const WORKFLOWS_MAX: usize = 20_000;
/// Characters in a reason.
pub const REASON_MAX: usize = 500;

pub(super) fn create(
    draft: &mut Draft<'_>,
    workflow: WorkflowId,
    project: ProjectId,
    definition: WorkflowDefinition,
    facts: &mut Facts<'_>,
) -> Result<Answer, Refusal> {
    let definition = definition.validated()?;
    if draft.state.workflows.contains_key(&workflow) {
        return Err(Refusal::fault("/id", wording::duplicate_key(&workflow.to_string(), 0)));
    }
    if is_full(draft) {
        return Err(Refusal::LimitReached { noun: "running workflows".to_owned(), max: WORKFLOWS_MAX as u64 });
    }
    if definition.deadline.is_some_and(|deadline| deadline <= draft.now) {
        return Err(Refusal::fault("/deadline", wording::in_the_past()));
    }
    let tasks = definition.tasks.iter().map(|_| TaskId((facts.fresh_id)())).collect();
    draft.emit(Change::WorkflowCreated(Box::new(WorkflowCreated { workflow, project, tasks, definition })));
    settle::open_gates(draft, workflow);
    Ok(Answer::WorkflowCreated { workflow })
}

/// Counted only where there are as many at all: walking through all of them costs each creation more the more there are.
fn is_full(draft: &Draft<'_>) -> bool {
    let all = &draft.state.workflows;
    all.len() >= WORKFLOWS_MAX && all.values().filter(|w| !w.status.is_terminal()).count() >= WORKFLOWS_MAX
}

pub(super) fn pause(draft: &mut Draft<'_>, id: WorkflowId, reason: &str) -> Result<Answer, Refusal> {
    let workflow = find(draft, id)?;
    if workflow.status != WorkflowStatus::Running {
        return Err(wrong(workflow, "paused"));
    }
    let reason = clean(reason)?;
    draft.emit(Change::WorkflowPaused { workflow: id, reason });
    Ok(Answer::Done)
}

pub(super) fn resume(draft: &mut Draft<'_>, id: WorkflowId) -> Result<Answer, Refusal> {
    let workflow = find(draft, id)?;
    if workflow.status != WorkflowStatus::Paused {
        return Err(wrong(workflow, "resumed"));
    }
    draft.emit(Change::WorkflowResumed { workflow: id });
    Ok(Answer::Done)
}

pub(super) fn prioritise(draft: &mut Draft<'_>, id: WorkflowId, priority: Priority) -> Result<Answer, Refusal> {
    let workflow = find(draft, id)?;
    if workflow.status.is_terminal() {
        return Err(wrong(workflow, "given another priority"));
    }
    if workflow.definition.priority != priority {
        draft.emit(Change::WorkflowPrioritised { workflow: id, priority });
    }
    Ok(Answer::Done)
}

pub(super) fn cancel(draft: &mut Draft<'_>, id: WorkflowId, reason: &str) -> Result<Answer, Refusal> {
    let workflow = find(draft, id)?;
    if workflow.status.is_terminal() {
        return Err(wrong(workflow, "cancelled"));
    }
    let reason = clean(reason)?;
    end(draft, id, WorkflowStatus::Cancelled, reason);
    Ok(Answer::Done)
}

/// Ends a workflow: attempts that live end with it, then the tasks that are open are cancelled.
pub(super) fn end(draft: &mut Draft<'_>, id: WorkflowId, status: WorkflowStatus, reason: String) {
    let why = if status == WorkflowStatus::TimedOut { Reason::Deadline } else { Reason::UserCancelled };
    let held: Vec<(TaskId, AttemptId, AgentId)> = draft
        .state
        .workflows
        .get(&id)
        .map(|workflow| {
            let leases = workflow.tasks.iter().filter_map(|task| task.lease().map(|lease| (task.id, lease)));
            leases.map(|(task, lease)| (task, lease.attempt, lease.agent)).collect()
        })
        .unwrap_or_default();
    for (task, attempt, agent) in held {
        draft.emit(Change::AttemptEnded {
            workflow: id,
            task,
            attempt,
            agent,
            outcome: AttemptOutcome::Cancelled,
            reason: why,
            message: reason.clone(),
        });
    }
    draft.emit(Change::WorkflowEnded { workflow: id, status, reason });
}

pub(super) fn retry(draft: &mut Draft<'_>, id: WorkflowId, task: TaskId) -> Result<Answer, Refusal> {
    let workflow = find(draft, id)?;
    let at = workflow.position(task).ok_or_else(|| Refusal::not_found("task", task))?;
    let failed = workflow.task(at);
    let retryable = match &failed.state {
        TaskState::Failed { .. } | TaskState::DeadLetter { .. } => true,
        // A cancelled workflow stays cancelled; one that failed around this task may go on.
        TaskState::Cancelled { .. } => workflow.status == WorkflowStatus::Failed,
        TaskState::Blocked
        | TaskState::Ready { .. }
        | TaskState::BackingOff { .. }
        | TaskState::Leased(_)
        | TaskState::AwaitingApproval { .. }
        | TaskState::AwaitingInput { .. }
        | TaskState::Completed { .. }
        | TaskState::Skipped { .. } => false,
    };
    if !retryable || workflow.status == WorkflowStatus::Cancelled || past(workflow, draft.now) {
        return Err(Refusal::WrongState {
            noun: "task".to_owned(),
            name: failed.name.clone(),
            status: failed.status().as_str().to_owned(),
            verb: "retried".to_owned(),
        });
    }
    let revived = skipped_below(workflow, at);
    draft.emit(Change::TaskRetried { workflow: id, task, revived });
    assignment::left_before(draft, id);
    settle::open_gates(draft, id);
    Ok(Answer::Done)
}

fn past(workflow: &Workflow, now: Timestamp) -> bool {
    workflow.definition.deadline.is_some_and(|deadline| deadline <= now)
}

/// The tasks that were skipped because of the one at `at`, directly or through others.
fn skipped_below(workflow: &Workflow, at: u32) -> Vec<TaskId> {
    let mut seen = vec![false; workflow.tasks.len()];
    let mut stack = vec![at];
    let mut found = Vec::new();
    while let Some(here) = stack.pop() {
        for child in &workflow.children[here as usize] {
            let task = workflow.task(*child);
            if !seen[*child as usize] && matches!(task.state, TaskState::Skipped { .. }) {
                seen[*child as usize] = true;
                found.push(task.id);
                stack.push(*child);
            }
        }
    }
    found
}

pub(super) fn find<'a>(draft: &'a Draft<'_>, id: WorkflowId) -> Result<&'a Workflow, Refusal> {
    draft.state.workflows.get(&id).ok_or_else(|| Refusal::not_found("workflow", id))
}

fn wrong(workflow: &Workflow, verb: &str) -> Refusal {
    Refusal::WrongState {
        noun: "workflow".to_owned(),
        name: workflow.definition.name.clone(),
        status: workflow.status.as_str().to_owned(),
        verb: verb.to_owned(),
    }
}

pub(super) fn clean(reason: &str) -> Result<String, Refusal> {
    text::paragraph(reason, REASON_MAX).map_err(|why| Refusal::fault("/reason", why))
}
