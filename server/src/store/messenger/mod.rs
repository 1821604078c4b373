//! What the messenger reads and notes: how far the chat was told, who is called what, which channels there are and who is in them.

pub mod roll;
pub mod rooms;
pub mod verify;

use std::collections::HashMap;

use devsquad::id::{AgentId, CheckpointId, ProjectId, TaskId, WorkflowId};
use devsquad::messaging::message;
use devsquad::{Change, Event};
use jiff::Timestamp;
use uuid::Uuid;

use super::TenantTx;
use super::pages::activity;

/// A messenger that begins where there is a journal already tells what is not older than this many lines: a chat is no archive.
const BEGINS_BEHIND_MAX: i64 = 1_000;
/// Lines of the journal told between two looks at the bookmark: enough that several workflows are told at a time. After a crash so many are
/// told again; and reading them keeps a core from whoever works for as long as it takes: creations are long.
pub const BATCH_MAX: i64 = 100;

/// Events to be told, and what their sentences need.
#[derive(Debug, Default)]
pub struct Batch {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// The last line of the journal among them; nothing when there is none.
    pub last: Option<u64>,
    /// Names of workflows, tasks, agents and people, by id.
    pub names: HashMap<Uuid, String>,
    /// The projects of the workflows they are about.
    pub projects: HashMap<WorkflowId, ProjectId>,
}

impl Batch {
    /// Agents that are given tasks of a workflow in it.
    pub fn given(&self, workflow: WorkflowId) -> impl Iterator<Item = AgentId> {
        self.events.iter().filter_map(move |event| match &event.change {
            Change::TaskLeased(leased) if leased.workflow == workflow => Some(leased.agent),
            _ => None,
        })
    }

    /// What something is called.
    pub fn name(&self, id: Uuid) -> Option<String> {
        self.names.get(&id).cloned()
    }
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
    let posts = events.iter().flat_map(message::posts);
    let told_of: Vec<Uuid> = posts.filter_map(|post| post.about.task_id).map(|task| task.0).collect();
    let more: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, display_name FROM users WHERE id = ANY($2)
         UNION ALL SELECT id, task_name FROM workflow_tasks WHERE organization_id = $1 AND id = ANY($3)",
    )
    .bind(organization)
    .bind(people)
    .bind(told_of)
    .fetch_all(&mut **tx)
    .await?;
    names.extend(more);
    let workflows: Vec<Uuid> = events.iter().filter_map(|event| event.change.workflow()).map(|id| id.0).collect();
    let workflows: Vec<(Uuid, String, Uuid)> = sqlx::query_as(
        "SELECT id, workflow_name, project_id FROM orchestration_workflows WHERE organization_id = $1 AND id = ANY($2)",
    )
    .bind(organization)
    .bind(workflows)
    .fetch_all(&mut **tx)
    .await?;
    let mut projects = HashMap::new();
    for (id, name, project) in workflows {
        names.insert(id, name);
        projects.insert(WorkflowId(id), ProjectId(project));
    }
    Ok(Batch { events, last, names, projects })
}

async fn begin(tx: &mut TenantTx, now: Timestamp) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO chat_bookmarks (organization_id, posted_seq, began_seq, posted_at)
         SELECT $1, seq, seq, $3
         FROM (SELECT CASE WHEN coalesce(max(seq), 0) > $2 THEN max(seq) ELSE 0 END AS seq
               FROM orchestration_events WHERE organization_id = $1) AS head
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

/// A task is spoken of in this thread. One row of the engine's in a transaction, here and below: with two, it and a tick could wait
/// for each other.
pub async fn thread_of_task(tx: &mut TenantTx, task: TaskId, root: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE workflow_tasks SET stream_chat_thread_id = $3
         WHERE organization_id = $1 AND id = $2 AND stream_chat_thread_id IS DISTINCT FROM $3",
    )
    .bind(tx.tenant().organization)
    .bind(task.0)
    .bind(root)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Those of these tasks of which no thread is noted.
pub async fn without_thread(tx: &mut TenantTx, tasks: &[TaskId]) -> Result<Vec<TaskId>, sqlx::Error> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let without: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM workflow_tasks WHERE organization_id = $1 AND id = ANY($2) AND stream_chat_thread_id IS NULL",
    )
    .bind(tx.tenant().organization)
    .bind(tasks.iter().map(|task| task.0).collect::<Vec<Uuid>>())
    .fetch_all(&mut **tx)
    .await?;
    Ok(without.into_iter().map(TaskId).collect())
}

/// A checkpoint is spoken of in this thread.
pub async fn thread_of_checkpoint(tx: &mut TenantTx, checkpoint: CheckpointId, root: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE quality_checkpoints SET stream_chat_thread_id = $3
         WHERE organization_id = $1 AND id = $2 AND stream_chat_thread_id IS DISTINCT FROM $3",
    )
    .bind(tx.tenant().organization)
    .bind(checkpoint.0)
    .bind(root)
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Who worked on a task last, at that moment.
pub async fn last_worker(tx: &mut TenantTx, task: TaskId, at: Timestamp) -> Result<Option<AgentId>, sqlx::Error> {
    let agent: Option<Uuid> = sqlx::query_scalar(
        "SELECT agent_id FROM attempts WHERE organization_id = $1 AND task_id = $2 AND purpose = 'work' AND leased_at <= $3
         ORDER BY fence DESC LIMIT 1",
    )
    .bind(tx.tenant().organization)
    .bind(task.0)
    .bind(jiff_sqlx::Timestamp::from(at))
    .fetch_optional(&mut **tx)
    .await?;
    Ok(agent.map(AgentId))
}
