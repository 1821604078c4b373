//! An organization, whole: every agent and every workflow that has not left memory.
//!
//! `apply` is the only thing that changes it, and it never refuses: what happened has happened. Folding the journal
//! gives the same state again, on this machine or another.

mod apply;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::agent::{Agent, SkillNeed};
use crate::id::{AgentId, AttemptId, CheckpointId, ConflictId, QuestionId, TaskId, WorkflowId};
use crate::workflow::waiting::next_due;
use crate::workflow::{Priority, Stage, Task, TaskState, Workflow, WorkflowStatus};

/// How long a lease lasts without a heartbeat.
pub const LEASE_TTL: SignedDuration = SignedDuration::from_secs(60);
/// How long an agent may be silent before it counts as offline.
pub const PRESENCE_TIMEOUT: SignedDuration = SignedDuration::from_secs(90);

/// Where a task is: its workflow and its position in it.
pub type TaskRef = (WorkflowId, u32);

/// What an agent must have to be given a ready task. Tasks that ask for the same wait in one line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    /// Skills and least levels, sorted.
    pub skills: Vec<(String, u8)>,
    /// The one agent for whom a person keeps it: a person may choose one without the skills.
    pub agent: Option<AgentId>,
}

/// A ready task's place in the line: priority first, then the longest chain below it, then age.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    priority: Reverse<Priority>,
    rank: Reverse<u32>,
    since: Timestamp,
    /// The task.
    pub task: TaskRef,
}

/// An organization as the engine holds it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The journal entries it holds the effect of.
    pub seq: u64,
    /// Every agent, retired ones too.
    pub agents: BTreeMap<AgentId, Agent>,
    /// Workflows in memory: all that have not ended, and some that have.
    pub workflows: BTreeMap<WorkflowId, Workflow>,
    #[serde(skip)]
    index: Index,
    #[serde(skip)]
    changed: Changed,
}

/// Agents that are not what they were when last asked for: a note for whoever ranks them, no part of what the state is.
#[derive(Clone, Debug, Default)]
struct Changed(BTreeSet<AgentId>);

impl PartialEq for Changed {
    fn eq(&self, _: &Changed) -> bool {
        true
    }
}

/// What can be computed from the rest, kept for speed.
#[derive(Clone, Debug, Default, PartialEq)]
struct Index {
    tasks: HashMap<TaskId, TaskRef>,
    attempts: HashMap<AttemptId, TaskRef>,
    attempts_of: HashMap<WorkflowId, Vec<AttemptId>>,
    checkpoints: HashMap<CheckpointId, TaskRef>,
    questions: HashMap<QuestionId, TaskRef>,
    conflicts: HashMap<ConflictId, TaskRef>,
    ready: BTreeMap<Requirement, BTreeSet<Place>>,
    expiries: BTreeSet<(Timestamp, TaskRef)>,
    delays: BTreeSet<(Timestamp, TaskRef)>,
    waits: BTreeSet<(Timestamp, TaskRef)>,
    disputes: BTreeSet<(Timestamp, TaskRef)>,
    deadlines: BTreeSet<(Timestamp, WorkflowId)>,
}

impl Index {
    fn attempt(&mut self, attempt: AttemptId, task: TaskRef) {
        self.attempts.insert(attempt, task);
        self.attempts_of.entry(task.0).or_default().push(attempt);
    }

    /// Enters a task in the line and among the timers of its state.
    fn enter(&mut self, workflow: &Workflow, at: u32) {
        let (task, place) = (workflow.task(at), (workflow.id, at));
        match &task.state {
            TaskState::Leased(lease) => {
                self.expiries.insert((lease.expires_at, place));
            }
            TaskState::BackingOff { until } => {
                self.delays.insert((*until, place));
            }
            TaskState::Ready { .. } if workflow.status == WorkflowStatus::Running => {
                let (requirement, spot) = line(workflow, at);
                self.ready.entry(requirement).or_default().insert(spot);
            }
            TaskState::AwaitingInput { question } => {
                self.questions.insert(question.id, place);
            }
            TaskState::Ready { .. }
            | TaskState::Blocked
            | TaskState::AwaitingApproval { .. }
            | TaskState::Completed { .. }
            | TaskState::Skipped { .. }
            | TaskState::Failed { .. }
            | TaskState::DeadLetter { .. }
            | TaskState::Cancelled { .. } => {}
        }
        self.waits.extend(reminder(workflow, task).map(|due| (due, place)));
        for conflict in &task.conflicts {
            self.conflicts.insert(conflict.id, place);
            self.disputes.extend(conflict.due(workflow.definition.priority).map(|due| (due, place)));
        }
    }

    /// Takes it out again; it still is what it was when it was entered.
    fn leave(&mut self, workflow: &Workflow, at: u32) {
        let (task, place) = (workflow.task(at), (workflow.id, at));
        match &task.state {
            TaskState::Leased(lease) => {
                self.expiries.remove(&(lease.expires_at, place));
            }
            TaskState::BackingOff { until } => {
                self.delays.remove(&(*until, place));
            }
            TaskState::Ready { .. } => {
                let (requirement, spot) = line(workflow, at);
                if let Some(waiting) = self.ready.get_mut(&requirement) {
                    waiting.remove(&spot);
                    if waiting.is_empty() {
                        self.ready.remove(&requirement);
                    }
                }
            }
            TaskState::AwaitingInput { question } => {
                self.questions.remove(&question.id);
            }
            TaskState::Blocked
            | TaskState::AwaitingApproval { .. }
            | TaskState::Completed { .. }
            | TaskState::Skipped { .. }
            | TaskState::Failed { .. }
            | TaskState::DeadLetter { .. }
            | TaskState::Cancelled { .. } => {}
        }
        if let Some(due) = reminder(workflow, task) {
            self.waits.remove(&(due, place));
        }
        for conflict in &task.conflicts {
            self.conflicts.remove(&conflict.id);
            if let Some(due) = conflict.due(workflow.definition.priority) {
                self.disputes.remove(&(due, place));
            }
        }
    }
}

/// When people are to be told that a task waits for them, or for a reviewer who does not come. Nobody reviews inside a pause.
fn reminder(workflow: &Workflow, task: &Task) -> Option<Timestamp> {
    let for_a_person = !matches!(task.state, TaskState::Ready { .. });
    if workflow.status != WorkflowStatus::Running && !for_a_person {
        return None;
    }
    next_due(task.waits_since()?, task.reminded, workflow.definition.priority)
}

impl State {
    /// The state of a snapshot: indexes are built anew, and every live lease starts anew at `now`, because nobody could
    /// extend it while the engine was away.
    pub fn restored(mut self, now: Timestamp) -> State {
        self.index = Index::default();
        for agent in self.agents.values_mut() {
            agent.last_seen = agent.last_seen.max(now);
        }
        let ids: Vec<WorkflowId> = self.workflows.keys().copied().collect();
        for id in ids {
            if let Some(workflow) = self.workflows.get_mut(&id) {
                for task in &mut workflow.tasks {
                    if let TaskState::Leased(lease) = &mut task.state {
                        lease.expires_at = lease.expires_at.max(now + LEASE_TTL).min(lease.deadline.max(now));
                    }
                }
            }
            self.index_workflow(id);
        }
        self
    }

    /// Where a task is.
    pub fn task_ref(&self, task: TaskId) -> Option<TaskRef> {
        self.index.tasks.get(&task).copied()
    }

    /// Where the task of an attempt is. Attempts of workflows that left memory are not known.
    pub fn attempt_ref(&self, attempt: AttemptId) -> Option<TaskRef> {
        self.index.attempts.get(&attempt).copied()
    }

    /// Where the task of an open checkpoint is.
    pub fn checkpoint_ref(&self, checkpoint: CheckpointId) -> Option<TaskRef> {
        self.index.checkpoints.get(&checkpoint).copied()
    }

    /// Where the task of an open question is.
    pub fn question_ref(&self, question: QuestionId) -> Option<TaskRef> {
        self.index.questions.get(&question).copied()
    }

    /// Where the task of an open conflict is.
    pub fn conflict_ref(&self, conflict: ConflictId) -> Option<TaskRef> {
        self.index.conflicts.get(&conflict).copied()
    }

    /// The workflow and the task at a place.
    pub fn at(&self, (workflow, at): TaskRef) -> Option<(&Workflow, &Task)> {
        let workflow = self.workflows.get(&workflow)?;
        workflow.tasks.get(at as usize).map(|task| (workflow, task))
    }

    /// The next moment at which the clock alone changes something.
    pub fn next_timer(&self) -> Option<Timestamp> {
        let expiry = self.index.expiries.first().map(|(at, _)| *at);
        let delay = self.index.delays.first().map(|(at, _)| *at);
        let deadline = self.index.deadlines.first().map(|(at, _)| *at);
        let wait = self.index.waits.first().map(|(at, _)| *at);
        let dispute = self.index.disputes.first().map(|(at, _)| *at);
        [expiry, delay, deadline, wait, dispute].into_iter().flatten().min()
    }

    /// Tasks whose lease has run out at `now`.
    pub fn expired(&self, now: Timestamp) -> Vec<TaskRef> {
        self.index.expiries.iter().take_while(|(at, _)| *at <= now).map(|(_, task)| *task).collect()
    }

    /// Tasks whose back-off is over at `now`.
    pub fn delays_over(&self, now: Timestamp) -> Vec<TaskRef> {
        self.index.delays.iter().take_while(|(at, _)| *at <= now).map(|(_, task)| *task).collect()
    }

    /// Tasks that have waited too long at `now` for a person or a reviewer.
    pub fn waited_for(&self, now: Timestamp) -> Vec<TaskRef> {
        self.index.waits.iter().take_while(|(at, _)| *at <= now).map(|(_, task)| *task).collect()
    }

    /// Tasks about which agents have disagreed for too long at `now`.
    pub fn argued_over(&self, now: Timestamp) -> Vec<TaskRef> {
        self.index.disputes.iter().take_while(|(at, _)| *at <= now).map(|(_, task)| *task).collect()
    }

    /// Workflows whose deadline has passed at `now`.
    pub fn overdue(&self, now: Timestamp) -> Vec<WorkflowId> {
        self.index.deadlines.iter().take_while(|(at, _)| *at <= now).map(|(_, workflow)| *workflow).collect()
    }

    /// The lines of ready tasks, by what they ask of an agent; first in line first.
    pub fn ready(&self) -> impl Iterator<Item = (&Requirement, &BTreeSet<Place>)> {
        self.index.ready.iter()
    }

    /// One line of ready tasks, first in line first.
    pub fn ready_line(&self, requirement: &Requirement) -> impl Iterator<Item = &Place> {
        self.index.ready.get(requirement).into_iter().flatten()
    }

    /// Agents that have changed since this was last asked.
    pub fn take_changed_agents(&mut self) -> BTreeSet<AgentId> {
        std::mem::take(&mut self.changed.0)
    }

    /// How many tasks wait for an agent.
    pub fn ready_count(&self) -> usize {
        self.index.ready.values().map(BTreeSet::len).sum()
    }

    /// Lets a workflow that has ended leave memory. The journal still has it.
    pub fn forget(&mut self, workflow: WorkflowId) {
        let ended = self.workflows.get(&workflow).is_some_and(|workflow| workflow.status.is_terminal());
        if ended {
            self.unindex_workflow(workflow);
            self.workflows.remove(&workflow);
        }
    }

    /// Takes a workflow back into memory that was folded from its own events.
    pub fn remember(&mut self, workflow: Workflow) {
        let id = workflow.id;
        self.workflows.insert(id, workflow);
        self.index_workflow(id);
    }

    fn index_workflow(&mut self, id: WorkflowId) {
        let Some(workflow) = self.workflows.get(&id) else { return };
        for (task, at) in workflow.tasks.iter().zip(0u32..) {
            self.index.tasks.insert(task.id, (id, at));
            if let Some(attempt) = task.last_attempt {
                self.index.attempt(attempt, (id, at));
            }
            if let Stage::Check { checkpoint, .. } = task.stage
                && !task.is_terminal()
            {
                self.index.checkpoints.insert(checkpoint, (id, at));
            }
        }
        if let Some(deadline) = workflow.definition.deadline
            && !workflow.status.is_terminal()
        {
            self.index.deadlines.insert((deadline, id));
        }
        for at in (0u32..).take(workflow.tasks.len()) {
            self.index.enter(workflow, at);
        }
    }

    fn unindex_workflow(&mut self, id: WorkflowId) {
        let Some(workflow) = self.workflows.get(&id) else { return };
        for task in &workflow.tasks {
            self.index.tasks.remove(&task.id);
        }
        for attempt in self.index.attempts_of.remove(&id).unwrap_or_default() {
            self.index.attempts.remove(&attempt);
        }
        self.index.checkpoints.retain(|_, (workflow, _)| *workflow != id);
        self.index.questions.retain(|_, (workflow, _)| *workflow != id);
        if let Some(deadline) = workflow.definition.deadline {
            self.index.deadlines.remove(&(deadline, id));
        }
    }
}

/// The line a ready task stands in, and its place there.
fn line(workflow: &Workflow, at: u32) -> (Requirement, Place) {
    let task = workflow.task(at);
    let since = match &task.state {
        TaskState::Ready { since } => *since,
        _ => task.ready_at.unwrap_or(workflow.created_at),
    };
    let agent = task.kept_for();
    let needs = match task.stage {
        Stage::Work if agent.is_some() => Vec::new(),
        Stage::Work => task.skills.clone(),
        Stage::Check { nth, .. } => {
            let skill = task.checks.get(nth as usize).map_or("review", |check| check.review_skill());
            vec![SkillNeed { skill: skill.to_owned(), level: 1 }]
        }
    };
    let mut skills: Vec<(String, u8)> = needs.into_iter().map(|need| (need.skill, need.level)).collect();
    skills.sort();
    let place = Place {
        priority: Reverse(workflow.definition.priority),
        rank: Reverse(task.rank),
        since,
        task: (workflow.id, at),
    };
    (Requirement { skills, agent }, place)
}
