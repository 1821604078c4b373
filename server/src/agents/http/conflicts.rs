//! What agents disagree about: they raise it, propose and accept; people settle what they do not.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use devsquad::id::{AgentId, AttemptId, ConflictId, WorkflowId};
use devsquad::{Answer, Command};
use serde::Deserialize;
use uuid::Uuid;

use super::Door;
use super::attempts;
use super::auth::{AgentCaller, Caller, tenant};
use super::body::Json;
use super::workflows::change;
use crate::problem::Problem;
use crate::store::reads;

/// A disagreement.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Disagreement {
    /// The attempt's fence.
    fence: u64,
    /// The agent one disagrees with.
    with: Uuid,
    /// What it is about.
    subject: String,
    /// How one would settle it.
    proposal: Option<String>,
}

/// Raises a conflict with another agent about the task one holds. The attempt goes on.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/conflict", params(("id" = Uuid, Path)), request_body = Disagreement, responses((status = 200), (status = 409, body = Problem)), tag = "conflicts")]
pub async fn raise(
    State(door): State<Door>,
    caller: AgentCaller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Disagreement>,
) -> Result<impl IntoResponse, Problem> {
    let Disagreement { fence, with, subject, proposal } = value;
    let attempt = AttemptId(id);
    let command = Command::RaiseConflict { attempt, fence, with: AgentId(with), subject, proposal };
    let conflict = match attempts::perform(&door, &caller, attempt, fence, command, key).await? {
        Answer::ConflictRaised { conflict } => Some(conflict),
        Answer::Done
        | Answer::WorkflowCreated { .. }
        | Answer::AgentRegistered { .. }
        | Answer::Heartbeat { .. }
        | Answer::Leases { .. } => None,
    };
    Ok(axum::Json(serde_json::json!({ "conflict_id": conflict, "status": "open" })))
}

/// How to settle it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settlement {
    /// In words.
    text: String,
}

/// Proposes how to settle a conflict one is a side of. The other side accepts it or proposes something else; nobody twice in a row.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/conflicts/{conflict}/propose", params(("id" = Uuid, Path), ("conflict" = Uuid, Path)), request_body = Settlement, responses((status = 200), (status = 409, body = Problem)), tag = "conflicts")]
pub async fn propose(
    State(door): State<Door>,
    caller: Caller,
    Path((id, conflict)): Path<(Uuid, Uuid)>,
    Json { value, key }: Json<Settlement>,
) -> Result<Response, Problem> {
    let command =
        Command::ProposeResolution { workflow: WorkflowId(id), conflict: ConflictId(conflict), text: value.text };
    change(door, caller, command, key, conflict, "proposed").await
}

/// Nothing.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Accepts the other side's newest proposal; with it the conflict is settled.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/conflicts/{conflict}/accept", params(("id" = Uuid, Path), ("conflict" = Uuid, Path)), request_body = Nothing, responses((status = 200), (status = 409, body = Problem)), tag = "conflicts")]
pub async fn accept(
    State(door): State<Door>,
    caller: Caller,
    Path((id, conflict)): Path<(Uuid, Uuid)>,
    Json { value: Nothing {}, key }: Json<Nothing>,
) -> Result<Response, Problem> {
    let command = Command::AcceptResolution { workflow: WorkflowId(id), conflict: ConflictId(conflict) };
    change(door, caller, command, key, conflict, "resolved").await
}

/// Settles a conflict between agents, whatever they proposed. Needs the role operator.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/conflicts/{conflict}/resolve", params(("id" = Uuid, Path), ("conflict" = Uuid, Path)), request_body = Settlement, responses((status = 200), (status = 409, body = Problem)), tag = "conflicts")]
pub async fn resolve(
    State(door): State<Door>,
    caller: Caller,
    Path((id, conflict)): Path<(Uuid, Uuid)>,
    Json { value, key }: Json<Settlement>,
) -> Result<Response, Problem> {
    let command =
        Command::ResolveConflict { workflow: WorkflowId(id), conflict: ConflictId(conflict), text: value.text };
    change(door, caller, command, key, conflict, "resolved").await
}

/// Which conflicts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    workflow: Option<Uuid>,
}

/// The newest conflicts, at most 100: for an agent those it is a side of, for a person all.
#[utoipa::path(get, path = "/api/v1/conflicts", params(("status" = Option<String>, Query), ("workflow" = Option<Uuid>, Query)), responses((status = 200)), tag = "conflicts")]
pub async fn list(
    State(door): State<Door>,
    caller: Caller,
    Query(which): Query<Which>,
) -> Result<impl IntoResponse, Problem> {
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    let wanted = reads::Conflicts {
        status: which.status.as_deref(),
        workflow: which.workflow.map(WorkflowId),
        side: caller.actor.agent(),
    };
    Ok(axum::Json(reads::conflicts(&mut tx, &wanted).await?))
}
