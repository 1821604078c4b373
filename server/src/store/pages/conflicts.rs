//! What agents disagree about.

use devsquad::id::{AgentId, ConflictId, TaskId, WorkflowId};
use devsquad::view::{AgentRef, ConflictView, DisputeView, TaskLink};
use devsquad::workflow::task::TaskStatus;
use serde::Deserialize;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::needs::NEEDS_MAX;
use super::{from_json, parsed};
use crate::store::TenantTx;

/// Conflicts shown of one task, the newest first. There are never more than 20 of them and the questions together.
const OF_TASK_MAX: i64 = 50;

#[derive(FromRow)]
struct Row {
    conflict_id: Uuid,
    conflict_status: String,
    raised_by_id: Uuid,
    raised_by_name: Option<String>,
    with_id: Uuid,
    with_name: Option<String>,
    /// Subject, proposals and resolution.
    metadata: Value,
    raised_at: jiff_sqlx::Timestamp,
}

#[derive(Deserialize)]
struct Said {
    subject: String,
    proposals: Vec<Proposed>,
    resolution: Option<String>,
}

#[derive(Deserialize)]
struct Proposed {
    by: AgentId,
    text: String,
}

const COLUMNS: &str = "c.id AS conflict_id, c.status AS conflict_status, c.coordinator_agent_id AS raised_by_id, r.name AS raised_by_name,
    c.coordinated_agent_id AS with_id, o.name AS with_name, c.metadata, c.created_at AS raised_at";
const TABLES: &str = "agent_coordination AS c
    LEFT JOIN agents AS r ON r.organization_id = c.organization_id AND r.id = c.coordinator_agent_id
    LEFT JOIN agents AS o ON o.organization_id = c.organization_id AND o.id = c.coordinated_agent_id";

impl Row {
    fn view(self) -> Result<ConflictView, sqlx::Error> {
        let said: Said = from_json(self.metadata)?;
        let side = |id, name: Option<String>| AgentRef { id: AgentId(id), name: name.unwrap_or_default() };
        let (raised_by, with) = (side(self.raised_by_id, self.raised_by_name), side(self.with_id, self.with_name));
        let name = |by: AgentId| if by == raised_by.id { raised_by.name.clone() } else { with.name.clone() };
        let proposals = said.proposals.into_iter().map(|proposal| (name(proposal.by), proposal.text)).collect();
        Ok(ConflictView {
            id: ConflictId(self.conflict_id),
            subject: said.subject,
            status: self.conflict_status,
            proposals,
            resolution: said.resolution,
            raised_at: self.raised_at.to_jiff(),
            raised_by,
            with,
        })
    }
}

/// The conflicts about one task, newest first.
pub async fn of_task(tx: &mut TenantTx, task: TaskId) -> Result<Vec<ConflictView>, sqlx::Error> {
    let query = format!(
        "SELECT {COLUMNS} FROM {TABLES}
         WHERE c.organization_id = $1 AND c.task_id = $2 AND c.coordination_type = 'conflict'
         ORDER BY c.created_at DESC, c.id DESC LIMIT $3"
    );
    let organization = tx.tenant().organization;
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(task.0).bind(OF_TASK_MAX);
    let rows: Vec<Row> = query.fetch_all(&mut **tx).await?;
    rows.into_iter().map(Row::view).collect()
}

#[derive(FromRow)]
struct Disputed {
    #[sqlx(flatten)]
    row: Row,
    workflow_id: Uuid,
    workflow_name: String,
    task_id: Uuid,
    task_name: String,
    task_status: String,
}

/// The conflicts that people have to settle, oldest first.
pub async fn escalated(tx: &mut TenantTx) -> Result<Vec<DisputeView>, sqlx::Error> {
    let query = format!(
        "SELECT {COLUMNS}, w.id AS workflow_id, w.workflow_name, t.id AS task_id, t.task_name, t.status AS task_status FROM {TABLES}
         JOIN workflow_tasks AS t ON t.organization_id = c.organization_id AND t.id = c.task_id
         JOIN orchestration_workflows AS w ON w.organization_id = c.organization_id AND w.id = c.workflow_id
         WHERE c.organization_id = $1 AND c.coordination_type = 'conflict' AND c.status = 'escalated'
         ORDER BY c.created_at, c.id LIMIT $2"
    );
    let organization = tx.tenant().organization;
    let query = sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(NEEDS_MAX);
    let rows: Vec<Disputed> = query.fetch_all(&mut **tx).await?;
    rows.into_iter().map(Disputed::view).collect()
}

impl Disputed {
    fn view(self) -> Result<DisputeView, sqlx::Error> {
        Ok(DisputeView {
            conflict: self.row.view()?,
            task: TaskLink {
                workflow: WorkflowId(self.workflow_id),
                workflow_name: self.workflow_name,
                task: TaskId(self.task_id),
                name: self.task_name,
                status: parsed("task status", &self.task_status, TaskStatus::parse)?,
            },
        })
    }
}
