//! Threads: messages that have replies.

use jiff::Timestamp;
use serde_json::Value;

use super::{ChatTx, Custom, at, object};

/// A thread's document without its parent message and its latest replies.
const THREAD: &str = "
    SELECT jsonb_build_object(
        'channel_cid', m.channel_type || ':' || m.channel_id, 'parent_message_id', m.id, 'created_by_user_id', m.user_id,
        'created_by', chat.user_json(m.user_id), 'title', coalesce(t.title, ''), 'custom', coalesce(t.custom, '{}'),
        'created_at', m.created_at, 'updated_at', greatest(t.updated_at, r.last_at), 'last_message_at', r.last_at,
        'reply_count', r.replies, 'participant_count', r.people,
        'thread_participants', (SELECT coalesce(jsonb_agg(jsonb_build_object('user_id', u.id, 'user', chat.user_json(u)) ORDER BY u.id), '[]')
            FROM chat.users AS u WHERE u.id = m.user_id OR u.id IN (SELECT x.user_id FROM chat.messages AS x WHERE x.parent_id = m.id)),
        'read', (SELECT coalesce(jsonb_agg(jsonb_build_object('user', chat.user_json(u), 'last_read', p.last_read, 'unread_messages',
                (SELECT count(*) FROM chat.messages AS x WHERE x.parent_id = m.id AND x.deleted_at IS NULL AND NOT x.silent
                    AND x.user_id <> u.id AND (p.last_read IS NULL OR x.created_at > p.last_read))) ORDER BY u.id), '[]')
            FROM chat.users AS u LEFT JOIN chat.thread_reads AS p ON p.message_id = m.id AND p.user_id = u.id
            WHERE u.id = m.user_id OR u.id IN (SELECT x.user_id FROM chat.messages AS x WHERE x.parent_id = m.id)))
    FROM chat.messages AS m
    JOIN LATERAL (SELECT max(x.created_at) AS last_at, count(*) AS replies, count(DISTINCT x.user_id) AS people
                  FROM chat.messages AS x WHERE x.parent_id = m.id AND x.deleted_at IS NULL) AS r ON r.replies > 0
    LEFT JOIN chat.threads AS t ON t.message_id = m.id
    WHERE m.deleted_at IS NULL";

/// Those a user takes part in, the one with the newest reply first.
pub async fn list(tx: &mut ChatTx, user: &str, limit: i64, offset: i64) -> Result<Vec<Value>, sqlx::Error> {
    let query = format!(
        "{THREAD} AND (m.user_id = $1 OR EXISTS (SELECT FROM chat.messages AS x WHERE x.parent_id = m.id AND x.user_id = $1))
         AND EXISTS (SELECT FROM chat.members AS n WHERE n.channel_type = m.channel_type AND n.channel_id = m.channel_id AND n.user_id = $1)
         ORDER BY r.last_at DESC, m.id LIMIT $2 OFFSET $3"
    );
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(user).bind(limit).bind(offset).fetch_all(&mut **tx).await
}

/// One of them.
pub async fn document(tx: &mut ChatTx, message: &str) -> Result<Option<Value>, sqlx::Error> {
    let query = format!("{THREAD} AND m.id = $1");
    sqlx::query_scalar(sqlx::AssertSqlSafe(query)).bind(message).fetch_optional(&mut **tx).await
}

/// Its title and custom fields.
pub async fn facts(tx: &mut ChatTx, message: &str) -> Result<(String, Value), sqlx::Error> {
    let row: Option<(String, Value)> =
        sqlx::query_as("SELECT title, custom FROM chat.threads WHERE message_id = $1 FOR NO KEY UPDATE")
            .bind(message)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(row.unwrap_or_else(|| (String::new(), Value::Object(Custom::new()))))
}

/// Replaces its title and custom fields.
pub async fn update(
    tx: &mut ChatTx,
    message: &str,
    title: &str,
    custom: &Custom,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat.threads (message_id, title, custom, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (message_id) DO UPDATE SET title = $2, custom = $3, updated_at = $4",
    )
    .bind(message)
    .bind(title)
    .bind(object(custom))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Somebody has read it up to that moment.
pub async fn mark_read(tx: &mut ChatTx, message: &str, user: &str, until: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat.thread_reads (message_id, user_id, last_read) VALUES ($1, $2, $3)
         ON CONFLICT (message_id, user_id) DO UPDATE SET last_read = $3",
    )
    .bind(message)
    .bind(user)
    .bind(at(until))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
