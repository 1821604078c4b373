//! Who gets which task: ready tasks, first in line first, to the agents that asked for work.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{Draft, Facts};
use crate::agent::Agent;
use crate::command::{LeaseGrant, Purpose};
use crate::event::{Change, TaskLeased};
use crate::id::{AgentId, AttemptId};
use crate::scheduling::{Fit, fit};
use crate::state::{LEASE_TTL, Place, Requirement, TaskRef};
use crate::workflow::{Stage, Task, Workflow};
use jiff::SignedDuration;

/// An agent that asked for work: how many tasks it would still take in this answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Who.
    pub agent: AgentId,
    /// How many.
    pub max: u32,
}

/// Ready tasks looked at in one line before the next line's turn: a task that nobody present may take must not hide
/// the ones behind it, and a long line of such tasks must not cost every dispatch its whole length.
const PASSED_OVER_MAX: usize = 64;
/// How long a task an agent declined is kept from it: long enough for another to take it, short enough that the only agent
/// there is gets it back.
pub const DECLINE_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// Gives ready tasks to claimants until one or the other runs out. Claimants stand for single claims: the same agent may
/// stand there twice. Returns what each claim got, by its position.
pub fn dispatch(draft: &mut Draft<'_>, claimants: &[Claimant], facts: &mut Facts<'_>) -> Vec<Vec<LeaseGrant>> {
    let mut grants: Vec<Vec<LeaseGrant>> = vec![Vec::new(); claimants.len()];
    let mut room: Vec<u32> = claimants.iter().map(|claimant| claimant.max).collect();
    let mut lines = Lines::new(draft, claimants);
    while let Some((place, candidates)) = lines.next(draft, &room) {
        let Some((workflow, task)) = draft.state.at(place.task) else { continue };
        let Some((claim, fit)) = best(draft, claimants, &candidates, &room, task) else {
            lines.pass_over(place);
            continue;
        };
        let agent = claimants[claim].agent;
        let Some(leased) = lease(draft, workflow, task, agent, fit, facts) else { continue };
        let purpose = if leased.review { Purpose::Review } else { Purpose::Work };
        let grant = grant(workflow, task, &leased, purpose);
        draft.emit(Change::TaskLeased(Box::new(leased)));
        grants[claim].push(grant);
        room[claim] -= 1;
    }
    grants
}

/// The lines of ready tasks for which somebody present has the skills.
struct Lines {
    lines: Vec<(Requirement, Vec<usize>)>,
    passed: BTreeSet<TaskRef>,
    passed_in: BTreeMap<usize, usize>,
}

impl Lines {
    fn new(draft: &Draft<'_>, claimants: &[Claimant]) -> Lines {
        let lines = draft
            .state
            .ready()
            .map(|(requirement, _)| {
                let able = claimants.iter().enumerate().filter(|(_, claimant)| {
                    draft.state.agents.get(&claimant.agent).is_some_and(|agent| has(agent, requirement))
                });
                (requirement.clone(), able.map(|(claim, _)| claim).collect::<Vec<usize>>())
            })
            .filter(|(_, able)| !able.is_empty())
            .collect();
        Lines { lines, passed: BTreeSet::new(), passed_in: BTreeMap::new() }
    }

    /// The first task in all lines that somebody with room could take, and the claims that could take it.
    fn next(&mut self, draft: &Draft<'_>, room: &[u32]) -> Option<(Place, Vec<usize>)> {
        let mut first: Option<(Place, usize)> = None;
        for (nth, (requirement, able)) in self.lines.iter().enumerate() {
            if self.passed_in.get(&nth).is_some_and(|passed| *passed >= PASSED_OVER_MAX) {
                continue;
            }
            if !able.iter().any(|claim| room[*claim] > 0) {
                continue;
            }
            let head = draft.state.ready_line(requirement).find(|place| !self.passed.contains(&place.task));
            if let Some(place) = head
                && first.is_none_or(|(best, _)| *place < best)
            {
                first = Some((*place, nth));
            }
        }
        first.map(|(place, nth)| (place, self.lines[nth].1.clone()))
    }

    fn pass_over(&mut self, place: Place) {
        self.passed.insert(place.task);
        for (nth, _) in self.lines.iter().enumerate() {
            *self.passed_in.entry(nth).or_default() += 1;
        }
    }
}

fn has(agent: &Agent, requirement: &Requirement) -> bool {
    requirement
        .skills
        .iter()
        .all(|(skill, level)| agent.profile.skills.iter().any(|has| has.skill == *skill && has.level >= *level))
}

/// The claim of the agent that suits the task best, among those with room that may take it.
fn best(
    draft: &Draft<'_>,
    claimants: &[Claimant],
    candidates: &[usize],
    room: &[u32],
    task: &Task,
) -> Option<(usize, Fit)> {
    let review = matches!(task.stage, Stage::Check { .. });
    candidates
        .iter()
        .filter(|claim| room[**claim] > 0)
        .filter_map(|claim| {
            let agent = draft.state.agents.get(&claimants[*claim].agent)?;
            let declined = task.declined_by.get(&agent.profile.id).is_some_and(|at| *at + DECLINE_PAUSE > draft.now);
            let barred = agent.room() == 0
                || declined
                || !agent.takes(&task.kind)
                || (review && task.authors.contains(&agent.principal()));
            (!barred).then(|| (*claim, fit(agent, task)))
        })
        .max_by(|(claim, one), (other_claim, other)| one.score.total_cmp(&other.score).then(other_claim.cmp(claim)))
}

fn lease(
    draft: &Draft<'_>,
    workflow: &Workflow,
    task: &Task,
    agent: AgentId,
    fit: Fit,
    facts: &mut Facts<'_>,
) -> Option<TaskLeased> {
    let principal = draft.state.agents.get(&agent)?.principal();
    let deadline = draft.now + SignedDuration::from_secs(i64::from(task.timeout_s));
    Some(TaskLeased {
        workflow: workflow.id,
        task: task.id,
        attempt: AttemptId((facts.fresh_id)()),
        agent,
        principal,
        fence: task.fence + 1,
        review: matches!(task.stage, Stage::Check { .. }),
        expires_at: (draft.now + LEASE_TTL).min(deadline),
        deadline,
        fit,
    })
}

fn grant(workflow: &Workflow, task: &Task, leased: &TaskLeased, purpose: Purpose) -> LeaseGrant {
    let needs: Map<String, Value> = task
        .needs
        .iter()
        .map(|at| workflow.task(*at))
        .map(|parent| {
            let output = parent.submission.as_ref().map(|submission| submission.output.clone()).unwrap_or(Value::Null);
            (parent.key.clone(), output)
        })
        .collect();
    let input = match purpose {
        Purpose::Work => task.input.clone(),
        Purpose::Review => json!({
            "task": {"key": task.key, "name": task.name, "type": task.kind, "input": task.input},
            "result": task.submission.as_ref().map(|submission| json!({
                "output": submission.output,
                "artifacts": submission.artifacts,
                "sha256": submission.sha256,
            })),
            "round": task.round,
        }),
    };
    LeaseGrant {
        attempt_id: leased.attempt,
        task_id: task.id,
        workflow_id: workflow.id,
        fence: leased.fence,
        lease_expires_at: leased.expires_at,
        key: task.key.clone(),
        name: task.name.clone(),
        kind: match purpose {
            Purpose::Work => task.kind.clone(),
            Purpose::Review => "review".to_owned(),
        },
        purpose,
        input,
        needs,
        feedback: task.feedback.clone(),
    }
}
