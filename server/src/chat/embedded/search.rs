//! Lists as clients ask for them (`payload`), and the search for messages.

use axum::extract::Query as Parameters;
use serde_json::{Map, Value, json};

use super::answer::{Fault, Outcome};
use super::call::Call;
use super::limits;
use crate::chat::wire::{Query, SortKey};
use crate::store::chat::Page;
use crate::store::chat::filter::Sort;
use crate::store::chat::{channels, messages};

/// Channels that are searched at a time.
const CHANNELS_MAX: i64 = 500;

/// The JSON in the parameter `payload`.
pub fn payload(parameters: &Map<String, Value>) -> Result<Query, Fault> {
    let Some(Value::String(text)) = parameters.get("payload") else { return Ok(Query::default()) };
    if text.contains("\\u0000") {
        return Err(Fault::input("A text must not contain the character NUL"));
    }
    serde_json::from_str(text).map_err(|error| Fault::input(format!("payload: {error}")))
}

/// The part of a list that is wanted.
pub fn page(query: &Query) -> Result<Page, Fault> {
    Ok(Page {
        sort: sort(&query.sort),
        limit: limits::rows(query.limit, limits::LIST_DEFAULT)?,
        offset: limits::offset(query.offset)?,
    })
}

/// The order that is wanted.
pub fn sort(keys: &[SortKey]) -> Vec<Sort> {
    keys.iter().map(|key| Sort { field: key.field.clone(), descending: key.direction < 0 }).collect()
}

/// `GET /search`
pub async fn search(mut call: Call, Parameters(parameters): Parameters<Map<String, Value>>) -> Outcome {
    let query = payload(&parameters)?;
    let words = query.query.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let filter = query.message_filter_conditions.clone().map(Value::Object);
    if words.is_some() == filter.is_some() {
        return Err(Fault::input("Give either query or message_filter_conditions"));
    }
    if query.filter_conditions.is_empty() {
        return Err(Fault::input("filter_conditions must say in which channels"));
    }
    let all = Page { sort: Vec::new(), limit: CHANNELS_MAX, offset: 0 };
    let viewer = call.user.clone();
    let wanted = Value::Object(query.filter_conditions.clone());
    let found = channels::query(&mut call.tx, &wanted, &all, viewer.as_deref(), false).await??;
    let mut visible = Vec::new();
    for cid in found {
        let place = call.place(&cid).await?;
        if call.may(&place, "read-channel") && place.has("search") {
            visible.push(cid);
        }
    }
    let as_seen = (viewer.as_deref(), call.now);
    let page = page(&query)?;
    let found = messages::search(&mut call.tx, &visible, words, filter.as_ref(), &page, as_seen).await??;
    let results: Vec<Value> = found.into_iter().map(|message| json!({ "message": message })).collect();
    call.answer(json!({ "results": results })).await
}
