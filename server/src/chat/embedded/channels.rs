//! Channels: got or made, changed, emptied, hidden, deleted, found.

use axum::extract::{Path, Query as Parameters};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, Place, custom_of};
use super::limits;
use super::search;
use crate::chat::wire::{
    Acting, ChannelData, ChannelQuery, ChannelUpdate, MessageRequest, MessageWindow, Patch, Query, Window,
};
use crate::clock;
use crate::store::chat::channels::{self, ChannelChange, Cid};
use crate::store::chat::messages::{self, Window as Messages};
use crate::store::chat::{Page, members, settings};

/// Names that are the server's to say.
const RESERVED: [&str; 18] = [
    "id",
    "type",
    "cid",
    "created_by",
    "created_by_id",
    "created_at",
    "updated_at",
    "last_message_at",
    "deleted_at",
    "truncated_at",
    "member_count",
    "config",
    "own_capabilities",
    "members",
    "cooldown",
    "hidden",
    "message_count",
    "duration",
];
/// Messages with a channel if nobody says how many.
const MESSAGES_DEFAULT: i64 = 100;
/// Members with a channel if nobody says how many.
const MEMBERS_DEFAULT: i64 = 100;
/// Pinned messages with a channel.
const PINNED_MAX: i64 = 10;

/// A channel's name from a path.
pub fn cid(kind: &str, id: &str) -> Cid {
    Cid { kind: kind.to_owned(), id: id.to_owned() }
}

/// A channel's name, as `type:id`.
pub fn parse_cid(text: &str) -> Result<Cid, Fault> {
    let (kind, id) =
        text.split_once(':').ok_or_else(|| Fault::input(format!("{text:?} is no cid, as team:general")))?;
    Ok(cid(kind, id))
}

/// Which messages, checked.
pub fn window(wanted: &MessageWindow, otherwise: i64) -> Result<Messages, Fault> {
    let MessageWindow { limit, id_lt, id_lte, id_gt, id_gte, created_at_before, created_at_after } = wanted.clone();
    let limit = limits::rows(limit, otherwise)?;
    Ok(Messages { limit, id_lt, id_lte, id_gt, id_gte, created_at_before, created_at_after })
}

/// `POST /channels/{type}/{id}/query`
pub async fn get_or_create(Path((kind, id)): Path<(String, String)>, In(call, body): In<ChannelQuery>) -> Outcome {
    limits::channel_id(&id)?;
    if id.starts_with('!') {
        let exists = call;
        return open(exists, cid(&kind, &id), body, false).await;
    }
    open(call, cid(&kind, &id), body, true).await
}

/// `POST /channels/{type}/query`: the one channel of exactly these members.
pub async fn get_or_create_distinct(Path(kind): Path<String>, In(call, body): In<ChannelQuery>) -> Outcome {
    let mut ids: Vec<String> =
        super::members::parse(&body.data.members)?.into_iter().map(|member| member.user_id).collect();
    ids.extend(call.user.clone());
    ids.sort();
    ids.dedup();
    if ids.len() < 2 {
        return Err(Fault::input("A channel without an id needs at least two members"));
    }
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(ids.join(",")));
    open(call, cid(&kind, &format!("!members-{hash}")), body, true).await
}

async fn open(mut call: Call, cid: Cid, body: ChannelQuery, may_create: bool) -> Outcome {
    if call.find_place(&cid).await?.is_none() {
        if !may_create {
            return Err(Fault::missing(format!("There is no channel {cid}")));
        }
        create(&mut call, &cid, &body.data).await?;
    }
    let place = call.place(&cid).await?;
    call.require(&place, "read-channel", false)?;
    let state = state(&mut call, &place, &body.messages, body.members, body.state).await?;
    call.answer(state).await
}

async fn create(call: &mut Call, cid: &Cid, data: &ChannelData) -> Result<(), Fault> {
    let kind = call.kind(&cid.kind).await?;
    call.require_in(&kind, "create-channel", cid)?;
    let named = data.created_by_id.clone().or_else(|| data.created_by.as_ref().map(|user| user.id.clone()));
    let creator = match (&call.user, named) {
        (None, None) => {
            return Err(Fault::input("data.created_by_id or data.created_by must be given with a server's token"));
        }
        (_, named) => call.acting_as(named).await?,
    };
    let mut custom = data.custom.clone();
    limits::without(&mut custom, &RESERVED);
    limits::custom("channel", &custom)?;
    let team = data.team.clone().unwrap_or_default();
    if !channels::create(&mut call.tx, cid, &creator, &team, &custom, call.now).await? {
        return Ok(()); // somebody was faster; it is the same channel
    }
    let change = ChannelChange { frozen: data.frozen, disabled: data.disabled, ..ChannelChange::default() };
    channels::update(&mut call.tx, cid, &change, &custom, call.now).await?;
    call.tell_of(cid, "channel.created", Some(&creator)).await?;
    let mut new = super::members::parse(&data.members)?;
    if let Some(user) = &call.user
        && !new.is_empty()
        && !new.iter().any(|member| member.user_id == *user)
    {
        new.push(members::NewMember { user_id: user.clone(), ..Default::default() });
    }
    super::members::add(call, cid, &new).await
}

/// A channel with what is in it, as who asks sees it.
async fn state(
    call: &mut Call,
    place: &Place,
    wanted: &MessageWindow,
    people: Option<Window>,
    whole: bool,
) -> Result<Value, Fault> {
    let (cid, viewer, now) = (&place.cid, call.user.clone(), call.now);
    let viewer = viewer.as_deref();
    let channel = channels::document(&mut call.tx, cid).await?;
    if !whole {
        return Ok(json!({ "channel": channel, "messages": [], "members": [], "read": [], "pinned_messages": [] }));
    }
    let window = window(wanted, MESSAGES_DEFAULT)?;
    let messages = messages::list(&mut call.tx, cid, None, &window, (viewer, place.since()), now).await?;
    let pinned = messages::pinned(&mut call.tx, cid, viewer, now, PINNED_MAX).await?;
    let people = people.unwrap_or_default();
    let page = Page {
        sort: Vec::new(),
        limit: limits::rows(people.limit, MEMBERS_DEFAULT)?,
        offset: limits::offset(people.offset)?,
    };
    let members = members::query(&mut call.tx, cid, &json!({}), &page).await??;
    let read = members::reads(&mut call.tx, cid, None).await?;
    Ok(json!({
        "channel": channel, "messages": messages, "members": members, "read": read, "pinned_messages": pinned,
        "watcher_count": 0,
    }))
}

/// `POST /channels`
pub async fn query(In(mut call, body): In<Query>) -> Outcome {
    let viewer = match &call.user {
        Some(user) => Some(user.clone()),
        None => body.user_id.clone(),
    };
    let page = search::page(&body)?;
    let filter = Value::Object(body.filter_conditions.clone());
    let found = channels::query(&mut call.tx, &filter, &page, viewer.as_deref(), false).await??;
    let wanted = MessageWindow { limit: Some(body.message_limit.unwrap_or(25)), ..MessageWindow::default() };
    let people = Some(Window { limit: body.member_limit, offset: None });
    let mut states = Vec::new();
    for cid in found {
        let place = call.place(&cid).await?;
        if call.may(&place, "read-channel") {
            states.push(state(&mut call, &place, &wanted, people, true).await?);
        }
    }
    call.answer(json!({ "channels": states })).await
}

/// `POST /channels/{type}/{id}`
pub async fn update(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<ChannelUpdate>) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    let cid = place.cid.clone();
    let by = call.maybe_acting(&body.acting).await?;
    if body.data.is_some() || body.cooldown.is_some() {
        call.require(&place, "update-channel", false)?;
        let data = body.data.clone();
        let mut custom = data.as_ref().map_or_else(|| custom_of(&place.facts.custom), |data| data.custom.clone());
        limits::without(&mut custom, &RESERVED);
        let data = data.unwrap_or_default();
        let change =
            ChannelChange { frozen: data.frozen, disabled: data.disabled, cooldown: body.cooldown, team: data.team };
        write(&mut call, &cid, &change, &custom).await?;
        call.tell_of(&cid, "channel.updated", by.as_deref()).await?;
    }
    super::members::change(&mut call, &place, &body).await?;
    let message = match &body.message {
        Some(message) => Some(said(&mut call, &cid, message, by.as_deref()).await?),
        None => None,
    };
    let channel = channels::document(&mut call.tx, &cid).await?;
    let all = Page { sort: Vec::new(), limit: MEMBERS_DEFAULT, offset: 0 };
    let members = members::query(&mut call.tx, &cid, &json!({}), &all).await??;
    let mut answer = json!({ "channel": channel, "members": members });
    if let Some(message) = message {
        answer["message"] = message;
    }
    call.answer(answer).await
}

async fn write(
    call: &mut Call,
    cid: &Cid,
    change: &ChannelChange,
    custom: &crate::chat::wire::Custom,
) -> Result<(), Fault> {
    if change.cooldown.is_some_and(|seconds| !(0..=120).contains(&seconds)) {
        return Err(Fault::input("cooldown must be between 0 and 120 seconds"));
    }
    limits::custom("channel", custom)?;
    channels::update(&mut call.tx, cid, change, custom, call.now).await?;
    Ok(())
}

/// A message that goes with a change: by the system, in the name of who changed it.
async fn said(call: &mut Call, cid: &Cid, message: &MessageRequest, by: Option<&str>) -> Result<Value, Fault> {
    let mut message = message.clone();
    if message.acting == Acting::default() {
        message.acting.user_id = by.map(str::to_owned);
    }
    message.kind = Some("system".to_owned());
    super::messages::write_new(call, cid, message, true).await
}

/// `PATCH /channels/{type}/{id}`
pub async fn patch(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<Patch>) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    call.require(&place, "update-channel", false)?;
    let by = call.maybe_acting(&body.acting).await?;
    let mut fields = custom_of(&place.facts.custom);
    limits::patch(&mut fields, &body.set, &body.unset);
    let take = |fields: &mut crate::chat::wire::Custom, name: &str| fields.remove(name).unwrap_or(Value::Null);
    let change = ChannelChange {
        frozen: take(&mut fields, "frozen").as_bool(),
        disabled: take(&mut fields, "disabled").as_bool(),
        cooldown: take(&mut fields, "cooldown").as_i64().and_then(|seconds| i32::try_from(seconds).ok()),
        team: take(&mut fields, "team").as_str().map(str::to_owned),
    };
    limits::without(&mut fields, &RESERVED);
    write(&mut call, &place.cid, &change, &fields).await?;
    let channel = call.tell_of(&place.cid, "channel.updated", by.as_deref()).await?;
    call.answer(json!({ "channel": channel })).await
}

/// Whether it is gone for good.
#[derive(Deserialize)]
pub struct DeleteParameters {
    #[serde(default)]
    hard_delete: bool,
}

/// `DELETE /channels/{type}/{id}`
pub async fn delete(
    mut call: Call,
    Path((kind, id)): Path<(String, String)>,
    Parameters(how): Parameters<DeleteParameters>,
) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    call.require(&place, "delete-channel", false)?;
    let channel = remove(&mut call, &place.cid, how.hard_delete).await?;
    call.answer(json!({ "channel": channel })).await
}

async fn remove(call: &mut Call, cid: &Cid, hard: bool) -> Result<Value, Fault> {
    let by = call.user.clone();
    channels::delete(&mut call.tx, cid, false, call.now).await?;
    let channel = call.tell_of(cid, "channel.deleted", by.as_deref()).await?;
    if hard {
        channels::delete(&mut call.tx, cid, true, call.now).await?;
    }
    Ok(channel)
}

/// Many channels to be deleted.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DeleteMany {
    cids: Vec<String>,
    hard_delete: bool,
}

/// `POST /channels/delete`. It is done at once; the task says so.
pub async fn delete_many(In(mut call, body): In<DeleteMany>) -> Outcome {
    call.server_only()?;
    if body.cids.is_empty() || body.cids.len() > 100 {
        return Err(Fault::input("cids must name 1 to 100 channels"));
    }
    let mut result = serde_json::Map::new();
    for text in &body.cids {
        let cid = parse_cid(text)?;
        call.place(&cid).await?;
        remove(&mut call, &cid, body.hard_delete).await?;
        result.insert(text.clone(), json!({ "status": "ok" }));
    }
    let (task, result) = (clock::fresh_id(), Value::Object(result));
    settings::insert_task(&mut call.tx, task, &result, call.now).await?;
    call.answer(json!({ "task_id": task, "result": result })).await
}

/// How a channel is emptied.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Truncate {
    hard_delete: bool,
    truncated_at: Option<Timestamp>,
    message: Option<MessageRequest>,
    #[serde(flatten)]
    acting: Acting,
}

/// `POST /channels/{type}/{id}/truncate`
pub async fn truncate(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<Truncate>) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    call.require(&place, "truncate-channel", false)?;
    let by = call.maybe_acting(&body.acting).await?;
    let (before, now) = (body.truncated_at.unwrap_or(call.now).min(call.now), call.now);
    channels::truncate(&mut call.tx, &place.cid, before, body.hard_delete, now).await?;
    let channel = call.tell_of(&place.cid, "channel.truncated", by.as_deref()).await?;
    let mut answer = json!({ "channel": channel });
    if let Some(message) = &body.message {
        answer["message"] = said(&mut call, &place.cid, message, by.as_deref()).await?;
    }
    call.answer(answer).await
}

/// Hiding a channel from somebody.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Hide {
    clear_history: bool,
    #[serde(flatten)]
    acting: Acting,
}

/// `POST /channels/{type}/{id}/hide`
pub async fn hide(Path((kind, id)): Path<(String, String)>, In(call, body): In<Hide>) -> Outcome {
    set_hidden(call, cid(&kind, &id), &body, true).await
}

/// `POST /channels/{type}/{id}/show`
pub async fn show(Path((kind, id)): Path<(String, String)>, In(call, body): In<Hide>) -> Outcome {
    set_hidden(call, cid(&kind, &id), &body, false).await
}

async fn set_hidden(mut call: Call, cid: Cid, body: &Hide, hidden: bool) -> Outcome {
    let (_, user) = call.place_and_actor(&cid, &body.acting).await?;
    let cleared = (hidden && body.clear_history).then_some(call.now);
    if !members::set_hidden(&mut call.tx, &cid, &user, hidden, cleared).await? {
        return Err(Fault::input(format!("{user} is not a member of {cid}")));
    }
    let kind = if hidden { "channel.hidden" } else { "channel.visible" };
    call.tell_in(&cid, kind, Some(&user), json!({ "clear_history": cleared.is_some() })).await?;
    call.answer(json!({})).await
}
