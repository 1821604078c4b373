//! Everything anyone can ask for. The page's button, the agent's HTTP call, the CLI and the timer all make one of these.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actor::{Needs, Role};
use crate::agent::AgentProfile;
use crate::event::Reason;
use crate::id::{AgentId, AttemptId, CheckpointId, ConflictId, ProjectId, QuestionId, TaskId, WorkflowId};
use crate::workflow::checks::Verdict;
use crate::workflow::question::Answered;
use crate::workflow::task::Artifact;
use crate::workflow::{Priority, WorkflowDefinition};

/// One wish to change something.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Let an agent join.
    RegisterAgent {
        /// What it says of itself.
        profile: Box<AgentProfile>,
    },
    /// Let an agent leave for good. What it holds goes back to the queue.
    RetireAgent {
        /// Who.
        agent: AgentId,
    },
    /// Give back everything an agent holds: the process that spoke for it is gone.
    ReleaseLeases {
        /// Who.
        agent: AgentId,
    },
    /// Create a workflow and start it.
    CreateWorkflow {
        /// Its id, chosen by the asker.
        workflow: WorkflowId,
        /// The work area.
        project: ProjectId,
        /// What is asked for.
        definition: Box<WorkflowDefinition>,
    },
    /// Start nothing new.
    PauseWorkflow {
        /// Which.
        workflow: WorkflowId,
        /// Why; may be empty.
        reason: String,
    },
    /// Give out tasks again.
    ResumeWorkflow {
        /// Which.
        workflow: WorkflowId,
    },
    /// End a workflow. Agents are told at their next heartbeat.
    CancelWorkflow {
        /// Which.
        workflow: WorkflowId,
        /// Why; may be empty.
        reason: String,
    },
    /// Have a failed task done again, with the tasks that were skipped because of it.
    RetryTask {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
    },
    /// Let what is urgent go first, or last.
    SetPriority {
        /// Of which workflow.
        workflow: WorkflowId,
        /// The priority from now on.
        priority: Priority,
    },
    /// Keep a task for one agent, or for nobody in particular. Whoever else works on it stops.
    AssignTask {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        task: TaskId,
        /// To whom; nobody: to whoever suits it.
        agent: Option<AgentId>,
        /// Why; with it an admin may choose an agent without the skills.
        reason: String,
    },
    /// Let a result pass a checkpoint unexamined.
    WaiveCheckpoint {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        checkpoint: CheckpointId,
        /// Why; required.
        reason: String,
    },
    /// Decide a checkpoint.
    DecideCheckpoint {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        checkpoint: CheckpointId,
        /// How.
        verdict: Verdict,
        /// Why; required when rejecting.
        note: String,
    },
    /// Extend a lease, report progress.
    Heartbeat {
        /// Which attempt.
        attempt: AttemptId,
        /// Its fence.
        fence: u64,
        /// Percent done.
        progress: Option<u8>,
        /// What it is doing.
        note: Option<String>,
    },
    /// Hand in a result.
    Complete {
        /// Which attempt.
        attempt: AttemptId,
        /// Its fence.
        fence: u64,
        /// The result.
        output: Value,
        /// Files that belong to it, already stored.
        artifacts: Vec<Artifact>,
        /// What the agent offers as proof; null when nothing.
        evidence: Value,
        /// SHA-256 over all three, hex.
        sha256: String,
    },
    /// Say that it could not be done.
    Fail {
        /// Which attempt.
        attempt: AttemptId,
        /// Its fence.
        fence: u64,
        /// Why.
        reason: Reason,
        /// In words.
        message: String,
        /// Whether trying again can help; by the reason when not said.
        retryable: Option<bool>,
    },
    /// Ask people something. The attempt ends with it; the task goes on, for whoever takes it then, with the answer.
    Ask {
        /// Which attempt.
        attempt: AttemptId,
        /// Its fence.
        fence: u64,
        /// What.
        text: String,
        /// Answers to choose from; may be empty.
        options: Vec<String>,
    },
    /// Answer a question of an agent.
    AnswerQuestion {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        question: QuestionId,
        /// The answer.
        text: String,
    },
    /// Disagree with another agent about the task one holds. The attempt goes on.
    RaiseConflict {
        /// Which attempt.
        attempt: AttemptId,
        /// Its fence.
        fence: u64,
        /// The other side.
        with: AgentId,
        /// What it is about.
        subject: String,
        /// How the one who raises it would settle it.
        proposal: Option<String>,
    },
    /// Say how one would settle a conflict one is a side of.
    ProposeResolution {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        conflict: ConflictId,
        /// How.
        text: String,
    },
    /// Agree with the newest proposal of the other side.
    AcceptResolution {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        conflict: ConflictId,
    },
    /// Settle a conflict between agents.
    ResolveConflict {
        /// Of which workflow.
        workflow: WorkflowId,
        /// Which.
        conflict: ConflictId,
        /// How.
        text: String,
    },
    /// Give the task back unused.
    Decline {
        /// Which attempt.
        attempt: AttemptId,
        /// Its fence.
        fence: u64,
        /// In words.
        message: String,
    },
    /// Do what the clock demands: leases, back-offs, deadlines.
    Tick,
    /// Notice who has not been heard of.
    CheckPresence,
    /// An agent asked for work: a sign of life.
    Claim {
        /// Until when it is willing to wait.
        until: Timestamp,
    },
}

impl Command {
    /// What it asks of the one who gives it.
    pub fn needs(&self) -> Needs {
        match self {
            Command::RegisterAgent { .. } | Command::RetireAgent { .. } | Command::WaiveCheckpoint { .. } => {
                Needs::Role(Role::Admin)
            }
            Command::CreateWorkflow { .. }
            | Command::PauseWorkflow { .. }
            | Command::ResumeWorkflow { .. }
            | Command::CancelWorkflow { .. }
            | Command::RetryTask { .. }
            | Command::SetPriority { .. }
            | Command::AssignTask { .. }
            | Command::AnswerQuestion { .. }
            | Command::ResolveConflict { .. } => Needs::Role(Role::Operator),
            Command::DecideCheckpoint { .. } => Needs::Role(Role::Reviewer),
            Command::Heartbeat { .. }
            | Command::Complete { .. }
            | Command::Fail { .. }
            | Command::Ask { .. }
            | Command::RaiseConflict { .. }
            | Command::ProposeResolution { .. }
            | Command::AcceptResolution { .. }
            | Command::Decline { .. }
            | Command::Claim { .. } => Needs::Agent,
            Command::Tick | Command::CheckPresence | Command::ReleaseLeases { .. } => Needs::System,
        }
    }

    /// The wish as a verb for sentences ("cancel a workflow").
    pub fn verb(&self) -> String {
        match self {
            Command::RegisterAgent { .. } => "register an agent",
            Command::RetireAgent { .. } => "retire an agent",
            Command::ReleaseLeases { .. } => "give back an agent's tasks",
            Command::CreateWorkflow { .. } => "create a workflow",
            Command::PauseWorkflow { .. } => "pause a workflow",
            Command::ResumeWorkflow { .. } => "resume a workflow",
            Command::CancelWorkflow { .. } => "cancel a workflow",
            Command::RetryTask { .. } => "retry a task",
            Command::SetPriority { .. } => "change a priority",
            Command::AssignTask { .. } => "assign a task",
            Command::WaiveCheckpoint { .. } => "waive a checkpoint",
            Command::DecideCheckpoint { .. } => "decide an approval",
            Command::Heartbeat { .. } => "send a heartbeat",
            Command::Complete { .. } => "hand in a result",
            Command::Fail { .. } => "report a failure",
            Command::Ask { .. } => "ask a question",
            Command::AnswerQuestion { .. } => "answer a question",
            Command::RaiseConflict { .. } => "raise a conflict",
            Command::ProposeResolution { .. } => "propose how to settle a conflict",
            Command::AcceptResolution { .. } => "accept a proposal",
            Command::ResolveConflict { .. } => "settle a conflict",
            Command::Decline { .. } => "decline a task",
            Command::Tick => "advance the clock",
            Command::CheckPresence => "check presence",
            Command::Claim { .. } => "claim tasks",
        }
        .to_owned()
    }

    /// The workflow it names, if it names one: it has to be in memory before the command is decided.
    pub fn workflow(&self) -> Option<WorkflowId> {
        match self {
            Command::PauseWorkflow { workflow, .. }
            | Command::ResumeWorkflow { workflow }
            | Command::CancelWorkflow { workflow, .. }
            | Command::RetryTask { workflow, .. }
            | Command::SetPriority { workflow, .. }
            | Command::AssignTask { workflow, .. }
            | Command::WaiveCheckpoint { workflow, .. }
            | Command::AnswerQuestion { workflow, .. }
            | Command::ProposeResolution { workflow, .. }
            | Command::AcceptResolution { workflow, .. }
            | Command::ResolveConflict { workflow, .. }
            | Command::DecideCheckpoint { workflow, .. } => Some(*workflow),
            Command::RegisterAgent { .. }
            | Command::RetireAgent { .. }
            | Command::ReleaseLeases { .. }
            | Command::CreateWorkflow { .. }
            | Command::Heartbeat { .. }
            | Command::Complete { .. }
            | Command::Fail { .. }
            | Command::Ask { .. }
            | Command::RaiseConflict { .. }
            | Command::Decline { .. }
            | Command::Tick
            | Command::CheckPresence
            | Command::Claim { .. } => None,
        }
    }
}

/// What the asker is told when the command was carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    /// It is done.
    Done,
    /// The workflow is created.
    WorkflowCreated {
        /// Its id.
        workflow: WorkflowId,
    },
    /// The agent has joined.
    AgentRegistered {
        /// Its id.
        agent: AgentId,
    },
    /// The lease is extended, or the work is no longer wanted.
    Heartbeat {
        /// Until when.
        lease_expires_at: Timestamp,
        /// Whether the agent should stop.
        cancel: bool,
    },
    /// The conflict is open.
    ConflictRaised {
        /// Its id.
        conflict: ConflictId,
    },
    /// Tasks given to the agent.
    Leases {
        /// One for each task.
        leases: Vec<LeaseGrant>,
    },
}

/// What an agent is given with a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeaseGrant {
    /// The attempt that begins.
    pub attempt_id: AttemptId,
    /// The task.
    pub task_id: TaskId,
    /// Its workflow.
    pub workflow_id: WorkflowId,
    /// The number the result must carry.
    pub fence: u64,
    /// When the lease ends unless a heartbeat extends it.
    pub lease_expires_at: Timestamp,
    /// The task's key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What kind of work it is.
    #[serde(rename = "type")]
    pub kind: String,
    /// `work`, or `review` when a result is to be examined.
    pub purpose: Purpose,
    /// What the task was given; for a review, the task and its result.
    pub input: Value,
    /// The outputs of the tasks it needed, by key.
    pub needs: serde_json::Map<String, Value>,
    /// Why earlier attempts failed or were sent back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<String>,
    /// What was asked about the task before and answered, and what was settled between agents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<Answered>,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Doing the work.
    Work,
    /// Examining a result.
    Review,
}

impl Purpose {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Work => "work",
            Purpose::Review => "review",
        }
    }
}
