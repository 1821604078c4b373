//! What people change in a workflow that runs: how urgent it is, who works on what, what passes unexamined, what an agent is answered.

use axum::extract::{Path, State};
use axum::response::Response;
use devsquad::Command;
use devsquad::id::{AgentId, CheckpointId, QuestionId, TaskId, WorkflowId};
use devsquad::workflow::Priority;
use serde::Deserialize;
use uuid::Uuid;

use super::Door;
use super::auth::Caller;
use super::body::Json;
use super::workflows::{Because, change};
use crate::problem::Problem;

/// How urgent it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Urgency {
    /// `urgent`, `high`, `normal` or `low`.
    #[schema(value_type = String)]
    priority: Priority,
}

/// Lets a workflow go before others, or after them.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/priority", params(("id" = Uuid, Path)), request_body = Urgency, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn prioritise(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Urgency>,
) -> Result<Response, Problem> {
    let command = Command::SetPriority { workflow: WorkflowId(id), priority: value.priority };
    change(door, caller, command, key, id, "running").await
}

/// For whom a task is kept.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The agent; null: whoever suits it.
    agent_id: Option<Uuid>,
    /// Why. With a reason an admin may choose an agent without the skills.
    #[serde(default)]
    reason: String,
}

/// Keeps a task for one agent. Another one that works on it is told to stop.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/tasks/{task}/assign", params(("id" = Uuid, Path), ("task" = Uuid, Path)), request_body = Assignment, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn assign(
    State(door): State<Door>,
    caller: Caller,
    Path((id, task)): Path<(Uuid, Uuid)>,
    Json { value, key }: Json<Assignment>,
) -> Result<Response, Problem> {
    let command = Command::AssignTask {
        workflow: WorkflowId(id),
        task: TaskId(task),
        agent: value.agent_id.map(AgentId),
        reason: value.reason,
    };
    change(door, caller, command, key, id, "running").await
}

/// Lets a result pass a checkpoint unexamined, for a reason. Needs the role admin.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/checkpoints/{checkpoint}/waive", params(("id" = Uuid, Path), ("checkpoint" = Uuid, Path)), request_body = Because, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn waive(
    State(door): State<Door>,
    caller: Caller,
    Path((id, checkpoint)): Path<(Uuid, Uuid)>,
    Json { value, key }: Json<Because>,
) -> Result<Response, Problem> {
    let command = Command::WaiveCheckpoint {
        workflow: WorkflowId(id),
        checkpoint: CheckpointId(checkpoint),
        reason: value.reason,
    };
    change(door, caller, command, key, id, "running").await
}

/// An answer.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// In words.
    text: String,
}

/// Answers a question of an agent; its task goes on.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/questions/{question}/answer", params(("id" = Uuid, Path), ("question" = Uuid, Path)), request_body = Reply, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn answer(
    State(door): State<Door>,
    caller: Caller,
    Path((id, question)): Path<(Uuid, Uuid)>,
    Json { value, key }: Json<Reply>,
) -> Result<Response, Problem> {
    let command =
        Command::AnswerQuestion { workflow: WorkflowId(id), question: QuestionId(question), text: value.text };
    change(door, caller, command, key, id, "running").await
}
