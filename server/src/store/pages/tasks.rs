//! Tasks: on the run page, and one with everything about it.

use std::collections::HashMap;

use devsquad::id::{CheckpointId, QuestionId, TaskId, WorkflowId};
use devsquad::view::{QuestionView, TaskDetail, TaskView, Text};
use devsquad::workflow::EdgeKind;
use devsquad::workflow::task::TaskStatus;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{
    agent_ref, artifacts, attempts, checkpoints, conflicts, count, from_json, head, parsed, time, unknown, value,
};
use crate::store::TenantTx;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    task_key: String,
    task_name: String,
    task_type: String,
    status: String,
    dependencies: Value,
    skills: Value,
    checks: Value,
    agent_id: Option<Uuid>,
    agent_name: Option<String>,
    progress: i32,
    note: Option<String>,
    attempts_used: i32,
    max_attempts: i32,
    handed_in: bool,
    not_before: Option<jiff_sqlx::Timestamp>,
    ready_at: Option<jiff_sqlx::Timestamp>,
    started_at: Option<jiff_sqlx::Timestamp>,
    completed_at: Option<jiff_sqlx::Timestamp>,
    open_checkpoint: Option<Uuid>,
    kept_for_id: Option<Uuid>,
    kept_for_name: Option<String>,
    question_id: Option<Uuid>,
    question_options: Option<Value>,
}

/// A checkpoint waits for a person only while its task does.
const COLUMNS: &str = "t.id, t.task_key, t.task_name, t.task_type, t.status, t.dependencies, t.skills, t.checks,
    t.assigned_agent_id AS agent_id, a.name AS agent_name, t.progress, t.note, t.attempts_used, t.max_attempts,
    t.result_sha256 IS NOT NULL AS handed_in, t.not_before,
    t.ready_at, t.started_at, t.completed_at,
    CASE WHEN t.status = 'awaiting_approval' THEN (
        SELECT c.id FROM quality_checkpoints AS c
        WHERE c.organization_id = t.organization_id AND c.task_id = t.id AND c.status = 'pending'
        ORDER BY c.created_at DESC LIMIT 1) END AS open_checkpoint,
    t.kept_for_agent_id AS kept_for_id, k.name AS kept_for_name, q.id AS question_id, q.options AS question_options";
/// A question is open only while its task waits for the answer.
const TABLES: &str =
    "workflow_tasks AS t LEFT JOIN agents AS a ON a.organization_id = t.organization_id AND a.id = t.assigned_agent_id
    LEFT JOIN agents AS k ON k.organization_id = t.organization_id AND k.id = t.kept_for_agent_id
    LEFT JOIN task_questions AS q ON t.status = 'awaiting_input' AND q.organization_id = t.organization_id AND q.task_id = t.id
        AND q.answered_at IS NULL";

impl Row {
    fn view(self, edge: EdgeKind) -> Result<TaskView, sqlx::Error> {
        Ok(TaskView {
            id: TaskId(self.id),
            key: self.task_key,
            name: self.task_name,
            kind: self.task_type,
            status: parsed("task status", &self.status, TaskStatus::parse)?,
            needs: from_json(self.dependencies)?,
            edge,
            skills: from_json(self.skills)?,
            checks: from_json(self.checks)?,
            agent: agent_ref(self.agent_id, self.agent_name),
            progress: u8::try_from(self.progress).unwrap_or_default(),
            note: self.note.unwrap_or_default(),
            attempts_used: count(self.attempts_used),
            max_attempts: count(self.max_attempts),
            handed_in: self.handed_in,
            not_before: time(self.not_before),
            ready_at: time(self.ready_at),
            started_at: time(self.started_at),
            completed_at: time(self.completed_at),
            open_checkpoint: self.open_checkpoint.map(CheckpointId),
            kept_for: agent_ref(self.kept_for_id, self.kept_for_name),
            question: match self.question_id {
                Some(id) => Some(QuestionView {
                    id: QuestionId(id),
                    options: self.question_options.map(from_json).transpose()?.unwrap_or_default(),
                }),
                None => None,
            },
        })
    }
}

/// The tasks of a workflow, in the order given: two queries.
pub async fn of_workflow(tx: &mut TenantTx, workflow: WorkflowId) -> Result<Vec<TaskView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE t.organization_id = $1 AND t.workflow_id = $2 ORDER BY t.ordinal"
    );
    let rows: Vec<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(workflow.0).fetch_all(&mut **tx).await?;
    let edges = uncommon_edges(tx, workflow).await?;
    rows.into_iter()
        .map(|row| {
            let edge = edges.get(&row.id).copied().unwrap_or_default();
            row.view(edge)
        })
        .collect()
}

/// What tasks ask of those before them, where it is not the common thing: few rows of what may be many edges.
async fn uncommon_edges(tx: &mut TenantTx, workflow: WorkflowId) -> Result<HashMap<Uuid, EdgeKind>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT DISTINCT d.child_task_id, d.dependency_type FROM workflow_tasks AS parent
         JOIN task_dependencies AS d ON d.organization_id = parent.organization_id AND d.parent_task_id = parent.id
         WHERE parent.organization_id = $1 AND parent.workflow_id = $2 AND d.dependency_type <> $3",
    )
    .bind(organization)
    .bind(workflow.0)
    .bind(EdgeKind::default().as_str())
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(|(task, kind)| Ok((task, edge(&kind)?))).collect()
}

fn edge(kind: &str) -> Result<EdgeKind, sqlx::Error> {
    [EdgeKind::AllSucceeded, EdgeKind::AllDone, EdgeKind::AnySucceeded]
        .into_iter()
        .find(|edge| edge.as_str() == kind)
        .ok_or_else(|| unknown("edge", kind))
}

#[derive(FromRow)]
struct Detailed {
    #[sqlx(flatten)]
    row: Row,
    workflow_name: String,
    input: Option<String>,
    output: Option<String>,
    edge: Option<String>,
}

/// One task with everything about it: seven queries.
pub async fn detail(tx: &mut TenantTx, workflow: WorkflowId, task: TaskId) -> Result<Option<TaskDetail>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS}, w.workflow_name, t.input_data::text AS input, t.output_data::text AS output,
             (SELECT d.dependency_type FROM workflow_tasks AS parent
              JOIN task_dependencies AS d ON d.organization_id = parent.organization_id AND d.parent_task_id = parent.id
              WHERE parent.organization_id = t.organization_id AND parent.workflow_id = t.workflow_id AND d.child_task_id = t.id
              LIMIT 1) AS edge
         FROM {TABLES} JOIN orchestration_workflows AS w ON w.organization_id = t.organization_id AND w.id = t.workflow_id
         WHERE t.organization_id = $1 AND t.workflow_id = $2 AND t.id = $3"
    );
    let found: Option<Detailed> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(workflow.0)
        .bind(task.0)
        .fetch_optional(&mut **tx)
        .await?;
    let Some(found) = found else { return Ok(None) };
    let edge = found.edge.as_deref().map(edge).transpose()?.unwrap_or_default();
    let attempts = attempts::of_task(tx, task).await?;
    let log = match attempts.first() {
        Some(newest) => attempts::log(tx, newest.id).await?,
        None => Vec::new(),
    };
    let (output, text) = match value(found.output) {
        Some(Value::String(text)) => (None, Some(Text::Plain(text))),
        other => (other, None),
    };
    Ok(Some(TaskDetail {
        task: found.row.view(edge)?,
        workflow,
        workflow_name: found.workflow_name,
        input: value(found.input).unwrap_or_default(),
        output,
        text,
        checkpoints: checkpoints::of_tasks(tx, &[task]).await?.into_iter().map(|(_, view)| view).collect(),
        conflicts: conflicts::of_task(tx, task).await?,
        artifacts: artifacts::of_task(tx, task).await?,
        attempts,
        log,
        seq: head(tx).await?,
    }))
}
