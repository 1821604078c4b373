//! What is said in a chat about what happened: where, by whom, and of which kind.
//!
//! One event gives the same messages with the same ids however often it is told, so that telling it again changes nothing. What a
//! message says is a plain sentence; what it is stands beside it, small: contents stay in the database.

use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::event::{AttemptOutcome, Change, Event};
use crate::id::{AgentId, AttemptId, EventId, TaskId, UserId, WorkflowId};
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
    ErrorReport,
    Handoff,
    Milestone,
    Override,
    Question,
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
    /// The workflow.
    pub workflow_id: WorkflowId,
    /// The task, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// The attempt, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_id: Option<AttemptId>,
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

/// The messages that tell an event; none for what only a page shows.
pub fn posts(event: &Event) -> Vec<Post> {
    let (Some(kind), Some(workflow_id)) = (kind(&event.change), event.change.workflow()) else { return Vec::new() };
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
            workflow_id,
            task_id,
            attempt_id: attempt(&event.change),
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
        Change::WorkflowPrioritised { .. } => MessageKind::Status,
        // That tasks are ready or being worked on is seen on every page, and would drown what has to be read.
        Change::TasksReady { .. }
        | Change::AttemptProgressed { .. }
        | Change::LeaseExtended { .. }
        | Change::AgentRegistered(_)
        | Change::AgentRetired { .. }
        | Change::AgentPresenceChanged { .. }
        | Change::AgentSeen { .. } => return None,
    })
}

fn attempt(change: &Change) -> Option<AttemptId> {
    match change {
        Change::TaskLeased(leased) => Some(leased.attempt),
        Change::QuestionAsked { attempt, .. } => Some(*attempt),
        Change::AttemptEnded { attempt, .. } => Some(*attempt),
        Change::CheckpointDecided { attempt, .. } => *attempt,
        Change::ResultHandedIn { submission, .. } => Some(submission.attempt),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn told(change: Change) -> Vec<Post> {
        posts(&Event {
            seq: 9,
            id: EventId(Uuid::from_u128(1)),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Agent { agent: AgentId(Uuid::from_u128(2)) },
            change,
        })
    }

    #[test]
    fn an_event_of_several_tasks_is_told_in_each_thread_under_ids_of_its_own() {
        let workflow = WorkflowId(Uuid::from_u128(3));
        let tasks = vec![TaskId(Uuid::from_u128(4)), TaskId(Uuid::from_u128(5))];
        let posts = told(Change::TasksSkipped { workflow, tasks: tasks.clone() });
        let ids: Vec<_> = posts.iter().map(|post| post.id.as_str()).collect();
        assert_eq!(ids, ["00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001-1"]);
        assert_eq!(posts.iter().filter_map(|post| post.about.task_id).collect::<Vec<_>>(), tasks);
        assert!(posts.iter().all(|post| post.author == Author::Agent(AgentId(Uuid::from_u128(2)))));
        assert!(told(Change::TasksReady { workflow, tasks }).is_empty());
    }

    #[test]
    fn what_it_is_about_is_small_and_read_back() {
        let posts = told(Change::WorkflowResumed { workflow: WorkflowId(Uuid::from_u128(3)) });
        let [post] = posts.as_slice() else { panic!("one message") };
        let text = serde_json::to_string(&post.about).expect("it is written");
        assert_eq!(
            text,
            "{\"v\":1,\"kind\":\"milestone\",\"event_id\":\"00000000-0000-0000-0000-000000000001\",\"seq\":9,\
             \"workflow_id\":\"00000000-0000-0000-0000-000000000003\"}"
        );
        assert_eq!(serde_json::from_str::<About>(&text).expect("it is read"), post.about);
    }
}
