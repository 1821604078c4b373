//! What happened lately, as sentences.

use std::collections::HashMap;

use devsquad::Event;
use devsquad::id::{AgentId, TaskId, WorkflowId};
use devsquad::view::{self, ActivityLine};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::store::{TenantTx, journal};

/// Lines of a feed.
pub const ACTIVITY_MAX: i64 = 50;

/// The newest events as a feed needs them: a workflow's whole definition and an agent's whole output, which no sentence tells, are
/// left where they are. Each arrow reads the whole text once more, so that a creation, which is long, is taken apart in one go.
const EVENTS: &str = "SELECT seq, id, actor::text AS actor, event_type, timestamp, (CASE
        WHEN event_type = 'workflow_created' THEN (SELECT json_build_object('workflow', c.workflow, 'project', c.project, 'tasks', c.tasks,
            'definition', json_build_object('name', c.definition -> 'name', 'tasks', '[]'::json))
            FROM json_to_record(event_data) AS c (workflow json, project json, tasks json, definition json))
        WHEN event_type IN ('result_handed_in', 'task_completed') AND event_data ->> 'submission' IS NOT NULL THEN json_build_object(
            'workflow', event_data -> 'workflow', 'task', event_data -> 'task', 'submission', json_build_object(
                'attempt', event_data -> 'submission' -> 'attempt', 'agent', event_data -> 'submission' -> 'agent', 'output', NULL,
                'sha256', event_data -> 'submission' -> 'sha256'))
        ELSE event_data END)::text AS data
    FROM orchestration_events WHERE organization_id = $1";

/// The newest events of one workflow, or of the organization; newest first.
pub async fn newest(tx: &mut TenantTx, workflow: Option<WorkflowId>) -> Result<Vec<ActivityLine>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let of_workflow = if workflow.is_some() { "AND workflow_id = $3" } else { "" };
    let query = format!("{EVENTS} {of_workflow} ORDER BY seq DESC LIMIT $2");
    let mut query = sqlx::query(sqlx::AssertSqlSafe(query)).bind(organization).bind(ACTIVITY_MAX);
    if let Some(workflow) = workflow {
        query = query.bind(workflow.0);
    }
    let rows: Vec<PgRow> = query.fetch_all(&mut **tx).await?;
    let events: Vec<Event> = rows.iter().filter_map(readable).collect();
    let names = names(tx, &events).await?;
    let (tasks, agents) = (|id: TaskId| names.get(&id.0).cloned(), |id: AgentId| names.get(&id.0).cloned());
    Ok(events.iter().map(|event| view::activity(event, &tasks, &agents)).collect())
}

/// The events after `seq`, at most `limit`, oldest first, and the number of the last line looked at.
pub(in crate::store) async fn after(
    tx: &mut TenantTx,
    seq: u64,
    limit: i64,
) -> Result<(Vec<Event>, Option<u64>), sqlx::Error> {
    let query = format!("{EVENTS} AND seq > $2 ORDER BY seq LIMIT $3");
    let rows: Vec<PgRow> = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(tx.tenant().organization)
        .bind(seq.cast_signed())
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
    let last = rows.last().map(|row| row.try_get::<i64, _>("seq")).transpose()?.map(i64::cast_unsigned);
    Ok((rows.iter().filter_map(readable).collect(), last))
}

/// An event this version does not know is left out of the feed; the journal still has it.
fn readable(row: &PgRow) -> Option<Event> {
    journal::event(row)
        .inspect_err(|error| tracing::warn!(error = format!("{error:#}"), "an event cannot be shown"))
        .ok()
}

/// The names of the tasks and agents these events are about, by id.
pub(in crate::store) async fn names(tx: &mut TenantTx, events: &[Event]) -> Result<HashMap<Uuid, String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    // A sentence names one task; of several it tells the number.
    let tasks = events.iter().filter_map(|event| match event.change.tasks() {
        [one] => Some(one.0),
        _ => None,
    });
    let agents =
        events.iter().flat_map(|event| [event.change.agent(), event.actor.agent()]).flatten().map(|agent| agent.0);
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "SELECT id, task_name FROM workflow_tasks WHERE organization_id = $1 AND id = ANY($2)
         UNION ALL SELECT id, name FROM agents WHERE organization_id = $1 AND id = ANY($3)",
    )
    .bind(organization)
    .bind(tasks.collect::<Vec<Uuid>>())
    .bind(agents.collect::<Vec<Uuid>>())
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().collect())
}
