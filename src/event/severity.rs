//! How loud an event is.

use serde::{Deserialize, Serialize};

use super::{AttemptOutcome, Change};
use crate::workflow::WorkflowStatus;
use crate::workflow::checks::Verdict;
use crate::workflow::waiting::STEP_LAST;

/// How loud an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Part of the normal course.
    Low,
    /// Worth a look.
    Medium,
    /// Somebody should act.
    High,
    /// Somebody must act now.
    Critical,
}

impl Severity {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Low => "low",
            Severity::Medium => "medium",
            Severity::High => "high",
            Severity::Critical => "critical",
        }
    }
}

/// How loud it is that something waits still, after so many steps.
fn of_step(step: u32) -> Severity {
    match step {
        STEP_LAST.. => Severity::Critical,
        2.. => Severity::High,
        _ => Severity::Medium,
    }
}

impl Change {
    /// How loud it is.
    pub fn severity(&self) -> Severity {
        match self {
            Change::WaitEscalated { step, .. } | Change::ConflictEscalated { step, .. } => of_step(*step),
            Change::TaskFailed { .. } => Severity::High,
            Change::WorkflowEnded { status: WorkflowStatus::Failed | WorkflowStatus::TimedOut, .. } => Severity::High,
            Change::AttemptEnded { outcome: AttemptOutcome::Cancelled, .. } => Severity::Low,
            Change::AttemptEnded { .. }
            | Change::TaskReworked { .. }
            | Change::QuestionAsked { .. }
            | Change::ConflictRaised { .. }
            | Change::CheckpointEscalated { .. }
            | Change::CheckpointWaived { .. }
            | Change::TasksSkipped { .. }
            | Change::WorkflowPaused { .. } => Severity::Medium,
            Change::CheckpointDecided { verdict: Verdict::Reject, .. } => Severity::Medium,
            Change::AgentRegistered(_)
            | Change::AgentRetired { .. }
            | Change::AgentPresenceChanged { .. }
            | Change::AgentSeen { .. }
            | Change::WorkflowCreated(_)
            | Change::WorkflowResumed { .. }
            | Change::WorkflowPrioritised { .. }
            | Change::WorkflowEnded { .. }
            | Change::TasksReady { .. }
            | Change::TaskAssigned { .. }
            | Change::QuestionAnswered { .. }
            | Change::ResolutionProposed { .. }
            | Change::ConflictResolved { .. }
            | Change::TaskLeased(_)
            | Change::AttemptProgressed { .. }
            | Change::LeaseExtended { .. }
            | Change::TaskRetryScheduled { .. }
            | Change::ResultHandedIn { .. }
            | Change::CheckpointOpened { .. }
            | Change::CheckpointDecided { .. }
            | Change::TaskCompleted { .. }
            | Change::TaskRetried { .. } => Severity::Low,
        }
    }
}
