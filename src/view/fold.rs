//! Keeps a page current: one event after another is folded into what it shows.

use super::{ActivityLine, AgentRef, TaskView, WorkflowView};
use crate::event::{Change, Event};
use crate::id::{AgentId, TaskId};
use crate::messaging::wording;
use crate::workflow::WorkflowStatus;
use crate::workflow::checks::{CheckpointKind, Verdict};
use crate::workflow::task::TaskStatus;

/// Lines of activity kept on a page.
const ACTIVITY_MAX: usize = 200;

pub(super) fn workflow(view: &mut WorkflowView, event: &Event, names: &dyn Fn(AgentId) -> Option<String>) -> bool {
    if event.seq != 0 && event.seq <= view.seq {
        return false;
    }
    view.seq = view.seq.max(event.seq);
    if event.change.workflow() != Some(view.summary.id) {
        return false;
    }
    status(view, event);
    for id in event.change.tasks().to_vec() {
        if let Some(task) = view.tasks.iter_mut().find(|task| task.id == id) {
            fold_task(task, event, names);
        }
    }
    view.summary.counts = counts(&view.tasks);
    if event.change.is_durable() {
        let line =
            activity(event, &|id| view.tasks.iter().find(|task| task.id == id).map(|task| task.name.clone()), names);
        view.activity.insert(0, line);
        view.activity.truncate(ACTIVITY_MAX);
    }
    true
}

/// One event as a line of a feed.
pub fn activity(
    event: &Event,
    tasks: &dyn Fn(TaskId) -> Option<String>,
    agents: &dyn Fn(AgentId) -> Option<String>,
) -> ActivityLine {
    ActivityLine {
        seq: event.seq,
        at: event.at,
        text: wording::event(event, tasks, agents),
        kind: event.change.name().to_owned(),
        severity: event.change.severity().as_str().to_owned(),
        workflow: event.change.workflow(),
        task: match event.change.tasks() {
            [one] => Some(*one),
            _ => None,
        },
    }
}

fn status(view: &mut WorkflowView, event: &Event) {
    let summary = &mut view.summary;
    match &event.change {
        Change::WorkflowPaused { reason, .. } => {
            summary.status = WorkflowStatus::Paused;
            summary.reason = (!reason.is_empty()).then(|| reason.clone());
        }
        Change::WorkflowResumed { .. } => {
            summary.status = WorkflowStatus::Running;
            summary.reason = None;
        }
        Change::WorkflowEnded { status, reason, .. } => {
            summary.status = *status;
            summary.reason = (!reason.is_empty()).then(|| reason.clone());
            summary.completed_at = Some(event.at);
            for task in view.tasks.iter_mut().filter(|task| !task.status.is_terminal()) {
                task.status = TaskStatus::Cancelled;
                task.completed_at = Some(event.at);
                task.open_checkpoint = None;
            }
        }
        Change::TaskRetried { revived, .. } => {
            summary.status = WorkflowStatus::Running;
            summary.reason = None;
            summary.completed_at = None;
            for task in view.tasks.iter_mut().filter(|task| revived.contains(&task.id)) {
                task.status = TaskStatus::Blocked;
                task.completed_at = None;
            }
        }
        _ => {}
    }
}

fn fold_task(task: &mut TaskView, event: &Event, names: &dyn Fn(AgentId) -> Option<String>) {
    match &event.change {
        Change::TasksReady { .. } => {
            if task.status != TaskStatus::InReview {
                task.status = if task.status == TaskStatus::Rework { TaskStatus::Rework } else { TaskStatus::Ready };
            }
            task.ready_at.get_or_insert(event.at);
            task.not_before = None;
        }
        Change::TaskLeased(leased) => {
            task.status = if leased.review { TaskStatus::InReview } else { TaskStatus::Running };
            task.agent = Some(AgentRef { id: leased.agent, name: names(leased.agent).unwrap_or_default() });
            task.progress = 0;
            task.note.clear();
            task.attempts_used += u32::from(!leased.review);
            task.started_at.get_or_insert(event.at);
        }
        Change::AttemptProgressed { progress, note, .. } => {
            task.progress = *progress;
            task.note.clone_from(note);
        }
        Change::AttemptEnded { reason, message, .. } => task.note = wording::attempt_failed(*reason, message),
        Change::TaskRetryScheduled { until, .. } => {
            task.status = TaskStatus::Ready;
            task.not_before = Some(*until);
        }
        Change::ResultHandedIn { .. } => task.progress = 100,
        Change::CheckpointOpened { checkpoint, kind, .. } => match kind {
            CheckpointKind::PeerReview => task.status = TaskStatus::InReview,
            CheckpointKind::Approval => {
                task.status = TaskStatus::AwaitingApproval;
                task.open_checkpoint = Some(*checkpoint);
            }
        },
        Change::CheckpointEscalated { checkpoint, .. } => {
            task.status = TaskStatus::AwaitingApproval;
            task.open_checkpoint = Some(*checkpoint);
        }
        Change::CheckpointDecided { verdict, note, .. } => {
            task.open_checkpoint = None;
            if *verdict == Verdict::Reject {
                task.note = wording::sent_back(note);
            }
        }
        Change::TaskReworked { .. } => task.status = TaskStatus::Rework,
        Change::TaskCompleted { .. } => end(task, TaskStatus::Completed, event),
        Change::TaskFailed { reason, message, exhausted, .. } => {
            task.note = wording::attempt_failed(*reason, message);
            end(task, if *exhausted { TaskStatus::DeadLetter } else { TaskStatus::Failed }, event);
        }
        Change::TasksSkipped { .. } => end(task, TaskStatus::Skipped, event),
        Change::TaskRetried { .. } => {
            task.status = TaskStatus::Ready;
            task.completed_at = None;
            task.attempts_used = 0;
            task.progress = 0;
        }
        _ => {}
    }
}

fn end(task: &mut TaskView, status: TaskStatus, event: &Event) {
    task.status = status;
    task.completed_at = Some(event.at);
    task.open_checkpoint = None;
    if status == TaskStatus::Completed {
        task.progress = 100;
    }
}

fn counts(tasks: &[TaskView]) -> Vec<(TaskStatus, u32)> {
    TaskStatus::ALL
        .into_iter()
        .map(|status| (status, tasks.iter().filter(|task| task.status == status).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(status, n)| (status, u32::try_from(n).unwrap_or(u32::MAX)))
        .collect()
}
