//! What waits for a person.

use std::collections::HashMap;

use devsquad::id::{QuestionId, TaskId, WorkflowId};
use devsquad::view::{ArtifactView, AskedView, CheckpointView, NeedView, QuestionView, TaskLink};
use devsquad::workflow::task::TaskStatus;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{agent_ref, artifacts, checkpoints, from_json, parsed};
use crate::store::TenantTx;

/// Decisions shown as waiting; the oldest come first, and the next follow once these are made.
pub const NEEDS_MAX: i64 = 100;

#[derive(FromRow)]
struct Row {
    #[sqlx(flatten)]
    checkpoint: checkpoints::Row,
    workflow_id: Uuid,
    workflow_name: String,
    task_name: String,
    task_status: String,
    author_id: Option<Uuid>,
    author_name: Option<String>,
}

/// The open checkpoints a person has to decide, oldest first: three queries, and one for texts.
pub async fn needs(tx: &mut TenantTx) -> Result<Vec<NeedView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {}, w.id AS workflow_id, w.workflow_name, k.task_name, k.status AS task_status, g.id AS author_id, g.name AS author_name
         FROM {}
         JOIN workflow_tasks AS k ON k.organization_id = c.organization_id AND k.id = c.task_id
         JOIN orchestration_workflows AS w ON w.organization_id = c.organization_id AND w.id = c.workflow_id
         LEFT JOIN LATERAL (
             SELECT t.agent_id FROM attempts AS t
             WHERE t.organization_id = c.organization_id AND t.task_id = c.task_id AND t.purpose = 'work'
             ORDER BY t.fence DESC LIMIT 1) AS author ON true
         LEFT JOIN agents AS g ON g.organization_id = c.organization_id AND g.id = author.agent_id
         WHERE c.organization_id = $1 AND c.status = 'pending' AND k.status = 'awaiting_approval'
         ORDER BY c.created_at, c.id LIMIT $2",
        checkpoints::COLUMNS,
        checkpoints::TABLES
    );
    let rows: Vec<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(NEEDS_MAX).fetch_all(&mut **tx).await?;
    let mut needs = rows.into_iter().map(Row::need).collect::<Result<Vec<NeedView>, sqlx::Error>>()?;
    if needs.is_empty() {
        return Ok(needs);
    }
    let tasks: Vec<TaskId> = needs.iter().map(|need| need.task.task).collect();
    let mut earlier: HashMap<TaskId, Vec<CheckpointView>> = HashMap::new();
    for (task, checkpoint) in checkpoints::of_tasks(tx, &tasks).await? {
        earlier.entry(task).or_default().push(checkpoint);
    }
    let mut files: HashMap<TaskId, Vec<ArtifactView>> = HashMap::new();
    for (task, file) in artifacts::newest_of_tasks(tx, &tasks).await? {
        files.entry(task).or_default().push(file);
    }
    for need in &mut needs {
        let of_task = earlier.get(&need.task.task).into_iter().flatten();
        let this = &need.checkpoint;
        need.earlier = of_task
            .filter(|other| other.round == this.round && other.id != this.id && other.status == "passed")
            .cloned()
            .collect();
        need.artifacts = files.remove(&need.task.task).unwrap_or_default();
    }
    // What is to be decided first can be read at once.
    artifacts::add_texts(tx, needs.iter_mut().flat_map(|need| need.artifacts.iter_mut()).collect()).await?;
    Ok(needs)
}

/// How much waits for a person: what `needs`, `questions` and `conflicts::escalated` give without their limit.
pub async fn count(tx: &mut TenantTx) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM quality_checkpoints AS c
                 JOIN workflow_tasks AS k ON k.organization_id = c.organization_id AND k.id = c.task_id
                 WHERE c.organization_id = $1 AND c.status = 'pending' AND k.status = 'awaiting_approval')
              + (SELECT count(*) FROM task_questions AS q
                 JOIN workflow_tasks AS t ON t.organization_id = q.organization_id AND t.id = q.task_id
                 WHERE q.organization_id = $1 AND q.answered_at IS NULL AND t.status = 'awaiting_input')
              + (SELECT count(*) FROM agent_coordination AS c
                 WHERE c.organization_id = $1 AND c.coordination_type = 'conflict' AND c.status = 'escalated')",
    )
    .bind(tx.tenant().organization)
    .fetch_one(&mut **tx)
    .await
}

#[derive(FromRow)]
struct Asked {
    id: Uuid,
    question: String,
    options: Value,
    asked_at: jiff_sqlx::Timestamp,
    agent_id: Uuid,
    agent_name: Option<String>,
    workflow_id: Uuid,
    workflow_name: String,
    task_id: Uuid,
    task_name: String,
    task_status: String,
}

/// The open questions of agents, oldest first.
pub async fn questions(tx: &mut TenantTx) -> Result<Vec<AskedView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<Asked> = sqlx::query_as(
        "SELECT q.id, q.question, q.options, q.asked_at, q.agent_id, a.name AS agent_name, w.id AS workflow_id, w.workflow_name,
                t.id AS task_id, t.task_name, t.status AS task_status
         FROM task_questions AS q
         JOIN workflow_tasks AS t ON t.organization_id = q.organization_id AND t.id = q.task_id
         JOIN orchestration_workflows AS w ON w.organization_id = q.organization_id AND w.id = q.workflow_id
         LEFT JOIN agents AS a ON a.organization_id = q.organization_id AND a.id = q.agent_id
         WHERE q.organization_id = $1 AND q.answered_at IS NULL AND t.status = 'awaiting_input'
         ORDER BY q.asked_at, q.id LIMIT $2",
    )
    .bind(organization)
    .bind(NEEDS_MAX)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter().map(Asked::view).collect()
}

impl Asked {
    fn view(self) -> Result<AskedView, sqlx::Error> {
        Ok(AskedView {
            question: QuestionView { id: QuestionId(self.id), options: from_json(self.options)? },
            text: self.question,
            agent: agent_ref(Some(self.agent_id), self.agent_name),
            task: TaskLink {
                workflow: WorkflowId(self.workflow_id),
                workflow_name: self.workflow_name,
                task: TaskId(self.task_id),
                name: self.task_name,
                status: parsed("task status", &self.task_status, TaskStatus::parse)?,
            },
            asked_at: self.asked_at.to_jiff(),
        })
    }
}

impl Row {
    fn need(self) -> Result<NeedView, sqlx::Error> {
        let (task, checkpoint) = self.checkpoint.view()?;
        Ok(NeedView {
            checkpoint,
            task: TaskLink {
                workflow: WorkflowId(self.workflow_id),
                workflow_name: self.workflow_name,
                task,
                name: self.task_name,
                status: parsed("task status", &self.task_status, TaskStatus::parse)?,
            },
            author: agent_ref(self.author_id, self.author_name),
            earlier: Vec::new(),
            artifacts: Vec::new(),
        })
    }
}
