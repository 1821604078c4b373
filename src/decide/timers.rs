//! What the clock demands.

use super::attempts::{self, End};
use super::{Draft, conflicts, workflows};
use crate::actor::Actor;
use crate::command::Answer;
use crate::event::{AttemptOutcome, Change, Reason};
use crate::id::AgentId;
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::state::PRESENCE_TIMEOUT;
use crate::workflow::waiting::steps_due;
use crate::workflow::{Stage, TaskState, WorkflowStatus};

/// Deadlines of workflows first (what they end needs no other care), then leases, back-offs, people who are waited for, and what
/// agents do not settle.
pub(super) fn tick(draft: &mut Draft<'_>) -> Result<Answer, Refusal> {
    for workflow in draft.state.overdue(draft.now) {
        workflows::end(draft, workflow, WorkflowStatus::TimedOut, wording::deadline_passed());
    }
    for place in draft.state.expired(draft.now) {
        let Some(lease) = draft.state.at(place).and_then(|(_, task)| task.lease()).cloned() else { continue };
        let (outcome, reason, message) = if lease.deadline <= draft.now {
            (AttemptOutcome::TimedOut, Reason::Deadline, wording::attempt_timed_out())
        } else {
            (AttemptOutcome::Lost, Reason::LeaseExpired, wording::heartbeats_stopped())
        };
        let end = End { attempt: lease.attempt, agent: lease.agent, outcome, reason, message };
        attempts::end_attempt(draft, place, end, true);
    }
    for place in draft.state.delays_over(draft.now) {
        if let Some(task) = draft.state.at(place).map(|(_, task)| task.id) {
            draft.emit(Change::TasksReady { workflow: place.0, tasks: vec![task] });
        }
    }
    for place in draft.state.waited_for(draft.now) {
        let Some((workflow, task)) = draft.state.at(place) else { continue };
        let Some(since) = task.waits_since() else { continue };
        let (id, step) = (task.id, steps_due(since, workflow.definition.priority, draft.now));
        let change = match (&task.state, task.stage) {
            // Nobody is there who may review it: a person decides instead.
            (TaskState::Ready { .. }, Stage::Check { checkpoint, .. }) => {
                Change::CheckpointEscalated { workflow: place.0, task: id, checkpoint }
            }
            _ => Change::WaitEscalated { workflow: place.0, task: id, step },
        };
        draft.emit(change);
    }
    conflicts::escalate(draft);
    Ok(Answer::Done)
}

/// Agents that have been silent too long are announced as offline.
pub(super) fn presence(draft: &mut Draft<'_>) -> Result<Answer, Refusal> {
    let silent: Vec<AgentId> = draft
        .state
        .agents
        .values()
        .filter(|agent| agent.online && agent.retired_at.is_none())
        .filter(|agent| agent.last_seen + PRESENCE_TIMEOUT < draft.now)
        .map(|agent| agent.profile.id)
        .collect();
    for agent in silent {
        draft.emit(Change::AgentPresenceChanged { agent, online: false });
    }
    Ok(Answer::Done)
}

/// An agent asked for work.
pub(super) fn claim(draft: &mut Draft<'_>) -> Result<Answer, Refusal> {
    let Actor::Agent { agent } = draft.actor else { return Ok(Answer::Done) };
    match draft.state.agents.get(&agent) {
        Some(known) if known.retired_at.is_none() => attempts::seen(draft, agent),
        Some(_) | None => return Err(Refusal::not_found("agent", agent)),
    }
    Ok(Answer::Done)
}
