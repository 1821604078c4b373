//! What agents disagree about, as rows of `agent_coordination`: who raised it leads, the other side is led.

use std::collections::BTreeMap;

use devsquad::id::{AttemptId, ConflictId, TaskId, WorkflowId};
use devsquad::workflow::conflict::Conflict;
use devsquad::{Change, Event};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::super::TenantTx;

/// What became of conflicts in this tick.
#[derive(Clone, Debug, Default)]
pub(super) struct Disputed {
    new: BTreeMap<ConflictId, NewConflict>,
    moved: BTreeMap<ConflictId, Moved>,
    /// Workflows that ended, and with them what was open.
    ended: BTreeMap<WorkflowId, Timestamp>,
}

#[derive(Clone, Debug)]
struct NewConflict {
    workflow: WorkflowId,
    task: TaskId,
    attempt: AttemptId,
    conflict: Conflict,
    then: Moved,
}

/// What is new about a conflict.
#[derive(Clone, Debug, Default)]
struct Moved {
    status: Option<&'static str>,
    proposals: Vec<Value>,
    said: Map<String, Value>,
    at: Option<Timestamp>,
}

impl Disputed {
    pub(super) fn event(&mut self, event: &Event) {
        match &event.change {
            Change::ConflictRaised { workflow, task, attempt, conflict } => {
                let then = Moved { at: Some(event.at), ..Moved::default() };
                let conflict = (**conflict).clone();
                let new = NewConflict { workflow: *workflow, task: *task, attempt: *attempt, conflict, then };
                self.new.insert(new.conflict.id, new);
            }
            Change::ResolutionProposed { conflict, agent, text, .. } => {
                let moved = self.conflict(*conflict, event.at);
                moved.proposals.push(json!({ "by": agent, "text": text, "at": event.at }));
            }
            Change::ConflictEscalated { conflict, step, .. } => {
                let moved = self.conflict(*conflict, event.at);
                moved.status = Some("escalated");
                moved.say([("step", json!(step))]);
            }
            Change::ConflictResolved { conflict, text, .. } => {
                let moved = self.conflict(*conflict, event.at);
                moved.status = Some("resolved");
                moved.say([
                    ("resolution", json!(text)),
                    ("resolved_by", json!(event.actor)),
                    ("ended_at", json!(event.at)),
                ]);
            }
            Change::WorkflowEnded { workflow, .. } => {
                self.ended.insert(*workflow, event.at);
                let of_it = self.new.values_mut().filter(|new| new.workflow == *workflow);
                for new in of_it.filter(|new| new.then.status != Some("resolved")) {
                    new.then.status = Some("cancelled");
                    new.then.say([("ended_at", json!(event.at))]);
                    new.then.at = Some(event.at);
                }
            }
            _ => {}
        }
    }

    /// Where a change to a conflict goes: into its new row, if it was raised in this tick.
    fn conflict(&mut self, id: ConflictId, at: Timestamp) -> &mut Moved {
        let moved = match self.new.get_mut(&id) {
            Some(new) => &mut new.then,
            None => self.moved.entry(id).or_default(),
        };
        moved.at = Some(at);
        moved
    }

    /// What was settled is written before ends close the rest; what is new knows already whether its workflow has ended.
    pub(super) async fn write(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        self.update(tx).await?;
        self.cancel(tx).await?;
        self.insert(tx).await
    }

    async fn update(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.moved.is_empty() {
            return Ok(());
        }
        let rows: Vec<&Moved> = self.moved.values().collect();
        let organization = tx.tenant().organization;
        sqlx::query(
            "UPDATE agent_coordination AS c SET status = coalesce(m.status, c.status), updated_at = m.at, \
             metadata = c.metadata || m.said::jsonb || \
             jsonb_build_object('proposals', (c.metadata -> 'proposals') || m.proposals::jsonb) \
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::timestamptz[]) AS m (id, status, said, proposals, at) \
             WHERE c.organization_id = $1 AND c.id = ANY($2) AND c.id = m.id",
        )
        .bind(organization)
        .bind(self.moved.keys().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(rows.iter().map(|moved| moved.status).collect::<Vec<Option<&str>>>())
        .bind(rows.iter().map(|moved| json!(moved.said).to_string()).collect::<Vec<String>>())
        .bind(rows.iter().map(|moved| json!(moved.proposals).to_string()).collect::<Vec<String>>())
        .bind(rows.iter().map(|moved| moved.at.map(|at| at.to_sqlx())).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await
        .map(drop)
    }

    async fn cancel(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.ended.is_empty() {
            return Ok(());
        }
        let organization = tx.tenant().organization;
        sqlx::query(
            "UPDATE agent_coordination AS c SET status = 'cancelled', updated_at = e.at, \
             metadata = c.metadata || jsonb_build_object('ended_at', e.at) \
             FROM unnest($2::uuid[], $3::timestamptz[]) AS e (id, at) \
             WHERE c.organization_id = $1 AND c.workflow_id = ANY($2) AND c.workflow_id = e.id \
             AND c.coordination_type = 'conflict' AND c.status IN ('open', 'escalated')",
        )
        .bind(organization)
        .bind(self.ended.keys().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(self.ended.values().map(|at| at.to_sqlx()).collect::<Vec<jiff_sqlx::Timestamp>>())
        .execute(&mut **tx)
        .await
        .map(drop)
    }

    async fn insert(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.new.is_empty() {
            return Ok(());
        }
        let rows: Vec<&NewConflict> = self.new.values().collect();
        let ids = |f: &dyn Fn(&NewConflict) -> Uuid| rows.iter().map(|row| f(row)).collect::<Vec<Uuid>>();
        let organization = tx.tenant().organization;
        sqlx::query(
            "INSERT INTO agent_coordination (organization_id, id, workflow_id, task_id, coordinator_agent_id, \
             coordinated_agent_id, coordination_type, status, metadata, created_at, updated_at) \
             SELECT $1, c.id, c.workflow, c.task, c.raised_by, c.other, 'conflict', c.status, c.metadata::jsonb, c.at, c.updated \
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[], \
             $10::timestamptz[]) AS c (id, workflow, task, raised_by, other, status, metadata, at, updated)",
        )
        .bind(organization)
        .bind(ids(&|row| row.conflict.id.0))
        .bind(ids(&|row| row.workflow.0))
        .bind(ids(&|row| row.task.0))
        .bind(ids(&|row| row.conflict.raised_by.0))
        .bind(ids(&|row| row.conflict.with.0))
        .bind(rows.iter().map(|row| row.then.status.unwrap_or("open")).collect::<Vec<&str>>())
        .bind(rows.iter().map(|row| row.metadata().to_string()).collect::<Vec<String>>())
        .bind(rows.iter().map(|row| row.conflict.raised_at.to_sqlx()).collect::<Vec<jiff_sqlx::Timestamp>>())
        .bind(rows.iter().map(|row| row.then.at.map(|at| at.to_sqlx())).collect::<Vec<_>>())
        .execute(&mut **tx)
        .await
        .map(drop)
    }
}

impl Moved {
    fn say<const N: usize>(&mut self, facts: [(&str, Value); N]) {
        self.said.extend(facts.map(|(name, value)| (name.to_owned(), value)));
    }
}

impl NewConflict {
    fn metadata(&self) -> Value {
        let mut said = self.then.said.clone();
        said.insert("subject".to_owned(), json!(self.conflict.subject));
        said.insert("attempt".to_owned(), json!(self.attempt));
        said.insert("proposals".to_owned(), json!(self.then.proposals));
        Value::Object(said)
    }
}
