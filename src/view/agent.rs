//! An agent: named, on the roster, and on its page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AttemptView, TaskLink};
use crate::agent::{Presence, Skill};
use crate::id::AgentId;

/// An agent in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentRef {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
}

/// An agent on the roster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentSummary {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// `http` or `exec`.
    pub adapter: String,
    /// What it can do.
    pub skills: Vec<Skill>,
    /// Whether it can be given work.
    pub presence: Presence,
    /// Leases it may hold.
    pub capacity: u32,
    /// Leases it holds.
    pub live: u32,
    /// Results accepted.
    pub accepted: u32,
    /// Results sent back.
    pub rejected: u32,
    /// Attempts failed.
    pub failed: u32,
    /// When it was last heard of.
    #[serde(with = "crate::wire_time")]
    pub last_seen_at: Timestamp,
    /// What it works on now.
    pub current: Vec<TaskLink>,
}

/// An agent's profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentView {
    /// Who it is.
    pub summary: AgentSummary,
    /// What an hour of it costs.
    pub cost_per_hour: Option<f64>,
    /// When it joined.
    #[serde(with = "crate::wire_time")]
    pub created_at: Timestamp,
    /// Its newest attempts, newest first.
    pub history: Vec<(TaskLink, AttemptView)>,
    /// The journal entry it is true at.
    pub seq: u64,
}
