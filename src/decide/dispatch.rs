//! Who gets which task: ready tasks, first in line first, to the agents that asked for work.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use super::{Draft, Facts};
use crate::agent::Agent;
use crate::command::{LeaseGrant, Purpose};
use crate::event::{Change, TaskLeased};
use crate::id::{AgentId, AttemptId};
use crate::scheduling::claims::{ClaimId, Claims};
use crate::scheduling::fit;
use crate::state::{LEASE_TTL, Place, Requirement, State, TaskRef};
use crate::workflow::{Stage, Task, Workflow};

/// Ready tasks looked at in one line before the next line's turn: a task that nobody present may take must not hide
/// the ones behind it, and a long line of such tasks must not cost every dispatch its whole length.
const PASSED_OVER_MAX: usize = 64;
/// How long a task an agent declined is kept from it: long enough for another to take it, short enough that the only agent
/// there is gets it back.
pub const DECLINE_PAUSE: SignedDuration = SignedDuration::from_secs(60);

/// What each claim got. A claim without a task is not in it.
pub type Grants = BTreeMap<ClaimId, Vec<LeaseGrant>>;

/// Gives ready tasks to the claims that wait until one or the other runs out. Claims that got something wait no longer.
/// `is_gone` says of a claim that nobody would hear its answer.
pub fn dispatch(
    draft: &mut Draft<'_>,
    claims: &mut Claims,
    is_gone: &dyn Fn(ClaimId) -> bool,
    facts: &mut Facts<'_>,
) -> Grants {
    let mut grants = Grants::new();
    claims.update(draft.state.take_changed_agents(), draft.state);
    claims.tidy(draft.state);
    let mut lines = Lines::new(draft.state);
    while !claims.is_empty()
        && let Some((place, nth)) = lines.next(draft.state)
    {
        let found = draft.state.at(place.task).and_then(|(workflow, task)| {
            let (claim, agent) = lines.best(nth, draft, claims, is_gone, task)?;
            let leased = lease(draft, workflow, task, agent, facts)?;
            Some((claim, grant(workflow, task, &leased), leased))
        });
        let Some((claim, granted, leased)) = found else {
            lines.pass_over(nth, place);
            continue;
        };
        draft.emit(Change::TaskLeased(Box::new(leased)));
        claims.update(draft.state.take_changed_agents(), draft.state);
        let got = grants.entry(claim).or_default();
        got.push(granted);
        if claims.get(claim).is_none_or(|claimant| got.len() >= claimant.max as usize) {
            claims.remove(claim);
        }
    }
    for claim in grants.keys() {
        claims.remove(*claim);
    }
    grants
}

/// The lines of ready tasks.
struct Lines {
    lines: Vec<Line>,
    passed: BTreeSet<TaskRef>,
}

struct Line {
    requirement: Requirement,
    passed: usize,
    /// Nobody is there who could take a task of it.
    spent: bool,
}

impl Lines {
    fn new(state: &State) -> Lines {
        let line = |requirement: &Requirement| Line { requirement: requirement.clone(), passed: 0, spent: false };
        Lines { lines: state.ready().map(|(requirement, _)| line(requirement)).collect(), passed: BTreeSet::new() }
    }

    /// The first task in all lines that somebody could take, and its line.
    fn next(&self, state: &State) -> Option<(Place, usize)> {
        let mut first: Option<(Place, usize)> = None;
        for (nth, line) in self.lines.iter().enumerate() {
            if line.spent || line.passed >= PASSED_OVER_MAX {
                continue;
            }
            let head = state.ready_line(&line.requirement).find(|place| !self.passed.contains(&place.task));
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

    /// The claim whose agent suits the task best, of those that may take it.
    fn best(
        &mut self,
        nth: usize,
        draft: &Draft<'_>,
        claims: &mut Claims,
        is_gone: &dyn Fn(ClaimId) -> bool,
        task: &Task,
    ) -> Option<(ClaimId, AgentId)> {
        let line = &mut self.lines[nth];
        let review = matches!(task.stage, Stage::Check { .. });
        let mut ranked = claims.ranked(&line.requirement, review, draft.state).peekable();
        line.spent = ranked.peek().is_none();
        let may =
            |agent: AgentId| draft.state.agents.get(&agent).is_some_and(|agent| !is_barred(agent, task, draft.now));
        ranked.find(|(claim, claimant)| may(claimant.agent) && !is_gone(*claim)).map(|(claim, who)| (claim, who.agent))
    }
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
    facts: &mut Facts<'_>,
) -> Option<TaskLeased> {
    let agent = draft.state.agents.get(&agent)?;
    let deadline = draft.now + SignedDuration::from_secs(i64::from(task.timeout_s));
    Some(TaskLeased {
        workflow: workflow.id,
        task: task.id,
        attempt: AttemptId((facts.fresh_id)()),
        agent: agent.profile.id,
        principal: agent.principal(),
        fence: task.fence + 1,
        review: matches!(task.stage, Stage::Check { .. }),
        expires_at: (draft.now + LEASE_TTL).min(deadline),
        deadline,
        fit: fit(agent, task),
    })
}

fn grant(workflow: &Workflow, task: &Task, leased: &TaskLeased) -> LeaseGrant {
    let purpose = if leased.review { Purpose::Review } else { Purpose::Work };
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
        answers: task.answers.clone(),
    }
}
