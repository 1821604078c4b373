//! What agents asked, what people answered, and whom people keep tasks for: rows that few ticks touch.

use std::collections::{BTreeMap, HashMap};

use devsquad::id::{AttemptId, QuestionId, TaskId, WorkflowId};
use devsquad::workflow::question::Question;
use devsquad::{Change, Event};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use uuid::Uuid;

use super::super::TenantTx;

/// What became of questions and of people's choices in this tick.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    new: BTreeMap<QuestionId, NewQuestion>,
    answered: BTreeMap<QuestionId, Reply>,
    kept: HashMap<TaskId, Option<Uuid>>,
}

#[derive(Clone, Debug)]
struct NewQuestion {
    workflow: WorkflowId,
    task: TaskId,
    attempt: AttemptId,
    question: Question,
}

#[derive(Clone, Debug)]
struct Reply {
    text: String,
    by: String,
    at: Timestamp,
}

impl Asked {
    pub(super) fn event(&mut self, event: &Event) {
        match &event.change {
            Change::QuestionAsked { workflow, task, attempt, question } => {
                let new =
                    NewQuestion { workflow: *workflow, task: *task, attempt: *attempt, question: question.clone() };
                self.new.insert(question.id, new);
            }
            Change::QuestionAnswered { question, text, .. } => {
                let by = serde_json::to_string(&event.actor).unwrap_or_else(|_| "{}".to_owned());
                self.answered.insert(*question, Reply { text: text.clone(), by, at: event.at });
            }
            Change::TaskAssigned { task, agent, .. } => {
                self.kept.insert(*task, agent.map(|agent| agent.0));
            }
            _ => {}
        }
    }

    pub(super) async fn write(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        self.insert(tx).await?;
        self.answer(tx).await?;
        self.keep(tx).await
    }

    async fn insert(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.new.is_empty() {
            return Ok(());
        }
        let rows: Vec<&NewQuestion> = self.new.values().collect();
        let ids = |f: &dyn Fn(&NewQuestion) -> Uuid| rows.iter().map(|row| f(row)).collect::<Vec<Uuid>>();
        let options = |row: &&NewQuestion| serde_json::to_string(&row.question.options).unwrap_or_default();
        let organization = tx.tenant().organization;
        sqlx::query(
            "INSERT INTO task_questions (organization_id, id, workflow_id, task_id, attempt_id, agent_id, question, options, asked_at) \
             SELECT $1, q.id, q.workflow, q.task, q.attempt, q.agent, q.text, q.options::jsonb, q.at \
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::timestamptz[]) \
             AS q (id, workflow, task, attempt, agent, text, options, at)",
        )
        .bind(organization)
        .bind(ids(&|row| row.question.id.0))
        .bind(ids(&|row| row.workflow.0))
        .bind(ids(&|row| row.task.0))
        .bind(ids(&|row| row.attempt.0))
        .bind(ids(&|row| row.question.asked_by.0))
        .bind(rows.iter().map(|row| row.question.text.as_str()).collect::<Vec<&str>>())
        .bind(rows.iter().map(options).collect::<Vec<String>>())
        .bind(rows.iter().map(|row| row.question.asked_at.to_sqlx()).collect::<Vec<jiff_sqlx::Timestamp>>())
        .execute(&mut **tx)
        .await
        .map(drop)
    }

    async fn answer(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.answered.is_empty() {
            return Ok(());
        }
        let replies: Vec<&Reply> = self.answered.values().collect();
        let organization = tx.tenant().organization;
        sqlx::query(
            "UPDATE task_questions AS q SET answer = r.text, answered_by = r.who::json, answered_at = r.at \
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::timestamptz[]) AS r (id, text, who, at) \
             WHERE q.organization_id = $1 AND q.id = ANY($2) AND q.id = r.id",
        )
        .bind(organization)
        .bind(self.answered.keys().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(replies.iter().map(|reply| reply.text.as_str()).collect::<Vec<&str>>())
        .bind(replies.iter().map(|reply| reply.by.as_str()).collect::<Vec<&str>>())
        .bind(replies.iter().map(|reply| reply.at.to_sqlx()).collect::<Vec<jiff_sqlx::Timestamp>>())
        .execute(&mut **tx)
        .await
        .map(drop)
    }

    async fn keep(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        if self.kept.is_empty() {
            return Ok(());
        }
        let organization = tx.tenant().organization;
        sqlx::query(
            "UPDATE workflow_tasks AS t SET kept_for_agent_id = k.agent FROM unnest($2::uuid[], $3::uuid[]) AS k (id, agent) \
             WHERE t.organization_id = $1 AND t.id = ANY($2) AND t.id = k.id",
        )
        .bind(organization)
        .bind(self.kept.keys().map(|task| task.0).collect::<Vec<Uuid>>())
        .bind(self.kept.values().copied().collect::<Vec<Option<Uuid>>>())
        .execute(&mut **tx)
        .await
        .map(drop)
    }
}
