//! The overview.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgentSummary, NeedView, WorkflowSummary};
use crate::id::{TaskId, WorkflowId};

/// One line of a feed of activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityLine {
    /// Its place in the journal.
    pub seq: u64,
    /// When.
    #[serde(with = "crate::wire_time")]
    pub at: Timestamp,
    /// What happened, as a sentence.
    pub text: String,
    /// The event's name on the wire.
    pub kind: String,
    /// How loud it is, by name.
    pub severity: String,
    /// The workflow it is about.
    pub workflow: Option<WorkflowId>,
    /// The task it is about.
    pub task: Option<TaskId>,
}

/// The overview.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DashboardView {
    /// Workflows that run or are paused.
    pub active_workflows: u32,
    /// Tasks an agent works on.
    pub tasks_running: u32,
    /// Tasks that wait for an agent.
    pub tasks_ready: u32,
    /// Tasks completed in the last 24 hours.
    pub completed_today: u32,
    /// Agents that can be reached.
    pub agents_online: u32,
    /// Agents in all.
    pub agents_total: u32,
    /// The workflows that run, and the latest that ended.
    pub workflows: Vec<WorkflowSummary>,
    /// What waits for a person, oldest first.
    pub needs: Vec<NeedView>,
    /// The agents.
    pub agents: Vec<AgentSummary>,
    /// The newest events, newest first.
    pub activity: Vec<ActivityLine>,
    /// The journal entry it is true at.
    pub seq: u64,
}
