//! What an agent says about an attempt: alive, done, failed, not mine.
//!
//! The fence is the only authority. A result that comes after its lease ran out is still taken while no newer attempt
//! exists; an older fence gets a refusal and changes nothing.

use jiff::SignedDuration;
use serde_json::Value;

use super::{Draft, Facts, checkpoints, settle};
use crate::actor::Actor;
use crate::command::Answer;
use crate::event::{AttemptOutcome, Change, Reason};
use crate::id::{AgentId, AttemptId, TaskId};
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::state::{LEASE_TTL, TaskRef};
use crate::text;
use crate::workflow::task::{Artifact, Submission};
use crate::workflow::{Stage, Task, TaskState};

/// Characters in a progress note or a failure message: it stands on a card.
pub const MESSAGE_MAX: usize = 2_000;
/// Files of one result.
pub const ARTIFACTS_MAX: usize = 100;
/// The longest wait between two attempts.
const BACKOFF_MAX: SignedDuration = SignedDuration::from_mins(5);
/// Review attempts that may fail before a person is asked instead.
const REVIEWS_MAX: u32 = 3;

/// A result as handed in.
pub(super) struct Handed {
    pub attempt: AttemptId,
    pub fence: u64,
    pub output: Value,
    pub artifacts: Vec<Artifact>,
    pub evidence: Value,
    pub sha256: String,
}

pub(super) fn heartbeat(
    draft: &mut Draft<'_>,
    attempt: AttemptId,
    fence: u64,
    progress: Option<u8>,
    note: Option<&str>,
) -> Result<Answer, Refusal> {
    let (place, task) = find(draft, attempt)?;
    if let TaskState::Cancelled { at } = task.state {
        return Ok(Answer::Heartbeat { lease_expires_at: at, cancel: true });
    }
    let Some(lease) = task.lease().filter(|lease| lease.attempt == attempt) else {
        return Err(stale(task, fence));
    };
    let (task_id, lease) = (task.id, lease.clone());
    own(draft, task, lease.agent, fence)?;
    let progress = progress.unwrap_or(lease.progress).min(100);
    let note = match note {
        Some(note) => text::paragraph(note, MESSAGE_MAX).map_err(|why| Refusal::fault("/note", why))?,
        None => lease.note.clone(),
    };
    let expires_at = (draft.now + LEASE_TTL).min(lease.deadline).max(lease.expires_at);
    draft.emit(Change::LeaseExtended { workflow: place.0, task: task_id, expires_at });
    seen(draft, lease.agent);
    if progress != lease.progress || note != lease.note {
        draft.emit(Change::AttemptProgressed { workflow: place.0, task: task_id, attempt, progress, note });
    }
    Ok(Answer::Heartbeat { lease_expires_at: expires_at, cancel: false })
}

pub(super) fn complete(draft: &mut Draft<'_>, handed: Handed, facts: &mut Facts<'_>) -> Result<Answer, Refusal> {
    let (place, task) = find(draft, handed.attempt)?;
    if task.submission.as_ref().is_some_and(|submission| submission.attempt == handed.attempt)
        && task.fence == handed.fence
    {
        // Its first copy was taken; the agent did not hear of it.
        own(draft, task, task.last_agent.unwrap_or(AgentId(handed.attempt.0)), handed.fence)?;
        return Ok(Answer::Done);
    }
    let agent = author(draft, task, handed.attempt, handed.fence)?;
    for (name, value) in [("output", &handed.output), ("evidence", &handed.evidence)] {
        if let Err((inside, why)) = text::storable(value) {
            return Err(Refusal::fault(format!("/{name}{inside}"), why));
        }
    }
    if handed.artifacts.len() > ARTIFACTS_MAX {
        return Err(Refusal::fault("/artifacts", wording::too_many("artifacts", ARTIFACTS_MAX)));
    }
    if let Stage::Check { checkpoint, .. } = task.stage {
        return checkpoints::by_agent(draft, place, checkpoint, &handed, facts);
    }
    let task_id = task.id;
    let unchecked = task.checks.is_empty();
    let submission = Box::new(Submission {
        attempt: handed.attempt,
        agent,
        output: handed.output,
        artifacts: handed.artifacts,
        evidence: handed.evidence,
        sha256: handed.sha256,
    });
    if unchecked {
        draft.emit(Change::TaskCompleted { workflow: place.0, task: task_id, submission: Some(submission) });
        settle::after(draft, place.0, place.1);
    } else {
        draft.emit(Change::ResultHandedIn { workflow: place.0, task: task_id, submission });
        checkpoints::open(draft, place, 0, facts);
    }
    Ok(Answer::Done)
}

pub(super) fn fail(
    draft: &mut Draft<'_>,
    attempt: AttemptId,
    fence: u64,
    reason: Reason,
    message: &str,
    retryable: Option<bool>,
) -> Result<Answer, Refusal> {
    let (place, task) = find(draft, attempt)?;
    let agent = holder(draft, task, attempt, fence)?;
    let message = text::paragraph(message, MESSAGE_MAX).map_err(|why| Refusal::fault("/message", why))?;
    let end = End { attempt, agent, outcome: AttemptOutcome::Failed, reason, message };
    end_attempt(draft, place, end, retryable.unwrap_or(reason.is_retryable()));
    Ok(Answer::Done)
}

pub(super) fn decline(draft: &mut Draft<'_>, attempt: AttemptId, fence: u64, message: &str) -> Result<Answer, Refusal> {
    let (place, task) = find(draft, attempt)?;
    let agent = holder(draft, task, attempt, fence)?;
    let message = text::paragraph(message, MESSAGE_MAX).map_err(|why| Refusal::fault("/message", why))?;
    let end = End { attempt, agent, outcome: AttemptOutcome::Rejected, reason: Reason::AgentDeclined, message };
    end_attempt(draft, place, end, true);
    Ok(Answer::Done)
}

/// An attempt that ends without a result.
pub(super) struct End {
    pub attempt: AttemptId,
    pub agent: AgentId,
    pub outcome: AttemptOutcome,
    pub reason: Reason,
    pub message: String,
}

/// Ends an attempt without a result, and says how the task goes on.
pub(super) fn end_attempt(draft: &mut Draft<'_>, place: TaskRef, end: End, retryable: bool) {
    let Some(task) = draft.state.at(place).map(|(_, task)| task.id) else { return };
    let (reason, message, outcome) = (end.reason, end.message.clone(), end.outcome);
    draft.emit(Change::AttemptEnded {
        workflow: place.0,
        task,
        attempt: end.attempt,
        agent: end.agent,
        outcome,
        reason,
        message: end.message,
    });
    let Some((_, after)) = draft.state.at(place) else { return };
    match after.stage {
        Stage::Check { checkpoint, .. } if after.reviews_used >= REVIEWS_MAX || !retryable => {
            draft.emit(Change::CheckpointEscalated { workflow: place.0, task, checkpoint });
        }
        Stage::Check { .. } => draft.emit(Change::TasksReady { workflow: place.0, tasks: vec![task] }),
        Stage::Work if !retryable => give_up(draft, place, task, reason, message, false),
        Stage::Work if after.attempts_used >= after.max_attempts => give_up(draft, place, task, reason, message, true),
        Stage::Work => match outcome {
            // The agent is gone, or does not want it: another one may start at once.
            AttemptOutcome::Lost | AttemptOutcome::Rejected => {
                draft.emit(Change::TasksReady { workflow: place.0, tasks: vec![task] });
            }
            AttemptOutcome::Failed
            | AttemptOutcome::TimedOut
            | AttemptOutcome::Succeeded
            | AttemptOutcome::Cancelled => {
                let until = draft.now + backoff(task, after.attempts_used);
                draft.emit(Change::TaskRetryScheduled { workflow: place.0, task, until });
            }
        },
    }
}

/// A task that no attempt will save.
pub(super) fn give_up(
    draft: &mut Draft<'_>,
    place: TaskRef,
    task: TaskId,
    reason: Reason,
    message: String,
    exhausted: bool,
) {
    draft.emit(Change::TaskFailed { workflow: place.0, task, reason, message, exhausted });
    settle::after(draft, place.0, place.1);
}

/// Everything an agent holds goes back to the queue.
pub(super) fn lose_all_of(draft: &mut Draft<'_>, agent: AgentId, why: &str) {
    let held: Vec<(TaskRef, AttemptId)> = draft
        .state
        .workflows
        .values()
        .flat_map(|workflow| (0u32..).zip(&workflow.tasks).map(move |(at, task)| ((workflow.id, at), task)))
        .filter_map(|(place, task)| {
            task.lease().filter(|lease| lease.agent == agent).map(|lease| (place, lease.attempt))
        })
        .collect();
    for (place, attempt) in held {
        let message = why.to_owned();
        let end = End { attempt, agent, outcome: AttemptOutcome::Lost, reason: Reason::HeartbeatLost, message };
        end_attempt(draft, place, end, true);
    }
}

/// A sign of life.
pub(super) fn seen(draft: &mut Draft<'_>, agent: AgentId) {
    let Some(known) = draft.state.agents.get(&agent) else { return };
    let offline = !known.online;
    draft.emit(Change::AgentSeen { agent });
    if offline {
        draft.emit(Change::AgentPresenceChanged { agent, online: true });
    }
}

/// Doubling from one second, capped; spread by a quarter so that a herd does not come back at once.
fn backoff(task: TaskId, attempts: u32) -> SignedDuration {
    let base_ms = 1_000_i64 << attempts.saturating_sub(1).min(16);
    let spread = i64::from(task.0.as_bytes()[15]) * base_ms / 1_024;
    SignedDuration::from_millis(base_ms + spread).min(BACKOFF_MAX)
}

pub(super) fn find<'a>(draft: &'a Draft<'_>, attempt: AttemptId) -> Result<(TaskRef, &'a Task), Refusal> {
    let place = draft.state.attempt_ref(attempt).ok_or_else(|| Refusal::not_found("attempt", attempt))?;
    let (_, task) = draft.state.at(place).ok_or_else(|| Refusal::not_found("attempt", attempt))?;
    Ok((place, task))
}

/// Who holds the attempt, if its lease lives.
pub(super) fn holder(draft: &Draft<'_>, task: &Task, attempt: AttemptId, fence: u64) -> Result<AgentId, Refusal> {
    let lease = task.lease().filter(|lease| lease.attempt == attempt).ok_or_else(|| stale(task, fence))?;
    own(draft, task, lease.agent, fence)?;
    Ok(lease.agent)
}

/// Who may hand in the attempt's result: its holder, also after the lease ran out, as long as nothing newer took its place.
fn author(draft: &Draft<'_>, task: &Task, attempt: AttemptId, fence: u64) -> Result<AgentId, Refusal> {
    let waiting = matches!(task.state, TaskState::Ready { .. } | TaskState::BackingOff { .. });
    let late = waiting && task.stage == Stage::Work && task.round == 0 && task.last_attempt == Some(attempt);
    match task.last_agent {
        Some(agent) if late => {
            own(draft, task, agent, fence)?;
            Ok(agent)
        }
        Some(_) | None => holder(draft, task, attempt, fence),
    }
}

fn own(draft: &Draft<'_>, task: &Task, holder: AgentId, fence: u64) -> Result<(), Refusal> {
    if task.fence != fence {
        return Err(stale(task, fence));
    }
    match draft.actor {
        Actor::Agent { agent } if agent == holder => Ok(()),
        Actor::System => Ok(()),
        Actor::Agent { .. } | Actor::Person { .. } => Err(Refusal::NotYours { task: task.name.clone() }),
    }
}

fn stale(task: &Task, sent: u64) -> Refusal {
    Refusal::StaleFence { task: task.name.clone(), sent, current: task.fence }
}
