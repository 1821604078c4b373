//! Agents: who joins, who leaves, who is there.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use devsquad::agent::{Adapter, AgentProfile, Skill};
use devsquad::id::AgentId;
use devsquad::{Answer, Command};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::Door;
use super::auth::{Caller, tenant};
use super::body::Json;
use crate::clock;
use crate::problem::Problem;
use crate::store::identity::tokens::{self, Holder};
use crate::store::reads;

/// An agent that wants to join.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Its name, unique among the living agents.
    name: String,
    /// What it can do: `[{"skill": "rust", "level": 1–5}]`.
    #[serde(default)]
    #[schema(value_type = Vec<Object>)]
    skills: Vec<Skill>,
    /// The only types of task it takes; whatever its skills cover when not given.
    #[serde(default)]
    task_types: Vec<String>,
    /// Leases it may hold at a time; 1 when not given.
    #[serde(default = "one")]
    capacity: u32,
    /// What an hour of it costs.
    cost_per_hour: Option<f64>,
    /// One sentence about it.
    #[serde(default)]
    description: String,
    /// Who stands behind it: agents of one owner do not review each other.
    #[serde(default)]
    owner: String,
}

fn one() -> u32 {
    1
}

/// An agent that has joined.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Registered {
    /// Its id.
    id: Uuid,
    /// Its token, shown this once. Null when the same idempotency key is used again: tokens are not kept.
    token: Option<String>,
}

/// Registers an agent. Needs the role admin.
#[utoipa::path(post, path = "/api/v1/agents", request_body = Registration, responses((status = 201, body = Registered), (status = 400, body = Problem), (status = 403, body = Problem)), tag = "agents")]
pub async fn register(
    State(door): State<Door>,
    caller: Caller,
    Json { value, key }: Json<Registration>,
) -> Result<impl IntoResponse, Problem> {
    let fresh = AgentId(clock::fresh_id());
    let profile = AgentProfile {
        id: fresh,
        name: value.name.clone(),
        adapter: Adapter::Http,
        skills: value.skills,
        capacity: value.capacity,
        cost_per_hour: value.cost_per_hour,
        owner: value.owner,
        task_types: value.task_types,
        description: value.description,
    };
    let command = Command::RegisterAgent { profile: Box::new(profile) };
    let answer = door.engine.perform(caller.organization, caller.actor, command, key).await?;
    let id = match answer {
        Answer::AgentRegistered { agent } => agent,
        Answer::Done
        | Answer::WorkflowCreated { .. }
        | Answer::Heartbeat { .. }
        | Answer::ConflictRaised { .. }
        | Answer::Leases { .. } => fresh,
    };
    let token = match id == fresh {
        true => {
            let mut tx = door.store.begin(&tenant(caller.organization)).await?;
            let name = format!("agent {}", value.name);
            let token =
                tokens::create_token(&mut tx, clock::fresh_id(), &name, Holder::Agent(id), clock::now()).await?;
            tx.commit().await?;
            Some(token.reveal().to_owned())
        }
        false => None,
    };
    Ok((StatusCode::CREATED, axum::Json(Registered { id: id.0, token })))
}

/// Lists the agents that have not retired.
#[utoipa::path(get, path = "/api/v1/agents", responses((status = 200)), tag = "agents")]
pub async fn list(State(door): State<Door>, caller: Caller) -> Result<impl IntoResponse, Problem> {
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    Ok(axum::Json(reads::agents(&mut tx).await?))
}

/// Retires an agent; what it holds goes back to the queue. Needs the role admin.
#[utoipa::path(post, path = "/api/v1/agents/{id}/retire", params(("id" = Uuid, Path)), responses((status = 200)), tag = "agents")]
pub async fn retire(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json { value: _, key }: Json<serde_json::Value>,
) -> Result<impl IntoResponse, Problem> {
    let command = Command::RetireAgent { agent: AgentId(id) };
    door.engine.perform(caller.organization, caller.actor, command, key).await?;
    Ok(axum::Json(serde_json::json!({ "id": id })))
}
