//! What the listener reads and notes: whose a channel is, what came in, what there is to be changed.

pub mod verify;

use devsquad::Role;
use devsquad::agent::Adapter;
use devsquad::id::{
    AgentId, CheckpointId, ConflictId, EventId, OrganizationId, QuestionId, TaskId, UserId, WorkflowId,
};
use devsquad::messaging::slash_command::{Scene, SceneTask};
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::task::TaskStatus;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{TenantTx, WorkerTx};

/// What came in, taken at a time.
const TAKEN_MAX: i64 = 100;

/// Whose a channel is; nobody's when we did not make it.
pub async fn organization_of(tx: &mut WorkerTx, kind: &str, id: &str) -> Result<Option<OrganizationId>, sqlx::Error> {
    let found: Option<Uuid> = sqlx::query_scalar("SELECT devsquad.organization_of_channel($1, $2)")
        .bind(kind)
        .bind(id)
        .fetch_one(&mut **tx)
        .await?;
    Ok(found.map(OrganizationId))
}

/// Writes down what came in, and when it was said. False: it had come before.
pub async fn keep(
    tx: &mut TenantTx,
    id: &str,
    event: &Value,
    said: Timestamp,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    let kept = sqlx::query(
        "INSERT INTO chat_inbox (organization_id, id, event, said_at, received_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(organization)
    .bind(id)
    .bind(Json(event))
    .bind(jiff_sqlx::Timestamp::from(said))
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await?;
    Ok(kept.rows_affected() == 1)
}

/// What is still to be done, in the order it was said.
pub async fn due(tx: &mut TenantTx) -> Result<Vec<(String, Value)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<(String, Json<Value>)> = sqlx::query_as(
        "SELECT id, event FROM chat_inbox WHERE organization_id = $1 AND done_at IS NULL ORDER BY said_at, seq LIMIT $2",
    )
    .bind(organization)
    .bind(TAKEN_MAX)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|(id, Json(event))| (id, event)).collect())
}

/// It is done, and this came of it.
pub async fn done(tx: &mut TenantTx, id: &str, outcome: &str, now: Timestamp) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query("UPDATE chat_inbox SET done_at = $3, outcome = $4 WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(id)
        .bind(jiff_sqlx::Timestamp::from(now))
        .bind(outcome)
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// It gives this a value. False: something that was said later has done so already.
pub async fn settle(tx: &mut TenantTx, id: &str, what: &str) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    let settled = sqlx::query(
        "UPDATE chat_inbox AS i SET settles = $3 WHERE i.organization_id = $1 AND i.id = $2 AND NOT EXISTS (
             SELECT FROM chat_inbox AS o WHERE o.organization_id = $1 AND o.settles = $3
                 AND (o.said_at, o.seq) > (i.said_at, i.seq))",
    )
    .bind(organization)
    .bind(id)
    .bind(what)
    .execute(&mut **tx)
    .await?;
    Ok(settled.rows_affected() == 1)
}

/// Forgets what was done before that moment.
pub async fn forget(tx: &mut TenantTx, before: Timestamp) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query("DELETE FROM chat_inbox WHERE organization_id = $1 AND done_at < $2")
        .bind(organization)
        .bind(jiff_sqlx::Timestamp::from(before))
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Up to which moment the chat was read back; from now on when it never was.
pub async fn watermark(tx: &mut TenantTx, now: Timestamp) -> Result<Timestamp, sqlx::Error> {
    let organization = tx.tenant().organization;
    let at: jiff_sqlx::Timestamp = sqlx::query_scalar(
        "INSERT INTO chat_watermarks (organization_id, heard_at) VALUES ($1, $2)
         ON CONFLICT (organization_id) DO UPDATE SET heard_at = chat_watermarks.heard_at RETURNING heard_at",
    )
    .bind(organization)
    .bind(jiff_sqlx::Timestamp::from(now))
    .fetch_one(&mut **tx)
    .await?;
    Ok(at.to_jiff())
}

/// The chat was read back up to this moment.
pub async fn heard_until(tx: &mut TenantTx, at: Timestamp) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query("UPDATE chat_watermarks SET heard_at = greatest(heard_at, $2) WHERE organization_id = $1")
        .bind(organization)
        .bind(jiff_sqlx::Timestamp::from(at))
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// The role of a person; nothing when they are no member, or disabled.
pub async fn role(tx: &mut TenantTx, user: UserId) -> Result<Option<Role>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let name: Option<String> = sqlx::query_scalar(
        "SELECT m.role FROM memberships AS m JOIN users AS u ON u.id = m.user_id
         WHERE m.organization_id = $1 AND m.user_id = $2 AND u.disabled_at IS NULL",
    )
    .bind(organization)
    .bind(user.0)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(name.as_deref().and_then(Role::parse))
}

/// The name of an agent that this server runs itself and that therefore reads no messages, with the task and the workflow it works on.
/// Nothing for one that can ask for its messages.
pub async fn deaf(
    tx: &mut TenantTx,
    agent: AgentId,
) -> Result<Option<(String, Option<(String, String)>)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let found: Option<(String, Option<String>, Option<String>)> = sqlx::query_as(
        "SELECT a.name, t.task_name, w.workflow_name FROM agents AS a
         LEFT JOIN LATERAL (SELECT task_name, workflow_id FROM workflow_tasks WHERE organization_id = $1
             AND assigned_agent_id = a.id AND status = 'running' ORDER BY started_at DESC LIMIT 1) AS t ON true
         LEFT JOIN orchestration_workflows AS w ON w.organization_id = $1 AND w.id = t.workflow_id
         WHERE a.organization_id = $1 AND a.id = $2 AND a.retired_at IS NULL AND a.adapter <> $3",
    )
    .bind(organization)
    .bind(agent.0)
    .bind(Adapter::Http.as_str())
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(|(name, task, workflow)| (name, task.zip(workflow))))
}

/// The workflow of a channel, if it is one's.
pub async fn workflow_of(tx: &mut TenantTx, channel: &str) -> Result<Option<WorkflowId>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let found: Option<Option<Uuid>> = sqlx::query_scalar(
        "SELECT workflow_id FROM stream_chat_integration WHERE organization_id = $1 AND channel_id = $2",
    )
    .bind(organization)
    .bind(channel)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.flatten().map(WorkflowId))
}

/// The task that a conflict is about, if there is such a conflict.
pub async fn task_of_conflict(tx: &mut TenantTx, conflict: ConflictId) -> Result<Option<TaskId>, sqlx::Error> {
    let found: Option<Option<Uuid>> =
        sqlx::query_scalar("SELECT task_id FROM agent_coordination WHERE organization_id = $1 AND id = $2")
            .bind(tx.tenant().organization)
            .bind(conflict.0)
            .fetch_optional(&mut **tx)
            .await?;
    Ok(found.flatten().map(TaskId))
}

/// The checkpoint that an event opened or gave to a person, if it did.
pub async fn checkpoint_of(
    tx: &mut TenantTx,
    seq: u64,
    event: EventId,
) -> Result<Option<(WorkflowId, CheckpointId)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let found: Option<(Option<Uuid>, Option<String>)> = sqlx::query_as(
        "SELECT workflow_id, event_data ->> 'checkpoint' FROM orchestration_events
         WHERE organization_id = $1 AND seq = $2 AND id = $3",
    )
    .bind(organization)
    .bind(seq.cast_signed())
    .bind(event.0)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((Some(workflow), Some(checkpoint))) = found else { return Ok(None) };
    Ok(checkpoint.parse().ok().map(|checkpoint| (WorkflowId(workflow), checkpoint)))
}

#[derive(FromRow)]
struct TaskRow {
    id: Uuid,
    task_key: String,
    task_name: String,
    status: String,
    checkpoint: Option<Uuid>,
    question: Option<Uuid>,
    conflict: Option<Uuid>,
}

/// What a command typed there can be about; nothing when there is no such workflow.
pub async fn scene(
    tx: &mut TenantTx,
    workflow: WorkflowId,
    thread: Option<TaskId>,
) -> Result<Option<Scene>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let head: Option<(String, String)> = sqlx::query_as(
        "SELECT workflow_name, status FROM orchestration_workflows WHERE organization_id = $1 AND id = $2",
    )
    .bind(organization)
    .bind(workflow.0)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((name, status)) = head else { return Ok(None) };
    let rows: Vec<TaskRow> = sqlx::query_as(
        "SELECT t.id, t.task_key, t.task_name, t.status, c.id AS checkpoint, q.id AS question,
         (SELECT o.id FROM agent_coordination AS o WHERE o.organization_id = t.organization_id AND o.task_id = t.id
             AND o.coordination_type = 'conflict' AND o.status IN ('open', 'escalated')
             ORDER BY o.created_at, o.id LIMIT 1) AS conflict
         FROM workflow_tasks AS t
         LEFT JOIN quality_checkpoints AS c ON c.organization_id = t.organization_id AND c.task_id = t.id
             AND c.status = 'pending'
         LEFT JOIN task_questions AS q ON q.organization_id = t.organization_id AND q.task_id = t.id
             AND q.answered_at IS NULL AND t.status = 'awaiting_input'
         WHERE t.organization_id = $1 AND t.workflow_id = $2 ORDER BY t.ordinal",
    )
    .bind(organization)
    .bind(workflow.0)
    .fetch_all(&mut **tx)
    .await?;
    let agents: Vec<(Uuid, String)> =
        sqlx::query_as("SELECT id, name FROM agents WHERE organization_id = $1 AND retired_at IS NULL ORDER BY name")
            .bind(organization)
            .fetch_all(&mut **tx)
            .await?;
    let tasks = rows.into_iter().map(task).collect::<Result<Vec<SceneTask>, sqlx::Error>>()?;
    let status = WorkflowStatus::parse(&status).ok_or_else(|| unknown("workflow status", &status))?;
    let agents = agents.into_iter().map(|(id, name)| (AgentId(id), name)).collect();
    Ok(Some(Scene { workflow, name, status, thread, tasks, agents }))
}

fn task(row: TaskRow) -> Result<SceneTask, sqlx::Error> {
    Ok(SceneTask {
        id: TaskId(row.id),
        key: row.task_key,
        name: row.task_name,
        status: TaskStatus::parse(&row.status).ok_or_else(|| unknown("task status", &row.status))?,
        checkpoint: row.checkpoint.map(CheckpointId),
        question: row.question.map(QuestionId),
        conflict: row.conflict.map(ConflictId),
    })
}

fn unknown(noun: &str, value: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {noun} “{value}”").into())
}
