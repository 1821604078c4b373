//! The tables that pages and reports read, kept equal to the state: what a tick touched is collected once, from its
//! events and from the state after them, and written in the tick's own transaction.

mod assigned;
mod collect;
mod conflicts;
mod questions;
mod write;

use std::collections::BTreeMap;

use devsquad::agent::Agent;
use devsquad::id::{AgentId, AttemptId, CheckpointId, TaskId, WorkflowId};
use jiff::Timestamp;
use uuid::Uuid;

pub use assigned::Assigned;

/// Rows touched by one tick.
#[derive(Clone, Debug, Default)]
pub struct Touched {
    new_agents: BTreeMap<AgentId, Agent>,
    agents: BTreeMap<AgentId, Agent>,
    retired: Vec<(AgentId, Timestamp)>,
    new_workflows: Vec<NewWorkflow>,
    workflows: Vec<WorkflowRow>,
    new_tasks: Vec<NewTask>,
    tasks: Vec<TaskRow>,
    edges: Vec<EdgeRow>,
    edges_settled: Vec<(TaskId, &'static str)>,
    attempts: BTreeMap<AttemptId, NewAttempt>,
    attempts_moved: BTreeMap<AttemptId, AttemptMoved>,
    /// One for each row, however often its workflow ended and went on within the tick.
    assigned: BTreeMap<(WorkflowId, AgentId), AssignedRow>,
    asked: questions::Asked,
    disputed: conflicts::Disputed,
    checkpoints: BTreeMap<CheckpointId, NewCheckpoint>,
    checkpoints_decided: BTreeMap<CheckpointId, CheckpointDecided>,
    ended: Vec<(WorkflowId, Timestamp)>,
    artifacts: Vec<ArtifactRow>,
}

#[derive(Clone, Debug)]
struct NewWorkflow {
    project: Uuid,
    user: Option<Uuid>,
    name: String,
    kind: String,
    description: String,
    template: Option<String>,
    parameters: String,
    deadline: Option<Timestamp>,
    tasks_total: i32,
    created_at: Timestamp,
    /// What became of it in this tick.
    row: WorkflowRow,
}

/// The part of a workflow's row that changes.
#[derive(Clone, Debug)]
struct WorkflowRow {
    id: WorkflowId,
    status: &'static str,
    reason: Option<String>,
    priority: &'static str,
    tasks_completed: i32,
    position: i64,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct NewTask {
    id: TaskId,
    workflow: WorkflowId,
    ordinal: i32,
    key: String,
    name: String,
    kind: String,
    dependencies: Option<String>,
    skills: Option<String>,
    checks: Option<String>,
    input: Option<String>,
    max_attempts: i32,
    timeout_s: i32,
    rank: f64,
    status: &'static str,
    stage: String,
    ready_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct TaskRow {
    id: TaskId,
    agent: Option<Uuid>,
    status: &'static str,
    stage: String,
    reason: Option<&'static str>,
    output: Option<String>,
    sha256: Option<Vec<u8>>,
    progress: i32,
    note: Option<String>,
    attempts_used: i32,
    fence: i64,
    generation: i32,
    not_before: Option<Timestamp>,
    ready_at: Option<Timestamp>,
    started_at: Option<Timestamp>,
    completed_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
struct EdgeRow {
    id: Uuid,
    workflow: WorkflowId,
    parent: TaskId,
    child: TaskId,
    kind: &'static str,
}

#[derive(Clone, Debug)]
struct NewAttempt {
    workflow: WorkflowId,
    task: TaskId,
    agent: AgentId,
    purpose: &'static str,
    fence: i64,
    fit: String,
    leased_at: Timestamp,
    expires_at: Timestamp,
    end: AttemptMoved,
}

/// What became of an attempt in this tick.
#[derive(Clone, Debug, Default)]
struct AttemptMoved {
    status: Option<&'static str>,
    reason: Option<&'static str>,
    message: Option<String>,
    ended_at: Option<Timestamp>,
    progress: Option<i32>,
    note: Option<String>,
}

/// What an agent's row of a workflow becomes.
#[derive(Clone, Debug)]
struct AssignedRow {
    id: Uuid,
    status: &'static str,
    assigned_at: Timestamp,
    last_activity: Timestamp,
}

#[derive(Clone, Debug)]
struct NewCheckpoint {
    workflow: WorkflowId,
    task: TaskId,
    kind: &'static str,
    title: String,
    generation: i32,
    round: i32,
    sha256: Vec<u8>,
    created_at: Timestamp,
    decided: Option<CheckpointDecided>,
}

#[derive(Clone, Debug)]
struct CheckpointDecided {
    status: &'static str,
    decided_by: String,
    note: String,
    decided_at: Timestamp,
}

#[derive(Clone, Debug)]
struct ArtifactRow {
    id: Uuid,
    workflow: WorkflowId,
    task: TaskId,
    attempt: AttemptId,
    name: String,
    media_type: String,
    sha256: Vec<u8>,
    size: i64,
    at: Timestamp,
}

#[cfg(test)]
mod tests;
