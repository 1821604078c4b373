//! What the messenger reads and notes: how far the chat was told, who is called what, which channels there are.

use std::collections::HashMap;

use devsquad::Event;
use devsquad::id::{AgentId, TaskId, UserId, WorkflowId};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::TenantTx;
use super::pages::activity;

/// A messenger that begins where there is a journal already tells what is not older than this many lines: a chat is no archive.
const BEGINS_BEHIND_MAX: i64 = 1_000;
/// Lines of the journal told between two looks at the bookmark.
pub const BATCH_MAX: i64 = 100;

/// Events to be told, and what their sentences need.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// The last line of the journal among them; nothing when there is none.
    pub last: Option<u64>,
    /// Names of tasks, agents and people, by id.
    pub names: HashMap<Uuid, String>,
}

/// A workflow, as its channel has to know it.
#[derive(Debug)]
pub struct Room {
    /// The channel's id.
    pub channel: String,
    /// Whether the channel was made.
    pub is_open: bool,
    /// What the workflow is called.
    pub name: String,
    /// The people in it from the beginning.
    pub people: Vec<(UserId, String)>,
    /// The agents in it.
    pub agents: Vec<AgentId>,
}

/// The channel of a workflow.
pub fn channel_of(workflow: WorkflowId) -> String {
    format!("workflow-{workflow}")
}

/// What is to be told next.
pub async fn next(tx: &mut TenantTx, now: Timestamp) -> Result<Batch, sqlx::Error> {
    let organization = tx.tenant().organization;
    let posted: Option<i64> = sqlx::query_scalar("SELECT posted_seq FROM chat_bookmarks WHERE organization_id = $1")
        .bind(organization)
        .fetch_optional(&mut **tx)
        .await?;
    let posted = match posted {
        Some(posted) => posted,
        None => begin(tx, now).await?,
    };
    let (events, last) = activity::after(tx, posted.cast_unsigned(), BATCH_MAX).await?;
    let mut names = activity::names(tx, &events).await?;
    let people: Vec<Uuid> = events.iter().filter_map(|event| event.actor.person()).map(|user| user.0).collect();
    let several: Vec<Uuid> = events.iter().flat_map(|event| event.change.tasks()).map(|task| task.0).collect();
    let more: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, display_name FROM users WHERE id = ANY($2)
         UNION ALL SELECT id, task_name FROM workflow_tasks WHERE organization_id = $1 AND id = ANY($3)",
    )
    .bind(organization)
    .bind(people)
    .bind(several)
    .fetch_all(&mut **tx)
    .await?;
    names.extend(more);
    Ok(Batch { events, last, names })
}

async fn begin(tx: &mut TenantTx, now: Timestamp) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO chat_bookmarks (organization_id, posted_seq, posted_at)
         SELECT $1, CASE WHEN coalesce(max(seq), 0) > $2 THEN max(seq) ELSE 0 END, $3
         FROM orchestration_events WHERE organization_id = $1
         ON CONFLICT (organization_id) DO UPDATE SET posted_seq = chat_bookmarks.posted_seq RETURNING posted_seq",
    )
    .bind(tx.tenant().organization)
    .bind(BEGINS_BEHIND_MAX)
    .bind(jiff_sqlx::Timestamp::from(now))
    .fetch_one(&mut **tx)
    .await
}

/// Everything up to this line has been told.
pub async fn told(tx: &mut TenantTx, seq: u64, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE chat_bookmarks SET posted_seq = greatest(posted_seq, $2), posted_at = $3 WHERE organization_id = $1",
    )
    .bind(tx.tenant().organization)
    .bind(seq.cast_signed())
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// A message that the chat refused for good.
pub async fn bury(
    tx: &mut TenantTx,
    message: &str,
    seq: u64,
    channel: &str,
    reason: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat_dead_letters (organization_id, message_id, seq, channel_id, reason, at)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(tx.tenant().organization)
    .bind(message)
    .bind(seq.cast_signed())
    .bind(channel)
    .bind(reason)
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// What the channel of a workflow has to know; nothing when there is no such workflow.
pub async fn room(tx: &mut TenantTx, workflow: WorkflowId) -> Result<Option<Room>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let found: Option<(String, Option<Uuid>, Option<Value>)> = sqlx::query_as(
        "SELECT w.workflow_name, w.user_id, c.agent_participants
         FROM orchestration_workflows AS w
         LEFT JOIN stream_chat_integration AS c ON c.organization_id = w.organization_id AND c.workflow_id = w.id
             AND c.purpose = 'workflow'
         WHERE w.organization_id = $1 AND w.id = $2",
    )
    .bind(organization)
    .bind(workflow.0)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((name, creator, agents)) = found else { return Ok(None) };
    let people: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT u.id, u.display_name FROM memberships AS m JOIN users AS u ON u.id = m.user_id
         WHERE m.organization_id = $1 AND (m.role = 'owner' OR u.id = $2) AND u.disabled_at IS NULL
         ORDER BY m.created_at, u.id",
    )
    .bind(organization)
    .bind(creator)
    .fetch_all(&mut **tx)
    .await?;
    Ok(Some(Room {
        channel: channel_of(workflow),
        is_open: agents.is_some(),
        name,
        people: people.into_iter().map(|(id, name)| (UserId(id), name)).collect(),
        agents: agents.and_then(|ids| serde_json::from_value(ids).ok()).unwrap_or_default(),
    }))
}

/// The channel of a workflow was made, with these people in it.
pub async fn opened(
    tx: &mut TenantTx,
    workflow: WorkflowId,
    kind: &str,
    people: &[(UserId, String)],
    id: Uuid,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    let channel = channel_of(workflow);
    sqlx::query(
        "INSERT INTO stream_chat_integration (organization_id, id, project_id, workflow_id, channel_id, channel_type,
             user_participants, purpose, created_at)
         SELECT organization_id, $3, project_id, id, $4, $5, $6, 'workflow', $7
         FROM orchestration_workflows WHERE organization_id = $1 AND id = $2
         ON CONFLICT (organization_id, channel_type, channel_id) DO NOTHING",
    )
    .bind(organization)
    .bind(workflow.0)
    .bind(id)
    .bind(&channel)
    .bind(kind)
    .bind(json!(people.iter().map(|(id, _)| id).collect::<Vec<_>>()))
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await?;
    sqlx::query("UPDATE orchestration_workflows SET stream_chat_channel_id = $3 WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(workflow.0)
        .bind(&channel)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// An agent came into the channel of a workflow.
pub async fn joined(tx: &mut TenantTx, workflow: WorkflowId, agent: AgentId) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE stream_chat_integration SET agent_participants = agent_participants || jsonb_build_array($3::uuid)
         WHERE organization_id = $1 AND workflow_id = $2 AND purpose = 'workflow'
             AND NOT agent_participants @> jsonb_build_array($3::uuid)",
    )
    .bind(tx.tenant().organization)
    .bind(workflow.0)
    .bind(agent.0)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Something was said in the channel of a workflow; in the thread of a task, if it was about one.
pub async fn said(
    tx: &mut TenantTx,
    workflow: WorkflowId,
    thread: Option<(TaskId, &str)>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query(
        "UPDATE stream_chat_integration SET last_activity = $3
         WHERE organization_id = $1 AND workflow_id = $2 AND purpose = 'workflow'",
    )
    .bind(organization)
    .bind(workflow.0)
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await?;
    let Some((task, root)) = thread else { return Ok(()) };
    sqlx::query(
        "UPDATE workflow_tasks SET stream_chat_thread_id = $3
         WHERE organization_id = $1 AND id = $2 AND stream_chat_thread_id IS DISTINCT FROM $3",
    )
    .bind(organization)
    .bind(task.0)
    .bind(root)
    .execute(&mut **tx)
    .await
    .map(drop)
}
