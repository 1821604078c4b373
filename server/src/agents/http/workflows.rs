//! Workflows over HTTP: create, look at, pause, resume, cancel, retry, decide, follow.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use devsquad::id::{CheckpointId, TaskId, WorkflowId};
use devsquad::workflow::WorkflowDefinition;
use devsquad::workflow::checks::Verdict;
use devsquad::{Answer, Command, Refusal};
use serde::Deserialize;
use uuid::Uuid;

use super::Door;
use super::auth::{Caller, tenant};
use super::body::{Json, WORKFLOW_BYTES_MAX};
use crate::clock;
use crate::connection::Line;
use crate::engine::IdempotencyKey;
use crate::feed;
use crate::problem::Problem;
use crate::store::{journal, reads};

/// Events in one answer.
const EVENTS_MAX: i64 = 1_000;

/// Creates a workflow and starts it. The body is a workflow definition; see `docs/schema/workflow.schema.json`.
#[utoipa::path(post, path = "/api/v1/workflows", request_body = Object, responses((status = 201), (status = 400, body = Problem), (status = 403, body = Problem)), tag = "workflows")]
pub async fn create(
    State(door): State<Door>,
    caller: Caller,
    Json { value, key }: Json<WorkflowDefinition, WORKFLOW_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    let workflow = WorkflowId(clock::fresh_id());
    let project = door.first_project(caller.organization).await?;
    let (name, tasks) = (value.name.clone(), value.tasks.len());
    let command = Command::CreateWorkflow { workflow, project, definition: Box::new(value) };
    let answer = door.engine.perform(caller.organization, caller.actor, command, key).await?;
    let id = match answer {
        Answer::WorkflowCreated { workflow } => workflow,
        Answer::Done
        | Answer::AgentRegistered { .. }
        | Answer::Heartbeat { .. }
        | Answer::ConflictRaised { .. }
        | Answer::Leases { .. } => workflow,
    };
    let body = serde_json::json!({ "id": id, "name": name, "status": "running", "tasks_total": tasks });
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/workflows/{id}"))], axum::Json(body)))
}

/// Which workflows to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    status: Option<String>,
}

/// Lists the newest workflows, at most 100.
#[utoipa::path(get, path = "/api/v1/workflows", params(("status" = Option<String>, Query)), responses((status = 200)), tag = "workflows")]
pub async fn list(
    State(door): State<Door>,
    caller: Caller,
    Query(listing): Query<Listing>,
) -> Result<impl IntoResponse, Problem> {
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    Ok(axum::Json(reads::workflows(&mut tx, listing.status.as_deref()).await?))
}

/// Gives a workflow with its tasks.
#[utoipa::path(get, path = "/api/v1/workflows/{id}", params(("id" = Uuid, Path)), responses((status = 200), (status = 404, body = Problem)), tag = "workflows")]
pub async fn get(State(door): State<Door>, caller: Caller, Path(id): Path<Uuid>) -> Result<impl IntoResponse, Problem> {
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    let workflow = reads::workflow(&mut tx, WorkflowId(id)).await?;
    Ok(axum::Json(workflow.ok_or_else(|| Problem::from(Refusal::not_found("workflow", id)))?))
}

/// A reason in words.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Because {
    /// Why.
    pub(super) reason: String,
}

/// Starts nothing new until it is resumed.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/pause", params(("id" = Uuid, Path)), request_body = Because, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn pause(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Because>,
) -> Result<Response, Problem> {
    let command = Command::PauseWorkflow { workflow: WorkflowId(id), reason: value.reason };
    change(door, caller, command, key, id, "paused").await
}

/// Gives out tasks again.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/resume", params(("id" = Uuid, Path)), responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn resume(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json { value: _, key }: Json<Because>,
) -> Result<Response, Problem> {
    change(door, caller, Command::ResumeWorkflow { workflow: WorkflowId(id) }, key, id, "running").await
}

/// Ends it. Agents are told at their next heartbeat.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/cancel", params(("id" = Uuid, Path)), request_body = Because, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn cancel(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Because>,
) -> Result<Response, Problem> {
    let command = Command::CancelWorkflow { workflow: WorkflowId(id), reason: value.reason };
    change(door, caller, command, key, id, "cancelled").await
}

/// Has a failed task done again.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/tasks/{task}/retry", params(("id" = Uuid, Path), ("task" = Uuid, Path)), responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn retry(
    State(door): State<Door>,
    caller: Caller,
    Path((id, task)): Path<(Uuid, Uuid)>,
    Json { value: _, key }: Json<Because>,
) -> Result<Response, Problem> {
    let command = Command::RetryTask { workflow: WorkflowId(id), task: TaskId(task) };
    change(door, caller, command, key, id, "running").await
}

/// A decision.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// `approve` or `reject`.
    #[schema(value_type = String)]
    verdict: Verdict,
    /// Why; required when rejecting.
    #[serde(default)]
    note: String,
}

/// Decides an open checkpoint. Needs the role reviewer.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/checkpoints/{checkpoint}/decide", params(("id" = Uuid, Path), ("checkpoint" = Uuid, Path)), request_body = Decision, responses((status = 200), (status = 409, body = Problem)), tag = "workflows")]
pub async fn decide(
    State(door): State<Door>,
    caller: Caller,
    Path((id, checkpoint)): Path<(Uuid, Uuid)>,
    Json { value, key }: Json<Decision>,
) -> Result<Response, Problem> {
    let command = Command::DecideCheckpoint {
        workflow: WorkflowId(id),
        checkpoint: CheckpointId(checkpoint),
        verdict: value.verdict,
        note: value.note,
    };
    change(door, caller, command, key, id, "running").await
}

pub(super) async fn change(
    door: Door,
    caller: Caller,
    command: Command,
    key: Option<IdempotencyKey>,
    id: Uuid,
    status: &str,
) -> Result<Response, Problem> {
    door.engine.perform(caller.organization, caller.actor, command, key).await?;
    Ok(axum::Json(serde_json::json!({ "id": id, "status": status })).into_response())
}

/// From where to follow.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct After {
    #[serde(default)]
    after: Option<u64>,
}

/// The events of a workflow; with `Accept: text/event-stream` as a stream that can be resumed by `Last-Event-ID`.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/events", params(("id" = Uuid, Path), ("after" = Option<u64>, Query)), responses((status = 200), (status = 404, body = Problem)), tag = "workflows")]
pub async fn events(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(query): Query<After>,
    line: Option<Line>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let after = header("last-event-id").and_then(|id| id.parse().ok()).or(query.after).unwrap_or(0);
    let workflow = WorkflowId(id);
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    if !reads::workflow_exists(&mut tx, workflow).await? {
        return Err(Refusal::not_found("workflow", id).into());
    }
    if header("accept").is_some_and(|accept| accept.contains("text/event-stream")) {
        drop(tx);
        let (store, token) = (door.store.clone(), caller.token.clone());
        let still_allowed: feed::StillAllowed = Box::new(move || {
            let (store, token) = (store.clone(), token.clone());
            Box::pin(async move { matches!(store.bearer(&token, clock::now()).await, Ok(Some(_)) | Err(_)) })
        });
        let listen = feed::Listen {
            form: feed::Form::Event,
            organization: caller.organization,
            workflow: Some(workflow),
            after: Some(after),
            line,
            still_allowed,
        };
        return Ok(feed::respond(&door.engine, &door.store, listen).await?);
    }
    let events = journal::read_workflow(&mut tx, workflow, after, EVENTS_MAX)
        .await
        .map_err(|error| Problem::unavailable(error.to_string()))?;
    let next = events.last().map_or(after, |event| event.seq);
    Ok(axum::Json(serde_json::json!({ "events": events, "next": next })).into_response())
}

/// Gives a file of a result. It is always a download: what an agent wrote is never shown as a page of ours.
#[utoipa::path(get, path = "/api/v1/artifacts/{id}", params(("id" = Uuid, Path)), responses((status = 200), (status = 404, body = Problem)), tag = "workflows")]
pub async fn artifact(State(door): State<Door>, caller: Caller, Path(id): Path<Uuid>) -> Result<Response, Problem> {
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    let file = reads::artifact(&mut tx, id).await?;
    let (name, media_type, content) = file.ok_or_else(|| Problem::from(Refusal::not_found("artifact", id)))?;
    let name: String = name.chars().filter(|c| c.is_ascii_graphic() && *c != '"' && *c != '\\').collect();
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Ok((headers, content).into_response())
}
