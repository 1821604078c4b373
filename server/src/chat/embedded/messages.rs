//! Messages: sent, changed, deleted, read one by one and by thread.

use axum::extract::{Path, Query as Parameters};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, Place};
use super::channels::{cid, window};
use super::limits;
use super::pins;
use crate::chat::wire::{MessageRequest, MessageWindow, Patch};
use crate::clock;
use crate::store::chat::channels::{self, Cid};
use crate::store::chat::messages::{self, MessageFacts, Place as Slot, Written, Wrote};
use crate::store::chat::{polls, settings};

/// Names that are the server's to say.
pub const RESERVED: [&str; 27] = [
    "id",
    "cid",
    "type",
    "html",
    "user",
    "user_id",
    "created_at",
    "updated_at",
    "deleted_at",
    "reply_count",
    "latest_reactions",
    "own_reactions",
    "reaction_counts",
    "reaction_scores",
    "thread_participants",
    "quoted_message",
    "pinned_at",
    "pinned_by",
    "shadowed",
    "command",
    "args",
    "poll",
    "channel",
    "i18n",
    "message_text_updated_at",
    "reaction_groups",
    "duration",
];

/// A message in its envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Envelope {
    message: MessageRequest,
    /// Whether the channel stays hidden from those who hid it.
    keep_channel_hidden: bool,
}

/// `POST /channels/{type}/{id}/message`
pub async fn send(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<Envelope>) -> Outcome {
    let cid = cid(&kind, &id);
    let message = write_new(&mut call, &cid, body.message, body.keep_channel_hidden).await?;
    call.answer(json!({ "message": message })).await
}

/// Writes a message, and tells of it.
pub async fn write_new(call: &mut Call, cid: &Cid, request: MessageRequest, keep_hidden: bool) -> Result<Value, Fault> {
    let (place, user) = call.place_and_actor(cid, &request.acting).await?;
    let reply = request.parent_id.is_some();
    call.require(&place, if reply { "create-reply" } else { "create-message" }, false)?;
    open_to(call, &place, &user).await?;
    let kind = match (request.kind.as_deref(), reply) {
        (Some("system"), _) if call.user.is_none() => "system",
        (Some("system"), _) => return Err(Fault::not_allowed("Only the server writes system messages")),
        (None | Some("" | "regular" | "reply"), true) => "reply",
        (None | Some("" | "regular"), false) => "regular",
        (Some(other), _) => return Err(Fault::input(format!("A message cannot be sent as {other}"))),
    };
    let id = request.id.clone().unwrap_or_else(|| clock::fresh_id().to_string());
    limits::id("The message's id", &id)?;
    let (pinned, pin_expires) = (request.pinned == Some(true), request.pin_expires);
    let parent = request.parent_id.clone();
    if let Some(parent) = &parent {
        parent_of(call, &place, parent).await?;
    }
    let written = written(call, &place, request).await?;
    let slot = Slot {
        id: &id,
        cid,
        user: &user,
        kind,
        parent: parent.as_deref(),
        in_channel: parent.is_none() || written.show_in_channel,
        shows_channel: !keep_hidden,
    };
    let now = call.now;
    let wrote = messages::insert(&mut call.tx, slot, &written, now).await?;
    if matches!(wrote, Wrote::Nothing) {
        return Err(Fault::input(format!("A message with the id {id} already exists")));
    }
    if pinned {
        pins::pin(call, &place, &id, &user, pin_expires).await?;
    }
    match wrote {
        Wrote::Fresh(message) if !pinned => {
            let author = message["user"].clone();
            call.tell_by(cid, "message.new", author, json!({ "message": message })).await?;
            Ok(message)
        }
        _ => tell(call, cid, "message.new", &id, Some(&user)).await,
    }
}

/// Whether somebody may write now: not in a frozen or disabled channel, nor too soon after the last time.
async fn open_to(call: &mut Call, place: &Place, user: &str) -> Result<(), Fault> {
    if call.user.is_none() {
        return Ok(());
    }
    if place.facts.disabled || (place.facts.frozen && !call.may(place, "use-frozen-channel")) {
        return Err(Fault::not_allowed(format!("Nobody can write in {}: it is frozen", place.cid)));
    }
    let cooldown = SignedDuration::from_secs(place.facts.cooldown.into());
    if !cooldown.is_zero() && !call.may(place, "skip-channel-cooldown") {
        let last = messages::last_of(&mut call.tx, &place.cid, user).await?;
        if last.is_some_and(|last| call.now.duration_since(last) < cooldown) {
            return Err(Fault::new(60, format!("One message in {} s in {}", place.facts.cooldown, place.cid)));
        }
    }
    Ok(())
}

/// The root of a thread must be a message of this channel that is no reply itself.
async fn parent_of(call: &mut Call, place: &Place, parent: &str) -> Result<(), Fault> {
    let facts = messages::facts(&mut call.tx, parent).await?.filter(|facts| facts.deleted_at.is_none());
    match facts {
        None => Err(Fault::input(format!("The parent message {parent} does not exist"))),
        Some(facts) if facts.cid() != place.cid => {
            Err(Fault::input(format!("The parent message {parent} is in another channel")))
        }
        Some(facts) if facts.parent_id.is_some() => {
            Err(Fault::input(format!("The message {parent} is a reply; replies have no replies")))
        }
        Some(_) if !place.has("replies") => Err(Fault::not_allowed(format!("{} has no threads", place.cid))),
        Some(_) => Ok(()),
    }
}

/// What a message shall say, checked.
async fn written(call: &mut Call, place: &Place, request: MessageRequest) -> Result<Written, Fault> {
    let longest = place.kind.config["max_message_length"].as_u64().unwrap_or(limits::TEXT_CHARS);
    let chars = request.text.chars().count();
    if chars as u64 > longest {
        return Err(Fault::new(20, format!("The text has {chars} characters; {longest} are allowed in {}", place.cid)));
    }
    limits::attachments(&request.attachments)?;
    let mut custom = request.custom;
    limits::without(&mut custom, &RESERVED);
    limits::custom("message", &custom)?;
    let mentioned_users = mentioned(&request.mentioned_users)?;
    call.ensure(&mentioned_users).await?;
    if let Some(quoted) = &request.quoted_message_id {
        let facts = messages::facts(&mut call.tx, quoted).await?;
        if facts.is_none_or(|facts| facts.cid() != place.cid) {
            return Err(Fault::input(format!("The quoted message {quoted} is not in this channel")));
        }
    }
    if let Some(poll) = &request.poll_id {
        call.require(place, "send-poll", false)?;
        if polls::facts(&mut call.tx, poll).await?.is_none() {
            return Err(Fault::input(format!("The poll {poll} does not exist")));
        }
    }
    let empty = request.text.is_empty() && request.attachments.is_empty() && request.poll_id.is_none();
    if empty && custom.is_empty() {
        return Err(Fault::input("A message must have a text, an attachment, a poll or custom data"));
    }
    Ok(Written {
        command: command(call, place, &request.text).await?,
        text: request.text,
        attachments: request.attachments,
        mentioned_users,
        quoted_message_id: request.quoted_message_id,
        poll_id: request.poll_id,
        silent: request.silent,
        show_in_channel: request.show_in_channel,
        custom,
    })
}

fn mentioned(values: &[Value]) -> Result<Vec<String>, Fault> {
    let id = |value: &Value| value.as_str().or_else(|| value["id"].as_str()).map(str::to_owned);
    let ids: Option<Vec<String>> = values.iter().map(id).collect();
    let ids = ids.ok_or_else(|| Fault::input("mentioned_users must be a list of ids"))?;
    if ids.len() > limits::MEMBERS_MAX {
        return Err(Fault::input(format!("A message names {} users at most", limits::MEMBERS_MAX)));
    }
    Ok(ids)
}

/// The slash command a text begins with, if the channel's type has it.
async fn command(call: &mut Call, place: &Place, text: &str) -> Result<Option<String>, Fault> {
    let Some(word) = text.strip_prefix('/').and_then(|rest| rest.split_whitespace().next()) else { return Ok(None) };
    if !place.kind.commands.iter().any(|name| name == word) {
        return Ok(None);
    }
    let known = settings::commands(&mut call.tx, Some(word)).await?;
    Ok((!known.is_empty()).then(|| word.to_owned()))
}

/// A message's document, told as an event.
pub async fn tell(call: &mut Call, cid: &Cid, kind: &str, id: &str, user: Option<&str>) -> Result<Value, Fault> {
    let (viewer, now) = (call.user.clone(), call.now);
    let message = messages::document(&mut call.tx, id, None, now).await?.unwrap_or(Value::Null);
    call.tell_in(cid, kind, user, json!({ "message": message })).await?;
    match viewer {
        None => Ok(message),
        Some(viewer) => Ok(messages::document(&mut call.tx, id, Some(&viewer), now).await?.unwrap_or(Value::Null)),
    }
}

/// A message with its channel, if who asks may do that with it.
pub async fn find(call: &mut Call, id: &str, permission: &str) -> Result<(Place, MessageFacts), Fault> {
    let facts = messages::facts(&mut call.tx, id).await?;
    allowed(call, id, permission, facts).await
}

/// The same, to change it.
async fn find_to_change(call: &mut Call, id: &str, permission: &str) -> Result<(Place, MessageFacts), Fault> {
    let facts = messages::facts_to_change(&mut call.tx, id).await?;
    allowed(call, id, permission, facts).await
}

async fn allowed(
    call: &mut Call,
    id: &str,
    permission: &str,
    facts: Option<MessageFacts>,
) -> Result<(Place, MessageFacts), Fault> {
    let facts = facts.ok_or_else(|| Fault::missing(format!("There is no message {id}")))?;
    let place = call.place(&facts.cid()).await?;
    let own = call.user.as_deref() == Some(facts.user_id.as_str());
    call.require(&place, permission, own)?;
    Ok((place, facts))
}

/// `GET /messages/{id}`
pub async fn get(mut call: Call, Path(id): Path<String>) -> Outcome {
    let (place, _) = find(&mut call, &id, "read-channel").await?;
    let (viewer, now) = (call.user.clone(), call.now);
    let mut message = messages::document(&mut call.tx, &id, viewer.as_deref(), now).await?.unwrap_or(Value::Null);
    message["channel"] = channels::document(&mut call.tx, &place.cid).await?;
    call.answer(json!({ "message": message })).await
}

/// Ids with commas between them.
#[derive(Deserialize)]
pub struct Ids {
    ids: String,
}

/// `GET /channels/{type}/{id}/messages`
pub async fn several(
    mut call: Call,
    Path((kind, id)): Path<(String, String)>,
    Parameters(Ids { ids }): Parameters<Ids>,
) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    call.require(&place, "read-channel", false)?;
    let (viewer, now) = (call.user.clone(), call.now);
    let mut found = Vec::new();
    for id in ids.split(',').take(100) {
        let message = messages::document(&mut call.tx, id, viewer.as_deref(), now).await?;
        found.extend(message.filter(|message| message["cid"] == place.cid.to_string()));
    }
    call.answer(json!({ "messages": found })).await
}

/// `POST /messages/{id}`: it says this from now on.
pub async fn update(Path(id): Path<String>, In(mut call, body): In<Envelope>) -> Outcome {
    let (place, facts) = find_to_change(&mut call, &id, "update-message").await?;
    let by = call.acting(&body.message.acting).await?;
    alive(&facts)?;
    let (pinned, expires) = (body.message.pinned, body.message.pin_expires);
    rewrite(&mut call, &place, &facts, &id, body.message).await?;
    pins::set(&mut call, &place, &id, &by, pinned, expires).await?;
    let message = tell(&mut call, &place.cid, "message.updated", &id, Some(&by)).await?;
    call.answer(json!({ "message": message })).await
}

/// `PUT /messages/{id}`: some of its fields change.
pub async fn patch(Path(id): Path<String>, In(mut call, body): In<Patch>) -> Outcome {
    let only_pin = body.unset.is_empty() && body.set.keys().all(|name| name == "pinned" || name == "pin_expires");
    let (place, facts) =
        find_to_change(&mut call, &id, if only_pin { "read-channel" } else { "update-message" }).await?;
    let by = call.acting(&body.acting).await?;
    alive(&facts)?;
    let mut fields = pins::as_fields(&facts.written());
    limits::patch(&mut fields, &body.set, &body.unset);
    let pinned = fields.remove("pinned").and_then(|pinned| pinned.as_bool());
    let expires: Option<Timestamp> = match fields.remove("pin_expires") {
        None => None,
        Some(at) => serde_json::from_value(at).map_err(|_| Fault::input("pin_expires must be a moment or null"))?,
    };
    if !only_pin {
        let request: MessageRequest = serde_json::from_value(Value::Object(fields))
            .map_err(|error| Fault::input(format!("The message would not be valid: {error}")))?;
        rewrite(&mut call, &place, &facts, &id, request).await?;
    }
    pins::set(&mut call, &place, &id, &by, pinned, expires).await?;
    let message = tell(&mut call, &place.cid, "message.updated", &id, Some(&by)).await?;
    call.answer(json!({ "message": message })).await
}

/// Has a message say what is asked for from now on. Silent it stays, or not.
async fn rewrite(
    call: &mut Call,
    place: &Place,
    facts: &MessageFacts,
    id: &str,
    request: MessageRequest,
) -> Result<(), Fault> {
    let mut next = written(call, place, request).await?;
    next.silent = facts.silent;
    let (changed, now) = (next.text != facts.text, call.now);
    Ok(messages::update(&mut call.tx, id, &next, changed, now).await?)
}

fn alive(facts: &MessageFacts) -> Result<(), Fault> {
    match facts.deleted_at {
        None => Ok(()),
        Some(_) => Err(Fault::input("The message was deleted")),
    }
}

/// How a message is deleted.
#[derive(Deserialize)]
pub struct DeleteParameters {
    /// `1` or `true`: for good.
    #[serde(default)]
    hard: String,
}

/// `DELETE /messages/{id}`
pub async fn delete(mut call: Call, Path(id): Path<String>, Parameters(how): Parameters<DeleteParameters>) -> Outcome {
    let (place, _) = find_to_change(&mut call, &id, "delete-message").await?;
    let hard = matches!(how.hard.as_str(), "1" | "true");
    if hard {
        call.server_only()?;
    }
    let (viewer, now) = (call.user.clone(), call.now);
    messages::delete(&mut call.tx, &id, false, now).await?;
    let message = messages::document(&mut call.tx, &id, viewer.as_deref(), now).await?;
    if hard {
        messages::delete(&mut call.tx, &id, true, now).await?;
    }
    let event = json!({ "message": message, "hard_delete": hard });
    call.tell_in(&place.cid, "message.deleted", viewer.as_deref(), event).await?;
    call.answer(json!({ "message": message })).await
}

/// `GET /messages/{id}/replies`
pub async fn replies(mut call: Call, Path(id): Path<String>, Parameters(wanted): Parameters<MessageWindow>) -> Outcome {
    let (place, _) = find(&mut call, &id, "read-channel").await?;
    let (viewer, now, window) = (call.user.clone(), call.now, window(&wanted, 50)?);
    let seen = (viewer.as_deref(), place.since());
    let found = messages::list(&mut call.tx, &place.cid, Some(&id), &window, seen, now).await?;
    call.answer(json!({ "messages": found })).await
}
