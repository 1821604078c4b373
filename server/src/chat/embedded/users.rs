//! Users: made, changed, found, deactivated, deleted.

use std::collections::BTreeMap;

use axum::extract::{Path, Query as Parameters};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, custom_of};
use super::limits;
use super::search::payload;
use crate::chat::wire::{Acting, Custom, DeleteUsers};
use crate::clock;
use crate::store::chat::{settings, users};

/// Names that are the server's to say.
const RESERVED: [&str; 11] = [
    "id",
    "role",
    "teams",
    "created_at",
    "updated_at",
    "deactivated_at",
    "deleted_at",
    "last_active",
    "online",
    "banned",
    "revoke_tokens_issued_before",
];

/// Users to be made or replaced, by id.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Upsert {
    users: BTreeMap<String, Value>,
}

/// `POST /users`
pub async fn upsert(In(mut call, body): In<Upsert>) -> Outcome {
    if body.users.is_empty() || body.users.len() > limits::USERS_MAX {
        return Err(Fault::input(format!("users must name 1 to {} users", limits::USERS_MAX)));
    }
    for (id, user) in &body.users {
        if user.get("id").is_some_and(|given| given != id.as_str()) {
            return Err(Fault::input(format!("The user under {id} has another id")));
        }
        write(&mut call, id, &custom_of(user)).await?;
    }
    answer_changed(call, body.users.into_keys().collect()).await
}

/// Makes or replaces a user from all its fields.
async fn write(call: &mut Call, id: &str, fields: &Custom) -> Result<(), Fault> {
    limits::user_id(id)?;
    let role = match fields.get("role") {
        None | Some(Value::Null) => None,
        Some(Value::String(role)) => Some(role.clone()),
        Some(_) => return Err(Fault::input("role must be a text")),
    };
    let teams: Option<Vec<String>> = match fields.get("teams") {
        None | Some(Value::Null) => None,
        Some(teams) => {
            Some(serde_json::from_value(teams.clone()).map_err(|_| Fault::input("teams must be a list of texts"))?)
        }
    };
    if let Some(user) = &call.user
        && (user != id || role.is_some() || teams.is_some())
    {
        return Err(Fault::not_allowed(format!("{user} may change themselves only, and neither role nor teams")));
    }
    if let Some(role) = &role {
        let roles = settings::roles(&mut call.tx).await?;
        if !roles.iter().any(|known| known["name"] == role.as_str()) {
            return Err(Fault::input(format!("There is no role {role}")));
        }
    }
    if users::facts(&mut call.tx, id).await?.is_some_and(|facts| facts.deleted) {
        return Err(Fault::input(format!("The user {id} was deleted")));
    }
    let mut custom = fields.clone();
    limits::without(&mut custom, &RESERVED);
    limits::custom("user", &custom)?;
    users::upsert(&mut call.tx, id, role.as_deref(), teams.as_deref(), &custom, call.now).await?;
    Ok(())
}

async fn answer_changed(mut call: Call, ids: Vec<String>) -> Outcome {
    let documents = users::documents(&mut call.tx, &ids).await?;
    let mut by_id = Map::new();
    for document in documents {
        call.tell("user.updated", json!({ "user": document })).await?;
        by_id.insert(document["id"].as_str().unwrap_or_default().to_owned(), document);
    }
    call.answer(json!({ "users": by_id })).await
}

/// Changes of users.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PatchMany {
    users: Vec<PatchOne>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PatchOne {
    id: String,
    set: Custom,
    unset: Vec<String>,
}

/// `PATCH /users`
pub async fn patch(In(mut call, body): In<PatchMany>) -> Outcome {
    if body.users.is_empty() || body.users.len() > limits::USERS_MAX {
        return Err(Fault::input(format!("users must name 1 to {} users", limits::USERS_MAX)));
    }
    let mut ids = Vec::new();
    for PatchOne { id, mut set, unset } in body.users {
        let facts = users::facts(&mut call.tx, &id).await?.filter(|facts| !facts.deleted);
        let facts = facts.ok_or_else(|| Fault::missing(format!("There is no user {id}")))?;
        set_revocation(&mut call, &id, &mut set).await?;
        let mut fields = custom_of(&facts.custom);
        limits::patch(&mut fields, &set, &unset);
        write(&mut call, &id, &fields).await?;
        ids.push(id);
    }
    answer_changed(call, ids).await
}

/// `revoke_tokens_issued_before` is set here; it is no custom field.
async fn set_revocation(call: &mut Call, id: &str, set: &mut Custom) -> Result<(), Fault> {
    let Some(before) = set.remove("revoke_tokens_issued_before") else { return Ok(()) };
    call.server_only()?;
    let before: Option<Timestamp> = serde_json::from_value(before)
        .map_err(|_| Fault::input("revoke_tokens_issued_before must be a moment, as 2026-01-31T12:00:00Z, or null"))?;
    users::set_revoked(&mut call.tx, id, before).await?;
    Ok(())
}

/// `GET /users`
pub async fn query(mut call: Call, Parameters(parameters): Parameters<Map<String, Value>>) -> Outcome {
    let query = payload(&parameters)?;
    let page = super::search::page(&query)?;
    let filter = Value::Object(query.filter_conditions);
    let found = users::query(&mut call.tx, &filter, &page, query.include_deactivated_users).await??;
    call.answer(json!({ "users": found })).await
}

/// `POST /users/{id}/deactivate`
pub async fn deactivate(Path(id): Path<String>, In(call, _): In<Acting>) -> Outcome {
    set_active(call, id, false).await
}

/// `POST /users/{id}/reactivate`
pub async fn reactivate(Path(id): Path<String>, In(call, _): In<Acting>) -> Outcome {
    set_active(call, id, true).await
}

async fn set_active(mut call: Call, id: String, active: bool) -> Outcome {
    call.server_only()?;
    let facts = users::facts(&mut call.tx, &id).await?.filter(|facts| !facts.deleted);
    let facts = facts.ok_or_else(|| Fault::missing(format!("There is no user {id}")))?;
    if facts.deactivated != active {
        let state = if active { "not deactivated" } else { "deactivated already" };
        return Err(Fault::input(format!("The user {id} is {state}")));
    }
    let since = (!active).then_some(call.now);
    let now = call.now;
    users::set_deactivated(&mut call.tx, &id, since, now).await?;
    let user = call.user_document(&id).await?;
    let kind = if active { "user.reactivated" } else { "user.deactivated" };
    call.tell(kind, json!({ "user": user })).await?;
    call.answer(json!({ "user": user })).await
}

/// How one user is deleted.
#[derive(Deserialize)]
pub struct DeleteParameters {
    #[serde(default)]
    mark_messages_deleted: bool,
    #[serde(default)]
    hard_delete: bool,
}

/// `DELETE /users/{id}`
pub async fn delete(mut call: Call, Path(id): Path<String>, Parameters(how): Parameters<DeleteParameters>) -> Outcome {
    call.server_only()?;
    let user = remove(&mut call, &id, how.hard_delete, how.mark_messages_deleted).await?;
    call.answer(json!({ "user": user })).await
}

/// `POST /users/delete`. It is done at once; the task says so.
pub async fn delete_many(In(mut call, body): In<DeleteUsers>) -> Outcome {
    call.server_only()?;
    if body.user_ids.is_empty() || body.user_ids.len() > limits::USERS_MAX {
        return Err(Fault::input(format!("user_ids must name 1 to {} users", limits::USERS_MAX)));
    }
    let hard = |how: &Option<String>| match how.as_deref() {
        None => Ok(None),
        Some("soft") => Ok(Some(false)),
        Some("hard") => Ok(Some(true)),
        Some(other) => Err(Fault::input(format!("{other} is neither soft nor hard"))),
    };
    let (user, messages) = (hard(&body.user)?, hard(&body.messages)?);
    if messages == Some(true) && user != Some(true) {
        return Err(Fault::input("Messages are deleted hard only with their user"));
    }
    for id in &body.user_ids {
        remove(&mut call, id, user == Some(true), messages.is_some()).await?;
    }
    let task = clock::fresh_id();
    let result: Map<String, Value> = body.user_ids.into_iter().map(|id| (id, json!({ "status": "ok" }))).collect();
    settings::insert_task(&mut call.tx, task, &Value::Object(result), call.now).await?;
    call.answer(json!({ "task_id": task })).await
}

async fn remove(call: &mut Call, id: &str, hard: bool, messages: bool) -> Result<Value, Fault> {
    if users::facts(&mut call.tx, id).await?.is_none() {
        return Err(Fault::missing(format!("There is no user {id}")));
    }
    let now = call.now;
    users::delete_soft(&mut call.tx, id, messages, now).await?;
    let user = call.user_document(id).await?;
    if hard {
        users::delete_hard(&mut call.tx, id).await?;
    }
    call.tell("user.deleted", json!({ "user": user, "hard_delete": hard, "mark_messages_deleted": messages })).await?;
    Ok(user)
}
