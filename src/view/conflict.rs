//! What agents disagree about, as people see it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgentRef, TaskLink};
use crate::id::ConflictId;

/// A conflict between two agents about a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ConflictView {
    /// Its id.
    pub id: ConflictId,
    /// What it is about.
    pub subject: String,
    /// Who raised it.
    pub raised_by: AgentRef,
    /// The other side.
    pub with: AgentRef,
    /// `open`, `escalated`, `resolved` or `cancelled`.
    pub status: String,
    /// What was proposed, oldest first: by whom, and in which words.
    pub proposals: Vec<(String, String)>,
    /// How it was settled.
    pub resolution: Option<String>,
    /// When it was raised.
    #[serde(with = "crate::wire_time")]
    pub raised_at: Timestamp,
}

impl ConflictView {
    /// Whether it can still be settled.
    pub fn is_open(&self) -> bool {
        matches!(self.status.as_str(), "open" | "escalated")
    }
}

/// A conflict that people have to settle, with its task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DisputeView {
    /// What the two disagree about.
    pub conflict: ConflictView,
    /// The task.
    pub task: TaskLink,
}
