//! Polls, their options and votes.

use jiff::Timestamp;
use serde_json::Value;

use super::{ChatTx, Custom, at, object};

/// Makes one. `false`: there is one of that id already.
#[expect(clippy::too_many_arguments, reason = "a row with its columns")]
pub async fn insert(
    tx: &mut ChatTx,
    id: &str,
    created_by: &str,
    name: &str,
    description: &str,
    settings: &Custom,
    custom: &Custom,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query(
        "INSERT INTO chat.polls (id, created_by_id, name, description, settings, custom, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING",
    )
    .bind(id)
    .bind(created_by)
    .bind(name)
    .bind(description)
    .bind(object(settings))
    .bind(object(custom))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Who made it, its settings and its custom fields; locked, so that votes are counted one after the other.
pub async fn facts(tx: &mut ChatTx, id: &str) -> Result<Option<(Option<String>, Value, Value)>, sqlx::Error> {
    sqlx::query_as("SELECT created_by_id, settings, custom FROM chat.polls WHERE id = $1 FOR NO KEY UPDATE")
        .bind(id)
        .fetch_optional(&mut **tx)
        .await
}

/// Its document, with the votes of `viewer` as its own.
pub async fn document(tx: &mut ChatTx, id: &str, viewer: Option<&str>) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar("SELECT chat.poll_json(p, $2) FROM chat.polls AS p WHERE id = $1")
        .bind(id)
        .bind(viewer)
        .fetch_optional(&mut **tx)
        .await
}

/// Replaces its settings and custom fields.
pub async fn update(
    tx: &mut ChatTx,
    id: &str,
    settings: &Value,
    custom: &Value,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE chat.polls SET settings = $2, custom = $3, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(settings)
        .bind(custom)
        .bind(at(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes it with its votes.
pub async fn delete(tx: &mut ChatTx, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM chat.polls WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// Adds an option. `false`: there is one of that id already.
pub async fn add_option(
    tx: &mut ChatTx,
    poll: &str,
    id: &str,
    text: &str,
    custom: &Custom,
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query(
        "INSERT INTO chat.poll_options (poll_id, id, text, custom) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(poll)
    .bind(id)
    .bind(text)
    .bind(object(custom))
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Its options, by id and text.
pub async fn options(tx: &mut ChatTx, poll: &str) -> Result<Vec<(String, String)>, sqlx::Error> {
    sqlx::query_as("SELECT id, text FROM chat.poll_options WHERE poll_id = $1 ORDER BY ordinal")
        .bind(poll)
        .fetch_all(&mut **tx)
        .await
}

/// What somebody voted: id of the vote, and the option or `None` for an answer in words.
pub async fn votes_of(tx: &mut ChatTx, poll: &str, user: &str) -> Result<Vec<(String, Option<String>)>, sqlx::Error> {
    sqlx::query_as("SELECT id, option_id FROM chat.poll_votes WHERE poll_id = $1 AND user_id = $2 ORDER BY created_at")
        .bind(poll)
        .bind(user)
        .fetch_all(&mut **tx)
        .await
}

/// Writes a vote for an option, or an answer; gives its document.
pub async fn vote(
    tx: &mut ChatTx,
    poll: &str,
    id: &str,
    user: &str,
    option: Option<&str>,
    answer: Option<&str>,
    now: Timestamp,
) -> Result<Value, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO chat.poll_votes AS v (poll_id, id, user_id, option_id, answer_text, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (poll_id, user_id, option_id) DO UPDATE SET updated_at = $6 RETURNING chat.vote_json(v)",
    )
    .bind(poll)
    .bind(id)
    .bind(user)
    .bind(option)
    .bind(answer)
    .bind(at(now))
    .fetch_one(&mut **tx)
    .await
}

/// Takes a vote of that user back (of anybody, if `None`); gives what it was.
pub async fn unvote(tx: &mut ChatTx, poll: &str, id: &str, user: Option<&str>) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar(
        "DELETE FROM chat.poll_votes AS v WHERE poll_id = $1 AND id = $2 AND ($3::text IS NULL OR user_id = $3)
         RETURNING chat.vote_json(v)",
    )
    .bind(poll)
    .bind(id)
    .bind(user)
    .fetch_optional(&mut **tx)
    .await
}

/// The channels in which a poll stands: type and id.
pub async fn channels(tx: &mut ChatTx, poll: &str) -> Result<Vec<super::channels::Cid>, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT DISTINCT channel_type, channel_id FROM chat.messages WHERE poll_id = $1")
            .bind(poll)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows.into_iter().map(|(kind, id)| super::channels::Cid { kind, id }).collect())
}
