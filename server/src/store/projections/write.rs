//! The statements that write what a tick touched. One statement for each kind of row, whatever their number.
//!
//! Rows that change are named twice: `id = ANY($2)` has them looked up by their keys, the join with `unnest` brings what they become.
//! The join alone may be planned as a walk through all rows of the organization.
//!
//! Rows that are new come from a list of `unnest`, which goes through the arrays side by side; in a `FROM` each array would be copied into
//! a store of its own first, which costs a row of a task a seventh of its time.

use std::collections::HashMap;

use devsquad::agent::Agent;
use devsquad::id::{AttemptId, CheckpointId};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use super::super::TenantTx;
use super::super::together::{Part, Together};
use super::{AttemptMoved, CheckpointDecided, NewAttempt, NewCheckpoint, NewTask, Touched, WorkflowRow};

/// What a row takes on its way beside long texts: numbers, ids, moments, and how long each is.
const ROW_BYTES: usize = 256;

type Times = Vec<Option<jiff_sqlx::Timestamp>>;

pub(super) fn times<'a, T: 'a>(rows: impl IntoIterator<Item = &'a T>, at: impl Fn(&T) -> Option<Timestamp>) -> Times {
    rows.into_iter().map(|row| at(row).map(|at| at.to_sqlx())).collect()
}

impl Touched {
    /// Adds the rows of what is new.
    pub fn begin(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        self.insert_agents(all, organization);
        self.insert_workflows(all, organization, now);
        self.insert_tasks(all, organization, now);
        self.insert_edges(all, organization, now);
    }

    /// Adds the rows that nearly every tick touches. They need those of what is new.
    pub fn go_on(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        self.update_agents(all, organization);
        self.update_workflows(all, organization, now);
        self.update_tasks(all, organization, now);
        self.settle_edges(all, organization);
        self.insert_attempts(all, organization);
        self.move_attempts(all, organization);
        self.assign(all, organization);
    }

    /// Writes the rows that few ticks touch. They need the others.
    pub async fn finish(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        self.insert_checkpoints(tx).await?;
        self.decide_checkpoints(tx).await?;
        self.asked.write(tx).await?;
        self.disputed.write(tx).await?;
        self.insert_artifacts(tx).await?;
        self.end_tokens(tx).await?;
        self.close_ended(tx).await
    }

    fn insert_agents(&self, all: &mut Together, organization: Uuid) {
        if self.new_agents.is_empty() {
            return;
        }
        let rows: Vec<&Agent> = self.new_agents.values().collect();
        let text = |f: &dyn Fn(&Agent) -> String| rows.iter().map(|a| f(a)).collect::<Vec<String>>();
        let query = all.part(
            "INSERT INTO agents (organization_id, id, status, presence, live_leases, accepted, rejected, failed, last_seen_at, \
             retired_at, name, adapter, owner, skills, capacity, cost_per_hour, created_at, description) \
             SELECT $1, a.id, a.status, a.presence, a.live, a.accepted, a.rejected, a.failed, a.seen, a.retired, a.name, a.adapter, \
             nullif(a.owner, ''), a.skills::jsonb, a.capacity, a.cost::numeric, a.created_at, a.description \
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::timestamptz[], \
             $10::timestamptz[], $11::text[], $12::text[], $13::text[], $14::text[], $15::int[], $16::float8[], \
             $17::timestamptz[], $18::text[]) AS a (id, status, presence, live, accepted, rejected, failed, seen, retired, name, \
             adapter, owner, skills, capacity, cost, created_at, description)",
        );
        bind_agent_rows(query.bind(organization), &rows)
            .bind(text(&|a| a.profile.name.clone()))
            .bind(text(&|a| a.profile.adapter.as_str().to_owned()))
            .bind(text(&|a| a.profile.owner.clone()))
            .bind(text(&|a| serde_json::to_string(&a.profile.skills).unwrap_or_else(|_| "[]".to_owned())))
            .bind(rows.iter().map(|a| a.profile.capacity.cast_signed()).collect::<Vec<i32>>())
            .bind(rows.iter().map(|a| a.profile.cost_per_hour).collect::<Vec<Option<f64>>>())
            .bind(times(rows.iter().copied(), |a| Some(a.created_at)))
            .bind(text(&|a| a.profile.description.clone()));
    }

    fn update_agents(&self, all: &mut Together, organization: Uuid) {
        if self.agents.is_empty() {
            return;
        }
        let rows: Vec<&Agent> = self.agents.values().collect();
        let query = all.part(
            "UPDATE agents AS t SET status = a.status, presence = a.presence, live_leases = a.live, accepted = a.accepted, \
             rejected = a.rejected, failed = a.failed, last_seen_at = a.seen, retired_at = a.retired \
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::timestamptz[], \
             $10::timestamptz[]) AS a (id, status, presence, live, accepted, rejected, failed, seen, retired) \
             WHERE t.organization_id = $1 AND t.id = ANY($2) AND t.id = a.id",
        );
        bind_agent_rows(query.bind(organization), &rows);
    }

    fn insert_workflows(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        if self.new_workflows.is_empty() {
            return;
        }
        let new = &self.new_workflows;
        let query = all.part(
            "INSERT INTO orchestration_workflows (organization_id, updated_at, id, status, reason, priority, tasks_completed, \
             position, started_at, completed_at, project_id, user_id, workflow_name, workflow_type, description, template_id, \
             parameters, deadline, tasks_total, created_at) \
             SELECT $1, $2, w.id, w.status, w.reason, w.priority, w.completed, w.position, w.started_at, w.completed_at, w.project, \
             w.who, w.name, w.kind, w.description, w.template, w.parameters::jsonb, w.deadline, w.total, w.created_at \
             FROM (SELECT unnest($3::uuid[]) AS id, unnest($4::text[]) AS status, unnest($5::text[]) AS reason, \
             unnest($6::text[]) AS priority, unnest($7::int[]) AS completed, unnest($8::bigint[]) AS position, \
             unnest($9::timestamptz[]) AS started_at, unnest($10::timestamptz[]) AS completed_at, \
             unnest($11::uuid[]) AS project, unnest($12::uuid[]) AS who, unnest($13::text[]) AS name, \
             unnest($14::text[]) AS kind, unnest($15::text[]) AS description, unnest($16::text[]) AS template, \
             unnest($17::text[]) AS parameters, unnest($18::timestamptz[]) AS deadline, unnest($19::int[]) AS total, \
             unnest($20::timestamptz[]) AS created_at) AS w",
        );
        let rows: Vec<&WorkflowRow> = new.iter().map(|w| &w.row).collect();
        bind_workflow_rows(query.bind(organization).bind(now.to_sqlx()), &rows)
            .bind(new.iter().map(|w| w.project).collect::<Vec<Uuid>>())
            .bind(new.iter().map(|w| w.user).collect::<Vec<Option<Uuid>>>())
            .bind(new.iter().map(|w| w.name.as_str()).collect::<Vec<&str>>())
            .bind(new.iter().map(|w| w.kind.as_str()).collect::<Vec<&str>>())
            .bind(new.iter().map(|w| w.description.as_str()).collect::<Vec<&str>>())
            .bind(new.iter().map(|w| w.template.as_deref()).collect::<Vec<Option<&str>>>())
            .bind(new.iter().map(|w| w.parameters.as_str()).collect::<Vec<&str>>())
            .bind(times(new, |w| w.deadline))
            .bind(new.iter().map(|w| w.tasks_total).collect::<Vec<i32>>())
            .bind(times(new, |w| Some(w.created_at)));
    }

    fn update_workflows(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        if self.workflows.is_empty() {
            return;
        }
        let query = all.part(
            "UPDATE orchestration_workflows AS w SET status = r.status, reason = r.reason, priority = r.priority, \
             tasks_completed = r.completed, position = r.position, started_at = r.started_at, completed_at = r.completed_at, \
             updated_at = $2 \
             FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[], $9::timestamptz[], \
             $10::timestamptz[]) AS r (id, status, reason, priority, completed, position, started_at, completed_at) \
             WHERE w.organization_id = $1 AND w.id = ANY($3) AND w.id = r.id",
        );
        let rows: Vec<&WorkflowRow> = self.workflows.iter().collect();
        bind_workflow_rows(query.bind(organization).bind(now.to_sqlx()), &rows);
    }

    fn insert_tasks(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        if self.new_tasks.is_empty() {
            return;
        }
        let new = &self.new_tasks;
        let text = |f: fn(&NewTask) -> &str| new.iter().map(f).collect::<Vec<&str>>();
        let json = |f: fn(&NewTask) -> &Option<String>| new.iter().map(|n| f(n).as_deref()).collect::<Vec<_>>();
        let bytes = |json: &Option<String>| json.as_ref().map_or(0, String::len);
        all.reserve(new.iter().map(|n| ROW_BYTES + n.name.len() + bytes(&n.dependencies) + bytes(&n.input)).sum());
        all.part(
            "INSERT INTO workflow_tasks (organization_id, id, workflow_id, ordinal, task_key, task_name, task_type, dependencies, \
             skills, checks, input_data, max_attempts, timeout_s, effective_priority, status, stage, ready_at, updated_at) \
             SELECT $1, n.id, n.workflow, n.ordinal, n.key, n.name, n.kind, coalesce(n.needs::jsonb, '[]'), \
             coalesce(n.skills::jsonb, '[]'), coalesce(n.checks::jsonb, '[]'), coalesce(n.input::json, 'null'), n.max_attempts, \
             n.timeout_s, n.rank, n.status, n.stage, n.ready_at, $2 \
             FROM (SELECT unnest($3::uuid[]) AS id, unnest($4::uuid[]) AS workflow, unnest($5::int[]) AS ordinal, \
             unnest($6::text[]) AS key, unnest($7::text[]) AS name, unnest($8::text[]) AS kind, unnest($9::text[]) AS needs, \
             unnest($10::text[]) AS skills, unnest($11::text[]) AS checks, unnest($12::text[]) AS input, \
             unnest($13::int[]) AS max_attempts, unnest($14::int[]) AS timeout_s, unnest($15::float8[]) AS rank, \
             unnest($16::text[]) AS status, unnest($17::text[]) AS stage, unnest($18::timestamptz[]) AS ready_at) AS n",
        )
        .bind(organization)
        .bind(now.to_sqlx())
        .bind(new.iter().map(|n| n.id.0).collect::<Vec<Uuid>>())
        .bind(new.iter().map(|n| n.workflow.0).collect::<Vec<Uuid>>())
        .bind(new.iter().map(|n| n.ordinal).collect::<Vec<i32>>())
        .bind(text(|n| &n.key))
        .bind(text(|n| &n.name))
        .bind(text(|n| &n.kind))
        .bind(json(|n| &n.dependencies))
        .bind(json(|n| &n.skills))
        .bind(json(|n| &n.checks))
        .bind(json(|n| &n.input))
        .bind(new.iter().map(|n| n.max_attempts).collect::<Vec<i32>>())
        .bind(new.iter().map(|n| n.timeout_s).collect::<Vec<i32>>())
        .bind(new.iter().map(|n| n.rank).collect::<Vec<f64>>())
        .bind(text(|n| n.status))
        .bind(text(|n| &n.stage))
        .bind(times(new, |n| n.ready_at));
    }

    fn update_tasks(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        if self.tasks.is_empty() {
            return;
        }
        let rows = &self.tasks;
        all.part(
            "UPDATE workflow_tasks AS t SET assigned_agent_id = r.agent, status = r.status, stage = r.stage, reason = r.reason, \
             output_data = r.output::json, result_sha256 = r.sha256, progress = r.progress, note = r.note, \
             attempts_used = r.attempts_used, fence = r.fence, generation = r.generation, not_before = r.not_before, \
             ready_at = r.ready_at, started_at = r.started_at, completed_at = r.completed_at, updated_at = $2 \
             FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bytea[], $10::int[], \
             $11::text[], $12::int[], $13::bigint[], $14::int[], $15::timestamptz[], $16::timestamptz[], $17::timestamptz[], \
             $18::timestamptz[]) AS r (id, agent, status, stage, reason, output, sha256, progress, note, attempts_used, fence, \
             generation, not_before, ready_at, started_at, completed_at) \
             WHERE t.organization_id = $1 AND t.id = ANY($3) AND t.id = r.id",
        )
        .bind(organization)
        .bind(now.to_sqlx())
        .bind(rows.iter().map(|r| r.id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|r| r.agent).collect::<Vec<Option<Uuid>>>())
        .bind(rows.iter().map(|r| r.status).collect::<Vec<&str>>())
        .bind(rows.iter().map(|r| r.stage.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|r| r.reason).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|r| r.output.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|r| r.sha256.as_deref()).collect::<Vec<Option<&[u8]>>>())
        .bind(rows.iter().map(|r| r.progress).collect::<Vec<i32>>())
        .bind(rows.iter().map(|r| r.note.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|r| r.attempts_used).collect::<Vec<i32>>())
        .bind(rows.iter().map(|r| r.fence).collect::<Vec<i64>>())
        .bind(rows.iter().map(|r| r.generation).collect::<Vec<i32>>())
        .bind(times(rows, |r| r.not_before))
        .bind(times(rows, |r| r.ready_at))
        .bind(times(rows, |r| r.started_at))
        .bind(times(rows, |r| r.completed_at));
    }

    fn insert_edges(&self, all: &mut Together, organization: Uuid, now: Timestamp) {
        if self.edges.is_empty() {
            return;
        }
        let ids = |f: &dyn Fn(&super::EdgeRow) -> Uuid| self.edges.iter().map(f).collect::<Vec<Uuid>>();
        all.reserve(self.edges.len() * ROW_BYTES);
        all.part(
            "INSERT INTO task_dependencies (organization_id, id, workflow_id, parent_task_id, child_task_id, dependency_type, \
             status, created_at) SELECT $1, e.id, e.workflow, e.parent, e.child, e.kind, 'pending', $2 \
             FROM (SELECT unnest($3::uuid[]) AS id, unnest($4::uuid[]) AS workflow, unnest($5::uuid[]) AS parent, \
             unnest($6::uuid[]) AS child, unnest($7::text[]) AS kind) AS e",
        )
        .bind(organization)
        .bind(now.to_sqlx())
        .bind(ids(&|e| e.id))
        .bind(ids(&|e| e.workflow.0))
        .bind(ids(&|e| e.parent.0))
        .bind(ids(&|e| e.child.0))
        .bind(self.edges.iter().map(|e| e.kind).collect::<Vec<&str>>());
    }

    fn settle_edges(&self, all: &mut Together, organization: Uuid) {
        if self.edges_settled.is_empty() {
            return;
        }
        let last: HashMap<Uuid, &str> = self.edges_settled.iter().map(|(task, status)| (task.0, *status)).collect();
        all.part(
            "UPDATE task_dependencies AS d SET status = e.status \
             FROM unnest($2::uuid[], $3::text[]) AS e (parent, status) \
             WHERE d.organization_id = $1 AND d.parent_task_id = ANY($2) AND d.parent_task_id = e.parent",
        )
        .bind(organization)
        .bind(last.keys().copied().collect::<Vec<Uuid>>())
        .bind(last.values().copied().collect::<Vec<&str>>());
    }

    fn insert_attempts(&self, all: &mut Together, organization: Uuid) {
        if self.attempts.is_empty() {
            return;
        }
        let rows: Vec<(&AttemptId, &NewAttempt)> = self.attempts.iter().collect();
        all.part(
            "INSERT INTO attempts (organization_id, id, workflow_id, task_id, agent_id, purpose, fence, status, reason, message, \
             fit, leased_at, started_at, lease_expires_at, ended_at, progress, note) \
             SELECT $1, a.id, a.workflow, a.task, a.agent, a.purpose, a.fence, coalesce(a.status, 'running'), a.reason, a.message, \
             a.fit::jsonb, a.leased_at, a.leased_at, a.expires_at, a.ended_at, coalesce(a.progress, 0), a.note \
             FROM (SELECT unnest($2::uuid[]) AS id, unnest($3::uuid[]) AS workflow, unnest($4::uuid[]) AS task, \
             unnest($5::uuid[]) AS agent, unnest($6::text[]) AS purpose, unnest($7::bigint[]) AS fence, \
             unnest($8::text[]) AS status, unnest($9::text[]) AS reason, unnest($10::text[]) AS message, \
             unnest($11::text[]) AS fit, unnest($12::timestamptz[]) AS leased_at, unnest($13::timestamptz[]) AS expires_at, \
             unnest($14::timestamptz[]) AS ended_at, unnest($15::int[]) AS progress, unnest($16::text[]) AS note) AS a",
        )
        .bind(organization)
        .bind(rows.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, a)| a.workflow.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, a)| a.task.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, a)| a.agent.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, a)| a.purpose).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, a)| a.fence).collect::<Vec<i64>>())
        .bind(rows.iter().map(|(_, a)| a.end.status).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|(_, a)| a.end.reason).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|(_, a)| a.end.message.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|(_, a)| a.fit.as_str()).collect::<Vec<&str>>())
        .bind(times(rows.iter().map(|(_, a)| *a), |a| Some(a.leased_at)))
        .bind(times(rows.iter().map(|(_, a)| *a), |a| Some(a.expires_at)))
        .bind(times(rows.iter().map(|(_, a)| *a), |a| a.end.ended_at))
        .bind(rows.iter().map(|(_, a)| a.end.progress).collect::<Vec<Option<i32>>>())
        .bind(rows.iter().map(|(_, a)| a.end.note.as_deref()).collect::<Vec<Option<&str>>>());
    }

    fn move_attempts(&self, all: &mut Together, organization: Uuid) {
        if self.attempts_moved.is_empty() {
            return;
        }
        let rows: Vec<(&AttemptId, &AttemptMoved)> = self.attempts_moved.iter().collect();
        all.part(
            "UPDATE attempts AS t SET status = coalesce(a.status, t.status), reason = coalesce(a.reason, t.reason), \
             message = coalesce(a.message, t.message), ended_at = coalesce(a.ended_at, t.ended_at), \
             progress = coalesce(a.progress, t.progress), note = coalesce(a.note, t.note) \
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::int[], $8::text[]) \
             AS a (id, status, reason, message, ended_at, progress, note) \
             WHERE t.organization_id = $1 AND t.id = ANY($2) AND t.id = a.id",
        )
        .bind(organization)
        .bind(rows.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, a)| a.status).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|(_, a)| a.reason).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|(_, a)| a.message.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(times(rows.iter().map(|(_, a)| *a), |a| a.ended_at))
        .bind(rows.iter().map(|(_, a)| a.progress).collect::<Vec<Option<i32>>>())
        .bind(rows.iter().map(|(_, a)| a.note.as_deref()).collect::<Vec<Option<&str>>>());
    }

    async fn insert_checkpoints(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.checkpoints.is_empty() {
            return Ok(());
        }
        let rows: Vec<(&CheckpointId, &NewCheckpoint)> = self.checkpoints.iter().collect();
        let decided = |f: &dyn Fn(&CheckpointDecided) -> String| {
            rows.iter().map(|(_, c)| c.decided.as_ref().map(f)).collect::<Vec<Option<String>>>()
        };
        let organization = tx.tenant().organization;
        sqlx::query(
            "INSERT INTO quality_checkpoints (organization_id, id, workflow_id, task_id, checkpoint_type, title, generation, \
             round, status, result_sha256, decided_by, note, created_at, decided_at) \
             SELECT $1, c.id, c.workflow, c.task, c.kind, c.title, c.generation, c.round, coalesce(c.status, 'pending'), \
             nullif(c.sha256, ''::bytea), c.decided_by::json, c.note, c.created_at, c.decided_at \
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::int[], $8::int[], $9::text[], \
             $10::bytea[], $11::text[], $12::text[], $13::timestamptz[], $14::timestamptz[]) AS c (id, workflow, task, kind, title, \
             generation, round, status, sha256, decided_by, note, created_at, decided_at)",
        )
        .bind(organization)
        .bind(rows.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, c)| c.workflow.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, c)| c.task.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, c)| c.kind).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, c)| c.title.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, c)| c.generation).collect::<Vec<i32>>())
        .bind(rows.iter().map(|(_, c)| c.round).collect::<Vec<i32>>())
        .bind(decided(&|d| d.status.to_owned()))
        .bind(rows.iter().map(|(_, c)| c.sha256.as_slice()).collect::<Vec<&[u8]>>())
        .bind(decided(&|d| d.decided_by.clone()))
        .bind(decided(&|d| d.note.clone()))
        .bind(times(rows.iter().map(|(_, c)| *c), |c| Some(c.created_at)))
        .bind(times(rows.iter().map(|(_, c)| *c), |c| c.decided.as_ref().map(|d| d.decided_at)))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    async fn decide_checkpoints(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.checkpoints_decided.is_empty() {
            return Ok(());
        }
        let rows: Vec<(&CheckpointId, &CheckpointDecided)> = self.checkpoints_decided.iter().collect();
        let organization = tx.tenant().organization;
        sqlx::query(
            "UPDATE quality_checkpoints AS q SET status = c.status, decided_by = c.decided_by::json, note = c.note, \
             decided_at = c.decided_at \
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) \
             AS c (id, status, decided_by, note, decided_at) \
             WHERE q.organization_id = $1 AND q.id = ANY($2) AND q.id = c.id",
        )
        .bind(organization)
        .bind(rows.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|(_, c)| c.status).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, c)| c.decided_by.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|(_, c)| c.note.as_str()).collect::<Vec<&str>>())
        .bind(times(rows.iter().map(|(_, c)| *c), |c| Some(c.decided_at)))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    async fn insert_artifacts(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.artifacts.is_empty() {
            return Ok(());
        }
        let rows = &self.artifacts;
        let organization = tx.tenant().organization;
        sqlx::query(
            "INSERT INTO artifacts (organization_id, id, workflow_id, task_id, attempt_id, name, media_type, sha256, size_bytes, \
             created_at) SELECT $1, a.id, a.workflow, a.task, a.attempt, a.name, a.media_type, a.sha256, a.size, a.at \
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::bytea[], $9::bigint[], \
             $10::timestamptz[]) AS a (id, workflow, task, attempt, name, media_type, sha256, size, at)",
        )
        .bind(organization)
        .bind(rows.iter().map(|a| a.id).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|a| a.workflow.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|a| a.task.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|a| a.attempt.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|a| a.name.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|a| a.media_type.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(|a| a.sha256.as_slice()).collect::<Vec<&[u8]>>())
        .bind(rows.iter().map(|a| a.size).collect::<Vec<i64>>())
        .bind(times(rows, |a| Some(a.at)))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// An agent that left has no token any more.
    async fn end_tokens(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.retired.is_empty() {
            return Ok(());
        }
        let organization = tx.tenant().organization;
        sqlx::query(
            "UPDATE api_tokens AS t SET revoked_at = r.at FROM unnest($2::uuid[], $3::timestamptz[]) AS r (agent, at) \
             WHERE t.organization_id = $1 AND t.agent_id = ANY($2) AND t.agent_id = r.agent AND t.revoked_at IS NULL",
        )
        .bind(organization)
        .bind(self.retired.iter().map(|(agent, _)| agent.0).collect::<Vec<Uuid>>())
        .bind(times(&self.retired, |(_, at)| Some(*at)))
        .execute(&mut **tx)
        .await?;
        Ok(())
    }

    /// A workflow's end closes its open checkpoints.
    async fn close_ended(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        let statement = "UPDATE quality_checkpoints AS q SET status = 'cancelled', decided_at = e.at \
             FROM unnest($2::uuid[], $3::timestamptz[]) AS e (id, at) \
             WHERE q.organization_id = $1 AND q.workflow_id = ANY($2) AND q.workflow_id = e.id AND q.status = 'pending' \
             AND q.created_at <= e.at";
        self.of_ended(tx, statement).await
    }

    /// Carries out a statement about the workflows that ended: `$1` is the organization, `$2` which they are, `$3` when each did.
    pub(super) async fn of_ended(&self, tx: &mut TenantTx, statement: &'static str) -> Result<(), sqlx::Error> {
        if self.ended.is_empty() {
            return Ok(());
        }
        let organization = tx.tenant().organization;
        sqlx::query(statement)
            .bind(organization)
            .bind(self.ended.iter().map(|(id, _)| id.0).collect::<Vec<Uuid>>())
            .bind(times(&self.ended, |(_, at)| Some(*at)))
            .execute(&mut **tx)
            .await?;
        Ok(())
    }
}

/// Binds an agent's id and the eight columns of its row that change.
fn bind_agent_rows<'a>(query: Part<'a>, rows: &[&Agent]) -> Part<'a> {
    let int = |f: &dyn Fn(&Agent) -> u32| rows.iter().map(|a| f(a).cast_signed()).collect::<Vec<i32>>();
    query
        .bind(rows.iter().map(|a| a.profile.id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|a| if a.retired_at.is_some() { "retired" } else { "active" }).collect::<Vec<&str>>())
        .bind(rows.iter().map(|a| a.presence().as_str()).collect::<Vec<&str>>())
        .bind(int(&|a| a.live))
        .bind(int(&|a| a.record.accepted))
        .bind(int(&|a| a.record.rejected))
        .bind(int(&|a| a.record.failed))
        .bind(times(rows.iter().copied(), |a| Some(a.last_seen)))
        .bind(times(rows.iter().copied(), |a| a.retired_at))
}

/// Binds a workflow's id and the seven columns of its row that change.
fn bind_workflow_rows<'a>(query: Part<'a>, rows: &[&WorkflowRow]) -> Part<'a> {
    query
        .bind(rows.iter().map(|r| r.id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|r| r.status).collect::<Vec<&str>>())
        .bind(rows.iter().map(|r| r.reason.as_deref()).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|r| r.priority).collect::<Vec<&str>>())
        .bind(rows.iter().map(|r| r.tasks_completed).collect::<Vec<i32>>())
        .bind(rows.iter().map(|r| r.position).collect::<Vec<i64>>())
        .bind(times(rows.iter().copied(), |r| r.started_at))
        .bind(times(rows.iter().copied(), |r| r.completed_at))
}
