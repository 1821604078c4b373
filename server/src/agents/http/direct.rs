//! What an agent and a person say to each other, without any task between them.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use devsquad::Actor;
use devsquad::id::{AgentId, UserId};
use devsquad::messaging::channel::Channel;
use devsquad::messaging::message::VERSION;
use devsquad::messaging::user::{user_of_agent, user_of_person};
use devsquad::messaging::wording;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::Door;
use super::auth::{Caller, tenant};
use super::body::Json;
use super::messages::{Place, Said, said, unsaid, words};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::wire::{ChannelState, Custom, MessageRequest, Query as ChatQuery};
use crate::messenger::Stuck;
use crate::problem::Problem;
use crate::store::reads;

/// Conversations in one answer: those in which something was said last. What the chat tells of at a time.
const LISTED_MAX: i64 = 30;

/// Something to be said.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// The words, Markdown.
    text: String,
}

/// Which messages.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    after: Option<String>,
}

/// A conversation.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Conversation {
    /// The other side's id: a person's for an agent, an agent's for a person.
    id: Uuid,
    /// Messages of the other side the caller has not fetched.
    unread: u64,
    /// What was said last.
    last: Option<Said>,
}

/// Says something to a person, as the agent whose token it is, or to an agent, as the person. Twenty messages of an agent in a row,
/// with no word of the person between, are enough: 429.
#[utoipa::path(post, path = "/api/v1/direct/{id}/messages", params(("id" = Uuid, Path)), request_body = Words, responses((status = 201), (status = 404, body = Problem), (status = 429, body = Problem)), tag = "chat")]
pub async fn say(
    State(door): State<Door>,
    caller: Caller,
    Path(other): Path<Uuid>,
    Json { value, key }: Json<Words>,
) -> Result<impl IntoResponse, Problem> {
    let sides = Sides::of(&caller, other)?;
    let message = MessageRequest::text(sides.me(), words(&value.text)?);
    let place = sides.place(&door, &caller).await?;
    place.say(&door, &caller, message, json!({ "v": VERSION, "kind": "talk" }), key.as_ref()).await
}

/// What was said between the caller and that person or agent, oldest first: the newest 100, or those after a message. It counts as read.
#[utoipa::path(get, path = "/api/v1/direct/{id}/messages", params(("id" = Uuid, Path), ("after" = Option<String>, Query)), responses((status = 200), (status = 404, body = Problem)), tag = "chat")]
pub async fn messages(
    State(door): State<Door>,
    caller: Caller,
    Path(other): Path<Uuid>,
    Query(wanted): Query<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let sides = Sides::of(&caller, other)?;
    let place = sides.place(&door, &caller).await?;
    let found = place.list(&door, wanted.after).await?;
    door.chat.mark_read(CHANNEL_TYPE, &place.channel, &sides.me(), None).await.map_err(unsaid)?;
    Ok(found)
}

/// With whom the caller talks, the newest first: for an agent that wants to know whether anybody wrote to it.
#[utoipa::path(get, path = "/api/v1/direct", responses((status = 200, body = [Conversation])), tag = "chat")]
pub async fn list(State(door): State<Door>, caller: Caller) -> Result<impl IntoResponse, Problem> {
    let me = match caller.actor {
        Actor::Agent { agent } => agent.0,
        Actor::Person { user, .. } => user.0,
        Actor::System => return Err(nobody()),
    };
    let mut tx = door.store.begin_read(&tenant(caller.organization)).await?;
    let ids = reads::direct_channels(&mut tx, me, LISTED_MAX).await?;
    drop(tx);
    if ids.is_empty() {
        return Ok(axum::Json(json!({ "conversations": [] })));
    }
    let cids: Vec<String> = ids.iter().map(|id| format!("{CHANNEL_TYPE}:{id}")).collect();
    let query = ChatQuery {
        filter_conditions: Custom::from_iter([("cid".to_owned(), json!({ "$in": cids }))]),
        limit: Some(LISTED_MAX),
        message_limit: Some(1),
        ..ChatQuery::default()
    };
    let states = door.chat.query_channels(&query).await.map_err(unsaid)?;
    let mut conversations: Vec<Conversation> = states.into_iter().filter_map(|state| conversation(state, me)).collect();
    conversations.sort_by_key(|conversation| std::cmp::Reverse(conversation.last.as_ref().and_then(|said| said.at)));
    Ok(axum::Json(json!({ "conversations": conversations })))
}

fn conversation(mut state: ChannelState, me: Uuid) -> Option<Conversation> {
    let (agent, person) = Channel::direct_of(&state.channel.id)?;
    let (id, user) = if agent.0 == me { (person.0, user_of_agent(agent)) } else { (agent.0, user_of_person(person)) };
    let unread = state.read.iter().find(|read| read.user.id == user).map_or(0, |read| read.unread_messages);
    Some(Conversation { id, unread, last: state.messages.pop().map(said) })
}

/// The two who talk, and which of them asks.
struct Sides {
    agent: AgentId,
    person: UserId,
    by_agent: bool,
}

impl Sides {
    fn of(caller: &Caller, other: Uuid) -> Result<Sides, Problem> {
        match caller.actor {
            Actor::Agent { agent } => Ok(Sides { agent, person: UserId(other), by_agent: true }),
            Actor::Person { user, .. } => Ok(Sides { agent: AgentId(other), person: user, by_agent: false }),
            Actor::System => Err(nobody()),
        }
    }

    /// The chat's user of the one who asks.
    fn me(&self) -> String {
        if self.by_agent { user_of_agent(self.agent) } else { user_of_person(self.person) }
    }

    async fn place(&self, door: &Door, caller: &Caller) -> Result<Place, Problem> {
        match door.messenger.direct(caller.organization, self.agent, self.person).await {
            Ok(Some(channel)) => Ok(Place { channel: channel.id(), root: None }),
            Ok(None) => Err(nobody()),
            Err(Stuck::Chat(error)) => Err(unsaid(error)),
            Err(Stuck::Database(error)) => Err(error.into()),
        }
    }
}

fn nobody() -> Problem {
    Problem::not_found(wording::nobody_to_talk_to())
}
