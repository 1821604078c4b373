//! Questions whose right answer is nothing.

use std::collections::HashMap;
use std::fmt;

use devsquad::State;
use sqlx::Row as _;
use uuid::Uuid;

use super::TenantTx;

/// Invariants as queries: each gives one text for each place where it is broken.
pub const QUERIES: [(&str, &str, &str); 7] = [
    (
        "I7",
        "nothing acknowledged is lost",
        "SELECT 'workflow ' || (k.answer ->> 'workflow') FROM idempotency_keys AS k \
         WHERE k.organization_id = $1 AND k.answer ->> 'answer' = 'workflow_created' AND NOT EXISTS (SELECT FROM \
         orchestration_workflows AS w WHERE w.organization_id = $1 AND w.id = (k.answer ->> 'workflow')::uuid)",
    ),
    (
        "I8",
        "nothing is invented: every attempt was given out, every workflow created, in the journal",
        "SELECT 'attempt ' || a.id FROM attempts AS a LEFT JOIN (SELECT (event_data ->> 'attempt')::uuid AS id \
         FROM orchestration_events WHERE organization_id = $1 AND event_type = 'task_leased') AS e ON e.id = a.id \
         WHERE a.organization_id = $1 AND e.id IS NULL UNION ALL \
         SELECT 'workflow ' || w.id FROM orchestration_workflows AS w WHERE w.organization_id = $1 AND NOT EXISTS (SELECT FROM \
         orchestration_events AS e WHERE e.organization_id = $1 AND e.workflow_id = w.id AND e.event_type = 'workflow_created')",
    ),
    (
        "I9",
        "one answer for one key",
        "SELECT principal || ' ' || key FROM idempotency_keys WHERE organization_id = $1 GROUP BY principal, key HAVING count(*) > 1",
    ),
    (
        "Q1",
        "no task completed past a checkpoint that did not pass",
        "SELECT 'task ' || t.id FROM workflow_tasks AS t WHERE t.organization_id = $1 AND t.status = 'completed' \
         AND jsonb_array_length(t.checks) > (SELECT count(*) FROM quality_checkpoints AS q WHERE q.organization_id = $1 \
         AND q.task_id = t.id AND q.generation = t.generation AND q.status IN ('passed', 'waived') AND q.round = (SELECT max(l.round) \
         FROM quality_checkpoints AS l WHERE l.organization_id = $1 AND l.task_id = t.id AND l.generation = t.generation))",
    ),
    (
        "Q7",
        "every file named in a result is stored under its hash",
        "SELECT 'artifact ' || f.id FROM artifacts AS f LEFT JOIN artifact_blobs AS b \
         ON b.organization_id = f.organization_id AND b.sha256 = f.sha256 \
         WHERE f.organization_id = $1 AND (b.sha256 IS NULL OR sha256(b.content) <> f.sha256 OR length(b.content) <> f.size_bytes)",
    ),
    (
        "T1",
        "every row that can be seen belongs to the tenant that asks",
        "SELECT 'workflow ' || id FROM orchestration_workflows WHERE organization_id <> $1 UNION ALL \
         SELECT 'event ' || id FROM orchestration_events WHERE organization_id <> $1",
    ),
    (
        "T2",
        "every row that names another one finds it: tasks and edges, attempts, assignments",
        "SELECT 'task ' || t.id FROM workflow_tasks AS t LEFT JOIN orchestration_workflows AS w \
         ON w.organization_id = $1 AND w.id = t.workflow_id WHERE t.organization_id = $1 AND w.id IS NULL UNION ALL \
         SELECT 'edge ' || d.id FROM task_dependencies AS d \
         LEFT JOIN workflow_tasks AS p ON p.organization_id = $1 AND p.id = d.parent_task_id AND p.workflow_id = d.workflow_id \
         LEFT JOIN workflow_tasks AS c ON c.organization_id = $1 AND c.id = d.child_task_id AND c.workflow_id = d.workflow_id \
         WHERE d.organization_id = $1 AND (p.id IS NULL OR c.id IS NULL) UNION ALL \
         SELECT 'attempt ' || a.id FROM attempts AS a \
         LEFT JOIN workflow_tasks AS t ON t.organization_id = $1 AND t.id = a.task_id AND t.workflow_id = a.workflow_id \
         LEFT JOIN agents AS g ON g.organization_id = $1 AND g.id = a.agent_id \
         WHERE a.organization_id = $1 AND (t.id IS NULL OR g.id IS NULL) UNION ALL \
         SELECT 'assignment ' || a.id FROM agent_assignments AS a \
         LEFT JOIN orchestration_workflows AS w ON w.organization_id = $1 AND w.id = a.workflow_id \
         LEFT JOIN agents AS g ON g.organization_id = $1 AND g.id = a.agent_id \
         WHERE a.organization_id = $1 AND (w.id IS NULL OR g.id IS NULL)",
    ),
];

/// Asks one of them.
pub async fn ask(tx: &mut TenantTx, query: &'static str) -> Result<Vec<String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar(query).bind(organization).fetch_all(&mut **tx).await
}

/// A row that does not say what the journal says.
#[derive(Clone, Debug)]
pub struct Difference {
    row: String,
    found: String,
    expected: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the table says {}, the journal {}", self.row, self.found, self.expected)
    }
}

/// Compares the tables with a state folded from the whole journal.
pub async fn compare(tx: &mut TenantTx, state: &State) -> Result<Vec<Difference>, sqlx::Error> {
    let mut found = workflows(tx).await?;
    found.extend(tasks(tx).await?);
    found.extend(agents(tx).await?);
    found.extend(conflicts(tx).await?);
    let mut differences = Vec::new();
    for (row, expected) in expected(state) {
        let there = found.remove(&row).unwrap_or_else(|| "nothing".to_owned());
        if there != expected {
            differences.push(Difference { row, found: there, expected });
        }
    }
    differences.extend(found.into_iter().map(|(row, found)| Difference { row, found, expected: "nothing".to_owned() }));
    Ok(differences)
}

/// What the rows must say, by row.
fn expected(state: &State) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    for workflow in state.workflows.values() {
        let completed = workflow.tasks.iter().filter(|task| task.is_completed()).count();
        let ended = workflow.completed_at.map_or(0, |at| at.as_microsecond());
        rows.push((format!("workflow {}", workflow.id), format!("{} {completed} {ended}", workflow.status.as_str())));
        for task in &workflow.tasks {
            let hash = task.submission.as_ref().map(|submission| submission.sha256.clone()).unwrap_or_default();
            let ended = task.ended_at().map_or(0, |at| at.as_microsecond());
            let said = format!(
                "{} fence {} attempts {} generation {} result {hash} ended {ended}",
                task.status().as_str(),
                task.fence,
                task.attempts_used,
                task.generation,
            );
            rows.push((format!("task {}", task.id), said));
            rows.extend(task.conflicts.iter().map(|open| {
                let status = if open.escalated > 0 { "escalated" } else { "open" };
                (format!("conflict {}", open.id), format!("{status} after {} proposals", open.proposals.len()))
            }));
        }
    }
    for agent in state.agents.values() {
        let record = agent.record;
        let said = format!("{} live, {}/{}/{}", agent.live, record.accepted, record.rejected, record.failed);
        rows.push((format!("agent {}", agent.profile.id), said));
    }
    rows
}

async fn workflows(tx: &mut TenantTx) -> Result<HashMap<String, String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows = sqlx::query(
        "SELECT id, status || ' ' || tasks_completed || ' ' || coalesce((extract(epoch FROM completed_at) * 1000000)::bigint, 0) \
         AS said FROM orchestration_workflows WHERE organization_id = $1",
    )
    .bind(organization)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((format!("workflow {}", row.try_get::<Uuid, _>("id")?), row.try_get("said")?))).collect()
}

async fn tasks(tx: &mut TenantTx) -> Result<HashMap<String, String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows = sqlx::query(
        "SELECT id, status || ' fence ' || fence || ' attempts ' || attempts_used || ' generation ' || generation || ' result ' || \
         coalesce(encode(result_sha256, 'hex'), '') || ' ended ' || \
         coalesce((extract(epoch FROM completed_at) * 1000000)::bigint, 0) AS said \
         FROM workflow_tasks WHERE organization_id = $1",
    )
    .bind(organization)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((format!("task {}", row.try_get::<Uuid, _>("id")?), row.try_get("said")?))).collect()
}

/// Those that are open: what is settled has left the state.
async fn conflicts(tx: &mut TenantTx) -> Result<HashMap<String, String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows = sqlx::query(
        "SELECT id, status || ' after ' || jsonb_array_length(metadata -> 'proposals') || ' proposals' AS said \
         FROM agent_coordination WHERE organization_id = $1 AND coordination_type = 'conflict' \
         AND status IN ('open', 'escalated')",
    )
    .bind(organization)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((format!("conflict {}", row.try_get::<Uuid, _>("id")?), row.try_get("said")?))).collect()
}

async fn agents(tx: &mut TenantTx) -> Result<HashMap<String, String>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows = sqlx::query(
        "SELECT id, live_leases || ' live, ' || accepted || '/' || rejected || '/' || failed AS said \
         FROM agents WHERE organization_id = $1",
    )
    .bind(organization)
    .fetch_all(&mut **tx)
    .await?;
    rows.iter().map(|row| Ok((format!("agent {}", row.try_get::<Uuid, _>("id")?), row.try_get("said")?))).collect()
}
