//! How an attempt ended.

use serde::{Deserialize, Serialize};

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// Its result was taken.
    Succeeded,
    /// The agent said it could not.
    Failed,
    /// It took too long.
    TimedOut,
    /// Its heartbeats stopped.
    Lost,
    /// The agent declined the task.
    Rejected,
    /// The workflow was ended first.
    Cancelled,
}

impl AttemptOutcome {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            AttemptOutcome::Succeeded => "succeeded",
            AttemptOutcome::Failed => "failed",
            AttemptOutcome::TimedOut => "timed_out",
            AttemptOutcome::Lost => "lost",
            AttemptOutcome::Rejected => "rejected",
            AttemptOutcome::Cancelled => "cancelled",
        }
    }
}
