//! Members: added, removed, given roles, found.

use axum::extract::{Path, Query as Parameters};
use serde_json::{Map, Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, Place, custom_of};
use super::channels::cid;
use super::limits;
use super::search;
use crate::chat::wire::{ChannelUpdate, Patch};
use crate::store::chat::channels::Cid;
use crate::store::chat::members::{self, NewMember};
use crate::store::chat::{Page, settings};

/// Names that are the server's to say.
const RESERVED: [&str; 10] = [
    "user_id",
    "user",
    "channel_role",
    "role",
    "created_at",
    "updated_at",
    "banned",
    "shadow_banned",
    "notifications_muted",
    "status",
];

/// Members as clients write them: ids, or objects with `user_id`.
pub fn parse(values: &[Value]) -> Result<Vec<NewMember>, Fault> {
    if values.len() > limits::MEMBERS_MAX {
        return Err(Fault::input(format!("A change has {} members at most", limits::MEMBERS_MAX)));
    }
    values
        .iter()
        .map(|value| match value {
            Value::String(id) => Ok(NewMember { user_id: id.clone(), ..NewMember::default() }),
            Value::Object(fields) => {
                let id = fields.get("user_id").or_else(|| value.pointer("/user/id")).and_then(Value::as_str);
                let id = id.ok_or_else(|| Fault::input("A member needs a user_id"))?;
                let role = fields.get("channel_role").and_then(Value::as_str).map(str::to_owned);
                let mut custom = fields.clone();
                limits::without(&mut custom, &RESERVED);
                limits::custom("member", &custom)?;
                Ok(NewMember { user_id: id.to_owned(), channel_role: role, custom })
            }
            _ => Err(Fault::input("A member is an id or an object with user_id")),
        })
        .collect()
}

/// Adds members; who is one already may get another role.
pub async fn add(call: &mut Call, cid: &Cid, new: &[NewMember]) -> Result<(), Fault> {
    let ids: Vec<String> = new.iter().map(|member| member.user_id.clone()).collect();
    call.ensure(&ids).await?;
    for member in new {
        if let Some(role) = &member.channel_role {
            known_role(call, role).await?;
        }
        let now = call.now;
        let added = members::add(&mut call.tx, cid, member, now).await?;
        let kind = if added { "member.added" } else { "member.updated" };
        tell(call, cid, kind, &member.user_id).await?;
    }
    Ok(())
}

async fn known_role(call: &mut Call, role: &str) -> Result<(), Fault> {
    let roles = settings::roles(&mut call.tx).await?;
    if roles.iter().any(|known| known["name"] == role) {
        return Ok(());
    }
    Err(Fault::input(format!("There is no role {role}")))
}

async fn tell(call: &mut Call, cid: &Cid, kind: &str, user: &str) -> Result<Option<Value>, Fault> {
    let one = Page { sort: Vec::new(), limit: 1, offset: 0 };
    let found = members::query(&mut call.tx, cid, &json!({ "user_id": user }), &one).await??;
    let member = found.into_iter().next();
    call.tell_in(cid, kind, Some(user), json!({ "member": member })).await?;
    Ok(member)
}

/// Carries out what a change of a channel says of its members.
pub async fn change(call: &mut Call, place: &Place, body: &ChannelUpdate) -> Result<(), Fault> {
    let only_self = |ids: &[String], user: &Option<String>| match user {
        Some(user) => !ids.is_empty() && ids.iter().all(|id| id == user),
        None => false,
    };
    let new = parse(&body.add_members)?;
    if !new.is_empty() {
        let ids: Vec<String> = new.iter().map(|member| member.user_id.clone()).collect();
        let joins = only_self(&ids, &call.user) && new.iter().all(|member| member.channel_role.is_none());
        call.require(place, if joins { "join-channel" } else { "update-channel-members" }, false)?;
        add(call, &place.cid, &new).await?;
    }
    if body.remove_members.len() > limits::MEMBERS_MAX {
        return Err(Fault::input(format!("A change has {} members at most", limits::MEMBERS_MAX)));
    }
    if !body.remove_members.is_empty() {
        let leaves = only_self(&body.remove_members, &call.user);
        call.require(place, if leaves { "leave-channel" } else { "update-channel-members" }, false)?;
        for user in members::remove(&mut call.tx, &place.cid, &body.remove_members).await? {
            call.tell_in(&place.cid, "member.removed", Some(&user), json!({ "member": { "user_id": user } })).await?;
        }
    }
    let mut roles: Vec<(String, String)> = Vec::new();
    roles.extend(body.add_moderators.iter().map(|id| (id.clone(), "channel_moderator".to_owned())));
    roles.extend(body.demote_moderators.iter().map(|id| (id.clone(), "channel_member".to_owned())));
    for member in parse(&body.assign_roles)? {
        let role = member.channel_role.ok_or_else(|| Fault::input("assign_roles needs a channel_role"))?;
        roles.push((member.user_id, role));
    }
    if !roles.is_empty() {
        call.require(place, "update-channel-members", false)?;
    }
    for (user, role) in roles {
        known_role(call, &role).await?;
        let now = call.now;
        if !members::update(&mut call.tx, &place.cid, &user, Some(&role), None, now).await? {
            return Err(Fault::input(format!("{user} is not a member of {}", place.cid)));
        }
        tell(call, &place.cid, "member.updated", &user).await?;
    }
    Ok(())
}

/// `PATCH /channels/{type}/{id}/member`: of who asks.
pub async fn patch(Path((kind, id)): Path<(String, String)>, In(mut call, body): In<Patch>) -> Outcome {
    let user = call.acting(&body.acting).await?;
    write(call, cid(&kind, &id), user, body).await
}

/// `PATCH /channels/{type}/{id}/member/{user}`
pub async fn patch_named(
    Path((kind, id, user)): Path<(String, String, String)>,
    In(mut call, body): In<Patch>,
) -> Outcome {
    let user = call.acting_as(Some(user)).await?;
    write(call, cid(&kind, &id), user, body).await
}

async fn write(mut call: Call, cid: Cid, user: String, body: Patch) -> Outcome {
    let place = call.place(&cid).await?;
    let facts = members::facts(&mut call.tx, &cid, &user).await?;
    let facts = facts.ok_or_else(|| Fault::input(format!("{user} is not a member of {cid}")))?;
    let mut fields = custom_of(&facts.custom);
    limits::patch(&mut fields, &body.set, &body.unset);
    let role = fields.remove("channel_role").and_then(|role| role.as_str().map(str::to_owned));
    if let Some(role) = &role {
        call.require(&place, "update-channel-members", false)?;
        known_role(&mut call, role).await?;
    }
    limits::without(&mut fields, &RESERVED);
    limits::custom("member", &fields)?;
    let now = call.now;
    members::update(&mut call.tx, &cid, &user, role.as_deref(), Some(&fields), now).await?;
    let member = tell(&mut call, &cid, "member.updated", &user).await?;
    call.answer(json!({ "channel_member": member })).await
}

/// `GET /members`
pub async fn query(mut call: Call, Parameters(parameters): Parameters<Map<String, Value>>) -> Outcome {
    let query = search::payload(&parameters)?;
    let (Some(kind), Some(id)) = (&query.kind, &query.id) else {
        return Err(Fault::input("payload must name the channel by type and id"));
    };
    let place = call.place(&cid(kind, id)).await?;
    call.require(&place, "read-channel-members", false)?;
    let page = search::page(&query)?;
    let filter = Value::Object(query.filter_conditions);
    let found = members::query(&mut call.tx, &place.cid, &filter, &page).await??;
    call.answer(json!({ "members": found })).await
}
