//! What agents and programs say in a workflow's channel, and what is said there: talk, beside what the journal tells.

use std::slice;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use devsquad::id::{AgentId, TaskId, WorkflowId};
use devsquad::messaging::channel::Channel;
use devsquad::messaging::message::{VERSION, thread_of};
use devsquad::messaging::user::{agent_of, person_of, user_of_agent, user_of_person};
use devsquad::messaging::wording;
use devsquad::{Actor, Refusal, text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Door;
use super::auth::{Caller, tenant};
use super::body::Json;
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::client::ChatError;
use crate::chat::wire::{Custom, Message, MessageRequest, MessageWindow};
use crate::clock;
use crate::engine::{self, IdempotencyKey};
use crate::problem::Problem;
use crate::store::messenger::rooms;
use crate::store::reads;

/// Characters of a message. The chat takes more; what is longer is a file of a result.
const MESSAGE_CHARS_MAX: usize = 5_000;
/// Messages of agents in a row, with nobody else saying anything and nothing happening between: more is a loop.
const TALK_MAX: usize = 20;
/// Messages in one answer.
const MESSAGES_MAX: i64 = 100;
/// Agents named in a message.
const MENTIONS_MAX: usize = 20;

/// Something to be said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Saying {
    /// The words, Markdown.
    text: String,
    /// The task in whose thread it is said; the channel itself when not given.
    task_id: Option<Uuid>,
    /// Agents it speaks to.
    #[serde(default)]
    mentions: Vec<Uuid>,
}

/// Says something in a workflow's channel, as the agent or the person whose token it is. An agent has to work on the workflow, or have
/// worked on it. Twenty messages of agents in a row, with nothing happening between, are enough: 429.
#[utoipa::path(post, path = "/api/v1/workflows/{id}/messages", params(("id" = Uuid, Path)), request_body = Saying, responses((status = 201), (status = 403, body = Problem), (status = 429, body = Problem)), tag = "chat")]
pub async fn say(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json { value, key }: Json<Saying>,
) -> Result<impl IntoResponse, Problem> {
    let place = find(&door, &caller, WorkflowId(id), value.task_id.map(TaskId)).await?;
    let words = words(&value.text)?;
    if value.mentions.len() > MENTIONS_MAX {
        return Err(Problem::fault("/mentions", wording::too_many("mentions", MENTIONS_MAX)));
    }
    let author = author(&door, &caller, WorkflowId(id)).await?;
    let about = json!({ "v": VERSION, "kind": "talk", "workflow_id": id, "task_id": value.task_id });
    let mentions = value.mentions.iter().map(|agent| json!(user_of_agent(AgentId(*agent)))).collect();
    let message = MessageRequest { mentioned_users: mentions, ..MessageRequest::text(author, words) };
    place.say(&door, &caller, message, about, key.as_ref()).await
}

/// The words of a message, as they are kept.
pub(super) fn words(text: &str) -> Result<String, Problem> {
    let words = text::paragraph(text, MESSAGE_CHARS_MAX).map_err(|why| Problem::fault("/text", why))?;
    if words.is_empty() { Err(Problem::fault("/text", wording::empty_text())) } else { Ok(words) }
}

/// Which messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    task_id: Option<Uuid>,
    after: Option<String>,
}

/// Something that was said.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Said {
    /// Its id.
    id: String,
    /// Who said it: `agent`, `person` or `system`.
    from: &'static str,
    /// Their id; the system has none.
    from_id: Option<String>,
    /// The words.
    text: String,
    /// What it is about, where the engine or an agent says so: `kind`, `event_id`, `task_id`, …
    #[schema(value_type = Object)]
    about: Option<Value>,
    /// When.
    #[schema(value_type = String)]
    pub(super) at: Option<jiff::Timestamp>,
}

/// What was said in a workflow's channel, or in a task's thread of it, oldest first: the newest 100, or those after a message.
#[utoipa::path(get, path = "/api/v1/workflows/{id}/messages", params(("id" = Uuid, Path), ("task_id" = Option<Uuid>, Query), ("after" = Option<String>, Query)), responses((status = 200), (status = 404, body = Problem)), tag = "chat")]
pub async fn list(
    State(door): State<Door>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let place = find(&door, &caller, WorkflowId(id), wanted.task_id.map(TaskId)).await?;
    place.list(&door, wanted.after).await
}

pub(super) fn said(message: Message) -> Said {
    let user = message.user.map(|user| user.id).unwrap_or_default();
    let (from, from_id) = match (agent_of(&user), person_of(&user)) {
        (Some(agent), _) => ("agent", Some(agent.to_string())),
        (None, Some(person)) => ("person", Some(person.to_string())),
        (None, None) => ("system", None),
    };
    let about = message.custom.get("devsquad").cloned();
    Said { id: message.id, from, from_id, text: message.text, about, at: message.created_at }
}

/// The channel of a workflow, or the thread of one of its tasks.
async fn find(door: &Door, caller: &Caller, workflow: WorkflowId, task: Option<TaskId>) -> Result<Place, Problem> {
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    if !reads::workflow_exists(&mut tx, workflow).await? {
        return Err(Refusal::not_found("workflow", workflow).into());
    }
    if let Some(task) = task
        && !reads::task_is_of(&mut tx, task, workflow).await?
    {
        return Err(Refusal::not_found("task", task).into());
    }
    if !reads::has_channel(&mut tx, workflow).await? {
        return Err(Problem::not_found(wording::nothing_said_yet()));
    }
    Ok(Place { channel: Channel::Workflow(workflow).id(), root: task.map(thread_of) })
}

/// As whom the caller speaks of a workflow.
async fn author(door: &Door, caller: &Caller, workflow: WorkflowId) -> Result<String, Problem> {
    match caller.actor {
        Actor::Agent { agent } => {
            let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
            if !reads::is_assigned(&mut tx, agent, workflow).await? {
                return Err(Problem::forbidden("not_assigned", wording::not_assigned()));
            }
            Ok(user_of_agent(agent))
        }
        Actor::Person { user, .. } => Ok(user_of_person(user)),
        Actor::System => Err(Problem::forbidden("people_only", wording::people_only("speak here"))),
    }
}

/// Where something is said: a channel, or a thread in it.
pub(super) struct Place {
    /// The channel's id.
    pub channel: String,
    /// The root of the thread.
    pub root: Option<String>,
}

impl Place {
    /// Says it here, once for each key; an agent's words say what they are about, and are braked.
    pub async fn say(
        &self,
        door: &Door,
        caller: &Caller,
        message: MessageRequest,
        about: Value,
        key: Option<&IdempotencyKey>,
    ) -> Result<impl IntoResponse + use<>, Problem> {
        let is_agent = matches!(caller.actor, Actor::Agent { .. });
        if is_agent {
            self.brake(door).await?;
        }
        // A person's words are not ours: a slash command among them is one.
        let custom = is_agent.then(|| ("devsquad".to_owned(), about));
        let message = MessageRequest {
            id: Some(message_id(
                message.acting.user_id.as_deref().unwrap_or_default(),
                key.map(|key| key.key.as_str()),
            )),
            parent_id: self.root.clone(),
            custom: Custom::from_iter(custom),
            ..message
        };
        let sent = door.chat.send_message(CHANNEL_TYPE, &self.channel, &message).await.map_err(unsaid)?;
        // A person's words the listener hears and notes. What cannot be noted was said all the same.
        if is_agent && let Err(error) = self.note(door, caller).await {
            tracing::warn!(%error, channel = self.channel, "a channel does not move up for what was said in it");
        }
        Ok((StatusCode::CREATED, axum::Json(json!({ "id": sent.id }))))
    }

    /// Notes that something was said here now.
    async fn note(&self, door: &Door, caller: &Caller) -> Result<(), sqlx::Error> {
        let mut tx = door.store.begin_unhurried(&tenant(caller.organization)).await?;
        rooms::said(&mut tx, CHANNEL_TYPE, slice::from_ref(&self.channel), clock::now()).await?;
        tx.commit().await
    }

    /// What was said here, oldest first.
    pub async fn list(&self, door: &Door, after: Option<String>) -> Result<axum::Json<Value>, Problem> {
        let messages = self.messages(door, MESSAGES_MAX, after).await?;
        let next = messages.last().map(|message| message.id.clone());
        let messages: Vec<Said> = messages.into_iter().map(said).collect();
        Ok(axum::Json(json!({ "messages": messages, "next": next })))
    }

    /// Refuses an agent when agents have talked for long enough.
    async fn brake(&self, door: &Door) -> Result<(), Problem> {
        let last = self.messages(door, TALK_MAX as i64, None).await?;
        let is_talk = |message: &Message| message.custom.get("devsquad").is_some_and(|about| about["kind"] == "talk");
        if last.len() >= TALK_MAX && last.iter().all(is_talk) {
            metrics::counter!("devsquad_talk_braked_total").increment(1);
            let noun = "messages of agents in a row".to_owned();
            return Err(Refusal::LimitReached { noun, max: TALK_MAX as u64 }.into());
        }
        Ok(())
    }

    async fn messages(&self, door: &Door, limit: i64, after: Option<String>) -> Result<Vec<Message>, Problem> {
        let window = MessageWindow { limit: Some(limit), id_gt: after, ..MessageWindow::default() };
        let found = match &self.root {
            Some(root) => door.chat.replies(root, &window).await,
            None => door.chat.messages(CHANNEL_TYPE, &self.channel, &window).await,
        };
        match found {
            Err(ChatError::Refused(body)) if body.status == 404 => Ok(Vec::new()),
            other => other.map_err(unsaid),
        }
    }
}

/// The same key of the same speaker is the same message.
fn message_id(author: &str, key: Option<&str>) -> String {
    match key {
        Some(key) => {
            let digest = engine::fingerprint(&[author.as_bytes(), key.as_bytes()]);
            format!("talk-{}", digest[..16].iter().map(|byte| format!("{byte:02x}")).collect::<String>())
        }
        None => clock::fresh_id().to_string(),
    }
}

pub(super) fn unsaid(error: ChatError) -> Problem {
    match error {
        ChatError::Refused(body) if body.status == 404 => Problem::not_found(wording::nothing_said_yet()),
        ChatError::Conflict { id, .. } => Refusal::KeyReused { key: id }.into(),
        ChatError::Refused(body) if (400..500).contains(&body.status) => Problem::fault("", body.message),
        error => Problem::unavailable(error.to_string()),
    }
}
