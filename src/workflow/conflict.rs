//! What two agents disagree about over a task, and how far they have come.
//!
//! A conflict holds nothing up: the task goes on meanwhile. How it is settled is read by whoever works on the task from then on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Priority;
use super::waiting::next_due;
use crate::id::{AgentId, ConflictId};

/// Conflicts open about one task: more are not a disagreement but a task that nobody has thought through.
pub const CONFLICTS_OPEN_MAX: usize = 4;
/// Proposals to settle one conflict. Two agents that still disagree after three each go round in circles: people are asked.
pub const PROPOSALS_MAX: usize = 6;
/// Characters of what it is about, and of a proposal: both stand on cards and travel with leases.
pub const CONFLICT_CHARS_MAX: usize = 1_000;

/// A conflict that is not settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Its id.
    pub id: ConflictId,
    /// What it is about.
    pub subject: String,
    /// Who raised it.
    pub raised_by: AgentId,
    /// The other side.
    pub with: AgentId,
    /// When it was raised.
    #[serde(with = "crate::wire_time")]
    pub raised_at: Timestamp,
    /// What was proposed, oldest first; never twice in a row by the same side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposals: Vec<Proposal>,
    /// The last step of escalation taken; 0 before the first.
    #[serde(default)]
    pub escalated: u32,
}

/// How one side would settle it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Whose it is.
    pub by: AgentId,
    /// In words.
    pub text: String,
}

impl Conflict {
    /// Whether this agent is one of its two sides.
    pub fn involves(&self, agent: AgentId) -> bool {
        agent == self.raised_by || agent == self.with
    }

    /// What lies before an agent to be accepted: the newest proposal, if it is the other side's.
    pub fn offered_to(&self, agent: AgentId) -> Option<&Proposal> {
        self.proposals.last().filter(|last| self.involves(agent) && last.by != agent)
    }

    /// Whether an agent has made the newest proposal, and waits for the other side.
    pub fn waits_for_other(&self, agent: AgentId) -> bool {
        self.proposals.last().is_some_and(|last| last.by == agent)
    }

    /// Whether the two have gone round long enough.
    pub fn is_exhausted(&self) -> bool {
        self.proposals.len() >= PROPOSALS_MAX
    }

    /// When people are to be told next that it is still open.
    pub fn due(&self, priority: Priority) -> Option<Timestamp> {
        next_due(self.raised_at, self.escalated, priority)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_newest_proposal_lies_before_the_other_side_alone() {
        let [ada, bob, eve] = [1, 2, 3].map(|n| AgentId(Uuid::from_u128(n)));
        let mut conflict = Conflict {
            id: ConflictId(Uuid::from_u128(9)),
            subject: "Tabs or spaces?".to_owned(),
            raised_by: ada,
            with: bob,
            raised_at: Timestamp::UNIX_EPOCH,
            proposals: Vec::new(),
            escalated: 0,
        };
        assert_eq!(conflict.offered_to(bob), None);
        for (by, other) in [(ada, bob), (bob, ada)] {
            conflict.proposals.push(Proposal { by, text: "mine".to_owned() });
            assert_eq!(conflict.offered_to(other).map(|proposal| proposal.by), Some(by));
            assert!(conflict.offered_to(by).is_none() && conflict.offered_to(eve).is_none());
            assert!(conflict.waits_for_other(by) && !conflict.waits_for_other(other));
        }
    }
}
