//! Who gets which task: ready tasks, first in line first, to the agents that asked for work.

use std::cmp::Ordering;
use std::collections::{BTreeSet, BinaryHeap};

use serde_json::{Map, Value, json};

use super::{Draft, Facts};
use crate::agent::Agent;
use crate::command::{LeaseGrant, Purpose};
use crate::event::{Change, TaskLeased};
use crate::id::{AgentId, AttemptId};
use crate::scheduling::{Fit, fit};
use crate::state::{LEASE_TTL, Place, Requirement, TaskRef};
use crate::workflow::{Stage, Task, Workflow};
use jiff::{SignedDuration, Timestamp};

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
    while let Some((place, nth)) = lines.next(draft) {
        let Some((workflow, task)) = draft.state.at(place.task) else {
            lines.pass_over(nth, place);
            continue;
        };
        let Some((claim, fit)) = lines.best(nth, draft, claimants, &room, task) else {
            lines.pass_over(nth, place);
            continue;
        };
        let agent = claimants[claim].agent;
        let Some(leased) = lease(draft, workflow, task, agent, fit, facts) else {
            lines.pass_over(nth, place);
            continue;
        };
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
    lines: Vec<Line>,
    passed: BTreeSet<TaskRef>,
}

/// One line, and the claims of agents that have the skills.
struct Line {
    requirement: Requirement,
    able: Vec<usize>,
    /// The same claims, the one that suits best on top; for work and for reviews, made when first asked for.
    ranked: [Option<BinaryHeap<Candidate>>; 2],
    passed: usize,
    /// Nobody is left who could take a task of it.
    spent: bool,
}

/// A claim and how well its agent suited the tasks of a line when last looked at.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    score: f64,
    claim: usize,
}

impl Ord for Candidate {
    /// The better score; of equal ones, the claim that came first.
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.claim.cmp(&self.claim))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

impl Lines {
    fn new(draft: &Draft<'_>, claimants: &[Claimant]) -> Lines {
        let agent = |claimant: &Claimant| draft.state.agents.get(&claimant.agent).filter(|agent| agent.room() > 0);
        let agents: Vec<(usize, &Agent)> =
            claimants.iter().enumerate().filter_map(|(claim, claimant)| Some((claim, agent(claimant)?))).collect();
        let lines = draft
            .state
            .ready()
            .map(|(requirement, _)| {
                let able = agents.iter().filter(|(_, agent)| has(agent, requirement)).map(|(claim, _)| *claim);
                let able: Vec<usize> = able.collect();
                Line { requirement: requirement.clone(), able, ranked: [None, None], passed: 0, spent: false }
            })
            .filter(|line| !line.able.is_empty())
            .collect();
        Lines { lines, passed: BTreeSet::new() }
    }

    /// The first task in all lines that somebody could take, and its line.
    fn next(&self, draft: &Draft<'_>) -> Option<(Place, usize)> {
        let mut first: Option<(Place, usize)> = None;
        for (nth, line) in self.lines.iter().enumerate() {
            if line.spent || line.passed >= PASSED_OVER_MAX {
                continue;
            }
            let head = draft.state.ready_line(&line.requirement).find(|place| !self.passed.contains(&place.task));
            if let Some(place) = head
                && first.is_none_or(|(best, _)| *place < best)
            {
                first = Some((*place, nth));
            }
        }
        first
    }

    fn pass_over(&mut self, nth: usize, place: Place) {
        self.passed.insert(place.task);
        self.lines[nth].passed += 1;
    }

    /// The claim of the agent that suits the task best, among those with room that may take it.
    ///
    /// All tasks of a line ask for the same, so an agent suits them all alike, and while tasks are given out its fit only falls,
    /// with its free room. So a heap of fits as they were is enough: what comes up and has fallen since goes back in.
    fn best(
        &mut self,
        nth: usize,
        draft: &Draft<'_>,
        claimants: &[Claimant],
        room: &[u32],
        task: &Task,
    ) -> Option<(usize, Fit)> {
        let review = matches!(task.stage, Stage::Check { .. });
        let line = &mut self.lines[nth];
        let open = |claim: usize| {
            let agent = draft.state.agents.get(&claimants[claim].agent)?;
            (room[claim] > 0 && agent.room() > 0).then_some(agent)
        };
        let ranked = line.ranked[usize::from(review)].get_or_insert_with(|| {
            let candidate = |claim: usize| Some(Candidate { score: fit(open(claim)?, task).score, claim });
            line.able.iter().filter_map(|claim| candidate(*claim)).collect()
        });
        let mut barred: Vec<Candidate> = Vec::new();
        let mut found = None;
        while let Some(top) = ranked.pop() {
            let Some(agent) = open(top.claim) else { continue };
            let now = fit(agent, task);
            if now.score < top.score {
                ranked.push(Candidate { score: now.score, claim: top.claim });
            } else if is_barred(agent, task, draft.now) {
                barred.push(top);
            } else {
                ranked.push(top);
                found = Some((top.claim, now));
                break;
            }
        }
        line.spent = found.is_none() && barred.is_empty();
        ranked.extend(barred);
        found
    }
}

fn has(agent: &Agent, requirement: &Requirement) -> bool {
    requirement
        .skills
        .iter()
        .all(|(skill, level)| agent.profile.skills.iter().any(|has| has.skill == *skill && has.level >= *level))
}

/// Whether an agent that has the skills may not be given this task all the same.
fn is_barred(agent: &Agent, task: &Task, now: Timestamp) -> bool {
    let review = matches!(task.stage, Stage::Check { .. });
    let declined = task.declined_by.get(&agent.profile.id).is_some_and(|at| *at + DECLINE_PAUSE > now);
    declined || !agent.takes(&task.kind) || (review && task.authors.contains(&agent.principal()))
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
