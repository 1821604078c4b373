//! Threads, as things of their own: found, named.

use axum::extract::{Path, Query as Parameters};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, custom_of};
use super::channels::parse_cid;
use super::limits;
use super::messages::find;
use crate::chat::wire::{Acting, Patch};
use crate::store::chat::messages::{self, Window};
use crate::store::chat::threads;

/// Replies with a thread if nobody says how many.
const REPLIES_DEFAULT: i64 = 2;

/// Which threads.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Query {
    limit: Option<i64>,
    /// What the last answer gave as `next`.
    next: Option<String>,
    reply_limit: Option<i64>,
    #[serde(flatten)]
    acting: Acting,
}

/// `POST /threads`
pub async fn query(In(mut call, body): In<Query>) -> Outcome {
    let user = call.acting(&body.acting).await?;
    let limit = limits::rows(body.limit, 10)?;
    let offset: i64 = match &body.next {
        None => 0,
        Some(next) => next.parse().map_err(|_| Fault::input("next is not what an answer gave"))?,
    };
    let found = threads::list(&mut call.tx, &user, limit, limits::offset(Some(offset))?).await?;
    let next = (found.len() as i64 == limit && limit > 0).then(|| (offset + limit).to_string());
    let mut whole = Vec::new();
    for thread in found {
        whole.push(complete(&mut call, thread, body.reply_limit).await?);
    }
    let mut answer = json!({ "threads": whole });
    if let Some(next) = next {
        answer["next"] = json!(next);
    }
    call.answer(answer).await
}

/// Adds its root and its newest replies.
async fn complete(call: &mut Call, mut thread: Value, replies: Option<i64>) -> Result<Value, Fault> {
    let (viewer, now) = (call.user.clone(), call.now);
    let root = thread["parent_message_id"].as_str().unwrap_or_default().to_owned();
    let cid = parse_cid(thread["channel_cid"].as_str().unwrap_or_default())?;
    let window = Window { limit: limits::rows(replies, REPLIES_DEFAULT)?, ..Window::default() };
    let latest = messages::list(&mut call.tx, &cid, Some(&root), &window, (viewer.as_deref(), None), now).await?;
    thread["latest_replies"] = Value::Array(latest);
    thread["parent_message"] =
        messages::document(&mut call.tx, &root, viewer.as_deref(), now).await?.unwrap_or(Value::Null);
    Ok(thread)
}

/// How much of it.
#[derive(Deserialize)]
pub struct Part {
    reply_limit: Option<i64>,
}

/// `GET /threads/{id}`
pub async fn get(mut call: Call, Path(id): Path<String>, Parameters(part): Parameters<Part>) -> Outcome {
    find(&mut call, &id, "read-channel").await?;
    let thread = thread(&mut call, &id).await?;
    let thread = complete(&mut call, thread, part.reply_limit).await?;
    call.answer(json!({ "thread": thread })).await
}

async fn thread(call: &mut Call, id: &str) -> Result<Value, Fault> {
    let thread = threads::document(&mut call.tx, id).await?;
    thread.ok_or_else(|| Fault::missing(format!("The message {id} has no thread")))
}

/// `PATCH /threads/{id}`
pub async fn patch(Path(id): Path<String>, In(mut call, body): In<Patch>) -> Outcome {
    let (place, _) = find(&mut call, &id, "update-thread").await?;
    thread(&mut call, &id).await?;
    let (title, custom) = threads::facts(&mut call.tx, &id).await?;
    let mut fields = custom_of(&custom);
    fields.insert("title".to_owned(), json!(title));
    limits::patch(&mut fields, &body.set, &body.unset);
    let title = match fields.remove("title") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(title)) => title,
        Some(_) => return Err(Fault::input("title must be a text")),
    };
    limits::custom("thread", &fields)?;
    let now = call.now;
    threads::update(&mut call.tx, &id, &title, &fields, now).await?;
    let thread = thread(&mut call, &id).await?;
    let by = call.user.clone();
    call.tell_in(&place.cid, "thread.updated", by.as_deref(), json!({ "thread": thread })).await?;
    call.answer(json!({ "thread": thread })).await
}
