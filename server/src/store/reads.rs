//! What the HTTP interface gives: workflows, tasks, agents, attempts.

use devsquad::id::{AgentId, AttemptId, TaskId, WorkflowId};
use serde_json::Value;
use sqlx::Row as _;
use uuid::Uuid;

use super::TenantTx;

/// The oldest project: where work goes that names none.
pub async fn first_project(tx: &mut TenantTx) -> Result<Uuid, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar("SELECT id FROM projects WHERE organization_id = $1 ORDER BY created_at, id LIMIT 1")
        .bind(organization)
        .fetch_one(&mut **tx)
        .await
}

/// Whether a workflow exists.
pub async fn workflow_exists(tx: &mut TenantTx, workflow: WorkflowId) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM orchestration_workflows WHERE organization_id = $1 AND id = $2)")
        .bind(organization)
        .bind(workflow.0)
        .fetch_one(&mut **tx)
        .await
}

/// Whether a task is one of a workflow.
pub async fn task_is_of(tx: &mut TenantTx, task: TaskId, workflow: WorkflowId) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM workflow_tasks WHERE organization_id = $1 AND id = $2 AND workflow_id = $3)",
    )
    .bind(organization)
    .bind(task.0)
    .bind(workflow.0)
    .fetch_one(&mut **tx)
    .await
}

/// Whether an agent works on a workflow, or has worked on it.
pub async fn is_assigned(tx: &mut TenantTx, agent: AgentId, workflow: WorkflowId) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM agent_assignments WHERE organization_id = $1 AND workflow_id = $2 AND agent_id = $3)",
    )
    .bind(organization)
    .bind(workflow.0)
    .bind(agent.0)
    .fetch_one(&mut **tx)
    .await
}

/// Whether a workflow's channel was made.
pub async fn has_channel(tx: &mut TenantTx, workflow: WorkflowId) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM stream_chat_integration WHERE organization_id = $1 AND workflow_id = $2
             AND purpose = 'workflow')",
    )
    .bind(organization)
    .bind(workflow.0)
    .fetch_one(&mut **tx)
    .await
}

/// The channels in which an agent or a person talks with one other, the newest first.
pub async fn direct_channels(tx: &mut TenantTx, side: Uuid, limit: i64) -> Result<Vec<String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT channel_id FROM stream_chat_integration WHERE organization_id = $1 AND purpose = 'direct'
             AND (agent_participants @> jsonb_build_array($2::text) OR user_participants @> jsonb_build_array($2::text))
         ORDER BY coalesce(last_activity, created_at) DESC, channel_id LIMIT $3",
    )
    .bind(organization)
    .bind(side.to_string())
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}

/// A workflow with its tasks, as the interface shows it.
pub async fn workflow(tx: &mut TenantTx, workflow: WorkflowId) -> Result<Option<Value>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT jsonb_build_object('id', w.id, 'name', w.workflow_name, 'type', w.workflow_type, 'status', w.status, \
         'priority', w.priority, 'reason', w.reason, 'deadline', w.deadline, 'created_at', w.created_at, \
         'started_at', w.started_at, 'completed_at', w.completed_at, 'tasks_total', w.tasks_total, \
         'tasks_completed', w.tasks_completed, 'position', w.position, 'tasks', coalesce((SELECT jsonb_agg(jsonb_build_object( \
         'id', t.id, 'key', t.task_key, 'name', t.task_name, 'type', t.task_type, 'status', t.status, 'reason', t.reason, \
         'needs', t.dependencies, 'assigned_agent_id', t.assigned_agent_id, 'attempts', t.attempts_used, 'progress', t.progress, \
         'note', t.note, 'ready_at', t.ready_at, 'started_at', t.started_at, 'completed_at', t.completed_at, \
         'output', t.output_data, 'open_checkpoint_id', (SELECT q.id FROM quality_checkpoints AS q \
         WHERE q.organization_id = $1 AND q.task_id = t.id AND q.status = 'pending' ORDER BY q.created_at DESC LIMIT 1), 'kept_for_agent_id', t.kept_for_agent_id, \
         'open_question', (SELECT jsonb_build_object('id', k.id, 'question', k.question, 'options', k.options, 'agent_id', k.agent_id, \
         'asked_at', k.asked_at) FROM task_questions AS k WHERE k.organization_id = $1 AND k.task_id = t.id \
         AND k.answered_at IS NULL AND t.status = 'awaiting_input'), \
         'open_conflicts', (SELECT coalesce(jsonb_agg(o.id ORDER BY o.created_at, o.id), '[]'::jsonb) FROM agent_coordination AS o \
         WHERE o.organization_id = $1 AND o.task_id = t.id AND o.coordination_type = 'conflict' \
         AND o.status IN ('open', 'escalated'))) \
         ORDER BY t.ordinal) FROM workflow_tasks AS t WHERE t.organization_id = $1 AND t.workflow_id = w.id), '[]'::jsonb), \
         'artifacts', coalesce((SELECT jsonb_agg(jsonb_build_object('id', f.id, 'task_id', f.task_id, 'name', f.name, \
         'media_type', f.media_type, 'size', f.size_bytes, 'sha256', encode(f.sha256, 'hex')) ORDER BY f.created_at, f.name) \
         FROM artifacts AS f WHERE f.organization_id = $1 AND f.workflow_id = w.id), '[]'::jsonb)) \
         FROM orchestration_workflows AS w WHERE w.organization_id = $1 AND w.id = $2",
    )
    .bind(organization)
    .bind(workflow.0)
    .fetch_optional(&mut **tx)
    .await
}

/// The newest workflows, at most 100.
pub async fn workflows(tx: &mut TenantTx, status: Option<&str>) -> Result<Value, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT jsonb_build_object('workflows', coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'name', w.workflow_name, \
         'type', w.workflow_type, 'status', w.status, 'priority', w.priority, 'tasks_total', w.tasks_total, \
         'tasks_completed', w.tasks_completed, 'created_at', w.created_at, 'completed_at', w.completed_at) \
         ORDER BY w.created_at DESC), '[]'::jsonb)) FROM (SELECT * FROM orchestration_workflows WHERE organization_id = $1 \
         AND ($2::text IS NULL OR status = $2) ORDER BY created_at DESC LIMIT 100) AS w",
    )
    .bind(organization)
    .bind(status)
    .fetch_one(&mut **tx)
    .await
}

/// The agents that have not retired.
pub async fn agents(tx: &mut TenantTx) -> Result<Value, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT jsonb_build_object('agents', coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, \
         'adapter', a.adapter, 'skills', a.skills, 'capacity', a.capacity, 'presence', a.presence, 'live_leases', a.live_leases, \
         'accepted', a.accepted, 'rejected', a.rejected, 'failed', a.failed, 'last_seen_at', a.last_seen_at) ORDER BY a.name), \
         '[]'::jsonb)) FROM agents AS a WHERE a.organization_id = $1 AND a.retired_at IS NULL",
    )
    .bind(organization)
    .fetch_one(&mut **tx)
    .await
}

/// An agent's status, if it ever joined.
pub async fn agent_status(tx: &mut TenantTx, agent: AgentId) -> Result<Option<String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar("SELECT status FROM agents WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(agent.0)
        .fetch_optional(&mut **tx)
        .await
}

/// A file with its name, media type and bytes.
pub async fn artifact(tx: &mut TenantTx, id: Uuid) -> Result<Option<(String, String, Vec<u8>)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_as(
        "SELECT f.name, f.media_type, b.content FROM artifacts AS f JOIN artifact_blobs AS b \
         ON b.organization_id = f.organization_id AND b.sha256 = f.sha256 WHERE f.organization_id = $1 AND f.id = $2",
    )
    .bind(organization)
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}

/// Which conflicts are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Conflicts<'a> {
    /// Those that stand so.
    pub status: Option<&'a str>,
    /// Those about tasks of it.
    pub workflow: Option<WorkflowId>,
    /// Those it is a side of.
    pub side: Option<AgentId>,
}

/// The newest conflicts, at most 100.
pub async fn conflicts(tx: &mut TenantTx, which: &Conflicts<'_>) -> Result<Value, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(
        "SELECT jsonb_build_object('conflicts', coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'workflow_id', c.workflow_id, \
         'task_id', c.task_id, 'raised_by', c.coordinator_agent_id, 'with', c.coordinated_agent_id, 'status', c.status, \
         'created_at', c.created_at, 'updated_at', c.updated_at) || c.metadata ORDER BY c.created_at DESC, c.id), '[]'::jsonb)) \
         FROM (SELECT * FROM agent_coordination WHERE organization_id = $1 AND coordination_type = 'conflict' \
         AND ($2::text IS NULL OR status = $2) AND ($3::uuid IS NULL OR workflow_id = $3) \
         AND ($4::uuid IS NULL OR $4 IN (coordinator_agent_id, coordinated_agent_id)) \
         ORDER BY created_at DESC, id LIMIT 100) AS c",
    )
    .bind(organization)
    .bind(which.status)
    .bind(which.workflow.map(|workflow| workflow.0))
    .bind(which.side.map(|agent| agent.0))
    .fetch_one(&mut **tx)
    .await
}

/// An attempt that is over.
#[derive(Clone, Debug)]
pub struct EndedAttempt {
    /// Whose it was.
    pub agent: AgentId,
    /// How it ended.
    pub status: String,
    /// Its fence.
    pub fence: u64,
    /// The task's name.
    pub task: String,
    /// The task's newest fence.
    pub task_fence: u64,
}

/// What is known of an attempt.
pub async fn ended_attempt(tx: &mut TenantTx, attempt: AttemptId) -> Result<Option<EndedAttempt>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let row = sqlx::query(
        "SELECT a.agent_id, a.status, a.fence, t.task_name, t.fence AS task_fence FROM attempts AS a \
         JOIN workflow_tasks AS t ON t.organization_id = a.organization_id AND t.id = a.task_id \
         WHERE a.organization_id = $1 AND a.id = $2",
    )
    .bind(organization)
    .bind(attempt.0)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| {
        Ok(EndedAttempt {
            agent: AgentId(row.try_get("agent_id")?),
            status: row.try_get("status")?,
            fence: row.try_get::<i64, _>("fence")? as u64,
            task: row.try_get("task_name")?,
            task_fence: row.try_get::<i64, _>("task_fence")? as u64,
        })
    })
    .transpose()
}
