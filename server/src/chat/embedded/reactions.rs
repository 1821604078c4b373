//! Reactions: one of a type for each user and message.

use axum::extract::{Path, Query as Parameters};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In};
use super::limits;
use super::messages::find;
use crate::chat::wire::{Acting, Reaction};
use crate::store::chat::{messages, reactions};

/// Names that are the server's to say.
const RESERVED: [&str; 3] = ["created_at", "updated_at", "emoji_code"];

/// A reaction in its envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Envelope {
    reaction: Reaction,
    enforce_unique: bool,
}

/// `POST /messages/{id}/reaction`
pub async fn send(Path(id): Path<String>, In(mut call, body): In<Envelope>) -> Outcome {
    let (place, facts) = find(&mut call, &id, "create-reaction").await?;
    if !place.has("reactions") {
        return Err(Fault::not_allowed(format!("{} has no reactions", place.cid)));
    }
    if facts.deleted_at.is_some() {
        return Err(Fault::input("The message was deleted"));
    }
    let Reaction { user_id, user, kind, score, mut custom, .. } = body.reaction;
    limits::id("The reaction's type", &kind)?;
    let named = Some(user_id).filter(|id| !id.is_empty()).or(user.map(|user| user.id));
    let user = call.acting_as(named).await?;
    limits::without(&mut custom, &RESERVED);
    limits::custom("reaction", &custom)?;
    let (score, now) = (score.unwrap_or(1), call.now);
    let reaction = reactions::put(&mut call.tx, &id, &user, &kind, score, &custom, body.enforce_unique, now).await?;
    let message = messages::document(&mut call.tx, &id, Some(&user), now).await?;
    let event = json!({ "message": message, "reaction": reaction });
    let what = if body.enforce_unique { "reaction.updated" } else { "reaction.new" };
    call.tell_in(&place.cid, what, Some(&user), event).await?;
    call.answer(json!({ "message": message, "reaction": reaction })).await
}

/// Whose reaction.
#[derive(Deserialize)]
pub struct Whose {
    user_id: Option<String>,
}

/// `DELETE /messages/{id}/reaction/{type}`
pub async fn delete(
    mut call: Call,
    Path((id, kind)): Path<(String, String)>,
    Parameters(whose): Parameters<Whose>,
) -> Outcome {
    let user = call.acting(&Acting { user_id: whose.user_id, user: None }).await?;
    let facts = messages::facts(&mut call.tx, &id).await?;
    let facts = facts.ok_or_else(|| Fault::missing(format!("There is no message {id}")))?;
    let place = call.place(&facts.cid()).await?;
    call.require(&place, "delete-reaction", true)?;
    let reaction = reactions::remove(&mut call.tx, &id, &user, &kind).await?;
    let reaction: Value =
        reaction.ok_or_else(|| Fault::missing(format!("{user} has no reaction {kind} to this message")))?;
    let now = call.now;
    let message = messages::document(&mut call.tx, &id, Some(&user), now).await?;
    let event = json!({ "message": message, "reaction": reaction });
    call.tell_in(&place.cid, "reaction.deleted", Some(&user), event).await?;
    call.answer(json!({ "message": message, "reaction": reaction })).await
}

/// Which part of the list.
#[derive(Deserialize)]
pub struct Part {
    limit: Option<i64>,
    offset: Option<i64>,
}

/// `GET /messages/{id}/reactions`
pub async fn list(mut call: Call, Path(id): Path<String>, Parameters(part): Parameters<Part>) -> Outcome {
    find(&mut call, &id, "read-channel").await?;
    let limit = limits::rows(part.limit, limits::LIST_DEFAULT)?;
    let found = reactions::list(&mut call.tx, &id, limit, limits::offset(part.offset)?).await?;
    call.answer(json!({ "reactions": found })).await
}
