//! One event of every kind, for the tests of what is said about them.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::actor::{Actor, Door, Role};
use crate::event::{AttemptOutcome, Change, Event, Reason, TaskLeased, WorkflowCreated};
use crate::id::{
    AgentId, AttemptId, CheckpointId, ConflictId, EventId, ProjectId, QuestionId, TaskId, UserId, WorkflowId,
};
use crate::scheduling::Fit;
use crate::workflow::checks::{CheckpointKind, Verdict};
use crate::workflow::conflict::Conflict;
use crate::workflow::question::Question;
use crate::workflow::waiting::STEP_LAST;
use crate::workflow::{Priority, Submission, WorkflowStatus};

pub(super) const PROJECT: ProjectId = ProjectId(Uuid::from_u128(0xa1));
pub(super) const WORKFLOW: WorkflowId = WorkflowId(Uuid::from_u128(0xb1));
pub(super) const TASK: TaskId = TaskId(Uuid::from_u128(0xc1));
pub(super) const AGENT: AgentId = AgentId(Uuid::from_u128(0xd1));
pub(super) const PERSON: UserId = UserId(Uuid::from_u128(0xe1));
const NEXT: TaskId = TaskId(Uuid::from_u128(0xc2));
const ATTEMPT: AttemptId = AttemptId(Uuid::from_u128(0xf1));
const CHECKPOINT: CheckpointId = CheckpointId(Uuid::from_u128(0xf2));
const QUESTION: QuestionId = QuestionId(Uuid::from_u128(0xf3));
const CONFLICT: ConflictId = ConflictId(Uuid::from_u128(0xf4));
const OTHER: AgentId = AgentId(Uuid::from_u128(0xd2));

/// An event of the engine's.
pub(super) fn event(change: Change) -> Event {
    let actor = match change {
        Change::CheckpointDecided { attempt: None, .. }
        | Change::CheckpointWaived { .. }
        | Change::QuestionAnswered { .. }
        | Change::WorkflowPrioritised { .. }
        | Change::TaskAssigned { .. }
        | Change::WorkflowPaused { .. }
        | Change::TaskRetried { .. } => Actor::Person { user: PERSON, role: Role::Reviewer, via: Door::Web },
        Change::ResultHandedIn { .. }
        | Change::QuestionAsked { .. }
        | Change::ConflictRaised { .. }
        | Change::CheckpointDecided { .. } => Actor::Agent { agent: AGENT },
        Change::ResolutionProposed { agent, .. } => Actor::Agent { agent },
        Change::ConflictResolved { .. } => Actor::Person { user: PERSON, role: Role::Operator, via: Door::Chat },
        _ => Actor::System,
    };
    Event { seq: 9, id: EventId(Uuid::from_u128(0x11)), at: Timestamp::UNIX_EPOCH, actor, change }
}

/// The names the samples are told with.
pub(super) fn task_name(task: TaskId) -> Option<String> {
    Some(if task == TASK { "Write the report" } else { "Send it" }.to_owned())
}

pub(super) fn agent_name(agent: AgentId) -> Option<String> {
    Some(if agent == OTHER { "Bob" } else { "Ada" }.to_owned())
}

pub(super) fn workflow_name(_: WorkflowId) -> Option<String> {
    Some("Health check".to_owned())
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("a sample")
}

fn submission() -> Box<Submission> {
    Box::new(from(json!({"attempt": ATTEMPT, "agent": AGENT, "output": {"pages": 3}, "sha256": "00"})))
}

fn leased(review: bool) -> Change {
    Change::TaskLeased(Box::new(TaskLeased {
        workflow: WORKFLOW,
        task: TASK,
        attempt: ATTEMPT,
        agent: AGENT,
        principal: "ada".to_owned(),
        fence: 1,
        review,
        expires_at: Timestamp::UNIX_EPOCH,
        deadline: Timestamp::UNIX_EPOCH,
        fit: Fit::default(),
    }))
}

fn ended(status: WorkflowStatus, reason: &str) -> Change {
    Change::WorkflowEnded { workflow: WORKFLOW, status, reason: reason.to_owned() }
}

fn question() -> Question {
    Question {
        id: QUESTION,
        text: "In which currency?".to_owned(),
        options: vec!["euros".to_owned(), "dollars".to_owned()],
        asked_by: AGENT,
        asked_at: Timestamp::UNIX_EPOCH,
    }
}

fn conflict() -> Box<Conflict> {
    Box::new(Conflict {
        id: CONFLICT,
        subject: "Are the prices net or gross?".to_owned(),
        raised_by: AGENT,
        with: OTHER,
        raised_at: Timestamp::UNIX_EPOCH,
        proposals: Vec::new(),
        escalated: 0,
    })
}

fn attempt_ended(outcome: AttemptOutcome) -> Change {
    let message = "The disk is full.".to_owned();
    let reason = Reason::Internal;
    Change::AttemptEnded { workflow: WORKFLOW, task: TASK, attempt: ATTEMPT, agent: AGENT, outcome, reason, message }
}

fn opened(kind: CheckpointKind) -> Change {
    Change::CheckpointOpened {
        workflow: WORKFLOW,
        task: TASK,
        checkpoint: CHECKPOINT,
        nth: 0,
        kind,
        title: "Is it right?".to_owned(),
        sha256: "00".to_owned(),
        round: 1,
    }
}

fn decided(verdict: Verdict, attempt: Option<AttemptId>) -> Change {
    let note = if verdict == Verdict::Reject { "Two figures are missing" } else { "" }.to_owned();
    Change::CheckpointDecided { workflow: WORKFLOW, task: TASK, checkpoint: CHECKPOINT, verdict, note, attempt }
}

/// One of every kind, and of those that are told in several ways one of each.
pub(super) fn changes() -> Vec<Change> {
    let (workflow, task) = (WORKFLOW, TASK);
    let profile =
        json!({"id": AGENT, "name": "Ada", "adapter": "http", "capacity": 1, "skills": [], "cost_per_hour": null});
    let definition = from(json!({"name": "Health check", "tasks": [{"key": "report"}, {"key": "send"}]}));
    let created = WorkflowCreated { workflow, project: PROJECT, tasks: vec![TASK, NEXT], definition };
    vec![
        Change::AgentRegistered(Box::new(from(profile))),
        Change::AgentRetired { agent: AGENT },
        Change::AgentPresenceChanged { agent: AGENT, online: false },
        Change::AgentSeen { agent: AGENT },
        Change::WorkflowCreated(Box::new(created)),
        Change::WorkflowPaused { workflow, reason: "Nora is away".to_owned() },
        Change::WorkflowResumed { workflow },
        ended(WorkflowStatus::Completed, ""),
        ended(WorkflowStatus::Failed, "“Write the report” failed"),
        ended(WorkflowStatus::TimedOut, "The deadline passed before every task had ended."),
        ended(WorkflowStatus::Cancelled, "It is not needed any more"),
        Change::TasksReady { workflow, tasks: vec![TASK] },
        Change::WorkflowPrioritised { workflow, priority: Priority::Urgent },
        Change::TaskAssigned { workflow, task, agent: Some(AGENT), reason: "She knows it".to_owned(), withdrawn: None },
        Change::TaskAssigned { workflow, task, agent: None, reason: String::new(), withdrawn: Some(ATTEMPT) },
        leased(false),
        leased(true),
        Change::AttemptProgressed { workflow, task, attempt: ATTEMPT, progress: 40, note: "reading".to_owned() },
        Change::LeaseExtended { workflow, task, expires_at: Timestamp::UNIX_EPOCH },
        attempt_ended(AttemptOutcome::Failed),
        attempt_ended(AttemptOutcome::Lost),
        attempt_ended(AttemptOutcome::Rejected),
        Change::TaskRetryScheduled { workflow, task, until: Timestamp::UNIX_EPOCH },
        Change::QuestionAsked { workflow, task, attempt: ATTEMPT, question: question() },
        Change::QuestionAnswered { workflow, task, question: QUESTION, text: "In euros".to_owned() },
        Change::WaitEscalated { workflow, task, step: 1 },
        Change::WaitEscalated { workflow, task, step: STEP_LAST },
        Change::ConflictRaised { workflow, task, attempt: ATTEMPT, conflict: conflict() },
        Change::ResolutionProposed {
            workflow,
            task,
            conflict: CONFLICT,
            agent: OTHER,
            text: "Gross, with the net beside it".to_owned(),
        },
        Change::ConflictResolved { workflow, task, conflict: CONFLICT, text: "Net. The law says so.".to_owned() },
        Change::ConflictEscalated { workflow, task, conflict: CONFLICT, step: 1, exhausted: false },
        Change::ConflictEscalated { workflow, task, conflict: CONFLICT, step: 2, exhausted: true },
        Change::ConflictEscalated { workflow, task, conflict: CONFLICT, step: STEP_LAST, exhausted: false },
        Change::ResultHandedIn { workflow, task, submission: submission() },
        opened(CheckpointKind::PeerReview),
        opened(CheckpointKind::Approval),
        Change::CheckpointEscalated { workflow, task, checkpoint: CHECKPOINT },
        decided(Verdict::Approve, Some(ATTEMPT)),
        decided(Verdict::Approve, None),
        decided(Verdict::Reject, None),
        Change::CheckpointWaived { workflow, task, checkpoint: CHECKPOINT, reason: "Nobody is there".to_owned() },
        Change::TaskReworked { workflow, task },
        Change::TaskCompleted { workflow, task, submission: Some(submission()) },
        Change::TaskFailed {
            workflow,
            task,
            reason: Reason::Internal,
            message: "The disk is full.".to_owned(),
            exhausted: true,
        },
        Change::TasksSkipped { workflow, tasks: vec![TASK, NEXT] },
        Change::TaskRetried { workflow, task, revived: vec![NEXT] },
    ]
}

/// A number for every kind: a new one does not compile until it is counted here, and then misses its sample.
fn number(change: &Change) -> usize {
    match change {
        Change::AgentRegistered(_) => 0,
        Change::AgentRetired { .. } => 1,
        Change::AgentPresenceChanged { .. } => 2,
        Change::AgentSeen { .. } => 3,
        Change::WorkflowCreated(_) => 4,
        Change::WorkflowPaused { .. } => 5,
        Change::WorkflowResumed { .. } => 6,
        Change::WorkflowEnded { .. } => 7,
        Change::TasksReady { .. } => 8,
        Change::TaskLeased(_) => 9,
        Change::AttemptProgressed { .. } => 10,
        Change::LeaseExtended { .. } => 11,
        Change::AttemptEnded { .. } => 12,
        Change::TaskRetryScheduled { .. } => 13,
        Change::ResultHandedIn { .. } => 14,
        Change::CheckpointOpened { .. } => 15,
        Change::CheckpointEscalated { .. } => 16,
        Change::CheckpointDecided { .. } => 17,
        Change::TaskReworked { .. } => 18,
        Change::TaskCompleted { .. } => 19,
        Change::TaskFailed { .. } => 20,
        Change::TasksSkipped { .. } => 21,
        Change::TaskRetried { .. } => 22,
        Change::WorkflowPrioritised { .. } => 23,
        Change::TaskAssigned { .. } => 24,
        Change::QuestionAsked { .. } => 25,
        Change::QuestionAnswered { .. } => 26,
        Change::WaitEscalated { .. } => 27,
        Change::CheckpointWaived { .. } => 28,
        Change::ConflictRaised { .. } => 29,
        Change::ResolutionProposed { .. } => 30,
        Change::ConflictResolved { .. } => 31,
        Change::ConflictEscalated { .. } => 32,
    }
}

/// How many kinds [`number`] counts.
const KINDS: usize = 33;

#[test]
fn every_kind_of_event_has_a_sample() {
    let mut missing: std::collections::BTreeSet<usize> = (0..KINDS).collect();
    for change in changes() {
        assert!(number(&change) < KINDS);
        missing.remove(&number(&change));
    }
    assert!(missing.is_empty(), "no sample of {missing:?}");
}
