//! What conflicts between agents do to the state.

use super::State;
use crate::actor::Actor;
use crate::id::{ConflictId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::workflow::Task;
use crate::workflow::conflict::Conflict;
use crate::workflow::question::Answered;

impl State {
    pub(super) fn dispute(&mut self, task: TaskId, conflict: &Conflict) {
        self.in_task(task, |task| task.conflicts.push(conflict.clone()));
    }

    pub(super) fn in_conflict(&mut self, task: TaskId, conflict: ConflictId, change: impl FnOnce(&mut Conflict)) {
        self.in_task(task, |task| {
            if let Some(open) = task.conflicts.iter_mut().find(|open| open.id == conflict) {
                change(open);
            }
        });
    }

    /// How it was settled stands among the answers, which whoever works on the task from now on reads.
    pub(super) fn settle(&mut self, task: TaskId, conflict: ConflictId, text: &str, actor: &Actor) {
        self.in_task(task, |task| {
            if let Some(at) = task.conflicts.iter().position(|open| open.id == conflict) {
                let settled = task.conflicts.remove(at);
                let (question, answer) = (wording::agents_disagreed(&settled.subject), text.to_owned());
                task.answers.push(Answered { question, answer, by: actor.person() });
            }
        });
    }

    /// What is open ends with its workflow.
    pub(super) fn drop_conflicts(&mut self, workflow: WorkflowId) {
        let tasks = self.workflows.get(&workflow).map(|workflow| workflow.tasks.as_slice()).unwrap_or_default();
        let argued: Vec<TaskId> = tasks.iter().filter(|task| !task.conflicts.is_empty()).map(|task| task.id).collect();
        for task in argued {
            self.in_task(task, |task| task.conflicts.clear());
        }
    }

    fn in_task(&mut self, task: TaskId, change: impl FnOnce(&mut Task)) {
        if let Some(place) = self.task_ref(task) {
            self.move_task(place, change);
        }
    }
}
