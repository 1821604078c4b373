//! What must be found good before a task counts as completed.

use serde::{Deserialize, Serialize};

/// The kinds of quality checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckpointKind {
    /// Another agent, independent of the author, examines the result.
    PeerReview,
    /// A person decides.
    Approval,
}

impl CheckpointKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            CheckpointKind::PeerReview => "peer_review",
            CheckpointKind::Approval => "approval",
        }
    }
}

/// One checkpoint a task has to pass, in the order given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointRule {
    /// What kind.
    pub kind: CheckpointKind,
    /// The skill a reviewing agent needs; `review` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skill: Option<String>,
    /// What the one who decides is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

impl CheckpointRule {
    /// The skill a reviewing agent needs.
    pub fn review_skill(&self) -> &str {
        self.skill.as_deref().unwrap_or("review")
    }
}

/// How a checkpoint was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The result is good.
    Approve,
    /// The result goes back to be reworked.
    Reject,
}

impl Verdict {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Approve => "approve",
            Verdict::Reject => "reject",
        }
    }

    /// The verdict of that name, if there is one.
    pub fn parse(name: &str) -> Option<Verdict> {
        [Verdict::Approve, Verdict::Reject].into_iter().find(|verdict| verdict.as_str() == name)
    }
}
