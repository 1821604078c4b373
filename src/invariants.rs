//! The invariants that can be seen by walking the journal: each event is looked at before it is applied.
//!
//! The simulation walks what it just decided; `devsquad verify` walks what is on disk.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use crate::event::{Change, Event, TaskLeased};
use crate::id::{AttemptId, ConflictId, TaskId};
use crate::state::State;
use crate::workflow::conflict::CONFLICTS_OPEN_MAX;
use crate::workflow::task::Gate;
use crate::workflow::waiting::STEP_LAST;
use crate::workflow::{Stage, TaskState, WorkflowStatus, graph};

/// Every invariant this walk holds, with its meaning.
pub const HELD: [(&str, &str); 13] = [
    ("I1", "a task starts only after what it needs has ended as its edges ask"),
    ("I2", "the graph of tasks has no cycle"),
    ("I3", "a task has at most one live lease"),
    ("I4", "fences rise by one"),
    ("I5", "every accepted result carried the current fence"),
    ("I6", "one accepted result per task and generation; terminal states absorb"),
    ("I11", "an agent holds no more leases than its capacity"),
    ("I12", "the agent has the required skills, or a person chose it all the same"),
    ("I14", "nothing starts after an end or inside a pause"),
    ("I15", "attempts stay within their maximum, and back-off is honoured"),
    ("Q2", "no reviewer ever worked on what it reviews"),
    ("Q4", "a verdict is about the result that was handed in"),
    (
        "D1",
        "a conflict is between two agents, settled once, by one of them or a person, and louder each time it is escalated",
    ),
];

/// Walks a journal.
#[derive(Default)]
pub struct Walk {
    /// What the events so far fold to.
    pub state: State,
    violations: BTreeMap<&'static str, Vec<String>>,
    accepted: HashSet<(TaskId, u32)>,
    ended: HashMap<AttemptId, u64>,
}

impl Walk {
    /// What was broken, by invariant: a sentence for each time.
    pub fn violations(&self) -> &BTreeMap<&'static str, Vec<String>> {
        &self.violations
    }

    /// Looks at one event, then applies it.
    pub fn step(&mut self, event: &Event) {
        self.look(event);
        self.state.apply(event.at, &event.actor, &event.change);
    }

    fn broken(&mut self, invariant: &'static str, what: String) {
        self.violations.entry(invariant).or_default().push(what);
    }

    fn look(&mut self, event: &Event) {
        match &event.change {
            Change::WorkflowCreated(created) => {
                if graph::find_cycle(&graph::indices(&created.definition.tasks)).is_some() {
                    self.broken("I2", format!("workflow {}", created.workflow));
                }
            }
            Change::TaskLeased(leased) => self.leased(leased, event.at),
            Change::ResultHandedIn { task, submission, .. } => self.result(*task, submission.attempt, event.seq),
            Change::TaskCompleted { task, submission, .. } => {
                if let Some(submission) = submission {
                    self.result(*task, submission.attempt, event.seq);
                }
                self.completed(*task);
            }
            Change::AttemptEnded { task, attempt, .. } | Change::QuestionAsked { task, attempt, .. } => {
                if self.ended.insert(*attempt, event.seq).is_some() {
                    self.broken("I6", format!("attempt {attempt} of task {task} ended twice"));
                }
            }
            Change::CheckpointOpened { task, sha256, .. } => {
                let fits = self.task(*task, |task| task.submission.as_ref().is_some_and(|s| s.sha256 == *sha256));
                if fits == Some(false) {
                    self.broken("Q4", format!("task {task} at event {}", event.seq));
                }
            }
            Change::ConflictRaised { task, .. }
            | Change::ResolutionProposed { task, .. }
            | Change::ConflictResolved { task, .. }
            | Change::ConflictEscalated { task, .. } => self.argued(*task, event),
            Change::TaskFailed { task, .. } => self.absorbs(*task, event.seq),
            Change::TasksReady { tasks, .. } => {
                for task in tasks {
                    self.absorbs(*task, event.seq);
                    self.starts(*task, event.seq);
                }
            }
            Change::TasksSkipped { tasks, .. } => {
                for task in tasks {
                    self.absorbs(*task, event.seq);
                }
            }
            Change::AgentRegistered(_)
            | Change::AgentRetired { .. }
            | Change::AgentPresenceChanged { .. }
            | Change::AgentSeen { .. }
            | Change::WorkflowPaused { .. }
            | Change::WorkflowResumed { .. }
            | Change::WorkflowPrioritised { .. }
            | Change::WorkflowEnded { .. }
            | Change::AttemptProgressed { .. }
            | Change::LeaseExtended { .. }
            | Change::TaskAssigned { .. }
            | Change::QuestionAnswered { .. }
            | Change::WaitEscalated { .. }
            | Change::TaskRetryScheduled { .. }
            | Change::CheckpointEscalated { .. }
            | Change::CheckpointDecided { .. }
            | Change::CheckpointWaived { .. }
            | Change::TaskReworked { .. }
            | Change::TaskRetried { .. } => {}
        }
    }

    fn task<T>(&self, task: TaskId, ask: impl FnOnce(&crate::workflow::Task) -> T) -> Option<T> {
        self.state.task_ref(task).and_then(|place| self.state.at(place)).map(|(_, task)| ask(task))
    }

    fn leased(&mut self, leased: &TaskLeased, at: Timestamp) {
        let Some((workflow, task)) = self.state.task_ref(leased.task).and_then(|place| self.state.at(place)) else {
            return self.broken("I1", format!("task {} is not known", leased.task));
        };
        let mut found: Vec<(&'static str, String)> = Vec::new();
        let name = format!("task {} ({}), fence {}", task.id, task.key, leased.fence);
        if task.lease().is_some() {
            found.push(("I3", name.clone()));
        }
        if leased.fence != task.fence + 1 {
            found.push(("I4", format!("{name} after {}", task.fence)));
        }
        if workflow.status != WorkflowStatus::Running {
            found.push(("I14", format!("{name} while the workflow is {}", workflow.status.as_str())));
        }
        match &task.state {
            TaskState::Ready { since } if *since <= at => {}
            other => found.push(("I15", format!("{name} was given out from {other:?}"))),
        }
        match (leased.review, task.stage) {
            (false, Stage::Work) if task.attempts_used >= task.max_attempts => found.push(("I15", name.clone())),
            (true, Stage::Check { .. }) if task.authors.contains(&leased.principal) => found.push(("Q2", name.clone())),
            (false, Stage::Work) | (true, Stage::Check { .. }) => {}
            (false, Stage::Check { .. }) | (true, Stage::Work) => found.push(("I6", format!("{name}: wrong stage"))),
        }
        match self.state.agents.get(&leased.agent) {
            Some(agent) => {
                if agent.room() == 0 {
                    found.push(("I11", format!("{name}, agent {}", agent.profile.name)));
                }
                if !leased.review && task.assignee.is_some_and(|assignee| assignee != leased.agent) {
                    found.push(("I12", format!("{name}: kept for another than {}", agent.profile.name)));
                }
                let chosen = task.assignee == Some(leased.agent);
                if !leased.review && !chosen && !crate::agent::skill::covers(&agent.profile.skills, &task.skills) {
                    found.push(("I12", format!("{name}, agent {}", agent.profile.name)));
                }
            }
            None => found.push(("I12", format!("{name}: agent {} is not known", leased.agent))),
        }
        for (invariant, what) in found {
            self.broken(invariant, what);
        }
    }

    /// What has once become ready stays so, even if a task before it is done again later.
    fn starts(&mut self, task: TaskId, seq: u64) {
        let shut = self.task(task, |task| task.ready_at.is_none() && task.waits.gate(task.edge) != Gate::Open);
        if shut == Some(true) {
            self.broken("I1", format!("task {task} became ready at event {seq}"));
        }
    }

    fn result(&mut self, task: TaskId, attempt: AttemptId, seq: u64) {
        let newest = self.task(task, |task| task.last_attempt == Some(attempt) && !task.is_terminal());
        if newest != Some(true) {
            self.broken("I5", format!("task {task}, attempt {attempt}, event {seq}"));
        }
    }

    fn completed(&mut self, task: TaskId) {
        let known = self.task(task, |task| (task.generation, task.is_terminal()));
        if let Some((generation, terminal)) = known
            && (terminal || !self.accepted.insert((task, generation)))
        {
            self.broken("I6", format!("task {task}, generation {generation}"));
        }
    }

    fn argued(&mut self, task: TaskId, event: &Event) {
        let Some((workflow, found)) = self.state.task_ref(task).and_then(|place| self.state.at(place)) else {
            return self.broken("D1", format!("task {task} of event {} is not known", event.seq));
        };
        let open = |id: &ConflictId| found.conflicts.iter().find(|conflict| conflict.id == *id);
        let holds = match &event.change {
            Change::ConflictRaised { conflict, .. } => {
                let known = open(&conflict.id).is_some() || found.conflicts.len() >= CONFLICTS_OPEN_MAX;
                !known && conflict.raised_by != conflict.with && !workflow.status.is_terminal()
            }
            Change::ResolutionProposed { conflict, agent, .. } => open(conflict)
                .is_some_and(|open| open.involves(*agent) && !open.waits_for_other(*agent) && !open.is_exhausted()),
            Change::ConflictResolved { conflict, text, .. } => open(conflict).is_some_and(|open| {
                let agreed = |agent| open.offered_to(agent).is_some_and(|offer| offer.text == *text);
                event.actor.agent().is_none_or(agreed)
            }),
            Change::ConflictEscalated { conflict, step, .. } => {
                open(conflict).is_some_and(|open| (open.escalated + 1..=STEP_LAST).contains(step))
            }
            _ => true,
        };
        if !holds {
            self.broken("D1", format!("task {task} at event {}: {}", event.seq, event.change.name()));
        }
    }

    fn absorbs(&mut self, task: TaskId, seq: u64) {
        if self.task(task, crate::workflow::Task::is_terminal) == Some(true) {
            self.broken("I6", format!("task {task} moved out of a terminal state at event {seq}"));
        }
    }
}
