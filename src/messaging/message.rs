//! What is said in a chat about what happened: where, by whom, and of which kind.
//!
//! One event gives the same messages with the same ids however often it is told, so that telling it again changes nothing. What a
//! message says is a plain sentence; what it is stands beside it, small: contents stay in the database.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::event::{AttemptOutcome, Change, Event};
use crate::id::{AgentId, AttemptId, CheckpointId, ConflictId, EventId, QuestionId, TaskId, UserId, WorkflowId};
use crate::messaging::wording;
use crate::workflow::WorkflowStatus;
use crate::workflow::checks::{CheckpointKind, Verdict};

/// The version of [`About`] on the wire.
pub const VERSION: u8 = 1;

/// What a message is for. The names are those of the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each name is a term of the chat's design and says what it is")]
pub enum MessageKind {
    Answer,
    ApprovalDecision,
    ApprovalRequest,
    Assignment,
    Blocker,
    Completion,
    Conflict,
    ErrorReport,
    Escalation,
    Handoff,
    Milestone,
    Override,
    Proposal,
    Question,
    Resolution,
    ReviewRequest,
    ReviewVerdict,
    Status,
}

/// Who says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// An agent.
    Agent(AgentId),
    /// A person.
    Person(UserId),
    /// The engine.
    System,
}

/// What a message is about, for programs: at most 2 KiB of JSON, in the custom field `devsquad`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// [`VERSION`].
    pub v: u8,
    /// What it is for.
    pub kind: MessageKind,
    /// The event that is told.
    pub event_id: EventId,
    /// Its place in the journal.
    pub seq: u64,
    /// The workflow, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_id: Option<WorkflowId>,
    /// The task, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The attempt, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_id: Option<AttemptId>,
    /// The checkpoint, if it is about one: what a decision names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint_id: Option<CheckpointId>,
    /// The question, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question_id: Option<QuestionId>,
    /// The conflict, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict_id: Option<ConflictId>,
    /// The agent, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<AgentId>,
    /// Of a copy: where the same is told in full. Of a report that a message was refused: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub original: Option<Original>,
}

/// Another message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Original {
    /// Its channel.
    pub channel_id: String,
    /// Its id.
    pub message_id: String,
    /// The root of the thread it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Its id, made of the event's.
    pub id: String,
    /// Who says it.
    pub author: Author,
    /// What it is about. With a task it stands in that task's thread.
    pub about: About,
}

impl Post {
    /// What it says of its event. `tasks` and `agents` give names.
    pub fn text(
        &self,
        event: &Event,
        tasks: &dyn Fn(TaskId) -> Option<String>,
        agents: &dyn Fn(AgentId) -> Option<String>,
    ) -> String {
        match (&event.change, self.about.task_id) {
            // Each thread hears of its own task.
            (Change::TasksSkipped { workflow, .. }, Some(task)) => {
                let change = Change::TasksSkipped { workflow: *workflow, tasks: vec![task] };
                wording::event(&Event { change, actor: event.actor.clone(), ..*event }, tasks, agents)
            }
            _ => wording::event(event, tasks, agents),
        }
    }
}

const TASK: &str = "task-";

/// The root of a task's thread.
pub fn thread_of(task: TaskId) -> String {
    format!("{TASK}{task}")
}

/// The task whose thread a message is the root of.
pub fn task_of(root: &str) -> Option<TaskId> {
    root.strip_prefix(TASK)?.parse().ok()
}

/// The messages that tell an event in full; none for what only a page shows. Where they go is said by `channel::letters`.
pub fn posts(event: &Event) -> Vec<Post> {
    let Some(kind) = kind(&event.change) else { return Vec::new() };
    let author = match event.actor {
        Actor::Person { user, .. } => Author::Person(user),
        Actor::Agent { agent } => Author::Agent(agent),
        Actor::System => Author::System,
    };
    let post = |nth: usize, task_id: Option<TaskId>| Post {
        id: if nth == 0 { event.id.to_string() } else { format!("{}-{nth}", event.id) },
        author,
        about: About {
            v: VERSION,
            kind,
            event_id: event.id,
            seq: event.seq,
            workflow_id: event.change.workflow(),
            task_id,
            attempt_id: attempt(&event.change),
            checkpoint_id: checkpoint(&event.change),
            question_id: question(&event.change),
            conflict_id: conflict(&event.change),
            agent_id: event.change.agent(),
            original: None,
        },
    };
    match &event.change {
        Change::WorkflowCreated(_) => vec![post(0, None)],
        change if change.tasks().is_empty() => vec![post(0, None)],
        change => change.tasks().iter().enumerate().map(|(nth, task)| post(nth, Some(*task))).collect(),
    }
}

fn kind(change: &Change) -> Option<MessageKind> {
    Some(match change {
        Change::WorkflowCreated(_) | Change::WorkflowResumed { .. } => MessageKind::Milestone,
        Change::WorkflowPaused { .. } => MessageKind::Blocker,
        Change::WorkflowEnded { status: WorkflowStatus::Completed, .. } => MessageKind::Completion,
        Change::WorkflowEnded { .. } => MessageKind::ErrorReport,
        Change::TaskLeased(_) => MessageKind::Assignment,
        Change::AttemptEnded { outcome: AttemptOutcome::Rejected | AttemptOutcome::Cancelled, .. } => {
            MessageKind::Status
        }
        Change::AttemptEnded { .. } | Change::TaskFailed { .. } => MessageKind::ErrorReport,
        Change::TaskRetryScheduled { .. } | Change::TasksSkipped { .. } => MessageKind::Status,
        Change::ResultHandedIn { .. } => MessageKind::Handoff,
        Change::CheckpointOpened { kind: CheckpointKind::PeerReview, .. } => MessageKind::ReviewRequest,
        Change::CheckpointOpened { kind: CheckpointKind::Approval, .. } | Change::CheckpointEscalated { .. } => {
            MessageKind::ApprovalRequest
        }
        Change::CheckpointDecided { attempt: Some(_), .. } => MessageKind::ReviewVerdict,
        Change::CheckpointDecided { verdict: Verdict::Approve | Verdict::Reject, .. } => MessageKind::ApprovalDecision,
        Change::TaskReworked { .. } => MessageKind::Status,
        Change::TaskCompleted { .. } => MessageKind::Completion,
        Change::TaskRetried { .. } | Change::CheckpointWaived { .. } => MessageKind::Override,
        Change::TaskAssigned { .. } => MessageKind::Assignment,
        Change::QuestionAsked { .. } => MessageKind::Question,
        Change::QuestionAnswered { .. } => MessageKind::Answer,
        Change::WaitEscalated { .. } => MessageKind::Blocker,
        Change::ConflictRaised { .. } => MessageKind::Conflict,
        Change::ResolutionProposed { .. } => MessageKind::Proposal,
        Change::ConflictResolved { .. } => MessageKind::Resolution,
        Change::ConflictEscalated { .. } => MessageKind::Escalation,
        Change::WorkflowPrioritised { .. } => MessageKind::Status,
        Change::AgentRegistered(_) | Change::AgentRetired { .. } => MessageKind::Status,
        // That tasks are ready or being worked on is seen on every page, and would drown what has to be read.
        Change::TasksReady { .. }
        | Change::AttemptProgressed { .. }
        | Change::LeaseExtended { .. }
        | Change::AgentPresenceChanged { .. }
        | Change::AgentSeen { .. } => return None,
    })
}

fn attempt(change: &Change) -> Option<AttemptId> {
    match change {
        Change::TaskLeased(leased) => Some(leased.attempt),
        Change::QuestionAsked { attempt, .. } | Change::ConflictRaised { attempt, .. } => Some(*attempt),
        Change::AttemptEnded { attempt, .. } => Some(*attempt),
        Change::CheckpointDecided { attempt, .. } => *attempt,
        Change::ResultHandedIn { submission, .. } => Some(submission.attempt),
        _ => None,
    }
}

fn question(change: &Change) -> Option<QuestionId> {
    match change {
        Change::QuestionAsked { question, .. } => Some(question.id),
        Change::QuestionAnswered { question, .. } => Some(*question),
        _ => None,
    }
}

fn conflict(change: &Change) -> Option<ConflictId> {
    match change {
        Change::ConflictRaised { conflict, .. } => Some(conflict.id),
        Change::ResolutionProposed { conflict, .. }
        | Change::ConflictResolved { conflict, .. }
        | Change::ConflictEscalated { conflict, .. } => Some(*conflict),
        _ => None,
    }
}

fn checkpoint(change: &Change) -> Option<CheckpointId> {
    match change {
        Change::CheckpointOpened { checkpoint, .. }
        | Change::CheckpointEscalated { checkpoint, .. }
        | Change::CheckpointDecided { checkpoint, .. }
        | Change::CheckpointWaived { checkpoint, .. } => Some(*checkpoint),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
