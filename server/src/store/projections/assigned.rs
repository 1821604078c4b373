//! Which agents take part in which workflow: their rows, and as far as they say so already.

use std::collections::HashMap;

use devsquad::id::{AgentId, WorkflowId};
use devsquad::messaging::user::user_of_agent;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::super::TenantTx;
use super::super::together::Together;
use super::Touched;
use super::write::times;

/// How far the last activity in an agent's row may lie behind: an agent takes many tasks a second, and each time its row would be
/// written again for that alone.
const BEHIND_MAX: SignedDuration = SignedDuration::from_secs(60);

/// When each agent's row of each live workflow was last written. Forgetting costs a row written once more, never a wrong one.
#[derive(Debug, Default)]
pub struct Assigned {
    written: HashMap<WorkflowId, HashMap<AgentId, Timestamp>>,
}

impl Assigned {
    /// Whether the row is to be written for a lease given at that moment. If so, it counts as written.
    pub(super) fn is_due(&mut self, workflow: WorkflowId, agent: AgentId, at: Timestamp) -> bool {
        let written = self.written.entry(workflow).or_default();
        let due = written.get(&agent).is_none_or(|last| at.duration_since(*last) >= BEHIND_MAX);
        if due {
            written.insert(agent, at);
        }
        due
    }

    /// The workflow has ended, and with it what its agents had to do.
    pub(super) fn end(&mut self, workflow: WorkflowId) {
        self.written.remove(&workflow);
    }
}

impl Touched {
    /// Adds the rows of who was given work.
    pub(super) fn assign(&self, all: &mut Together, organization: Uuid) {
        if self.assigned.is_empty() {
            return;
        }
        all.part(
            "INSERT INTO agent_assignments (organization_id, id, workflow_id, agent_id, role, status, stream_chat_user_id, \
                 assigned_at, last_activity) \
             SELECT $1, a.id, a.workflow, a.agent, 'worker', a.status, a.chat_user, a.at, a.active_at \
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[], $6::text[], $7::text[], $8::timestamptz[]) \
             AS a (id, workflow, agent, at, chat_user, status, active_at) \
             ON CONFLICT (organization_id, workflow_id, agent_id) DO UPDATE SET status = excluded.status, \
                 stream_chat_user_id = excluded.stream_chat_user_id, last_activity = excluded.last_activity",
        )
        .bind(organization)
        .bind(self.assigned.values().map(|row| row.id).collect::<Vec<Uuid>>())
        .bind(self.assigned.keys().map(|(workflow, _)| workflow.0).collect::<Vec<Uuid>>())
        .bind(self.assigned.keys().map(|(_, agent)| agent.0).collect::<Vec<Uuid>>())
        .bind(times(self.assigned.values(), |row| Some(row.assigned_at)))
        .bind(self.assigned.keys().map(|(_, agent)| user_of_agent(*agent)).collect::<Vec<String>>())
        .bind(self.assigned.values().map(|row| row.status).collect::<Vec<&str>>())
        .bind(times(self.assigned.values(), |row| Some(row.last_activity)));
    }

    /// A workflow's end lets its agents go. Before the rest: one of them may be given work of it once more.
    pub async fn let_go(&self, tx: &mut TenantTx) -> Result<(), sqlx::Error> {
        let statement = "UPDATE agent_assignments AS a SET status = 'released', last_activity = e.at \
             FROM unnest($2::uuid[], $3::timestamptz[]) AS e (id, at) \
             WHERE a.organization_id = $1 AND a.workflow_id = ANY($2) AND a.workflow_id = e.id";
        self.of_ended(tx, statement).await
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_row_is_written_once_a_minute_and_anew_after_the_end() {
        let (workflow, agent) = (WorkflowId(Uuid::from_u128(1)), AgentId(Uuid::from_u128(2)));
        let at = |seconds: i64| Timestamp::from_second(1_000 + seconds).expect("a moment");
        let mut assigned = Assigned::default();
        assert!(assigned.is_due(workflow, agent, at(0)));
        assert!(!assigned.is_due(workflow, agent, at(59)));
        assert!(assigned.is_due(workflow, AgentId(Uuid::from_u128(3)), at(59)), "another agent");
        assert!(assigned.is_due(workflow, agent, at(60)));
        assert!(!assigned.is_due(workflow, agent, at(61)));
        assigned.end(workflow);
        assert!(assigned.is_due(workflow, agent, at(62)));
    }
}
