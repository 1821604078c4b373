//! Questions about what the chat was told. Those about the chat itself are asked in the embedded chat server's own tables.

use std::collections::{BTreeSet, HashMap, HashSet};

use devsquad::id::{AgentId, TaskId, UserId};
use devsquad::messaging::channel::Members;
use serde_json::Value;

use crate::store::{ChatTx, TenantTx};

/// Rows asked for in one statement, and channels whose messages are looked at in one: it has to end within a reading's time.
const ROWS_MAX: usize = 2_000;
const CHANNELS_MAX: usize = 500;

/// How far the chat was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// Lines up to this one were never told.
    pub began: u64,
    /// Lines up to this one were told, and none after it.
    pub posted: u64,
    /// Messages that the chat refused for good.
    pub buried: HashSet<String>,
}

/// Reads it.
pub async fn told(tx: &mut TenantTx) -> Result<Told, sqlx::Error> {
    let organization = tx.tenant().organization;
    let bookmark: Option<(i64, i64)> =
        sqlx::query_as("SELECT began_seq, posted_seq FROM chat_bookmarks WHERE organization_id = $1")
            .bind(organization)
            .fetch_optional(&mut **tx)
            .await?;
    let (began, posted) = bookmark.unwrap_or_default();
    let buried: Vec<String> = sqlx::query_scalar("SELECT message_id FROM chat_dead_letters WHERE organization_id = $1")
        .bind(organization)
        .fetch_all(&mut **tx)
        .await?;
    Ok(Told { began: began.cast_unsigned(), posted: posted.cast_unsigned(), buried: buried.into_iter().collect() })
}

/// The channels there are, and the chat's users that are noted to be in each.
pub async fn noted(tx: &mut TenantTx) -> Result<HashMap<String, BTreeSet<String>>, sqlx::Error> {
    let rows: Vec<(String, Value, Value)> = sqlx::query_as(
        "SELECT channel_id, agent_participants, user_participants FROM stream_chat_integration WHERE organization_id = $1
             AND purpose <> 'direct'",
    )
    .bind(tx.tenant().organization)
    .fetch_all(&mut **tx)
    .await?;
    let users = |agents: Value, people: Value| {
        let agents: BTreeSet<AgentId> = serde_json::from_value(agents).unwrap_or_default();
        let people: BTreeSet<UserId> = serde_json::from_value(people).unwrap_or_default();
        Members { agents, people }.users()
    };
    Ok(rows.into_iter().map(|(channel, agents, people)| (channel, users(agents, people))).collect())
}

/// Those of these messages (id, channel) that are not there.
pub async fn missing(chat: &mut ChatTx, due: &[(String, String)]) -> Result<Vec<String>, sqlx::Error> {
    let mut missing = Vec::new();
    for part in due.chunks(ROWS_MAX) {
        let some: Vec<String> = sqlx::query_scalar(
            "SELECT due.id || ' in ' || due.channel FROM unnest($1::text[], $2::text[]) AS due (id, channel)
             LEFT JOIN chat.messages AS m ON m.id = due.id AND m.channel_id = due.channel WHERE m.id IS NULL",
        )
        .bind(part.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|(_, channel)| channel.as_str()).collect::<Vec<_>>())
        .fetch_all(&mut **chat)
        .await?;
        missing.extend(some);
    }
    Ok(missing)
}

/// Those of these channels that are not there, or were deleted.
pub async fn absent(chat: &mut ChatTx, channels: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let mut absent = Vec::new();
    for part in channels.chunks(ROWS_MAX) {
        let some: Vec<String> = sqlx::query_scalar(
            "SELECT needed.id FROM unnest($1::text[]) AS needed (id)
             WHERE NOT EXISTS (SELECT FROM chat.channels AS c WHERE c.id = needed.id AND c.deleted_at IS NULL)",
        )
        .bind(part)
        .fetch_all(&mut **chat)
        .await?;
        absent.extend(some);
    }
    Ok(absent)
}

/// Those of these messages (id, root of the thread) that stand elsewhere than in their thread.
pub async fn outside_their_thread(chat: &mut ChatTx, due: &[(String, String)]) -> Result<Vec<String>, sqlx::Error> {
    let mut outside = Vec::new();
    for part in due.chunks(ROWS_MAX) {
        let some: Vec<String> = sqlx::query_scalar(
            "SELECT m.id || ' outside ' || due.root FROM unnest($1::text[], $2::text[]) AS due (id, root)
             JOIN chat.messages AS m ON m.id = due.id WHERE m.parent_id IS DISTINCT FROM due.root",
        )
        .bind(part.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>())
        .bind(part.iter().map(|(_, root)| root.as_str()).collect::<Vec<_>>())
        .fetch_all(&mut **chat)
        .await?;
        outside.extend(some);
    }
    Ok(outside)
}

/// What does not know where it is spoken of: these tasks their threads, workflows and coordinations their channels.
pub async fn unnoted(tx: &mut TenantTx, tasks: &[TaskId]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT 'task ' || t.id FROM workflow_tasks AS t
             WHERE t.organization_id = $1 AND t.id = ANY($2) AND t.stream_chat_thread_id IS DISTINCT FROM 'task-' || t.id
         UNION ALL SELECT 'workflow ' || w.id FROM stream_chat_integration AS c
             JOIN orchestration_workflows AS w ON w.organization_id = c.organization_id AND w.id = c.workflow_id
             WHERE c.organization_id = $1 AND c.purpose = 'workflow' AND w.stream_chat_channel_id IS DISTINCT FROM c.channel_id
         UNION ALL SELECT 'coordination ' || a.id FROM stream_chat_integration AS c
             JOIN agent_coordination AS a ON a.organization_id = c.organization_id AND 'coord-' || a.id = c.channel_id
             WHERE c.organization_id = $1 AND a.stream_chat_channel_id IS DISTINCT FROM c.channel_id",
    )
    .bind(tx.tenant().organization)
    .bind(tasks.iter().map(|task| task.0).collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await
}

/// Messages in these channels that say they tell an event up to that line.
pub async fn telling(chat: &mut ChatTx, channels: &[String], seq: u64) -> Result<Vec<String>, sqlx::Error> {
    let mut telling = Vec::new();
    for part in channels.chunks(CHANNELS_MAX) {
        let some: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM chat.messages WHERE channel_id = ANY($1) AND custom #>> '{devsquad,event_id}' IS NOT NULL
                 AND (custom #>> '{devsquad,seq}')::bigint <= $2",
        )
        .bind(part)
        .bind(seq.cast_signed())
        .fetch_all(&mut **chat)
        .await?;
        telling.extend(some);
    }
    Ok(telling)
}

/// Messages in these channels that tell an event which came before the one told before them. That a message was refused is said when
/// it is refused, in whatever place that is.
pub async fn out_of_order(chat: &mut ChatTx, channels: &[String]) -> Result<Vec<String>, sqlx::Error> {
    let mut disordered = Vec::new();
    for part in channels.chunks(CHANNELS_MAX) {
        let some: Vec<String> = sqlx::query_scalar(
            "SELECT id || ' in ' || channel_id FROM
                 (SELECT id, channel_id, told, lag(told) OVER (PARTITION BY channel_type, channel_id ORDER BY created_at, seq) AS before
                  FROM (SELECT id, channel_type, channel_id, created_at, seq, (custom #>> '{devsquad,seq}')::bigint AS told
                        FROM chat.messages WHERE channel_id = ANY($1) AND id NOT LIKE '%-undelivered') AS all_of_them
                  WHERE told IS NOT NULL) AS in_order
             WHERE told < before",
        )
        .bind(part)
        .fetch_all(&mut **chat)
        .await?;
        disordered.extend(some);
    }
    Ok(disordered)
}

/// Who is in these channels.
pub async fn members(chat: &mut ChatTx, channels: &[String]) -> Result<HashMap<String, BTreeSet<String>>, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT channel_id, user_id FROM chat.members WHERE channel_id = ANY($1)")
            .bind(channels)
            .fetch_all(&mut **chat)
            .await?;
    let mut members: HashMap<String, BTreeSet<String>> = HashMap::new();
    for (channel, user) in rows {
        members.entry(channel).or_default().insert(user);
    }
    Ok(members)
}
