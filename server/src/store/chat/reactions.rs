//! Reactions to messages.

use jiff::Timestamp;
use serde_json::Value;

use super::{ChatTx, Custom, at, object};

/// Sets somebody's reaction of a type. With `only`, their other reactions to the message go.
#[expect(clippy::too_many_arguments, reason = "a row with its columns")]
pub async fn put(
    tx: &mut ChatTx,
    message: &str,
    user: &str,
    kind: &str,
    score: i32,
    custom: &Custom,
    only: bool,
    now: Timestamp,
) -> Result<Value, sqlx::Error> {
    if only {
        sqlx::query("DELETE FROM chat.reactions WHERE message_id = $1 AND user_id = $2 AND type <> $3")
            .bind(message)
            .bind(user)
            .bind(kind)
            .execute(&mut **tx)
            .await?;
    }
    sqlx::query_scalar(
        "INSERT INTO chat.reactions AS r (message_id, user_id, type, score, custom, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)
         ON CONFLICT (message_id, user_id, type) DO UPDATE SET score = $4, custom = $5, updated_at = $6
         RETURNING chat.reaction_json(r)",
    )
    .bind(message)
    .bind(user)
    .bind(kind)
    .bind(score)
    .bind(object(custom))
    .bind(at(now))
    .fetch_one(&mut **tx)
    .await
}

/// Takes one away; gives what it was.
pub async fn remove(tx: &mut ChatTx, message: &str, user: &str, kind: &str) -> Result<Option<Value>, sqlx::Error> {
    let document: Option<Value> = sqlx::query_scalar(
        "SELECT chat.reaction_json(r) FROM chat.reactions AS r WHERE message_id = $1 AND user_id = $2 AND type = $3",
    )
    .bind(message)
    .bind(user)
    .bind(kind)
    .fetch_optional(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM chat.reactions WHERE message_id = $1 AND user_id = $2 AND type = $3")
        .bind(message)
        .bind(user)
        .bind(kind)
        .execute(&mut **tx)
        .await?;
    Ok(document)
}

/// Those of a message, the newest first.
pub async fn list(tx: &mut ChatTx, message: &str, limit: i64, offset: i64) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT chat.reaction_json(r) FROM chat.reactions AS r WHERE message_id = $1
         ORDER BY created_at DESC, user_id, type LIMIT $2 OFFSET $3",
    )
    .bind(message)
    .bind(limit)
    .bind(offset)
    .fetch_all(&mut **tx)
    .await
}
