//! Pages that were open from the beginning of their workflow and are only told what happens.

use jiff::Timestamp;

use super::World;
use crate::event::{Change, Event};
use crate::view::{News, TaskView, WorkflowSummary, WorkflowView};
use crate::workflow::{Priority, Stage, Task, TaskState, Workflow};

impl World {
    /// Tells every open page what happened.
    pub(super) fn tell(&mut self, event: &Event) {
        if let Change::WorkflowCreated(created) = &event.change {
            self.pages.insert(created.workflow, page(&self.state.workflows[&created.workflow], event.seq));
            return;
        }
        let news = News::of(event);
        for page in self.pages.values_mut() {
            page.fold(&news, &|_| None);
        }
    }

    /// A page which was only ever told shows what one would that was loaded now.
    pub(super) fn look(&self) {
        for (id, shown) in &self.pages {
            let Some(workflow) = self.state.workflows.get(id) else { continue };
            assert_eq!(shown.summary.status, workflow.status, "a page shows another status");
            assert_eq!(shown.summary.priority, workflow.definition.priority, "a page shows another priority");
            for (shown, task) in shown.tasks.iter().zip(&workflow.tasks) {
                let asked = match (&task.state, task.stage) {
                    (TaskState::AwaitingApproval { .. }, Stage::Check { checkpoint, .. }) => Some(checkpoint),
                    _ => None,
                };
                let question = match &task.state {
                    TaskState::AwaitingInput { question } => Some(question.id),
                    _ => None,
                };
                let there = (task.status(), task.attempts_used, asked, question, task.assignee);
                let kept_for = shown.kept_for.as_ref().map(|agent| agent.id);
                let question = shown.question.as_ref().map(|question| question.id);
                let here = (shown.status, shown.attempts_used, shown.open_checkpoint, question, kept_for);
                assert_eq!(here, there, "a page shows “{}” otherwise: {task:?}", task.key);
            }
        }
    }
}

/// A page on a workflow, as far as these stories look at it.
fn page(workflow: &Workflow, seq: u64) -> WorkflowView {
    let task = |task: &Task| TaskView {
        id: task.id,
        key: task.key.clone(),
        name: task.name.clone(),
        kind: task.kind.clone(),
        status: task.status(),
        needs: Vec::new(),
        edge: task.edge,
        skills: Vec::new(),
        checks: Vec::new(),
        agent: None,
        progress: 0,
        note: String::new(),
        attempts_used: 0,
        handed_in: false,
        max_attempts: task.max_attempts,
        not_before: None,
        ready_at: None,
        started_at: None,
        completed_at: None,
        open_checkpoint: None,
        kept_for: None,
        question: None,
    };
    WorkflowView {
        summary: WorkflowSummary {
            id: workflow.id,
            name: String::new(),
            kind: String::new(),
            template: None,
            status: workflow.status,
            priority: Priority::Normal,
            reason: None,
            created_at: Timestamp::UNIX_EPOCH,
            completed_at: None,
            deadline: None,
            counts: Vec::new(),
        },
        description: String::new(),
        parameters: Vec::new(),
        created_by: String::new(),
        tasks: workflow.tasks.iter().map(task).collect(),
        members: Vec::new(),
        activity: Vec::new(),
        seq,
    }
}
