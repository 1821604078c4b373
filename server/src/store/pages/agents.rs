//! Agents: the roster, and one's profile.

use std::collections::HashMap;

use devsquad::agent::Presence;
use devsquad::id::{AgentId, TaskId, WorkflowId};
use devsquad::view::{AgentSummary, AgentView, Member, TaskLink};
use devsquad::workflow::task::TaskStatus;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{attempts, count, from_json, head, parsed};
use crate::store::TenantTx;

/// Agents on the roster; more need a search, not a longer page.
const AGENTS_MAX: i64 = 1_000;
/// Tasks shown as being worked on, all agents together.
const CURRENT_MAX: i64 = 2_000;
/// Attempts in an agent's history.
const HISTORY_MAX: i64 = 50;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    name: String,
    description: String,
    adapter: String,
    skills: Value,
    presence: String,
    capacity: i32,
    live_leases: i32,
    accepted: i32,
    rejected: i32,
    failed: i32,
    cost_per_hour: Option<f64>,
    created_at: jiff_sqlx::Timestamp,
    last_seen_at: Option<jiff_sqlx::Timestamp>,
}

const COLUMNS: &str =
    "id, name, description, adapter, skills, presence, capacity, live_leases, accepted, rejected, failed,
    cost_per_hour::float8 AS cost_per_hour, created_at, last_seen_at";

impl Row {
    fn summary(self, current: Vec<TaskLink>) -> Result<AgentSummary, sqlx::Error> {
        Ok(AgentSummary {
            id: AgentId(self.id),
            name: self.name,
            description: self.description,
            adapter: self.adapter,
            skills: from_json(self.skills)?,
            presence: parsed("presence", &self.presence, Presence::parse)?,
            capacity: count(self.capacity),
            live: count(self.live_leases),
            accepted: count(self.accepted),
            rejected: count(self.rejected),
            failed: count(self.failed),
            last_seen_at: self.last_seen_at.unwrap_or(self.created_at).to_jiff(),
            current,
        })
    }
}

#[derive(FromRow)]
struct LinkRow {
    workflow_id: Uuid,
    workflow_name: String,
    task_id: Uuid,
    task_name: String,
    task_status: String,
}

impl LinkRow {
    fn link(self) -> Result<TaskLink, sqlx::Error> {
        Ok(TaskLink {
            workflow: WorkflowId(self.workflow_id),
            workflow_name: self.workflow_name,
            task: TaskId(self.task_id),
            name: self.task_name,
            status: parsed("task status", &self.task_status, TaskStatus::parse)?,
        })
    }
}

/// What agents work on now, by agent. What is live is found through the workflow's status, which is indexed.
async fn current(tx: &mut TenantTx, agent: Option<AgentId>) -> Result<HashMap<Uuid, Vec<TaskLink>>, sqlx::Error> {
    #[derive(FromRow)]
    struct Held {
        agent_id: Uuid,
        #[sqlx(flatten)]
        link: LinkRow,
    }
    let organization = tx.tenant().organization;
    let rows: Vec<Held> = sqlx::query_as(
        "SELECT t.agent_id, w.id AS workflow_id, w.workflow_name, k.id AS task_id, k.task_name, k.status AS task_status
         FROM orchestration_workflows AS w
         JOIN workflow_tasks AS k ON k.organization_id = w.organization_id AND k.workflow_id = w.id
             AND k.status IN ('running', 'in_review')
         JOIN attempts AS t ON t.organization_id = k.organization_id AND t.task_id = k.id AND t.ended_at IS NULL
         WHERE w.organization_id = $1 AND w.status IN ('running', 'paused') AND ($2::uuid IS NULL OR t.agent_id = $2)
         ORDER BY t.leased_at LIMIT $3",
    )
    .bind(organization)
    .bind(agent.map(|agent| agent.0))
    .bind(CURRENT_MAX)
    .fetch_all(&mut **tx)
    .await?;
    let mut held: HashMap<Uuid, Vec<TaskLink>> = HashMap::new();
    for row in rows {
        held.entry(row.agent_id).or_default().push(row.link.link()?);
    }
    Ok(held)
}

/// The roster, by name: two queries.
pub async fn roster(tx: &mut TenantTx) -> Result<Vec<AgentSummary>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM agents WHERE organization_id = $1 AND retired_at IS NULL ORDER BY lower(name), id LIMIT $2"
    );
    let rows: Vec<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(AGENTS_MAX).fetch_all(&mut **tx).await?;
    let mut held = current(tx, None).await?;
    rows.into_iter()
        .map(|row| {
            let current = held.remove(&row.id).unwrap_or_default();
            row.summary(current)
        })
        .collect()
}

/// The names and skills of the roster.
pub async fn members(tx: &mut TenantTx) -> Result<Vec<Member>, sqlx::Error> {
    let rows: Vec<(Uuid, String, Value)> = sqlx::query_as(
        "SELECT id, name, skills FROM agents WHERE organization_id = $1 AND retired_at IS NULL ORDER BY lower(name), id LIMIT $2",
    )
    .bind(tx.tenant().organization)
    .bind(AGENTS_MAX)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|(id, name, skills)| Ok(Member { id: AgentId(id), name, skills: from_json(skills)? }))
        .collect()
}

/// One agent's profile.
pub async fn agent(tx: &mut TenantTx, id: AgentId) -> Result<Option<AgentView>, sqlx::Error> {
    #[derive(FromRow)]
    struct Past {
        #[sqlx(flatten)]
        link: LinkRow,
        #[sqlx(flatten)]
        attempt: attempts::Row,
    }
    let organization = tx.tenant().organization;
    let query = format!("SELECT {COLUMNS} FROM agents WHERE organization_id = $1 AND id = $2");
    let row: Option<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(id.0).fetch_optional(&mut **tx).await?;
    let Some(row) = row else { return Ok(None) };
    let current = current(tx, Some(id)).await?.remove(&id.0).unwrap_or_default();
    let query = format!(
        "SELECT {}, w.id AS workflow_id, w.workflow_name, k.id AS task_id, k.task_name, k.status AS task_status
         FROM attempts AS t
         JOIN agents AS g ON g.organization_id = t.organization_id AND g.id = t.agent_id
         JOIN workflow_tasks AS k ON k.organization_id = t.organization_id AND k.id = t.task_id
         JOIN orchestration_workflows AS w ON w.organization_id = t.organization_id AND w.id = t.workflow_id
         WHERE t.organization_id = $1 AND t.agent_id = $2 ORDER BY t.leased_at DESC, t.id DESC LIMIT $3",
        attempts::COLUMNS
    );
    let past: Vec<Past> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(id.0)
        .bind(HISTORY_MAX)
        .fetch_all(&mut **tx)
        .await?;
    let history = past
        .into_iter()
        .map(|past| Ok((past.link.link()?, past.attempt.view())))
        .collect::<Result<_, sqlx::Error>>()?;
    let (cost_per_hour, created_at) = (row.cost_per_hour, row.created_at.to_jiff());
    Ok(Some(AgentView { summary: row.summary(current)?, cost_per_hour, created_at, history, seq: head(tx).await? }))
}
