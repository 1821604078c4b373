//! How far users have read, and events that leave no trace: typing, and those of clients.

use std::collections::BTreeMap;

use axum::extract::{Path, Query as Parameters};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, Place};
use super::channels::{cid, parse_cid};
use super::limits;
use crate::chat::wire::{Acting, Custom};
use crate::store::chat::channels::Cid;
use crate::store::chat::{members, messages, threads};

/// Events clients may send beside their own; other names belong to the server.
const CLIENT_EVENTS: [&str; 2] = ["typing.start", "typing.stop"];
/// How names of the server's events begin.
const SERVER_EVENTS: [&str; 9] =
    ["message.", "channel.", "member.", "user.", "reaction.", "notification.", "poll.", "health.", "typing."];

/// Up to where.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Mark {
    message_id: Option<String>,
    thread_id: Option<String>,
    #[serde(flatten)]
    acting: Acting,
}

/// `POST /channels/{type}/{id}/read`
pub async fn mark(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<Mark>) -> Outcome {
    let (place, user) = call.place_and_actor(&cid(&kind, &id), &body.acting).await?;
    let event = mark_one(&mut call, &place, &user, &body).await?;
    call.answer(json!({ "event": event })).await
}

async fn mark_one(call: &mut Call, place: &Place, user: &str, body: &Mark) -> Result<Value, Fault> {
    let cid = &place.cid;
    call.require(place, "read-channel", false)?;
    let last_read = if let Some(thread) = &body.thread_id {
        message_of(call, cid, thread).await?;
        let now = call.now;
        threads::mark_read(&mut call.tx, thread, user, now).await?;
        let of_channel = members::reads(&mut call.tx, cid, Some(user)).await?.into_iter().next();
        of_channel.map_or(Value::Null, |read| read["last_read_message_id"].clone())
    } else {
        let (until, last) = match &body.message_id {
            Some(message) => (message_of(call, cid, message).await?, Some(message.clone())),
            None => (call.now, messages::newest(&mut call.tx, cid).await?),
        };
        if !members::mark_read(&mut call.tx, cid, user, until, last.as_deref()).await? {
            return Err(Fault::input(format!("{user} is not a member of {cid}")));
        }
        json!(last)
    };
    let event = json!({
        "type": "message.read", "cid": cid.to_string(), "channel_type": cid.kind, "channel_id": cid.id, "created_at": call.now,
        "user": call.user_document(user).await?, "thread_id": body.thread_id, "last_read_message_id": last_read,
    });
    call.tell("message.read", event.clone()).await?;
    Ok(event)
}

/// When a message of that channel was written.
async fn message_of(call: &mut Call, cid: &Cid, id: &str) -> Result<jiff::Timestamp, Fault> {
    let facts = messages::facts(&mut call.tx, id).await?.filter(|facts| facts.cid() == *cid);
    let facts = facts.ok_or_else(|| Fault::missing(format!("There is no message {id} in {cid}")))?;
    Ok(facts.created_at.to_jiff())
}

/// From where on it is unread.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MarkUnread {
    message_id: String,
    #[serde(flatten)]
    acting: Acting,
}

/// `POST /channels/{type}/{id}/unread`
pub async fn mark_unread(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<MarkUnread>) -> Outcome {
    let cid = cid(&kind, &id);
    let (place, user) = call.place_and_actor(&cid, &body.acting).await?;
    call.require(&place, "read-channel", false)?;
    // PostgreSQL keeps microseconds: this is right before the message.
    let before = message_of(&mut call, &cid, &body.message_id).await? - SignedDuration::from_micros(1);
    if !members::mark_read(&mut call.tx, &cid, &user, before, None).await? {
        return Err(Fault::input(format!("{user} is not a member of {cid}")));
    }
    let event = json!({ "first_unread_message_id": body.message_id });
    call.tell_in(&cid, "notification.mark_unread", Some(&user), event).await?;
    call.answer(json!({})).await
}

/// Channels that are read: those named (with the message up to which, or `""`), or all.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct MarkMany {
    read_by_channel: BTreeMap<String, String>,
    #[serde(flatten)]
    acting: Acting,
}

/// `POST /channels/read`
pub async fn mark_many(In(mut call, body): In<MarkMany>) -> Outcome {
    let user = call.acting(&body.acting).await?;
    if body.read_by_channel.len() > limits::MEMBERS_MAX {
        return Err(Fault::input(format!("read_by_channel names {} channels at most", limits::MEMBERS_MAX)));
    }
    let named = body.read_by_channel.into_iter().map(|(text, message)| Ok((parse_cid(&text)?, message)));
    let mut wanted = named.collect::<Result<Vec<_>, Fault>>()?;
    if wanted.is_empty() {
        let all = members::channels_of(&mut call.tx, &user).await?;
        wanted = all.into_iter().map(|cid| (cid, String::new())).collect();
    }
    for (cid, message) in wanted {
        // A channel that was deleted meanwhile has nothing to be read.
        let Some(place) = call.find_place(&cid).await? else { continue };
        let mark = Mark { message_id: Some(message).filter(|id| !id.is_empty()), ..Mark::default() };
        mark_one(&mut call, &place, &user, &mark).await?;
    }
    call.answer(json!({})).await
}

/// Who asks.
#[derive(Deserialize)]
pub struct Whose {
    user_id: Option<String>,
}

/// `GET /unread`
pub async fn unread(mut call: Call, Parameters(whose): Parameters<Whose>) -> Outcome {
    let user = call.acting_as(whose.user_id).await?;
    let channels = members::unread(&mut call.tx, &user).await?;
    let total: u64 = channels.iter().filter_map(|channel| channel["unread_count"].as_u64()).sum();
    call.answer(json!({ "channels": channels, "total_unread_count": total })).await
}

/// An event in its envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Envelope {
    event: ClientEvent,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClientEvent {
    #[serde(rename = "type")]
    kind: String,
    parent_id: Option<String>,
    #[serde(flatten)]
    acting: Acting,
    #[serde(flatten)]
    custom: Custom,
}

/// `POST /channels/{type}/{id}/event`
pub async fn event(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<Envelope>) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    let ClientEvent { kind, parent_id, acting, mut custom } = body.event;
    limits::id("The event's type", &kind)?;
    let known = CLIENT_EVENTS.contains(&kind.as_str());
    if !known && SERVER_EVENTS.iter().any(|prefix| kind.starts_with(prefix)) {
        return Err(Fault::input(format!("Events of the type {kind} are the server's")));
    }
    call.require(&place, if known { "create-message" } else { "send-custom-event" }, false)?;
    if !place.has(if known { "typing_events" } else { "custom_events" }) {
        return Err(Fault::not_allowed(format!("{} has no such events", place.cid)));
    }
    let user = call.acting(&acting).await?;
    limits::without(&mut custom, &["cid", "channel_id", "channel_type", "created_at", "type", "user"]);
    limits::custom("event", &custom)?;
    let mut event = Value::Object(custom);
    if let Some(parent) = parent_id {
        event["parent_id"] = json!(parent);
    }
    call.tell_in(&place.cid, &kind, Some(&user), event.clone()).await?;
    event["type"] = json!(kind);
    event["cid"] = json!(place.cid.to_string());
    event["created_at"] = json!(call.now);
    event["user"] = call.user_document(&user).await?;
    call.answer(json!({ "event": event })).await
}
