//! Channels of the chat as the organization knows them, and the work that messages speak of. What is said in them the chat knows.

use std::collections::{HashMap, HashSet};

use devsquad::id::{CheckpointId, TaskId, WorkflowId};
use devsquad::messaging::channel::Purpose;
use devsquad::messaging::wording;
use devsquad::view::chat::{CLOSED, TaskCard};
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::task::TaskStatus;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::FromRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::{count, from_json, parsed, time};
use crate::store::TenantTx;

/// Channels that are listened to and searched at a time. The newest come first; who has more looks for one by its name.
pub const CHANNELS_MAX: i64 = 2_000;

/// A channel, as far as the organization knows it.
#[derive(Clone, Debug)]
pub struct ChannelRow {
    /// The channel's id.
    pub id: String,
    /// Its type in the chat.
    pub kind: String,
    /// What it is for.
    pub purpose: String,
    /// What it is called; nothing when what it is about is gone.
    pub name: Option<String>,
    /// The workflow it belongs to, and where that stands.
    pub workflow: Option<(WorkflowId, WorkflowStatus)>,
    /// Whether the reader is in it.
    pub joined: bool,
    /// People and agents in it.
    pub members: u32,
    /// Whether what it was for is over.
    pub archived: bool,
    /// Decisions and questions that wait in it.
    pub waiting: u32,
    /// When something was said last.
    pub active_at: Option<Timestamp>,
}

impl ChannelRow {
    /// What it is called where nobody else is asked.
    pub fn called(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }
}

#[derive(FromRow)]
struct Row {
    channel_id: String,
    channel_type: String,
    purpose: String,
    name: Option<String>,
    workflow_id: Option<Uuid>,
    workflow_status: Option<String>,
    joined: bool,
    members: i32,
    archived: bool,
    waiting: i64,
    active_at: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn channel(self) -> Result<ChannelRow, sqlx::Error> {
        let workflow = match (self.workflow_id, self.workflow_status) {
            (Some(id), Some(status)) => {
                Some((WorkflowId(id), parsed("workflow status", &status, WorkflowStatus::parse)?))
            }
            _ => None,
        };
        Ok(ChannelRow {
            id: self.channel_id,
            kind: self.channel_type,
            purpose: self.purpose,
            name: self.name,
            workflow,
            joined: self.joined,
            members: count(self.members),
            archived: self.archived,
            waiting: count(self.waiting),
            active_at: time(self.active_at),
        })
    }
}

/// What a channel is called: by what it is about, in the words of `$4`.
const NAME: &str = "replace($4::jsonb ->> c.purpose, '{}', CASE c.purpose
    WHEN 'skill' THEN c.skill
    WHEN 'direct' THEN (SELECT a.name FROM agents AS a
        WHERE a.organization_id = c.organization_id AND c.agent_participants @> jsonb_build_array(a.id) LIMIT 1)
    ELSE coalesce(w.workflow_name,
        (SELECT p.name FROM projects AS p WHERE p.organization_id = c.organization_id AND p.id = c.project_id)) END)";
const COLUMNS: &str = "c.channel_id, c.channel_type, c.purpose, w.id AS workflow_id, w.status AS workflow_status,
    c.user_participants @> jsonb_build_array($2::text) AS joined,
    jsonb_array_length(c.user_participants) + jsonb_array_length(c.agent_participants) AS members,
    c.archived_at IS NOT NULL AS archived,
    (SELECT count(*) FROM workflow_tasks AS t WHERE t.organization_id = c.organization_id AND t.workflow_id = c.workflow_id
        AND c.purpose = 'workflow' AND t.status IN ('awaiting_approval', 'awaiting_input')) AS waiting,
    coalesce(c.last_activity, c.created_at) AS active_at";
/// A closed channel exists for its members only.
const TABLES: &str = "stream_chat_integration AS c
    LEFT JOIN orchestration_workflows AS w ON w.organization_id = c.organization_id AND w.id = c.workflow_id
    WHERE c.organization_id = $1
        AND (c.purpose <> ALL ($3) OR c.user_participants @> jsonb_build_array($2::text))";

/// Which channels.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those whose work is over, or those whose work goes on; all if it is not said.
    pub archived: Option<bool>,
    /// Only those whose name has this in it.
    pub text: String,
    /// How many.
    pub limit: i64,
    /// After how many.
    pub offset: i64,
}

/// What channels of each purpose are called, with `{}` for what they are about.
fn names() -> Json<HashMap<&'static str, String>> {
    Json(Purpose::ALL.into_iter().map(|purpose| (purpose.as_str(), wording::channel_name(purpose, "{}"))).collect())
}

fn me(tx: &TenantTx) -> String {
    tx.tenant().user.unwrap_or_default().to_string()
}

/// Channels the reader may read, the one with the newest message first, and how many there are in all.
pub async fn channels(tx: &mut TenantTx, wanted: &Wanted) -> Result<(Vec<ChannelRow>, u32), sqlx::Error> {
    let matching = format!(
        "FROM {TABLES} AND ($5::bool IS NULL OR (c.archived_at IS NOT NULL) = $5)
             AND ($6 = '' OR strpos(lower(coalesce({NAME}, c.channel_id)), lower($6)) > 0)"
    );
    let (organization, me) = (tx.tenant().organization, me(tx));
    let query = format!(
        "SELECT {COLUMNS}, {NAME} AS name {matching} ORDER BY active_at DESC NULLS LAST, c.channel_id LIMIT $7 OFFSET $8"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(&me)
        .bind(CLOSED.as_slice())
        .bind(names())
        .bind(wanted.archived)
        .bind(&wanted.text)
        .bind(wanted.limit)
        .bind(wanted.offset)
        .fetch_all(&mut **tx)
        .await?;
    let total: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) {matching}")))
        .bind(organization)
        .bind(&me)
        .bind(CLOSED.as_slice())
        .bind(names())
        .bind(wanted.archived)
        .bind(&wanted.text)
        .fetch_one(&mut **tx)
        .await?;
    Ok((rows.into_iter().map(Row::channel).collect::<Result<_, _>>()?, count(total)))
}

/// One channel, if the reader may read it.
pub async fn channel(tx: &mut TenantTx, id: &str) -> Result<Option<ChannelRow>, sqlx::Error> {
    let query = format!("SELECT {COLUMNS}, {NAME} AS name FROM {TABLES} AND c.channel_id = $5 LIMIT 1");
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(tx.tenant().organization)
        .bind(me(tx))
        .bind(CLOSED.as_slice())
        .bind(names())
        .bind(id)
        .fetch_optional(&mut **tx)
        .await?;
    row.map(Row::channel).transpose()
}

/// The ids of channels the reader may read, those with the newest messages.
pub async fn ids(tx: &mut TenantTx) -> Result<HashSet<String>, sqlx::Error> {
    let query = format!(
        "SELECT c.channel_id FROM {TABLES} ORDER BY coalesce(c.last_activity, c.created_at) DESC, c.channel_id LIMIT $4"
    );
    let ids: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .bind(tx.tenant().organization)
        .bind(me(tx))
        .bind(CLOSED.as_slice())
        .bind(CHANNELS_MAX)
        .fetch_all(&mut **tx)
        .await?;
    Ok(ids.into_iter().collect())
}

/// A person came into a channel, by themselves.
pub async fn joined(tx: &mut TenantTx, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE stream_chat_integration SET user_participants = user_participants || jsonb_build_array($3::text),
             user_joined = (user_joined - $3::text) || jsonb_build_array($3::text)
         WHERE organization_id = $1 AND channel_id = $2 AND NOT user_participants @> jsonb_build_array($3::text)",
    )
    .bind(tx.tenant().organization)
    .bind(id)
    .bind(me(tx))
    .execute(&mut **tx)
    .await
    .map(drop)
}

#[derive(FromRow)]
struct TaskRow {
    id: Uuid,
    workflow_id: Uuid,
    task_name: String,
    status: String,
    agent: Option<String>,
    thread: Option<String>,
    checkpoint: Option<Uuid>,
    asked: Option<String>,
    question: Option<String>,
    options: Option<Value>,
}

/// Tasks as they stand now, with what waits in each for a person.
pub async fn tasks(tx: &mut TenantTx, ids: &[TaskId]) -> Result<HashMap<TaskId, TaskCard>, sqlx::Error> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<TaskRow> = sqlx::query_as(
        "SELECT t.id, t.workflow_id, t.task_name, t.status, a.name AS agent, t.stream_chat_thread_id AS thread,
             c.id AS checkpoint, c.title AS asked, q.question, q.options
         FROM workflow_tasks AS t
         LEFT JOIN agents AS a ON a.organization_id = t.organization_id AND a.id = t.assigned_agent_id
         LEFT JOIN LATERAL (SELECT c.id, c.title FROM quality_checkpoints AS c
             WHERE t.status = 'awaiting_approval' AND c.organization_id = t.organization_id AND c.task_id = t.id AND c.status = 'pending'
             ORDER BY c.created_at DESC LIMIT 1) AS c ON true
         LEFT JOIN LATERAL (SELECT q.question, q.options FROM task_questions AS q
             WHERE t.status = 'awaiting_input' AND q.organization_id = t.organization_id AND q.task_id = t.id AND q.answered_at IS NULL
             ORDER BY q.asked_at DESC LIMIT 1) AS q ON true
         WHERE t.organization_id = $1 AND t.id = ANY ($2)",
    )
    .bind(tx.tenant().organization)
    .bind(ids.iter().map(|id| id.0).collect::<Vec<_>>())
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|row| row.card().map(|card| (card.task, card))).collect()
}

impl TaskRow {
    fn card(self) -> Result<TaskCard, sqlx::Error> {
        Ok(TaskCard {
            workflow: WorkflowId(self.workflow_id),
            task: TaskId(self.id),
            name: self.task_name,
            status: parsed("task status", &self.status, TaskStatus::parse)?,
            agent: self.agent,
            decision: self.checkpoint.map(CheckpointId).zip(self.asked),
            question: match (self.question, self.options) {
                (Some(question), options) => Some((question, options.map(from_json).transpose()?.unwrap_or_default())),
                (None, _) => None,
            },
            thread: self.thread,
        })
    }
}

/// The tasks in which something waits for a person, oldest first.
pub async fn waiting(tx: &mut TenantTx, limit: i64) -> Result<Vec<TaskCard>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT id FROM workflow_tasks WHERE organization_id = $1 AND status IN ('awaiting_approval', 'awaiting_input')
         ORDER BY updated_at, id LIMIT $2",
    )
    .bind(tx.tenant().organization)
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<TaskId> = ids.into_iter().map(TaskId).collect();
    let mut cards = tasks(tx, &ids).await?;
    Ok(ids.iter().filter_map(|id| cards.remove(id)).collect())
}

#[cfg(test)]
mod tests;
