//! Workflows: the list, and the run page.

use std::collections::HashMap;

use devsquad::id::WorkflowId;
use devsquad::view::{WORKFLOWS_PER_PAGE, WorkflowFilter, WorkflowPage, WorkflowSummary, WorkflowView};
use devsquad::workflow::task::TaskStatus;
use devsquad::workflow::{Priority, WorkflowStatus};
use serde_json::{Map, Value};
use sqlx::FromRow;
use uuid::Uuid;

use super::{activity, agents, count, head, parsed, tasks, time};
use crate::store::TenantTx;

/// Characters of a search text that are used.
const SEARCH_CHARS_MAX: usize = 200;

#[derive(FromRow)]
pub(super) struct Row {
    id: Uuid,
    workflow_name: String,
    workflow_type: String,
    status: String,
    reason: Option<String>,
    priority: String,
    template_id: Option<String>,
    deadline: Option<jiff_sqlx::Timestamp>,
    created_at: jiff_sqlx::Timestamp,
    completed_at: Option<jiff_sqlx::Timestamp>,
}

pub(super) const COLUMNS: &str =
    "w.id, w.workflow_name, w.workflow_type, w.status, w.reason, w.priority, w.template_id, w.deadline,
    w.created_at, w.completed_at";

impl Row {
    fn summary(self, counts: Vec<(TaskStatus, u32)>) -> Result<WorkflowSummary, sqlx::Error> {
        Ok(WorkflowSummary {
            id: WorkflowId(self.id),
            name: self.workflow_name,
            kind: self.workflow_type,
            status: parsed("workflow status", &self.status, WorkflowStatus::parse)?,
            priority: parsed("priority", &self.priority, Priority::parse)?,
            reason: self.reason.filter(|reason| !reason.is_empty()),
            template: self.template_id,
            counts,
            deadline: time(self.deadline),
            created_at: self.created_at.to_jiff(),
            completed_at: time(self.completed_at),
        })
    }
}

/// Rows as lines of a list, with the tasks of each counted.
pub(super) async fn summaries(tx: &mut TenantTx, rows: Vec<Row>) -> Result<Vec<WorkflowSummary>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let counted: Vec<(Uuid, String, i64)> = sqlx::query_as(
        "SELECT workflow_id, status, count(*) FROM workflow_tasks
         WHERE organization_id = $1 AND workflow_id = ANY($2) GROUP BY workflow_id, status",
    )
    .bind(organization)
    .bind(rows.iter().map(|row| row.id).collect::<Vec<Uuid>>())
    .fetch_all(&mut **tx)
    .await?;
    let mut counts: HashMap<Uuid, HashMap<TaskStatus, u32>> = HashMap::new();
    for (workflow, status, n) in counted {
        let status = parsed("task status", &status, TaskStatus::parse)?;
        counts.entry(workflow).or_default().insert(status, count(n));
    }
    rows.into_iter()
        .map(|row| {
            let of_this = counts.remove(&row.id).unwrap_or_default();
            row.summary(in_order(&of_this))
        })
        .collect()
}

/// Only the statuses that occur, in the order of a life.
fn in_order(counts: &HashMap<TaskStatus, u32>) -> Vec<(TaskStatus, u32)> {
    TaskStatus::ALL.into_iter().filter_map(|status| counts.get(&status).map(|n| (status, *n))).collect()
}

/// One page of the list, newest first.
pub async fn page(tx: &mut TenantTx, filter: &WorkflowFilter) -> Result<WorkflowPage, sqlx::Error> {
    let organization = tx.tenant().organization;
    let status = filter.status.map(WorkflowStatus::as_str);
    let text = filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()).map(pattern);
    let query = format!(
        "SELECT {COLUMNS}, count(*) OVER () AS total FROM orchestration_workflows AS w
         WHERE w.organization_id = $1 AND ($2::text IS NULL OR w.status = $2) AND ($3::text IS NULL OR w.workflow_name ILIKE $3)
         ORDER BY w.created_at DESC, w.id DESC LIMIT $4 OFFSET $5"
    );
    #[derive(FromRow)]
    struct Counted {
        #[sqlx(flatten)]
        row: Row,
        total: i64,
    }
    let rows: Vec<Counted> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(status)
        .bind(text)
        .bind(i64::from(WORKFLOWS_PER_PAGE))
        .bind(i64::from(filter.page) * i64::from(WORKFLOWS_PER_PAGE))
        .fetch_all(&mut **tx)
        .await?;
    let total = rows.first().map_or(0, |row| row.total.unsigned_abs());
    let workflows = summaries(tx, rows.into_iter().map(|counted| counted.row).collect()).await?;
    Ok(WorkflowPage { workflows, total, seq: head(tx).await? })
}

/// What `ILIKE` finds the text with, wherever it stands; its own signs stand for themselves.
fn pattern(text: &str) -> String {
    let mut out = String::from("%");
    for c in text.chars().filter(|c| *c != '\0').take(SEARCH_CHARS_MAX) {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('%');
    out
}

#[derive(FromRow)]
struct Whole {
    #[sqlx(flatten)]
    row: Row,
    description: String,
    parameters: Value,
    created_by: Option<String>,
}

/// One workflow with its tasks, who could do them, and what happened lately: six queries, and one for the names in the sentences.
pub async fn workflow(tx: &mut TenantTx, id: WorkflowId) -> Result<Option<WorkflowView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS}, w.description, w.parameters, u.display_name AS created_by
         FROM orchestration_workflows AS w LEFT JOIN users AS u ON u.id = w.user_id
         WHERE w.organization_id = $1 AND w.id = $2"
    );
    let found: Option<Whole> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(id.0).fetch_optional(&mut **tx).await?;
    let Some(found) = found else { return Ok(None) };
    let tasks = tasks::of_workflow(tx, id).await?;
    let mut counts = HashMap::new();
    for task in &tasks {
        *counts.entry(task.status).or_insert(0) += 1;
    }
    Ok(Some(WorkflowView {
        summary: found.row.summary(in_order(&counts))?,
        description: found.description,
        parameters: match found.parameters {
            Value::Object(fields) => fields.into_iter().collect(),
            _ => Map::new().into_iter().collect(),
        },
        created_by: found.created_by.unwrap_or_else(|| "A script".to_owned()),
        tasks,
        members: agents::members(tx).await?,
        activity: activity::newest(tx, Some(id)).await?,
        seq: head(tx).await?,
    }))
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn signs_of_the_pattern_stand_for_themselves() {
        assert_eq!(pattern("50% of_it\\"), "%50\\% of\\_it\\\\%");
        assert_eq!(pattern("a\0b"), "%ab%");
    }
}
