//! The overview.

use devsquad::agent::Presence;
use devsquad::view::DashboardView;
use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;

use super::{activity, agents, count, head, needs, workflows};
use crate::store::TenantTx;

/// Workflows on the overview; the list has them all.
const WORKFLOWS_MAX: i64 = 12;
/// How far back "today" reaches.
const TODAY: SignedDuration = SignedDuration::from_hours(24);

#[derive(FromRow)]
struct Counts {
    active: i64,
    running: i64,
    ready: i64,
    completed: i64,
}

/// The overview: counts, what runs, what waits for a person, who is there, what happened.
pub async fn dashboard(tx: &mut TenantTx, now: Timestamp) -> Result<DashboardView, sqlx::Error> {
    let counts = counts(tx, now).await?;
    let workflows = latest(tx).await?;
    let needs = needs::needs(tx).await?;
    let agents = agents::roster(tx).await?;
    let online = agents.iter().filter(|agent| agent.presence != Presence::Offline).count();
    Ok(DashboardView {
        active_workflows: count(counts.active),
        tasks_running: count(counts.running),
        tasks_ready: count(counts.ready),
        completed_today: count(counts.completed),
        agents_online: u32::try_from(online).unwrap_or(u32::MAX),
        agents_total: u32::try_from(agents.len()).unwrap_or(u32::MAX),
        workflows,
        needs,
        agents,
        activity: activity::newest(tx, None).await?,
        seq: head(tx).await?,
    })
}

async fn counts(tx: &mut TenantTx, now: Timestamp) -> Result<Counts, sqlx::Error> {
    let organization = tx.tenant().organization;
    // Of workflows that ended, only those that ended today can hold a task that did, or one done again since.
    sqlx::query_as(
        "SELECT count(DISTINCT w.id) FILTER (WHERE w.live) AS active,
                count(*) FILTER (WHERE w.live AND k.status = 'running') AS running,
                count(*) FILTER (WHERE w.live AND k.status IN ('ready', 'rework')) AS ready,
                count(*) FILTER (WHERE k.status = 'completed' AND k.completed_at > $2) AS completed
         FROM (SELECT organization_id, id, status IN ('running', 'paused') AS live FROM orchestration_workflows
               WHERE organization_id = $1 AND (status IN ('running', 'paused') OR completed_at > $2)) AS w
         LEFT JOIN workflow_tasks AS k ON k.organization_id = w.organization_id AND k.workflow_id = w.id",
    )
    .bind(organization)
    .bind(jiff_sqlx::Timestamp::from(now - TODAY))
    .fetch_one(&mut **tx)
    .await
}

/// The workflows that run, then the latest that ended.
async fn latest(tx: &mut TenantTx) -> Result<Vec<devsquad::view::WorkflowSummary>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {} FROM orchestration_workflows AS w WHERE w.organization_id = $1
         ORDER BY w.status IN ('running', 'paused') DESC, coalesce(w.completed_at, w.created_at) DESC, w.id LIMIT $2",
        workflows::COLUMNS
    );
    let rows =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(WORKFLOWS_MAX).fetch_all(&mut **tx).await?;
    workflows::summaries(tx, rows).await
}
