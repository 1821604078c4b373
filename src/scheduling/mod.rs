//! How well an agent suits a task, and why.

pub mod claims;

use serde::{Deserialize, Serialize};

use crate::agent::{Agent, SkillNeed, skill};
use crate::workflow::{Stage, Task};

/// The terms of a match, each 0–1, and their weighted sum. Stored with every lease: "why this agent".
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The weighted sum.
    pub score: f64,
    /// How far its skills exceed what is asked; 0.5 when nothing is asked.
    pub skill: f64,
    /// The share of its work that is expected to be accepted.
    pub record: f64,
    /// Its free share of capacity.
    pub load: f64,
    /// How cheap it is; 1 for free.
    pub cost: f64,
}

/// What each term counts. They sum to 1.
pub const WEIGHTS: Fit = Fit { score: 1.0, skill: 0.35, record: 0.30, load: 0.25, cost: 0.10 };

/// An hourly cost at which the cost term is one half.
const COST_MIDDLE: f64 = 50.0;

/// How well `agent`, which has the skills, suits `task`.
pub fn fit(agent: &Agent, task: &Task) -> Fit {
    fit_for(agent, &task.skills, matches!(task.stage, Stage::Check { .. }))
}

/// How well `agent`, which has the skills `needs`, suits work that asks for them, or a review.
pub fn fit_for(agent: &Agent, needs: &[SkillNeed], review: bool) -> Fit {
    let skill = if review || needs.is_empty() {
        0.5
    } else {
        let levels = needs.iter().filter_map(|need| skill::coverage(&agent.profile.skills, need));
        let sum: f64 = levels.map(f64::from).sum();
        sum / (f64::from(skill::LEVEL_MAX) * needs.len() as f64)
    };
    let record = agent.record.expected();
    let load = f64::from(agent.room()) / f64::from(agent.profile.capacity.max(1));
    let cost = COST_MIDDLE / (COST_MIDDLE + agent.profile.cost_per_hour.unwrap_or(0.0));
    let score = WEIGHTS.skill * skill + WEIGHTS.record * record + WEIGHTS.load * load + WEIGHTS.cost * cost;
    Fit { score, skill, record, load, cost }
}
