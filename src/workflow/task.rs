//! One task: what it asks, the state it is in, the result it has.
//!
//! A state carries what is true in it. Every attempt has a fence, one above the last: the fence alone decides whose
//! result counts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checks::CheckpointRule;
use super::conflict::Conflict;
use super::definition::{EdgeKind, TaskDefinition};
use super::question::{Answered, Question, SETTLED_MAX};
use crate::agent::SkillNeed;
use crate::event::Reason;
use crate::id::{AgentId, AttemptId, CheckpointId, TaskId};

/// What the next or present attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "stage")]
pub enum Stage {
    /// Doing the work.
    Work,
    /// Having the result examined at one checkpoint.
    Check {
        /// Which of the task's checks, counted from 0.
        nth: u32,
        /// The open checkpoint.
        checkpoint: CheckpointId,
    },
}

/// The right to execute, for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// The attempt it belongs to.
    pub attempt: AttemptId,
    /// Who holds it.
    pub agent: AgentId,
    /// The number that a result must carry.
    pub fence: u64,
    /// When it was given.
    pub leased_at: Timestamp,
    /// When it ends unless a heartbeat extends it.
    pub expires_at: Timestamp,
    /// When it ends at the latest: the attempt's time limit.
    pub deadline: Timestamp,
    /// Percent done, as the agent says.
    pub progress: u8,
    /// What the agent says it is doing.
    pub note: String,
}

/// Where a task stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum TaskState {
    /// Tasks before it have not ended.
    Blocked,
    /// It waits for an agent.
    Ready {
        /// Since when.
        since: Timestamp,
    },
    /// It waits before it is tried again.
    BackingOff {
        /// Until when.
        until: Timestamp,
    },
    /// An agent executes it, or examines its result.
    Leased(Lease),
    /// A person has to decide on its result.
    AwaitingApproval {
        /// Since when.
        since: Timestamp,
    },
    /// A person has to answer a question of the agent that worked on it.
    AwaitingInput {
        /// The question.
        question: Question,
    },
    /// Its result is accepted.
    Completed {
        /// When.
        at: Timestamp,
    },
    /// It will not run, because of what happened before it.
    Skipped {
        /// When.
        at: Timestamp,
    },
    /// It failed in a way that trying again does not mend.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: Reason,
    },
    /// Every attempt was used up.
    DeadLetter {
        /// When.
        at: Timestamp,
        /// Why the last one failed.
        reason: Reason,
    },
    /// The workflow was ended first.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

/// A file that belongs to a result. Its bytes are stored under their hash before the result is handed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Artifact {
    /// File name.
    pub name: String,
    /// Media type (RFC 6838).
    pub media_type: String,
    /// SHA-256 of the bytes, lower-case hex.
    pub sha256: String,
    /// Size in bytes.
    pub size: u64,
}

/// What an agent handed in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Submission {
    /// The attempt it came from.
    pub attempt: AttemptId,
    /// Who made it.
    pub agent: AgentId,
    /// The result itself.
    pub output: Value,
    /// Files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// What the agent offers as proof.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub evidence: Value,
    /// SHA-256 over output, artifacts and evidence, hex: what reviews and votes bind to.
    pub sha256: String,
}

/// How the tasks before this one stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waits {
    /// Not ended.
    pub pending: u32,
    /// Completed.
    pub completed: u32,
    /// Ended, but not completed.
    pub failed: u32,
}

/// What follows for a task from how the tasks before it stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It may run.
    Open,
    /// It has to wait.
    Shut,
    /// It can never run.
    Never,
}

impl Waits {
    /// What follows for a task whose edges are of this kind.
    pub fn gate(self, edge: EdgeKind) -> Gate {
        match edge {
            EdgeKind::AllSucceeded if self.failed > 0 => Gate::Never,
            EdgeKind::AllSucceeded | EdgeKind::AllDone if self.pending == 0 => Gate::Open,
            EdgeKind::AllSucceeded | EdgeKind::AllDone => Gate::Shut,
            EdgeKind::AnySucceeded if self.completed > 0 => Gate::Open,
            EdgeKind::AnySucceeded if self.pending > 0 => Gate::Shut,
            EdgeKind::AnySucceeded if self.failed > 0 => Gate::Never,
            EdgeKind::AnySucceeded => Gate::Open,
        }
    }
}

/// A task as the engine holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its id.
    pub id: TaskId,
    /// Its key, unique in the workflow.
    pub key: String,
    /// Its name for people.
    pub name: String,
    /// What kind of work it is.
    pub kind: String,
    /// Positions of the tasks it needs.
    pub needs: Vec<u32>,
    /// What it asks of them.
    pub edge: EdgeKind,
    /// Skills the agent must have.
    pub skills: Vec<SkillNeed>,
    /// What the agent is given.
    pub input: Value,
    /// Seconds one attempt may take.
    pub timeout_s: u32,
    /// Attempts before it is given up.
    pub max_attempts: u32,
    /// Checkpoints its result has to pass.
    pub checks: Vec<CheckpointRule>,
    /// Tasks on the longest chain below it.
    pub rank: u32,
    /// How the tasks before it stand.
    pub waits: Waits,
    /// Where it stands.
    pub state: TaskState,
    /// What the next or present attempt is for.
    pub stage: Stage,
    /// The fence of the newest attempt; 0 before the first.
    pub fence: u64,
    /// How often a person had it done again from the start.
    pub generation: u32,
    /// Work attempts of this generation that count against `max_attempts`.
    pub attempts_used: u32,
    /// Review attempts of the present checkpoint.
    pub reviews_used: u32,
    /// Rounds of work handed in for review.
    pub round: u32,
    /// The newest attempt.
    pub last_attempt: Option<AttemptId>,
    /// Whose it was.
    pub last_agent: Option<AgentId>,
    /// What was handed in last.
    pub submission: Option<Submission>,
    /// Why earlier attempts failed or were sent back, newest last: the next attempt reads it.
    pub feedback: Vec<String>,
    /// Everyone who ever worked on it: none of them reviews it.
    pub authors: BTreeSet<String>,
    /// Questions about it and their answers, and how conflicts about it were settled, oldest first: the next attempt reads them.
    #[serde(default)]
    pub answers: Vec<Answered>,
    /// What agents disagree about over it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// How often people were reminded that it waits for them.
    #[serde(default)]
    pub reminded: u32,
    /// For whom a person keeps it, if for anybody.
    #[serde(default)]
    pub assignee: Option<AgentId>,
    /// Agents that declined it, and when.
    pub declined_by: BTreeMap<AgentId, Timestamp>,
    /// When it first became ready.
    pub ready_at: Option<Timestamp>,
    /// When its first attempt began.
    pub started_at: Option<Timestamp>,
}

/// Texts of earlier failures handed to the next attempt; the newest matter most, and a lease stays small.
pub const FEEDBACK_MAX: usize = 5;

impl Task {
    /// The task at its beginning.
    pub fn create(id: TaskId, given: TaskDefinition, needs: Vec<u32>, rank: u32) -> Task {
        let pending = u32::try_from(needs.len()).unwrap_or(u32::MAX);
        Task {
            id,
            key: given.key,
            name: given.name,
            kind: given.kind,
            needs,
            edge: given.edge,
            skills: given.skills,
            input: given.input,
            timeout_s: given.timeout_s,
            max_attempts: given.max_attempts,
            checks: given.checks,
            rank,
            waits: Waits { pending, ..Waits::default() },
            state: TaskState::Blocked,
            stage: Stage::Work,
            fence: 0,
            generation: 1,
            attempts_used: 0,
            reviews_used: 0,
            round: 0,
            last_attempt: None,
            last_agent: None,
            submission: None,
            feedback: Vec::new(),
            authors: BTreeSet::new(),
            answers: Vec::new(),
            conflicts: Vec::new(),
            reminded: 0,
            assignee: None,
            declined_by: BTreeMap::new(),
            ready_at: None,
            started_at: None,
        }
    }

    /// The live lease, if there is one.
    pub fn lease(&self) -> Option<&Lease> {
        match &self.state {
            TaskState::Leased(lease) => Some(lease),
            TaskState::Blocked
            | TaskState::Ready { .. }
            | TaskState::BackingOff { .. }
            | TaskState::AwaitingApproval { .. }
            | TaskState::AwaitingInput { .. }
            | TaskState::Completed { .. }
            | TaskState::Skipped { .. }
            | TaskState::Failed { .. }
            | TaskState::DeadLetter { .. }
            | TaskState::Cancelled { .. } => None,
        }
    }

    /// Since when it waits for somebody in particular, if it does: a person, or a reviewer.
    pub fn waits_since(&self) -> Option<Timestamp> {
        match &self.state {
            TaskState::Ready { since } if self.stage != Stage::Work => Some(*since),
            TaskState::AwaitingApproval { since } => Some(*since),
            TaskState::AwaitingInput { question } => Some(question.asked_at),
            TaskState::Blocked
            | TaskState::Ready { .. }
            | TaskState::BackingOff { .. }
            | TaskState::Leased(_)
            | TaskState::Completed { .. }
            | TaskState::Skipped { .. }
            | TaskState::Failed { .. }
            | TaskState::DeadLetter { .. }
            | TaskState::Cancelled { .. } => None,
        }
    }

    /// Whether so much was asked and argued about it that nobody should go on asking and arguing.
    pub fn has_settled_enough(&self) -> bool {
        self.answers.len() + self.conflicts.len() >= SETTLED_MAX
    }

    /// The only agent that may work on it, where a person chose one. Whoever reviews it is chosen as always.
    pub fn kept_for(&self) -> Option<AgentId> {
        self.assignee.filter(|_| self.stage == Stage::Work)
    }

    /// Whether it has ended.
    pub fn is_terminal(&self) -> bool {
        self.ended_at().is_some()
    }

    /// When it ended, if it has.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match &self.state {
            TaskState::Blocked
            | TaskState::Ready { .. }
            | TaskState::BackingOff { .. }
            | TaskState::Leased(_)
            | TaskState::AwaitingApproval { .. }
            | TaskState::AwaitingInput { .. } => None,
            TaskState::Completed { at }
            | TaskState::Skipped { at }
            | TaskState::Failed { at, .. }
            | TaskState::DeadLetter { at, .. }
            | TaskState::Cancelled { at } => Some(*at),
        }
    }

    /// Whether its result is accepted.
    pub fn is_completed(&self) -> bool {
        matches!(self.state, TaskState::Completed { .. })
    }

    /// Where it stands, by its name on the wire.
    pub fn status(&self) -> TaskStatus {
        match (&self.state, self.stage) {
            (TaskState::Blocked, _) => TaskStatus::Blocked,
            (TaskState::Ready { .. } | TaskState::Leased(_), Stage::Check { .. }) => TaskStatus::InReview,
            (TaskState::BackingOff { .. }, Stage::Check { .. }) => TaskStatus::InReview,
            (TaskState::Ready { .. } | TaskState::BackingOff { .. }, Stage::Work) if self.round > 0 => {
                TaskStatus::Rework
            }
            (TaskState::Ready { .. } | TaskState::BackingOff { .. }, Stage::Work) => TaskStatus::Ready,
            (TaskState::Leased(_), Stage::Work) => TaskStatus::Running,
            (TaskState::AwaitingApproval { .. }, _) => TaskStatus::AwaitingApproval,
            (TaskState::AwaitingInput { .. }, _) => TaskStatus::AwaitingInput,
            (TaskState::Completed { .. }, _) => TaskStatus::Completed,
            (TaskState::Skipped { .. }, _) => TaskStatus::Skipped,
            (TaskState::Failed { .. }, _) => TaskStatus::Failed,
            (TaskState::DeadLetter { .. }, _) => TaskStatus::DeadLetter,
            (TaskState::Cancelled { .. }, _) => TaskStatus::Cancelled,
        }
    }
}

/// A task's status by its name on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for tasks before it.
    Blocked,
    /// Waits for an agent.
    Ready,
    /// An agent works on it.
    Running,
    /// Its result is being examined.
    InReview,
    /// A person has to answer a question.
    AwaitingInput,
    /// A person has to decide.
    AwaitingApproval,
    /// Sent back, waits for an agent.
    Rework,
    /// Its result is accepted.
    Completed,
    /// Will not run.
    Skipped,
    /// Failed for good.
    Failed,
    /// Out of attempts.
    DeadLetter,
    /// Ended by a person.
    Cancelled,
}

impl TaskStatus {
    /// Every status, in the order of a life.
    pub const ALL: [TaskStatus; 12] = [
        TaskStatus::Blocked,
        TaskStatus::Ready,
        TaskStatus::Running,
        TaskStatus::AwaitingInput,
        TaskStatus::InReview,
        TaskStatus::AwaitingApproval,
        TaskStatus::Rework,
        TaskStatus::Completed,
        TaskStatus::Skipped,
        TaskStatus::Failed,
        TaskStatus::DeadLetter,
        TaskStatus::Cancelled,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskStatus::Blocked => "blocked",
            TaskStatus::Ready => "ready",
            TaskStatus::Running => "running",
            TaskStatus::InReview => "in_review",
            TaskStatus::AwaitingInput => "awaiting_input",
            TaskStatus::AwaitingApproval => "awaiting_approval",
            TaskStatus::Rework => "rework",
            TaskStatus::Completed => "completed",
            TaskStatus::Skipped => "skipped",
            TaskStatus::Failed => "failed",
            TaskStatus::DeadLetter => "dead_letter",
            TaskStatus::Cancelled => "cancelled",
        }
    }

    /// The status of that name, if there is one.
    pub fn parse(name: &str) -> Option<TaskStatus> {
        TaskStatus::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether the task has ended.
    pub fn is_terminal(self) -> bool {
        match self {
            TaskStatus::Blocked
            | TaskStatus::Ready
            | TaskStatus::Running
            | TaskStatus::AwaitingInput
            | TaskStatus::InReview
            | TaskStatus::AwaitingApproval
            | TaskStatus::Rework => false,
            TaskStatus::Completed
            | TaskStatus::Skipped
            | TaskStatus::Failed
            | TaskStatus::DeadLetter
            | TaskStatus::Cancelled => true,
        }
    }
}
