//! Keeps a page current: what it is told, one thing after another, is folded into what it shows.

use super::{ActivityLine, AgentRef, News, TaskView, WorkflowView};
use crate::event::Event;
use crate::id::{AgentId, TaskId};
use crate::messaging::wording;
use crate::workflow::WorkflowStatus;
use crate::workflow::task::TaskStatus;

/// Lines of activity kept on a page.
const ACTIVITY_MAX: usize = 200;

pub(super) fn workflow(view: &mut WorkflowView, news: &News, names: &dyn Fn(AgentId) -> Option<String>) -> bool {
    if news.is_durable() && news.seq <= view.seq {
        return false;
    }
    view.seq = view.seq.max(news.seq);
    if news.workflow != Some(view.summary.id) {
        return false;
    }
    // A task tried again wakes a workflow that failed around it; one that is paused stays so.
    let status = news.workflow_status.filter(|_| news.name != "task_retried" || view.summary.status.is_terminal());
    if let Some(status) = status {
        stands(view, status, news);
    }
    view.summary.priority = news.priority.unwrap_or(view.summary.priority);
    for task in view.tasks.iter_mut().filter(|task| news.revived.contains(&task.id)) {
        begin_again(task, TaskStatus::Blocked);
    }
    for task in view.tasks.iter_mut().filter(|task| news.tasks.contains(&task.id)) {
        fold_task(task, news, names);
    }
    view.summary.counts = counts(&view.tasks);
    if news.is_durable() {
        let line = news.line(&|id| view.tasks.iter().find(|task| task.id == id).map(|task| task.name.clone()), names);
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

fn stands(view: &mut WorkflowView, status: WorkflowStatus, news: &News) {
    let is_over = status.is_terminal();
    view.summary.status = status;
    view.summary.reason = (!news.reason.is_empty()).then(|| news.reason.clone());
    view.summary.completed_at = is_over.then_some(news.at);
    for task in view.tasks.iter_mut().filter(|task| is_over && !task.status.is_terminal()) {
        end(task, TaskStatus::Cancelled, news);
    }
}

fn fold_task(task: &mut TaskView, news: &News, names: &dyn Fn(AgentId) -> Option<String>) {
    if let Some(progress) = news.progress {
        task.progress = progress;
    }
    if let Some(note) = &news.note {
        task.note.clone_from(note);
    }
    if let Some(agent) = news.agent {
        task.agent = Some(AgentRef { id: agent, name: names(agent).unwrap_or_default() });
        task.attempts_used += u32::from(news.status == Some(TaskStatus::Running));
        task.started_at.get_or_insert(news.at);
    }
    if news.declined && task.status == TaskStatus::Running {
        task.attempts_used = task.attempts_used.saturating_sub(1);
    }
    match news.name.as_str() {
        "tasks_ready" => {
            task.ready_at.get_or_insert(news.at);
        }
        "result_handed_in" => task.handed_in = true,
        "checkpoint_decided" | "checkpoint_waived" => task.open_checkpoint = None,
        "task_retried" => begin_again(task, TaskStatus::Ready),
        _ => {}
    }
    if news.name == "task_assigned" {
        task.kept_for = news.kept_for.map(|id| AgentRef { id, name: names(id).unwrap_or_default() });
    }
    if news.status.is_some() || news.name == "question_answered" {
        task.question.clone_from(&news.question);
    }
    if news.checkpoint.is_some() {
        task.open_checkpoint = news.checkpoint;
    }
    match news.status {
        Some(status) if status.is_terminal() => end(task, status, news),
        // What is to be reviewed or reworked is ready in its own way.
        Some(TaskStatus::Ready) => {
            task.not_before = news.until;
            task.status = match task.status {
                TaskStatus::InReview => TaskStatus::InReview,
                _ if task.handed_in => TaskStatus::Rework,
                _ => TaskStatus::Ready,
            };
        }
        Some(status) => task.status = status,
        None => {}
    }
}

/// From the start, as if nothing had been tried.
fn begin_again(task: &mut TaskView, status: TaskStatus) {
    task.status = status;
    task.completed_at = None;
    task.attempts_used = 0;
    task.progress = 0;
    task.handed_in = false;
}

fn end(task: &mut TaskView, status: TaskStatus, news: &News) {
    task.status = status;
    task.completed_at = Some(news.at);
    task.open_checkpoint = None;
    task.question = None;
}

fn counts(tasks: &[TaskView]) -> Vec<(TaskStatus, u32)> {
    TaskStatus::ALL
        .into_iter()
        .map(|status| (status, tasks.iter().filter(|task| task.status == status).count()))
        .filter(|(_, n)| *n > 0)
        .map(|(status, n)| (status, u32::try_from(n).unwrap_or(u32::MAX)))
        .collect()
}
