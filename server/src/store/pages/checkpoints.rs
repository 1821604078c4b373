//! Quality checkpoints.

use devsquad::id::{CheckpointId, TaskId};
use devsquad::view::CheckpointView;
use devsquad::workflow::CheckpointKind;
use sqlx::FromRow;
use uuid::Uuid;

use super::{count, time, unknown};
use crate::store::TenantTx;

/// Checkpoints shown of a handful of tasks.
const CHECKPOINTS_MAX: i64 = 500;

#[derive(FromRow)]
pub(super) struct Row {
    checkpoint_id: Uuid,
    checkpoint_task_id: Uuid,
    checkpoint_type: String,
    title: String,
    checkpoint_status: String,
    round: i32,
    decided_by: Option<String>,
    checkpoint_note: Option<String>,
    checkpoint_created_at: jiff_sqlx::Timestamp,
    decided_at: Option<jiff_sqlx::Timestamp>,
}

pub(super) const COLUMNS: &str = "c.id AS checkpoint_id, c.task_id AS checkpoint_task_id, c.checkpoint_type, c.title,
    c.status AS checkpoint_status, c.round, coalesce(du.display_name, da.name) AS decided_by, c.note AS checkpoint_note,
    c.created_at AS checkpoint_created_at, c.decided_at";
/// `decided_by` is an actor: a person or an agent.
pub(super) const TABLES: &str = "quality_checkpoints AS c
    LEFT JOIN users AS du ON du.id = (c.decided_by ->> 'user')::uuid
    LEFT JOIN agents AS da ON da.organization_id = c.organization_id AND da.id = (c.decided_by ->> 'agent')::uuid";

impl Row {
    pub(super) fn view(self) -> Result<(TaskId, CheckpointView), sqlx::Error> {
        let kind = [CheckpointKind::PeerReview, CheckpointKind::Approval]
            .into_iter()
            .find(|kind| kind.as_str() == self.checkpoint_type)
            .ok_or_else(|| unknown("checkpoint type", &self.checkpoint_type))?;
        let view = CheckpointView {
            id: CheckpointId(self.checkpoint_id),
            kind,
            title: self.title,
            status: self.checkpoint_status,
            round: count(self.round),
            decided_by: self.decided_by,
            note: self.checkpoint_note.filter(|note| !note.is_empty()),
            created_at: self.checkpoint_created_at.to_jiff(),
            decided_at: time(self.decided_at),
        };
        Ok((TaskId(self.checkpoint_task_id), view))
    }
}

/// The checkpoints of these tasks, newest first.
pub async fn of_tasks(tx: &mut TenantTx, tasks: &[TaskId]) -> Result<Vec<(TaskId, CheckpointView)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE c.organization_id = $1 AND c.task_id = ANY($2)
         ORDER BY c.created_at DESC, c.id DESC LIMIT $3"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(tasks.iter().map(|task| task.0).collect::<Vec<Uuid>>())
        .bind(CHECKPOINTS_MAX)
        .fetch_all(&mut **tx)
        .await?;
    rows.into_iter().map(Row::view).collect()
}
