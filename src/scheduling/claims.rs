//! Claims that wait for work, and which of them suits each line of ready tasks best.
//!
//! All tasks of a line ask for the same, so an agent suits them all alike, and how well changes only when the agent does. So each
//! line has a board on which the claims stand in order; a claim that comes or goes, or an agent that changed, moves a few entries,
//! and nobody looks at all the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::fit_for;
use crate::agent::{Agent, SkillNeed};
use crate::id::AgentId;
use crate::state::{Requirement, State};

/// Boards kept although no task of theirs is ready now. A claim is entered on every one of them.
const BOARDS_IDLE_MAX: usize = 64;

/// One claim, by the order in which they came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClaimId(u64);

/// An agent that asked for work: how many tasks it would still take in this answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimant {
    /// Who.
    pub agent: AgentId,
    /// How many.
    pub max: u32,
}

/// A line of ready tasks, and whether its tasks are to be worked on or to be reviewed.
type Line = (Requirement, bool);

/// The claims that wait. The same agent may have several.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    last: u64,
    waiting: BTreeMap<ClaimId, Claimant>,
    of_agent: HashMap<AgentId, BTreeSet<ClaimId>>,
    boards: BTreeMap<Line, Board>,
}

/// The claims of those who have the skills and a free slot, the best first.
#[derive(Clone, Debug)]
struct Board {
    needs: Vec<SkillNeed>,
    only: Option<AgentId>,
    review: bool,
    ranked: BTreeSet<Ranked>,
    scores: HashMap<AgentId, f64>,
}

/// A claim's place on a board.
#[derive(Clone, Copy, Debug)]
struct Ranked {
    score: f64,
    claim: ClaimId,
}

impl Ord for Ranked {
    /// The better score first; of equal ones, the claim that came first.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.score.total_cmp(&self.score).then(self.claim.cmp(&other.claim))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

impl Claims {
    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The claim, if it still waits.
    pub fn get(&self, claim: ClaimId) -> Option<Claimant> {
        self.waiting.get(&claim).copied()
    }

    /// A claim came.
    pub fn add(&mut self, claimant: Claimant, state: &State) -> ClaimId {
        self.last += 1;
        let claim = ClaimId(self.last);
        self.waiting.insert(claim, claimant);
        let claims = self.of_agent.entry(claimant.agent).or_default();
        claims.insert(claim);
        for board in self.boards.values_mut() {
            if let Some(agent) = state.agents.get(&claimant.agent) {
                // All of them: the agent may have got a free slot since it was last looked at.
                board.enter(agent, claims);
            }
        }
        claim
    }

    /// A claim was answered, or nobody waits for its answer any more.
    pub fn remove(&mut self, claim: ClaimId) -> Option<Claimant> {
        let claimant = self.waiting.remove(&claim)?;
        let others = self.of_agent.get_mut(&claimant.agent);
        let last = others.is_none_or(|others| {
            others.remove(&claim);
            others.is_empty()
        });
        if last {
            self.of_agent.remove(&claimant.agent);
        }
        for board in self.boards.values_mut() {
            board.leave(claimant.agent, claim, last);
        }
        Some(claimant)
    }

    /// Enters agents anew that are no longer what they were.
    pub fn update(&mut self, agents: impl IntoIterator<Item = AgentId>, state: &State) {
        for id in agents {
            let Some(claims) = self.of_agent.get(&id) else { continue };
            for board in self.boards.values_mut() {
                match state.agents.get(&id) {
                    Some(agent) => board.move_to(agent, claims),
                    None => board.strike(id, claims),
                }
            }
        }
    }

    /// Forgets every order: the state is another one.
    pub fn forget_boards(&mut self) {
        self.boards.clear();
    }

    /// Drops the boards of lines in which nothing waits, if they have become many.
    pub(crate) fn tidy(&mut self, state: &State) {
        if self.boards.len() > BOARDS_IDLE_MAX {
            self.boards.retain(|(requirement, _), _| state.ready_line(requirement).next().is_some());
        }
    }

    /// The claims of agents with the skills and a free slot, the best first.
    pub(crate) fn ranked(
        &mut self,
        requirement: &Requirement,
        review: bool,
        state: &State,
    ) -> impl Iterator<Item = (ClaimId, Claimant)> {
        let board = self.boards.entry((requirement.clone(), review)).or_insert_with(|| {
            let mut board = Board::new(requirement, review);
            for (agent, claims) in &self.of_agent {
                if let Some(agent) = state.agents.get(agent) {
                    board.enter(agent, claims);
                }
            }
            board
        });
        let waiting = &self.waiting;
        board.ranked.iter().filter_map(|ranked| Some((ranked.claim, *waiting.get(&ranked.claim)?)))
    }
}

impl Board {
    fn new(requirement: &Requirement, review: bool) -> Board {
        let needs = requirement.skills.iter().map(|(skill, level)| SkillNeed { skill: skill.clone(), level: *level });
        Board {
            needs: needs.collect(),
            only: requirement.agent,
            review,
            ranked: BTreeSet::new(),
            scores: HashMap::new(),
        }
    }

    /// How well an agent suits, if it has the skills and a free slot.
    fn score(&self, agent: &Agent) -> Option<f64> {
        let asked = self.only.is_none_or(|only| only == agent.profile.id);
        let able = asked && agent.room() > 0 && crate::agent::skill::covers(&agent.profile.skills, &self.needs);
        able.then(|| fit_for(agent, &self.needs, self.review).score)
    }

    /// An agent that stands on the board stands there with all its claims.
    fn enter(&mut self, agent: &Agent, claims: &BTreeSet<ClaimId>) {
        let known = self.scores.get(&agent.profile.id).copied();
        let Some(score) = known.or_else(|| self.score(agent)) else { return };
        self.scores.insert(agent.profile.id, score);
        self.ranked.extend(claims.iter().map(|claim| Ranked { score, claim: *claim }));
    }

    fn leave(&mut self, agent: AgentId, claim: ClaimId, last: bool) {
        if let Some(score) = self.scores.get(&agent).copied() {
            self.ranked.remove(&Ranked { score, claim });
            if last {
                self.scores.remove(&agent);
            }
        }
    }

    fn strike(&mut self, agent: AgentId, claims: &BTreeSet<ClaimId>) {
        if let Some(score) = self.scores.remove(&agent) {
            for claim in claims {
                self.ranked.remove(&Ranked { score, claim: *claim });
            }
        }
    }

    fn move_to(&mut self, agent: &Agent, claims: &BTreeSet<ClaimId>) {
        let id = agent.profile.id;
        let now = self.score(agent);
        if self.scores.get(&id).copied() != now {
            self.strike(id, claims);
            if let Some(score) = now {
                self.scores.insert(id, score);
                self.ranked.extend(claims.iter().map(|claim| Ranked { score, claim: *claim }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    fn agent(n: u128, level: u8, capacity: u32) -> Agent {
        let profile = json!({"id": Uuid::from_u128(n), "name": format!("a{n}"), "adapter": "http", "capacity": capacity,
                             "skills": [{"skill": "rust", "level": level}], "cost_per_hour": null});
        Agent::join(serde_json::from_value(profile).expect("a profile"), Timestamp::UNIX_EPOCH)
    }

    fn rust(level: u8) -> Requirement {
        Requirement { skills: vec![("rust".to_owned(), level)], agent: None }
    }

    /// What the boards say must be what looking at every claim would say.
    fn plain(claims: &Claims, requirement: &Requirement, state: &State) -> Vec<ClaimId> {
        let board = Board::new(requirement, false);
        let mut all: BTreeSet<Ranked> = BTreeSet::new();
        for (claim, claimant) in &claims.waiting {
            if let Some(score) = state.agents.get(&claimant.agent).and_then(|agent| board.score(agent)) {
                all.insert(Ranked { score, claim: *claim });
            }
        }
        all.into_iter().map(|ranked| ranked.claim).collect()
    }

    #[test]
    fn a_claim_that_waited_for_a_free_slot_is_ranked_although_another_came_first_to_tell() {
        let mut state = State::default();
        let mut busy = agent(1, 3, 1);
        busy.live = 1;
        let id = busy.profile.id;
        state.agents.insert(id, busy);
        let mut claims = Claims::default();
        assert_eq!(claims.ranked(&rust(1), false, &state).count(), 0);
        let first = claims.add(Claimant { agent: id, max: 1 }, &state);
        state.agents.get_mut(&id).expect("the agent").live = 0;
        let second = claims.add(Claimant { agent: id, max: 1 }, &state);
        claims.update([id], &state);
        let ranked: Vec<ClaimId> = claims.ranked(&rust(1), false, &state).map(|(claim, _)| claim).collect();
        assert_eq!(ranked, [first, second]);
    }

    proptest! {
        #[test]
        fn boards_stay_in_order_whatever_comes_and_goes(steps in prop::collection::vec((0u8..5, 1u128..9, 1u8..4), 1..80)) {
            let mut state = State::default();
            for n in 1..9u128 {
                let agent = agent(n, 1 + (n % 4) as u8, 1 + (n % 3) as u32);
                state.agents.insert(agent.profile.id, agent);
            }
            let mut claims = Claims::default();
            let mut known: Vec<ClaimId> = Vec::new();
            for (what, n, level) in steps {
                let id = AgentId(Uuid::from_u128(n));
                match what {
                    0 | 1 => known.push(claims.add(Claimant { agent: id, max: 1 }, &state)),
                    2 => {
                        if !known.is_empty() {
                            claims.remove(known.remove(n as usize % known.len()));
                        }
                    }
                    _ => {
                        if let Some(agent) = state.agents.get_mut(&id) {
                            agent.live = (agent.live + u32::from(level)) % (agent.profile.capacity + 1);
                            agent.record.accepted += u32::from(what == 4);
                        }
                        claims.update([id], &state);
                    }
                }
                let requirement = rust(level);
                let ranked: Vec<ClaimId> = claims.ranked(&requirement, false, &state).map(|(claim, _)| claim).collect();
                prop_assert_eq!(&ranked, &plain(&claims, &requirement, &state));
            }
            for claim in known {
                prop_assert!(claims.remove(claim).is_some());
            }
            prop_assert!(claims.is_empty());
            prop_assert!(claims.boards.values().all(|board| board.ranked.is_empty() && board.scores.is_empty()));
        }
    }
}
