//! Polls: made, voted in, closed.

use axum::extract::{Path, Query as Parameters};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Fault, Outcome};
use super::call::{Call, In, custom_of};
use super::limits;
use super::messages::find;
use crate::chat::wire::{Acting, CastVote, Custom, Patch, PollOption, Vote};
use crate::clock;
use crate::store::chat::polls;

/// What a poll can be set to, by the names they have on the wire.
const SETTINGS: [&str; 6] = [
    "is_closed",
    "enforce_unique_vote",
    "max_votes_allowed",
    "allow_answers",
    "allow_user_suggested_options",
    "voting_visibility",
];
/// Names that are the server's to say.
const RESERVED: [&str; 12] = [
    "id",
    "created_by",
    "created_by_id",
    "created_at",
    "updated_at",
    "vote_count",
    "answers_count",
    "vote_counts_by_option",
    "latest_votes_by_option",
    "latest_answers",
    "own_votes",
    "duration",
];

/// A poll to be made.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct New {
    id: Option<String>,
    name: String,
    description: String,
    options: Vec<PollOption>,
    #[serde(flatten)]
    acting: Acting,
    #[serde(flatten)]
    rest: Custom,
}

/// `POST /polls`
pub async fn create(In(mut call, body): In<New>) -> Outcome {
    let user = call.acting(&body.acting).await?;
    limits::id("The poll's name", &body.name)?;
    let id = body.id.unwrap_or_else(|| clock::fresh_id().to_string());
    limits::id("The poll's id", &id)?;
    if body.options.len() > limits::OPTIONS_MAX {
        return Err(Fault::input(format!("A poll has {} options at most", limits::OPTIONS_MAX)));
    }
    let (settings, custom) = sorted(body.rest)?;
    let now = call.now;
    if !polls::insert(&mut call.tx, &id, &user, &body.name, &body.description, &settings, &custom, now).await? {
        return Err(Fault::input(format!("A poll with the id {id} already exists")));
    }
    for option in &body.options {
        add(&mut call, &id, option).await?;
    }
    let poll = document(&mut call, &id).await?;
    call.answer(json!({ "poll": poll })).await
}

/// Splits what is not named into settings, checked, and custom fields.
fn sorted(mut rest: Custom) -> Result<(Custom, Custom), Fault> {
    let mut settings = Custom::from_iter([
        ("is_closed".to_owned(), json!(false)),
        ("enforce_unique_vote".to_owned(), json!(false)),
        ("allow_answers".to_owned(), json!(false)),
        ("allow_user_suggested_options".to_owned(), json!(false)),
        ("voting_visibility".to_owned(), json!("public")),
    ]);
    for name in SETTINGS {
        let Some(value) = rest.remove(name).filter(|value| !value.is_null()) else { continue };
        let valid = match name {
            "max_votes_allowed" => {
                value.as_u64().is_some_and(|votes| (1..=limits::OPTIONS_MAX as u64).contains(&votes))
            }
            "voting_visibility" => value == "public" || value == "anonymous",
            _ => value.is_boolean(),
        };
        if !valid {
            return Err(Fault::input(format!("{name} cannot be {value}")));
        }
        settings.insert(name.to_owned(), value);
    }
    limits::without(&mut rest, &RESERVED);
    limits::custom("poll", &rest)?;
    Ok((settings, rest))
}

async fn add(call: &mut Call, poll: &str, option: &PollOption) -> Result<String, Fault> {
    let id = if option.id.is_empty() { clock::fresh_id().to_string() } else { option.id.clone() };
    limits::id("The option's id", &id)?;
    limits::id("The option's text", &option.text)?;
    limits::custom("option", &option.custom)?;
    let known = polls::options(&mut call.tx, poll).await?;
    if known.len() >= limits::OPTIONS_MAX {
        return Err(Fault::input(format!("A poll has {} options at most", limits::OPTIONS_MAX)));
    }
    if known.iter().any(|(_, text)| *text == option.text) {
        return Err(Fault::input(format!("The poll has the option {:?} already", option.text)));
    }
    if !polls::add_option(&mut call.tx, poll, &id, &option.text, &option.custom).await? {
        return Err(Fault::input(format!("An option with the id {id} already exists")));
    }
    Ok(id)
}

async fn document(call: &mut Call, id: &str) -> Result<Value, Fault> {
    let viewer = call.user.clone();
    let poll = polls::document(&mut call.tx, id, viewer.as_deref()).await?;
    poll.ok_or_else(|| Fault::missing(format!("There is no poll {id}")))
}

/// The settings and custom fields of a poll, if who asks may see it: it is theirs, or stands in a channel they read.
async fn facts(call: &mut Call, id: &str, to_change: bool) -> Result<(Custom, Custom), Fault> {
    let found = polls::facts(&mut call.tx, id).await?;
    let (created_by, settings, custom) = found.ok_or_else(|| Fault::missing(format!("There is no poll {id}")))?;
    let own = call.user.is_none() || call.user == created_by;
    let mut visible = own;
    if !own && !to_change {
        for cid in polls::channels(&mut call.tx, id).await? {
            if let Some(place) = call.find_place(&cid).await? {
                visible |= call.may(&place, "read-channel");
            }
        }
    }
    match visible {
        true => Ok((custom_of(&settings), custom_of(&custom))),
        false => Err(Fault::not_allowed(format!("The poll {id} is not yours"))),
    }
}

/// `GET /polls/{poll}`
pub async fn get(mut call: Call, Path(id): Path<String>) -> Outcome {
    facts(&mut call, &id, false).await?;
    let poll = document(&mut call, &id).await?;
    call.answer(json!({ "poll": poll })).await
}

/// `PATCH /polls/{poll}`
pub async fn patch(Path(id): Path<String>, In(mut call, body): In<Patch>) -> Outcome {
    let (before, mut fields) = facts(&mut call, &id, true).await?;
    fields.extend(before.clone());
    limits::patch(&mut fields, &body.set, &body.unset);
    let (settings, custom) = sorted(fields)?;
    let closes = before.get("is_closed") != settings.get("is_closed") && settings["is_closed"] == true;
    let now = call.now;
    polls::update(&mut call.tx, &id, &Value::Object(settings), &Value::Object(custom), now).await?;
    tell(&mut call, &id, if closes { "poll.closed" } else { "poll.updated" }, Value::Null).await?;
    let poll = document(&mut call, &id).await?;
    call.answer(json!({ "poll": poll })).await
}

/// `DELETE /polls/{poll}`
pub async fn delete(mut call: Call, Path(id): Path<String>) -> Outcome {
    facts(&mut call, &id, true).await?;
    tell(&mut call, &id, "poll.deleted", Value::Null).await?;
    polls::delete(&mut call.tx, &id).await?;
    call.answer(json!({})).await
}

/// An option to be added.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NewOption {
    #[serde(flatten)]
    acting: Acting,
    id: String,
    text: String,
    #[serde(flatten)]
    custom: Custom,
}

/// `POST /polls/{poll}/options`
pub async fn add_option(Path(id): Path<String>, In(mut call, body): In<NewOption>) -> Outcome {
    let (settings, _) = facts(&mut call, &id, false).await?;
    let suggested = settings.get("allow_user_suggested_options") == Some(&json!(true));
    if !suggested {
        facts(&mut call, &id, true).await?;
    }
    call.maybe_acting(&body.acting).await?;
    open(&id, &settings)?;
    let option = PollOption { id: body.id, text: body.text, custom: body.custom };
    let made = add(&mut call, &id, &option).await?;
    tell(&mut call, &id, "poll.updated", Value::Null).await?;
    call.answer(json!({ "poll_option": { "id": made, "text": option.text } })).await
}

fn open(id: &str, settings: &Custom) -> Result<(), Fault> {
    match settings.get("is_closed") {
        Some(Value::Bool(true)) => Err(Fault::not_allowed(format!("The poll {id} is closed"))),
        _ => Ok(()),
    }
}

async fn tell(call: &mut Call, id: &str, kind: &str, vote: Value) -> Result<(), Fault> {
    let poll = polls::document(&mut call.tx, id, None).await?;
    let by = call.user.clone();
    for cid in polls::channels(&mut call.tx, id).await? {
        let mut event = json!({ "poll": poll });
        if !vote.is_null() {
            event["poll_vote"] = vote.clone();
        }
        call.tell_in(&cid, kind, by.as_deref(), event).await?;
    }
    Ok(())
}

/// A vote in its envelope.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Envelope {
    vote: Vote,
    #[serde(flatten)]
    acting: Acting,
}

impl From<CastVote> for Envelope {
    fn from(cast: CastVote) -> Self {
        Self { vote: cast.vote, acting: cast.acting }
    }
}

/// `POST /messages/{id}/polls/{poll}/vote`
pub async fn cast(Path((message, id)): Path<(String, String)>, In(mut call, body): In<Envelope>) -> Outcome {
    let settings = poll_of(&mut call, &message, &id).await?;
    open(&id, &settings)?;
    let user = call.acting(&body.acting).await?;
    let before = polls::votes_of(&mut call.tx, &id, &user).await?;
    let flag = |name: &str| settings.get(name) == Some(&json!(true));
    let mut gone = Vec::new();
    match (&body.vote.option_id, &body.vote.answer_text) {
        (Some(option), None) => {
            if !polls::options(&mut call.tx, &id).await?.iter().any(|(known, _)| known == option) {
                return Err(Fault::input(format!("The poll has no option {option}")));
            }
            let others = before.iter().filter(|(_, of)| of.as_ref().is_some_and(|of| of != option));
            let others: Vec<String> = others.map(|(vote, _)| vote.clone()).collect();
            let most = settings.get("max_votes_allowed").and_then(Value::as_u64);
            if flag("enforce_unique_vote") {
                gone = others;
            } else if most.is_some_and(|most| others.len() as u64 >= most) {
                return Err(Fault::input(format!("{user} has all the votes the poll allows")));
            }
        }
        (None, Some(answer)) => {
            if !flag("allow_answers") {
                return Err(Fault::input("The poll takes no answers in words"));
            }
            limits::id("The answer", answer)?;
            gone = before.iter().filter(|(_, of)| of.is_none()).map(|(vote, _)| vote.clone()).collect();
        }
        _ => return Err(Fault::input("A vote needs either option_id or answer_text")),
    }
    for vote in &gone {
        polls::unvote(&mut call.tx, &id, vote, Some(&user)).await?;
    }
    let fresh = clock::fresh_id().to_string();
    let (option, answer, now) = (body.vote.option_id.as_deref(), body.vote.answer_text.as_deref(), call.now);
    let vote = polls::vote(&mut call.tx, &id, &fresh, &user, option, answer, now).await?;
    tell(&mut call, &id, if gone.is_empty() { "poll.vote_casted" } else { "poll.vote_changed" }, vote.clone()).await?;
    let poll = document(&mut call, &id).await?;
    call.answer(json!({ "vote": vote, "poll": poll })).await
}

/// The settings of the poll a message carries, if who asks may vote there.
async fn poll_of(call: &mut Call, message: &str, id: &str) -> Result<Custom, Fault> {
    let (_, facts) = find(call, message, "cast-vote").await?;
    if facts.poll_id.as_deref() != Some(id) || facts.deleted_at.is_some() {
        return Err(Fault::missing(format!("The message {message} does not carry the poll {id}")));
    }
    let found = polls::facts(&mut call.tx, id).await?;
    let (_, settings, _) = found.ok_or_else(|| Fault::missing(format!("There is no poll {id}")))?;
    Ok(custom_of(&settings))
}

/// Whose vote.
#[derive(Deserialize)]
pub struct Whose {
    user_id: Option<String>,
}

/// `DELETE /messages/{id}/polls/{poll}/vote/{vote}`
pub async fn take_back(
    mut call: Call,
    Path((message, id, vote)): Path<(String, String, String)>,
    Parameters(whose): Parameters<Whose>,
) -> Outcome {
    let settings = poll_of(&mut call, &message, &id).await?;
    open(&id, &settings)?;
    let user = call.acting_as(whose.user_id).await?;
    let gone = polls::unvote(&mut call.tx, &id, &vote, Some(&user)).await?;
    let gone = gone.ok_or_else(|| Fault::missing(format!("{user} has no vote {vote} in this poll")))?;
    tell(&mut call, &id, "poll.vote_removed", gone.clone()).await?;
    let poll = document(&mut call, &id).await?;
    call.answer(json!({ "vote": gone, "poll": poll })).await
}
