//! What two agents disagree about: raised by one, settled by a proposal the other accepts, or by a person.

use super::{Draft, Facts, attempts, workflows};
use crate::actor::Actor;
use crate::agent::Agent;
use crate::command::Answer;
use crate::event::Change;
use crate::id::{AgentId, AttemptId, ConflictId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::text;
use crate::workflow::Task;
use crate::workflow::conflict::{CONFLICT_CHARS_MAX, CONFLICTS_OPEN_MAX, Conflict};
use crate::workflow::question::SETTLED_MAX;
use crate::workflow::waiting::{STEP_LAST, steps_due};

/// A conflict as it is raised.
pub(super) struct Raised<'a> {
    pub attempt: AttemptId,
    pub fence: u64,
    pub with: AgentId,
    pub subject: &'a str,
    pub proposal: Option<&'a str>,
}

/// The agent that holds a task disagrees with another about it. It goes on with its work meanwhile.
pub(super) fn raise(draft: &mut Draft<'_>, raised: &Raised<'_>, facts: &mut Facts<'_>) -> Result<Answer, Refusal> {
    let (place, task) = attempts::find(draft, raised.attempt)?;
    let raised_by = attempts::holder(draft, task, raised.attempt, raised.fence)?;
    may_disagree(draft, raised_by, raised.with)?;
    has_room(task)?;
    let subject = clean("/subject", raised.subject)?;
    let proposal = raised.proposal.map(|text| clean("/proposal", text)).transpose()?;
    let (task, workflow, id) = (task.id, place.0, ConflictId((facts.fresh_id)()));
    let conflict = Conflict {
        id,
        subject,
        raised_by,
        with: raised.with,
        raised_at: draft.now,
        proposals: Vec::new(),
        escalated: 0,
    };
    attempts::seen(draft, raised_by);
    draft.emit(Change::ConflictRaised { workflow, task, attempt: raised.attempt, conflict: Box::new(conflict) });
    if let Some(text) = proposal {
        draft.emit(Change::ResolutionProposed { workflow, task, conflict: id, agent: raised_by, text });
    }
    Ok(Answer::ConflictRaised { conflict: id })
}

fn may_disagree(draft: &Draft<'_>, raised_by: AgentId, with: AgentId) -> Result<(), Refusal> {
    if with == raised_by {
        return Err(Refusal::fault("/with", wording::disagrees_with_itself()));
    }
    let known: Option<&Agent> = draft.state.agents.get(&with).filter(|agent| agent.retired_at.is_none());
    known.map(drop).ok_or_else(|| Refusal::not_found("agent", with))
}

fn has_room(task: &Task) -> Result<(), Refusal> {
    let limit = |noun: &str, max: usize| Err(Refusal::LimitReached { noun: noun.to_owned(), max: max as u64 });
    if task.conflicts.len() >= CONFLICTS_OPEN_MAX {
        return limit("open conflicts about one task", CONFLICTS_OPEN_MAX);
    }
    if task.has_settled_enough() {
        return limit("questions and conflicts about one task", SETTLED_MAX);
    }
    Ok(())
}

/// One side says how it would settle it. After the last proposal that is taken, people are asked at once.
pub(super) fn propose(
    draft: &mut Draft<'_>,
    workflow: WorkflowId,
    id: ConflictId,
    text: &str,
) -> Result<Answer, Refusal> {
    let (task, conflict) = find(draft, workflow, id, "given a proposal")?;
    let agent = side(draft, task, conflict)?;
    if conflict.is_exhausted() {
        return Err(wrong(&task.name, wording::conflict_is_with_people(), "given another proposal"));
    }
    if conflict.waits_for_other(agent) {
        return Err(wrong(&task.name, wording::conflict_waits_for_other(), "given another proposal of yours"));
    }
    let text = clean("/text", text)?;
    let task = task.id;
    attempts::seen(draft, agent);
    draft.emit(Change::ResolutionProposed { workflow, task, conflict: id, agent, text });
    let Some(conflict) = open(draft, workflow, id).map(|(_, conflict)| conflict).filter(|c| c.is_exhausted()) else {
        return Ok(Answer::Done);
    };
    let taken = conflict.escalated;
    hand_over(draft, workflow, task, id, taken);
    Ok(Answer::Done)
}

/// People are asked at once: the two cannot settle it.
fn hand_over(draft: &mut Draft<'_>, workflow: WorkflowId, task: TaskId, conflict: ConflictId, taken: u32) {
    if taken < STEP_LAST {
        draft.emit(Change::ConflictEscalated { workflow, task, conflict, step: taken + 1, exhausted: true });
    }
}

/// An agent left: what it disagreed about is people's to settle.
pub(super) fn left(draft: &mut Draft<'_>, agent: AgentId) {
    let mut orphaned: Vec<(WorkflowId, TaskId, ConflictId, u32)> = Vec::new();
    for workflow in draft.state.workflows.values() {
        for task in &workflow.tasks {
            let of_it = task.conflicts.iter().filter(|conflict| conflict.involves(agent));
            orphaned.extend(of_it.map(|conflict| (workflow.id, task.id, conflict.id, conflict.escalated)));
        }
    }
    for (workflow, task, conflict, taken) in orphaned {
        hand_over(draft, workflow, task, conflict, taken);
    }
}

/// The side that did not make the newest proposal accepts it.
pub(super) fn accept(draft: &mut Draft<'_>, workflow: WorkflowId, id: ConflictId) -> Result<Answer, Refusal> {
    let (task, conflict) = find(draft, workflow, id, "settled")?;
    let agent = side(draft, task, conflict)?;
    let Some(proposal) = conflict.offered_to(agent) else {
        return Err(wrong(&task.name, wording::conflict_has_no_offer(), "settled by you"));
    };
    let (task, text) = (task.id, proposal.text.clone());
    attempts::seen(draft, agent);
    settle(draft, workflow, task, id, text);
    Ok(Answer::Done)
}

/// A person says how it is.
pub(super) fn resolve(
    draft: &mut Draft<'_>,
    workflow: WorkflowId,
    id: ConflictId,
    text: &str,
) -> Result<Answer, Refusal> {
    let text = clean("/text", text)?;
    let task = find(draft, workflow, id, "settled")?.0.id;
    settle(draft, workflow, task, id, text);
    Ok(Answer::Done)
}

fn settle(draft: &mut Draft<'_>, workflow: WorkflowId, task: TaskId, conflict: ConflictId, text: String) {
    draft.emit(Change::ConflictResolved { workflow, task, conflict, text });
}

/// People are told of what the two sides have not settled in time.
pub(super) fn escalate(draft: &mut Draft<'_>) {
    for place in draft.state.argued_over(draft.now) {
        let Some((workflow, task)) = draft.state.at(place) else { continue };
        let priority = workflow.definition.priority;
        let late = task.conflicts.iter().filter(|conflict| conflict.due(priority).is_some_and(|at| at <= draft.now));
        let step = |conflict: &Conflict| steps_due(conflict.raised_at, priority, draft.now);
        let late: Vec<_> = late.map(|conflict| (conflict.id, step(conflict), conflict.is_exhausted())).collect();
        let task = task.id;
        for (conflict, step, exhausted) in late {
            draft.emit(Change::ConflictEscalated { workflow: place.0, task, conflict, step, exhausted });
        }
    }
}

/// An open conflict with its task. One that was settled already, or whose workflow has ended, is not settled twice.
fn find<'a>(
    draft: &'a Draft<'_>,
    id: WorkflowId,
    conflict: ConflictId,
    verb: &str,
) -> Result<(&'a Task, &'a Conflict), Refusal> {
    let workflow = workflows::find(draft, id)?;
    open(draft, id, conflict).ok_or_else(|| wrong(&workflow.definition.name, "closed".to_owned(), verb))
}

fn open<'a>(draft: &'a Draft<'_>, id: WorkflowId, conflict: ConflictId) -> Option<(&'a Task, &'a Conflict)> {
    let place = draft.state.conflict_ref(conflict).filter(|(of, _)| *of == id)?;
    let (_, task) = draft.state.at(place)?;
    Some((task, task.conflicts.iter().find(|open| open.id == conflict)?))
}

/// Which of the two sides speaks.
fn side(draft: &Draft<'_>, task: &Task, conflict: &Conflict) -> Result<AgentId, Refusal> {
    match draft.actor {
        Actor::Agent { agent } if conflict.involves(agent) => Ok(agent),
        Actor::Agent { .. } | Actor::Person { .. } | Actor::System => {
            Err(Refusal::NotInvolved { task: task.name.clone() })
        }
    }
}

fn wrong(name: &str, status: String, verb: &str) -> Refusal {
    Refusal::WrongState { noun: "conflict about".to_owned(), name: name.to_owned(), status, verb: verb.to_owned() }
}

fn clean(pointer: &str, given: &str) -> Result<String, Refusal> {
    let text = text::paragraph(given, CONFLICT_CHARS_MAX).map_err(|why| Refusal::fault(pointer, why))?;
    if text.is_empty() { Err(Refusal::fault(pointer, wording::empty_text())) } else { Ok(text) }
}
