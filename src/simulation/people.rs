//! What people do: decide, answer, meddle.

use rand::RngExt as _;

use super::{Temper, World, owner};
use crate::command::Command;
use crate::id::{AgentId, WorkflowId};
use crate::workflow::checks::Verdict;
use crate::workflow::{Priority, Stage, TaskState};

impl World {
    pub(super) fn people(&mut self, meddle: bool) {
        let waiting: Vec<(WorkflowId, crate::id::CheckpointId)> = self
            .state
            .workflows
            .values()
            .flat_map(|workflow| workflow.tasks.iter().map(move |task| (workflow.id, task)))
            .filter(|(_, task)| matches!(task.state, TaskState::AwaitingApproval { .. }))
            .filter_map(|(id, task)| match task.stage {
                Stage::Check { checkpoint, .. } => Some((id, checkpoint)),
                Stage::Work => None,
            })
            .collect();
        for (workflow, checkpoint) in waiting {
            if self.rng.random_bool(0.3) {
                let verdict = if self.rng.random_bool(0.8) { Verdict::Approve } else { Verdict::Reject };
                let note = "because".to_owned();
                self.perform(&owner(), Command::DecideCheckpoint { workflow, checkpoint, verdict, note });
            }
        }
        self.answer();
        if !meddle || self.workflows.is_empty() {
            return;
        }
        let workflow = self.workflows[self.rng.random_range(0..self.workflows.len())];
        let reason = String::new();
        match self.rng.random_range(0..40) {
            0 => drop(self.perform(&owner(), Command::PauseWorkflow { workflow, reason })),
            1..6 => drop(self.perform(&owner(), Command::ResumeWorkflow { workflow })),
            6 => drop(self.perform(&owner(), Command::CancelWorkflow { workflow, reason })),
            7..10 => self.retry(workflow),
            10..12 => {
                let priority = [Priority::Urgent, Priority::High, Priority::Normal][self.rng.random_range(0..3)];
                self.perform(&owner(), Command::SetPriority { workflow, priority });
            }
            12..18 => self.assign(workflow),
            18..20 => self.waive(workflow),
            _ => {}
        }
    }

    /// People answer now and then; what waits long is escalated meanwhile.
    fn answer(&mut self) {
        let open: Vec<(WorkflowId, crate::id::QuestionId)> = self
            .state
            .workflows
            .values()
            .flat_map(|workflow| workflow.tasks.iter().map(move |task| (workflow.id, task)))
            .filter_map(|(id, task)| match &task.state {
                TaskState::AwaitingInput { question } => Some((id, question.id)),
                _ => None,
            })
            .collect();
        for (workflow, question) in open {
            if self.rng.random_bool(0.3) {
                let text = "yes".to_owned();
                self.perform(&owner(), Command::AnswerQuestion { workflow, question, text });
            }
        }
    }

    /// Keeps a task for somebody, whatever state it is in, or for nobody any more.
    fn assign(&mut self, workflow: WorkflowId) {
        let Some(tasks) = self.state.workflows.get(&workflow).map(|workflow| workflow.tasks.len()) else { return };
        let task = self.state.workflows[&workflow].tasks[self.rng.random_range(0..tasks)].id;
        let steady: Vec<AgentId> =
            self.workers.iter().filter(|worker| worker.temper == Temper::Steady).map(|worker| worker.id).collect();
        let agent = self.rng.random_bool(0.7).then(|| steady[self.rng.random_range(0..steady.len())]);
        let reason = if self.rng.random_bool(0.5) { "it knows the place".to_owned() } else { String::new() };
        self.perform(&owner(), Command::AssignTask { workflow, task, agent, reason });
    }

    fn waive(&mut self, workflow: WorkflowId) {
        let found = self.state.workflows.get(&workflow).and_then(|workflow| {
            workflow.tasks.iter().find_map(|task| match task.stage {
                Stage::Check { checkpoint, .. } if !task.is_terminal() => Some(checkpoint),
                Stage::Check { .. } | Stage::Work => None,
            })
        });
        if let Some(checkpoint) = found {
            let reason = "it is known to be good".to_owned();
            self.perform(&owner(), Command::WaiveCheckpoint { workflow, checkpoint, reason });
        }
    }

    fn retry(&mut self, workflow: WorkflowId) {
        let failed = self.state.workflows.get(&workflow).and_then(|workflow| {
            let mut tasks = workflow.tasks.iter();
            tasks
                .find(|task| matches!(task.state, TaskState::Failed { .. } | TaskState::DeadLetter { .. }))
                .map(|task| task.id)
        });
        if let Some(task) = failed {
            self.perform(&owner(), Command::RetryTask { workflow, task });
        }
    }
}
