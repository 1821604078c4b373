//! Which agents take part in which workflow, as far as their rows say so already.

use std::collections::HashMap;

use devsquad::id::{AgentId, WorkflowId};
use jiff::{SignedDuration, Timestamp};

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
