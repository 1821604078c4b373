//! Claims: an agent asks for work and waits for it.

use std::time::Duration;

use axum::extract::State;
use axum::response::IntoResponse;
use devsquad::command::LeaseGrant;
use serde::{Deserialize, Serialize};

use super::Door;
use super::auth::AgentCaller;
use super::body::Json;
use crate::engine::{CLAIM_MAX, CLAIM_WAIT_MAX};
use crate::problem::Problem;
use devsquad::messaging::wording;

/// A claim.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// Tasks wanted, 1–64.
    #[serde(default = "one")]
    max: u32,
    /// Milliseconds to wait for one, 0–60000.
    #[serde(default)]
    wait_ms: u64,
}

fn one() -> u32 {
    1
}

/// Tasks given.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Claimed {
    /// One for each task: attempt_id, task_id, workflow_id, fence, lease_expires_at, key, name, type, purpose, input, needs.
    #[schema(value_type = Vec<Object>)]
    leases: Vec<LeaseGrant>,
}

/// Claims tasks. Answers as soon as there is one, or empty when the wait is over.
#[utoipa::path(post, path = "/api/v1/claims", request_body = Claim, responses((status = 200, body = Claimed), (status = 400, body = Problem)), tag = "attempts")]
pub async fn claim(
    State(door): State<Door>,
    caller: AgentCaller,
    Json { value, key }: Json<Claim>,
) -> Result<impl IntoResponse, Problem> {
    if value.max == 0 || value.max > CLAIM_MAX {
        return Err(Problem::fault("/max", wording::out_of_range(1, u64::from(CLAIM_MAX))));
    }
    let most = u64::try_from(CLAIM_WAIT_MAX.as_millis()).unwrap_or(u64::MAX);
    if value.wait_ms > most {
        return Err(Problem::fault("/wait_ms", wording::out_of_range(0, most)));
    }
    let wait = Duration::from_millis(value.wait_ms);
    let leases = door.engine.claim(caller.organization, caller.agent, value.max, wait, key).await?;
    Ok(axum::Json(Claimed { leases }))
}
