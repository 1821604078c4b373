//! Skills: what an agent can do and how well; what a task needs.

use serde::{Deserialize, Serialize};

/// How well a skill is mastered, 1 (beginner) to 5 (expert).
pub type Level = u8;
/// The highest level.
pub const LEVEL_MAX: Level = 5;

/// One skill of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skill {
    /// Its name, lower case.
    pub skill: String,
    /// How well it is mastered, 1–5.
    #[serde(default = "middling")]
    pub level: Level,
}

/// One skill a task asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkillNeed {
    /// Its name, lower case.
    pub skill: String,
    /// The least level that will do, 1–5.
    #[serde(default = "least")]
    pub level: Level,
}

fn middling() -> Level {
    3
}

fn least() -> Level {
    1
}

/// The level at which `skills` cover the need, if they do.
pub fn coverage(skills: &[Skill], need: &SkillNeed) -> Option<Level> {
    skills.iter().find(|has| has.skill == need.skill && has.level >= need.level).map(|has| has.level)
}

/// Whether `skills` cover every need.
pub fn covers(skills: &[Skill], needs: &[SkillNeed]) -> bool {
    needs.iter().all(|need| coverage(skills, need).is_some())
}
