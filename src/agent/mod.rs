//! An agent: who it is, what it can do, how much of it is in use.

pub mod presence;
pub mod skill;
pub mod track_record;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::AgentId;
pub use presence::Presence;
pub use skill::{Level, Skill, SkillNeed};
pub use track_record::TrackRecord;

/// Leases one agent may hold at a time; above it a scheduler bug or a runaway client is more likely than a real worker.
pub const CAPACITY_MAX: u32 = 1_024;
/// Skills on one profile; matching cost grows with it.
pub const SKILLS_MAX: usize = 64;

/// The program that speaks for an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adapter {
    /// A remote process that speaks the HTTP contract.
    Http,
    /// A program on the server's machine, run by the server itself.
    Exec,
}

impl Adapter {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Adapter::Http => "http",
            Adapter::Exec => "exec",
        }
    }
}

/// What an agent says of itself when it joins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentProfile {
    /// Its id, chosen by the side that registers it.
    pub id: AgentId,
    /// Its name, unique among the living agents of the organization.
    pub name: String,
    /// The program that speaks for it.
    pub adapter: Adapter,
    /// What it can do, and how well.
    pub skills: Vec<Skill>,
    /// Leases it may hold at a time.
    pub capacity: u32,
    /// What an hour of it costs, in the organization's currency.
    pub cost_per_hour: Option<f64>,
    /// The only types of task it takes; empty: whatever its skills cover.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub task_types: Vec<String>,
    /// Who stands behind it: agents of one owner do not review each other. Empty: it stands for itself.
    #[serde(default)]
    pub owner: String,
    /// One sentence about it, for people.
    #[serde(default)]
    pub description: String,
}

/// An agent as the engine holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Agent {
    /// What it said of itself.
    pub profile: AgentProfile,
    /// Leases it holds now.
    pub live: u32,
    /// When it was last heard of.
    #[serde(with = "crate::wire_time")]
    pub last_seen: Timestamp,
    /// Whether it was last announced as reachable.
    pub online: bool,
    /// What its outcomes teach.
    pub record: TrackRecord,
    /// When it joined.
    #[serde(with = "crate::wire_time")]
    pub created_at: Timestamp,
    /// When it left for good.
    #[serde(with = "crate::wire_time::optional", default)]
    pub retired_at: Option<Timestamp>,
}

impl Agent {
    /// A newcomer, heard of at `now`.
    pub fn join(profile: AgentProfile, now: Timestamp) -> Agent {
        Agent {
            profile,
            live: 0,
            last_seen: now,
            online: true,
            record: TrackRecord::default(),
            created_at: now,
            retired_at: None,
        }
    }

    /// How many more leases it may hold.
    pub fn room(&self) -> u32 {
        if self.retired_at.is_some() { 0 } else { self.profile.capacity.saturating_sub(self.live) }
    }

    /// Its presence, from what is known.
    pub fn presence(&self) -> Presence {
        presence::presence(self)
    }

    /// Whether it takes tasks of this type at all.
    pub fn takes(&self, kind: &str) -> bool {
        self.profile.task_types.is_empty() || self.profile.task_types.iter().any(|own| own == kind)
    }

    /// Who stands behind it, for the independence of reviews.
    pub fn principal(&self) -> String {
        if self.profile.owner.is_empty() { self.profile.id.to_string() } else { self.profile.owner.clone() }
    }
}
