//! Attempts and their logs.

use devsquad::id::{AttemptId, TaskId};
use devsquad::scheduling::Fit;
use devsquad::view::{AgentRef, AttemptView, LogLine};
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{count, time};
use crate::store::TenantTx;

/// Attempts shown of one task: ten times what it is allowed by default, with its reviews.
const ATTEMPTS_MAX: i64 = 60;
/// Lines shown of a log; the newest matter.
const LOG_LINES_MAX: i64 = 500;

#[derive(FromRow)]
pub(super) struct Row {
    attempt_id: Uuid,
    agent_id: Uuid,
    agent_name: Option<String>,
    purpose: String,
    fence: i64,
    attempt_status: String,
    attempt_reason: Option<String>,
    message: Option<String>,
    fit: Value,
    leased_at: jiff_sqlx::Timestamp,
    ended_at: Option<jiff_sqlx::Timestamp>,
}

pub(super) const COLUMNS: &str =
    "t.id AS attempt_id, t.agent_id, g.name AS agent_name, t.purpose, t.fence, t.status AS attempt_status,
    t.reason AS attempt_reason, t.message, t.fit, t.leased_at, t.ended_at";

impl Row {
    pub(super) fn view(self) -> AttemptView {
        AttemptView {
            id: AttemptId(self.attempt_id),
            agent: AgentRef { id: self.agent_id.into(), name: self.agent_name.unwrap_or_default() },
            purpose: self.purpose,
            fence: self.fence.unsigned_abs(),
            status: self.attempt_status,
            reason: self.attempt_reason,
            message: self.message.filter(|message| !message.is_empty()),
            // An attempt older than the score has no terms.
            fit: serde_json::from_value::<Fit>(self.fit).ok(),
            leased_at: self.leased_at.to_jiff(),
            ended_at: time(self.ended_at),
        }
    }
}

/// The attempts at a task, newest first.
pub async fn of_task(tx: &mut TenantTx, task: TaskId) -> Result<Vec<AttemptView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM attempts AS t LEFT JOIN agents AS g ON g.organization_id = t.organization_id AND g.id = t.agent_id
         WHERE t.organization_id = $1 AND t.task_id = $2 ORDER BY t.fence DESC, t.leased_at DESC LIMIT $3"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(task.0)
        .bind(ATTEMPTS_MAX)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().map(Row::view).collect())
}

/// The newest lines of an attempt's log, oldest first.
pub async fn log(tx: &mut TenantTx, attempt: AttemptId) -> Result<Vec<LogLine>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<(i32, jiff_sqlx::Timestamp, String)> = sqlx::query_as(
        "SELECT line_no, at, line FROM attempt_logs WHERE organization_id = $1 AND attempt_id = $2 ORDER BY line_no DESC LIMIT $3",
    )
    .bind(organization)
    .bind(attempt.0)
    .bind(LOG_LINES_MAX)
    .fetch_all(&mut **tx)
    .await?;
    let lines = rows.into_iter().rev();
    Ok(lines.map(|(line_no, at, line)| LogLine { line_no: count(line_no), at: at.to_jiff(), line }).collect())
}
