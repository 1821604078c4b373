//! What happened: the journal is a list of these, and the state is what they fold to.

mod outcome;
mod reason;
mod severity;
mod wire;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::agent::AgentProfile;
use crate::id::{AgentId, AttemptId, CheckpointId, ConflictId, EventId, ProjectId, QuestionId, TaskId, WorkflowId};
use crate::scheduling::Fit;
use crate::workflow::checks::{CheckpointKind, Verdict};
use crate::workflow::conflict::Conflict;
use crate::workflow::question::Question;
use crate::workflow::{Priority, Submission, WorkflowDefinition, WorkflowStatus};
pub use outcome::AttemptOutcome;
pub use reason::Reason;
pub use severity::Severity;

/// One entry of the journal. As JSON it is flat: `{"seq", "id", "at", "actor", "type", "data"}`, the last two being the change.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Its place in the organization's journal, without gaps from 1.
    pub seq: u64,
    /// Its id, the base of every effect's idempotency.
    pub id: EventId,
    /// When it was decided.
    pub at: Timestamp,
    /// Who caused it.
    pub actor: Actor,
    /// What happened.
    pub change: Change,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// An agent joined.
    AgentRegistered(Box<AgentProfile>),
    /// An agent left for good.
    AgentRetired {
        /// Who.
        agent: AgentId,
    },
    /// An agent became reachable, or stopped being so.
    AgentPresenceChanged {
        /// Who.
        agent: AgentId,
        /// Whether it is reachable.
        online: bool,
    },
    /// An agent gave a sign of life. Not kept in the journal.
    AgentSeen {
        /// Who.
        agent: AgentId,
    },
    /// A workflow was created, and runs.
    WorkflowCreated(Box<WorkflowCreated>),
    /// Nothing new starts.
    WorkflowPaused {
        /// Which.
        workflow: WorkflowId,
        /// Why, as the person said.
        reason: String,
    },
    /// Tasks are given out again.
    WorkflowResumed {
        /// Which.
        workflow: WorkflowId,
    },
    /// A workflow ended.
    WorkflowEnded {
        /// Which.
        workflow: WorkflowId,
        /// How.
        status: WorkflowStatus,
        /// Why, where there is something to say.
        reason: String,
    },
    /// What is urgent in a workflow changed.
    WorkflowPrioritised {
        /// Which.
        workflow: WorkflowId,
        /// Its priority from now on.
        priority: Priority,
    },
    /// Nothing stands before these tasks any more.
    TasksReady {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        tasks: Vec<TaskId>,
    },
    /// A person kept a task for an agent, or for nobody in particular.
    TaskAssigned {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
        /// For whom.
        agent: Option<AgentId>,
        /// Why, as the person said.
        reason: String,
        /// The attempt of another agent that is taken back with it; it counts for nothing.
        withdrawn: Option<AttemptId>,
    },
    /// An agent was given a task.
    TaskLeased(Box<TaskLeased>),
    /// An agent reported progress.
    AttemptProgressed {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: AttemptId,
        /// Percent done.
        progress: u8,
        /// What it is doing.
        note: String,
    },
    /// A heartbeat extended a lease. Not kept in the journal: after a crash every live lease starts anew.
    LeaseExtended {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which task.
        task: TaskId,
        /// Until when.
        #[serde(with = "crate::wire_time")]
        expires_at: Timestamp,
    },
    /// An attempt ended without a result.
    AttemptEnded {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which task.
        task: TaskId,
        /// Which attempt.
        attempt: AttemptId,
        /// Whose.
        agent: AgentId,
        /// How.
        outcome: AttemptOutcome,
        /// Why.
        reason: Reason,
        /// What the agent, or the engine, says about it.
        message: String,
    },
    /// A failed task waits before it is tried again.
    TaskRetryScheduled {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
        /// Until when.
        #[serde(with = "crate::wire_time")]
        until: Timestamp,
    },
    /// An agent asked people something; its attempt ended with it.
    QuestionAsked {
        /// Of which workflow.
        workflow: WorkflowId,
        /// About which task.
        task: TaskId,
        /// The attempt in which it was asked.
        attempt: AttemptId,
        /// The question.
        question: Question,
    },
    /// A person answered.
    QuestionAnswered {
        /// Of which workflow.
        workflow: WorkflowId,
        /// About which task.
        task: TaskId,
        /// Which question.
        question: QuestionId,
        /// The answer.
        text: String,
    },
    /// What waits for a person has waited too long.
    WaitEscalated {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which task waits.
        task: TaskId,
        /// The step taken, from 1: each is louder than the one before.
        step: u32,
    },
    /// The agent that holds a task disagrees with another about it.
    ConflictRaised {
        /// Of which workflow.
        workflow: WorkflowId,
        /// About which task.
        task: TaskId,
        /// The attempt in which it was raised.
        attempt: AttemptId,
        /// The conflict.
        conflict: Box<Conflict>,
    },
    /// One side said how it would settle a conflict.
    ResolutionProposed {
        /// Of which workflow.
        workflow: WorkflowId,
        /// About which task.
        task: TaskId,
        /// Which conflict.
        conflict: ConflictId,
        /// Which side.
        agent: AgentId,
        /// How, in words.
        text: String,
    },
    /// A conflict is settled: an agent accepted what the other side proposed, or a person said how it is.
    ConflictResolved {
        /// Of which workflow.
        workflow: WorkflowId,
        /// About which task.
        task: TaskId,
        /// Which conflict.
        conflict: ConflictId,
        /// How, in words.
        text: String,
    },
    /// Agents do not settle a conflict: people have to.
    ConflictEscalated {
        /// Of which workflow.
        workflow: WorkflowId,
        /// About which task.
        task: TaskId,
        /// Which conflict.
        conflict: ConflictId,
        /// The step taken, from 1: each is louder than the one before.
        step: u32,
        /// Whether the two cannot settle it any more: their proposals are used up, or one of them left.
        exhausted: bool,
    },
    /// A result was handed in and has to pass checks.
    ResultHandedIn {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which task.
        task: TaskId,
        /// The result.
        submission: Box<Submission>,
    },
    /// A checkpoint was opened on a result.
    CheckpointOpened {
        /// Of which workflow.
        workflow: WorkflowId,
        /// On which task.
        task: TaskId,
        /// Its id.
        checkpoint: CheckpointId,
        /// Which of the task's checks, from 0.
        nth: u32,
        /// What kind.
        kind: CheckpointKind,
        /// What is asked.
        title: String,
        /// The hash of the result it is about.
        sha256: String,
        /// Which round of work it examines, from 1.
        round: u32,
    },
    /// No reviewing agent could finish: a person has to decide.
    CheckpointEscalated {
        /// Of which workflow.
        workflow: WorkflowId,
        /// On which task.
        task: TaskId,
        /// Which.
        checkpoint: CheckpointId,
    },
    /// A checkpoint was decided.
    CheckpointDecided {
        /// Of which workflow.
        workflow: WorkflowId,
        /// On which task.
        task: TaskId,
        /// Which.
        checkpoint: CheckpointId,
        /// How.
        verdict: Verdict,
        /// Why, as the one who decided said.
        note: String,
        /// The reviewing attempt, where an agent decided.
        attempt: Option<AttemptId>,
    },
    /// A person let a result pass a checkpoint unexamined.
    CheckpointWaived {
        /// Of which workflow.
        workflow: WorkflowId,
        /// On which task.
        task: TaskId,
        /// Which.
        checkpoint: CheckpointId,
        /// Why.
        reason: String,
    },
    /// A result was sent back to be reworked.
    TaskReworked {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
    },
    /// A task's result is accepted.
    TaskCompleted {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
        /// The result, where it was handed in and accepted in one move.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        submission: Option<Box<Submission>>,
    },
    /// A task failed for good.
    TaskFailed {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
        /// Why.
        reason: Reason,
        /// What was said about it.
        message: String,
        /// Whether every attempt was used up.
        exhausted: bool,
    },
    /// These tasks will not run.
    TasksSkipped {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        tasks: Vec<TaskId>,
    },
    /// A person had a task done again.
    TaskRetried {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
        /// Tasks after it that are waiting again.
        revived: Vec<TaskId>,
    },
}

/// A workflow's beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowCreated {
    /// Its id.
    pub workflow: WorkflowId,
    /// The work area.
    pub project: ProjectId,
    /// One id for every task, in order.
    pub tasks: Vec<TaskId>,
    /// What was asked for.
    pub definition: WorkflowDefinition,
}

/// A task given to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskLeased {
    /// Of which workflow.
    pub workflow: WorkflowId,
    /// Which task.
    pub task: TaskId,
    /// The attempt that begins.
    pub attempt: AttemptId,
    /// To whom.
    pub agent: AgentId,
    /// Who stands behind that agent.
    pub principal: String,
    /// The number its result must carry.
    pub fence: u64,
    /// Whether it examines a result instead of making one.
    pub review: bool,
    /// When the lease ends unless a heartbeat extends it.
    #[serde(with = "crate::wire_time")]
    pub expires_at: Timestamp,
    /// When it ends at the latest.
    #[serde(with = "crate::wire_time")]
    pub deadline: Timestamp,
    /// Why this agent.
    pub fit: Fit,
}

impl Change {
    /// Whether it is kept in the journal. What is not may be forgotten in a crash without harm.
    pub fn is_durable(&self) -> bool {
        !matches!(self, Change::LeaseExtended { .. } | Change::AgentSeen { .. })
    }

    /// Its name on the wire.
    pub fn name(&self) -> &'static str {
        match self {
            Change::AgentRegistered(_) => "agent_registered",
            Change::AgentRetired { .. } => "agent_retired",
            Change::AgentPresenceChanged { .. } => "agent_presence_changed",
            Change::AgentSeen { .. } => "agent_seen",
            Change::WorkflowCreated(_) => "workflow_created",
            Change::WorkflowPaused { .. } => "workflow_paused",
            Change::WorkflowResumed { .. } => "workflow_resumed",
            Change::WorkflowEnded { .. } => "workflow_ended",
            Change::WorkflowPrioritised { .. } => "workflow_prioritised",
            Change::TasksReady { .. } => "tasks_ready",
            Change::TaskAssigned { .. } => "task_assigned",
            Change::TaskLeased(_) => "task_leased",
            Change::AttemptProgressed { .. } => "attempt_progressed",
            Change::LeaseExtended { .. } => "lease_extended",
            Change::AttemptEnded { .. } => "attempt_ended",
            Change::TaskRetryScheduled { .. } => "task_retry_scheduled",
            Change::QuestionAsked { .. } => "question_asked",
            Change::QuestionAnswered { .. } => "question_answered",
            Change::WaitEscalated { .. } => "wait_escalated",
            Change::ConflictRaised { .. } => "conflict_raised",
            Change::ResolutionProposed { .. } => "resolution_proposed",
            Change::ConflictResolved { .. } => "conflict_resolved",
            Change::ConflictEscalated { .. } => "conflict_escalated",
            Change::ResultHandedIn { .. } => "result_handed_in",
            Change::CheckpointOpened { .. } => "checkpoint_opened",
            Change::CheckpointEscalated { .. } => "checkpoint_escalated",
            Change::CheckpointDecided { .. } => "checkpoint_decided",
            Change::CheckpointWaived { .. } => "checkpoint_waived",
            Change::TaskReworked { .. } => "task_reworked",
            Change::TaskCompleted { .. } => "task_completed",
            Change::TaskFailed { .. } => "task_failed",
            Change::TasksSkipped { .. } => "tasks_skipped",
            Change::TaskRetried { .. } => "task_retried",
        }
    }

    /// The workflow it is about, if it is about one.
    pub fn workflow(&self) -> Option<WorkflowId> {
        match self {
            Change::AgentRegistered(_)
            | Change::AgentRetired { .. }
            | Change::AgentPresenceChanged { .. }
            | Change::AgentSeen { .. } => None,
            Change::WorkflowCreated(created) => Some(created.workflow),
            Change::TaskLeased(leased) => Some(leased.workflow),
            Change::WorkflowPaused { workflow, .. }
            | Change::WorkflowResumed { workflow }
            | Change::WorkflowPrioritised { workflow, .. }
            | Change::TaskAssigned { workflow, .. }
            | Change::QuestionAsked { workflow, .. }
            | Change::QuestionAnswered { workflow, .. }
            | Change::WaitEscalated { workflow, .. }
            | Change::ConflictRaised { workflow, .. }
            | Change::ResolutionProposed { workflow, .. }
            | Change::ConflictResolved { workflow, .. }
            | Change::ConflictEscalated { workflow, .. }
            | Change::CheckpointWaived { workflow, .. }
            | Change::WorkflowEnded { workflow, .. }
            | Change::TasksReady { workflow, .. }
            | Change::AttemptProgressed { workflow, .. }
            | Change::LeaseExtended { workflow, .. }
            | Change::AttemptEnded { workflow, .. }
            | Change::TaskRetryScheduled { workflow, .. }
            | Change::ResultHandedIn { workflow, .. }
            | Change::CheckpointOpened { workflow, .. }
            | Change::CheckpointEscalated { workflow, .. }
            | Change::CheckpointDecided { workflow, .. }
            | Change::TaskReworked { workflow, .. }
            | Change::TaskCompleted { workflow, .. }
            | Change::TaskFailed { workflow, .. }
            | Change::TasksSkipped { workflow, .. }
            | Change::TaskRetried { workflow, .. } => Some(*workflow),
        }
    }

    /// The tasks it is about.
    pub fn tasks(&self) -> &[TaskId] {
        match self {
            Change::AgentRegistered(_)
            | Change::AgentRetired { .. }
            | Change::AgentPresenceChanged { .. }
            | Change::AgentSeen { .. }
            | Change::WorkflowPaused { .. }
            | Change::WorkflowResumed { .. }
            | Change::WorkflowPrioritised { .. }
            | Change::WorkflowEnded { .. } => &[],
            Change::WorkflowCreated(created) => &created.tasks,
            Change::TaskLeased(leased) => std::slice::from_ref(&leased.task),
            Change::TasksReady { tasks, .. } | Change::TasksSkipped { tasks, .. } => tasks,
            Change::AttemptProgressed { task, .. }
            | Change::TaskAssigned { task, .. }
            | Change::QuestionAsked { task, .. }
            | Change::QuestionAnswered { task, .. }
            | Change::WaitEscalated { task, .. }
            | Change::ConflictRaised { task, .. }
            | Change::ResolutionProposed { task, .. }
            | Change::ConflictResolved { task, .. }
            | Change::ConflictEscalated { task, .. }
            | Change::CheckpointWaived { task, .. }
            | Change::LeaseExtended { task, .. }
            | Change::AttemptEnded { task, .. }
            | Change::TaskRetryScheduled { task, .. }
            | Change::ResultHandedIn { task, .. }
            | Change::CheckpointOpened { task, .. }
            | Change::CheckpointEscalated { task, .. }
            | Change::CheckpointDecided { task, .. }
            | Change::TaskReworked { task, .. }
            | Change::TaskCompleted { task, .. }
            | Change::TaskFailed { task, .. }
            | Change::TaskRetried { task, .. } => std::slice::from_ref(task),
        }
    }

    /// The agent it is about, if it is about one.
    pub fn agent(&self) -> Option<AgentId> {
        match self {
            Change::AgentRegistered(profile) => Some(profile.id),
            Change::TaskLeased(leased) => Some(leased.agent),
            Change::AgentRetired { agent }
            | Change::AgentPresenceChanged { agent, .. }
            | Change::AgentSeen { agent }
            | Change::ResolutionProposed { agent, .. }
            | Change::AttemptEnded { agent, .. } => Some(*agent),
            Change::TaskAssigned { agent, .. } => *agent,
            Change::QuestionAsked { question, .. } => Some(question.asked_by),
            // Who raised it is who did it; the other side has to hear of it.
            Change::ConflictRaised { conflict, .. } => Some(conflict.with),
            Change::ResultHandedIn { submission, .. } => Some(submission.agent),
            Change::TaskCompleted { submission, .. } => submission.as_ref().map(|submission| submission.agent),
            Change::WorkflowCreated(_)
            | Change::WorkflowPaused { .. }
            | Change::WorkflowResumed { .. }
            | Change::WorkflowPrioritised { .. }
            | Change::WorkflowEnded { .. }
            | Change::TasksReady { .. }
            | Change::AttemptProgressed { .. }
            | Change::LeaseExtended { .. }
            | Change::TaskRetryScheduled { .. }
            | Change::CheckpointOpened { .. }
            | Change::CheckpointEscalated { .. }
            | Change::CheckpointDecided { .. }
            | Change::CheckpointWaived { .. }
            | Change::QuestionAnswered { .. }
            | Change::WaitEscalated { .. }
            | Change::ConflictResolved { .. }
            | Change::ConflictEscalated { .. }
            | Change::TaskReworked { .. }
            | Change::TaskFailed { .. }
            | Change::TasksSkipped { .. }
            | Change::TaskRetried { .. } => None,
        }
    }
}
