//! Whom a person keeps a task for.

use super::{Draft, workflows};
use crate::actor::{Actor, Role};
use crate::agent::{Agent, skill};
use crate::command::Answer;
use crate::event::{AttemptOutcome, Change, Reason};
use crate::id::{AgentId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::workflow::{Lease, Stage, Task};

/// Keeps a task for an agent, or for nobody in particular. Another agent that works on it stops, and its attempt counts for nothing.
pub(super) fn assign(
    draft: &mut Draft<'_>,
    id: WorkflowId,
    task: TaskId,
    agent: Option<AgentId>,
    reason: &str,
) -> Result<Answer, Refusal> {
    let reason = workflows::clean(reason)?;
    let workflow = workflows::find(draft, id)?;
    let at = workflow.position(task).ok_or_else(|| Refusal::not_found("task", task))?;
    let found = workflow.task(at);
    if found.is_terminal() {
        return Err(Refusal::WrongState {
            noun: "task".to_owned(),
            name: found.name.clone(),
            status: found.status().as_str().to_owned(),
            verb: "assigned".to_owned(),
        });
    }
    if let Some(agent) = agent {
        may_be_kept_for(draft, found, agent, &reason)?;
    }
    if found.assignee == agent {
        return Ok(Answer::Done);
    }
    let held: Option<Lease> = found.lease().filter(|_| found.stage == Stage::Work).cloned();
    let taken = held.filter(|lease| agent.is_some_and(|agent| agent != lease.agent));
    let withdrawn = taken.as_ref().map(|lease| lease.attempt);
    draft.emit(Change::TaskAssigned { workflow: id, task, agent, reason, withdrawn });
    if let Some(lease) = taken {
        draft.emit(Change::AttemptEnded {
            workflow: id,
            task,
            attempt: lease.attempt,
            agent: lease.agent,
            outcome: AttemptOutcome::Cancelled,
            reason: Reason::UserCancelled,
            message: wording::given_to_another(),
        });
        draft.emit(Change::TasksReady { workflow: id, tasks: vec![task] });
    }
    Ok(Answer::Done)
}

/// An agent left: what was kept for it would wait for ever, so it is for whoever suits it.
pub(super) fn left(draft: &mut Draft<'_>, agent: AgentId) {
    let workflows = draft.state.workflows.values();
    let tasks = workflows.flat_map(|workflow| workflow.tasks.iter().map(|task| (workflow.id, task)));
    let kept = tasks.filter(|(_, task)| task.assignee == Some(agent) && !task.is_terminal());
    let kept = kept.map(|(workflow, task)| (workflow, task.id)).collect();
    let_go(draft, kept);
}

/// The same for tasks that are done again after the agent they were kept for left.
pub(super) fn left_before(draft: &mut Draft<'_>, id: WorkflowId) {
    let is_gone = |agent| draft.state.agents.get(&agent).is_none_or(|agent| agent.retired_at.is_some());
    let tasks = draft.state.workflows.get(&id).map(|workflow| workflow.tasks.as_slice()).unwrap_or_default();
    let kept = tasks.iter().filter(|task| task.assignee.is_some_and(is_gone) && !task.is_terminal());
    let kept = kept.map(|task| (id, task.id)).collect();
    let_go(draft, kept);
}

fn let_go(draft: &mut Draft<'_>, kept: Vec<(WorkflowId, TaskId)>) {
    for (workflow, task) in kept {
        let reason = wording::assignee_left();
        draft.emit(Change::TaskAssigned { workflow, task, agent: None, reason, withdrawn: None });
    }
}

/// Never to one who cannot finish. Skills alone are a judgement, which an admin may overrule with a reason.
fn may_be_kept_for(draft: &Draft<'_>, task: &Task, agent: AgentId, reason: &str) -> Result<(), Refusal> {
    let known: Option<&Agent> = draft.state.agents.get(&agent).filter(|agent| agent.retired_at.is_none());
    let known = known.ok_or_else(|| Refusal::not_found("agent", agent))?;
    let refused = |why: String| Err(Refusal::fault("/agent", why));
    if !known.takes(&task.kind) {
        return refused(wording::does_not_take(&known.profile.name, &task.kind));
    }
    if skill::covers(&known.profile.skills, &task.skills) {
        return Ok(());
    }
    let may_overrule = match draft.actor {
        Actor::Person { role, .. } => role >= Role::Admin,
        Actor::System => true,
        Actor::Agent { .. } => false,
    };
    if may_overrule && !reason.is_empty() {
        return Ok(());
    }
    refused(wording::lacks_skills(&known.profile.name, &task.name))
}
