//! What an agent says about an attempt.

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use devsquad::event::Reason;
use devsquad::id::{AgentId, AttemptId, OrganizationId};
use devsquad::messaging::wording;
use devsquad::workflow::task::Artifact;
use devsquad::{Actor, Answer, Command, Refusal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Door;
use super::auth::{AgentCaller, tenant};
use super::body::{Json, RESULT_BYTES_MAX};
use crate::agents::lease::{self, Blob};
use crate::engine::{EngineError, IdempotencyKey};
use crate::problem::Problem;

/// Results in one call.
const ITEMS_MAX: usize = 64;

/// A sign of life.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Beat {
    /// The attempt's fence.
    fence: u64,
    /// Percent done, 0–100.
    progress: Option<u8>,
    /// What it is doing.
    note: Option<String>,
    /// Tokens used so far. Accepted for budgets to come; not kept yet.
    #[serde(default, rename = "tokens")]
    _tokens: Option<u64>,
    /// Money spent so far. Accepted for budgets to come; not kept yet.
    #[serde(default, rename = "cost")]
    _cost: Option<f64>,
}

/// The lease goes on, or should be given up.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Beaten {
    /// When the lease ends unless another heartbeat comes.
    #[schema(value_type = String)]
    lease_expires_at: Timestamp,
    /// Whether the work is no longer wanted.
    cancel: bool,
}

/// Extends a lease. Send one every third of its length.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/heartbeat", params(("id" = Uuid, Path)), request_body = Beat, responses((status = 200, body = Beaten), (status = 409, body = Problem)), tag = "attempts")]
pub async fn heartbeat(
    State(door): State<Door>,
    caller: AgentCaller,
    Path(id): Path<Uuid>,
    Json { value, .. }: Json<Beat>,
) -> Result<impl IntoResponse, Problem> {
    let attempt = AttemptId(id);
    let command = Command::Heartbeat { attempt, fence: value.fence, progress: value.progress, note: value.note };
    match perform(&door, &caller, attempt, value.fence, command, None).await? {
        Answer::Heartbeat { lease_expires_at, cancel } => Ok(axum::Json(Beaten { lease_expires_at, cancel })),
        Answer::Done
        | Answer::WorkflowCreated { .. }
        | Answer::AgentRegistered { .. }
        | Answer::ConflictRaised { .. }
        | Answer::Leases { .. } => Ok(axum::Json(Beaten { lease_expires_at: crate::clock::now(), cancel: true })),
    }
}

/// A file of a result, in the body itself.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// File name.
    name: String,
    /// Media type; by the name when not given.
    media_type: Option<String>,
    /// Its content as text,
    content: Option<String>,
    /// or as Base64.
    content_base64: Option<String>,
    /// SHA-256 of the content, hex; compared when given.
    sha256: Option<String>,
}

/// A result.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// The attempt's fence.
    fence: u64,
    /// The result.
    #[serde(default)]
    output: Value,
    /// Files that belong to it.
    #[serde(default)]
    artifacts: Vec<File>,
    /// What is offered as proof.
    #[serde(default)]
    evidence: Value,
}

/// Hands in a result.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/complete", params(("id" = Uuid, Path)), request_body = Completion, responses((status = 200), (status = 409, body = Problem)), tag = "attempts")]
pub async fn complete(
    State(door): State<Door>,
    caller: AgentCaller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Completion, RESULT_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    hand_in(&door, &caller, AttemptId(id), value, key).await?;
    Ok(axum::Json(serde_json::json!({ "attempt_id": id, "status": "accepted" })))
}

async fn hand_in(
    door: &Door,
    caller: &AgentCaller,
    attempt: AttemptId,
    value: Completion,
    key: Option<IdempotencyKey>,
) -> Result<(), Problem> {
    let blobs: Vec<Blob> =
        value.artifacts.into_iter().enumerate().map(|(at, file)| blob(at, file)).collect::<Result<_, Problem>>()?;
    let artifacts = lease::store(&door.store, caller.organization, blobs).await?;
    let command = lease::completion(attempt, value.fence, value.output, artifacts, value.evidence);
    perform(door, caller, attempt, value.fence, command, key).await?;
    Ok(())
}

fn blob(at: usize, file: File) -> Result<Blob, Problem> {
    let here = format!("/artifacts/{at}");
    let content = match (file.content, file.content_base64) {
        (Some(text), None) => text.into_bytes(),
        (None, Some(text)) => STANDARD
            .decode(text)
            .map_err(|_| Problem::fault(format!("{here}/content_base64"), wording::not_base64()))?,
        (None, None) | (Some(_), Some(_)) => return Err(Problem::fault(here, wording::one_content())),
    };
    let name = devsquad::text::line(&file.name, 200).map_err(|why| Problem::fault(format!("{here}/name"), why))?;
    let media_type = match file.media_type {
        Some(given) => {
            devsquad::text::line(&given, 100).map_err(|why| Problem::fault(format!("{here}/media_type"), why))?
        }
        None => lease::media_type(&name),
    };
    let hash = lease::hex(&Sha256::digest(&content));
    if file.sha256.is_some_and(|expected| !expected.eq_ignore_ascii_case(&hash)) {
        return Err(Problem::fault(format!("{here}/sha256"), wording::hash_differs(&hash)));
    }
    Ok(Blob { artifact: Artifact { name, media_type, sha256: hash, size: content.len() as u64 }, content })
}

/// A failure.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// The attempt's fence.
    fence: u64,
    /// Why, from the closed list (`network`, `bad_output`, …).
    #[schema(value_type = String)]
    reason: Reason,
    /// In words.
    #[serde(default)]
    message: String,
    /// Whether trying again can help; by the reason when not given.
    retryable: Option<bool>,
}

/// Reports a failure.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/fail", params(("id" = Uuid, Path)), request_body = Failed, responses((status = 200), (status = 409, body = Problem)), tag = "attempts")]
pub async fn fail(
    State(door): State<Door>,
    caller: AgentCaller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Failed>,
) -> Result<impl IntoResponse, Problem> {
    let Failed { fence, reason, message, retryable } = value;
    let attempt = AttemptId(id);
    let command = Command::Fail { attempt, fence, reason, message, retryable };
    perform(&door, &caller, attempt, fence, command, key).await?;
    Ok(axum::Json(serde_json::json!({ "attempt_id": id, "status": "failed" })))
}

/// A task given back.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Declined {
    /// The attempt's fence.
    fence: u64,
    /// Why, in words.
    #[serde(default)]
    message: String,
}

/// A question to people.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The attempt's fence.
    fence: u64,
    /// What is asked.
    text: String,
    /// Answers to choose from; others are welcome too.
    #[serde(default)]
    options: Vec<String>,
}

/// Asks people something. The attempt ends with it and counts for nothing; once there is an answer, the task is given out again, and
/// whoever takes it finds the answer in `answers`.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/ask", params(("id" = Uuid, Path)), request_body = Question, responses((status = 200), (status = 409, body = Problem)), tag = "attempts")]
pub async fn ask(
    State(door): State<Door>,
    caller: AgentCaller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Question>,
) -> Result<impl IntoResponse, Problem> {
    let attempt = AttemptId(id);
    let command = Command::Ask { attempt, fence: value.fence, text: value.text, options: value.options };
    perform(&door, &caller, attempt, value.fence, command, key).await?;
    Ok(axum::Json(serde_json::json!({ "attempt_id": id, "status": "asked" })))
}

/// Gives a task back; it goes to another agent.
#[utoipa::path(post, path = "/api/v1/attempts/{id}/decline", params(("id" = Uuid, Path)), request_body = Declined, responses((status = 200), (status = 409, body = Problem)), tag = "attempts")]
pub async fn decline(
    State(door): State<Door>,
    caller: AgentCaller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Declined>,
) -> Result<impl IntoResponse, Problem> {
    let attempt = AttemptId(id);
    let command = Command::Decline { attempt, fence: value.fence, message: value.message };
    perform(&door, &caller, attempt, value.fence, command, key).await?;
    Ok(axum::Json(serde_json::json!({ "attempt_id": id, "status": "declined" })))
}

/// Several results.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// At most 64.
    items: Vec<Item>,
}

/// One of several results.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// Which attempt.
    attempt_id: Uuid,
    /// Its fence.
    fence: u64,
    /// The result.
    #[serde(default)]
    output: Value,
}

/// Hands in several results; each is taken or refused by itself.
#[utoipa::path(post, path = "/api/v1/attempts/complete", request_body = Batch, responses((status = 200)), tag = "attempts")]
pub async fn complete_many(
    State(door): State<Door>,
    caller: AgentCaller,
    Json { value, key }: Json<Batch, RESULT_BYTES_MAX>,
) -> Result<impl IntoResponse, Problem> {
    if value.items.len() > ITEMS_MAX {
        return Err(Problem::fault("/items", wording::too_many("items", ITEMS_MAX)));
    }
    // All at once into the queue, so that one tick takes them.
    let results = futures::future::join_all(value.items.into_iter().enumerate().map(|(at, item)| {
        let (door, caller) = (&door, &caller);
        // Each item has a key of its own under the call's.
        let key =
            key.as_ref().map(|key| IdempotencyKey { key: format!("{} {at}", key.key), fingerprint: key.fingerprint });
        async move {
            let attempt = AttemptId(item.attempt_id);
            let command = lease::completion(attempt, item.fence, item.output, Vec::new(), Value::Null);
            match perform(door, caller, attempt, item.fence, command, key).await {
                Ok(_) => serde_json::json!({ "attempt_id": item.attempt_id, "status": "accepted" }),
                Err(problem) => {
                    serde_json::json!({ "attempt_id": item.attempt_id, "status": "refused", "problem": problem })
                }
            }
        }
    }))
    .await;
    Ok(axum::Json(serde_json::json!({ "results": results })))
}

/// Carries out an agent's command. An attempt the engine no longer holds in memory is looked up, so that a late word gets a true
/// answer: accepted already, no longer wanted, or stale.
pub(super) async fn perform(
    door: &Door,
    caller: &AgentCaller,
    attempt: AttemptId,
    fence: u64,
    command: Command,
    key: Option<IdempotencyKey>,
) -> Result<Answer, Problem> {
    let completing = matches!(command, Command::Complete { .. });
    let beating = matches!(command, Command::Heartbeat { .. });
    let actor = Actor::Agent { agent: caller.agent };
    match door.engine.perform(caller.organization, actor, command, key).await {
        Ok(answer) => Ok(answer),
        Err(EngineError::Refused(Refusal::NotFound { noun, id })) if noun == "attempt" => {
            let late = Late { attempt, fence, completing, beating };
            late.answer(door, caller.organization, caller.agent, Refusal::NotFound { noun, id }).await
        }
        Err(error) => Err(error.into()),
    }
}

/// A word about an attempt whose workflow has left memory.
struct Late {
    attempt: AttemptId,
    fence: u64,
    completing: bool,
    beating: bool,
}

impl Late {
    async fn answer(
        &self,
        door: &Door,
        organization: OrganizationId,
        agent: AgentId,
        unknown: Refusal,
    ) -> Result<Answer, Problem> {
        let mut tx = door.store.begin_read(&tenant(organization)).await?;
        let Some(ended) = crate::store::reads::ended_attempt(&mut tx, self.attempt).await? else {
            return Err(unknown.into());
        };
        if ended.agent != agent {
            return Err(Refusal::NotYours { task: ended.task }.into());
        }
        if self.completing && ended.status == "succeeded" && ended.fence == self.fence {
            return Ok(Answer::Done);
        }
        if self.beating && ended.status == "cancelled" {
            return Ok(Answer::Heartbeat { lease_expires_at: crate::clock::now(), cancel: true });
        }
        Err(Refusal::StaleFence { task: ended.task, sent: self.fence, current: ended.task_fence }.into())
    }
}
