//! Why an attempt failed: a reason from the engine's closed list, a sentence, and whether trying again may help.

pub use devsquad::event::Reason;
use serde::Serialize;

/// An attempt's failure as the engine is told it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// From the closed list.
    pub reason: Reason,
    /// What happened and what to do, as a sentence for people.
    pub message: String,
    /// Whether another attempt may end differently.
    pub retryable: bool,
}

impl Failure {
    /// The work asked for cannot be done, and asking again changes nothing.
    pub fn declined(message: impl Into<String>) -> Self {
        Self { reason: Reason::AgentDeclined, message: message.into(), retryable: false }
    }

    /// What was handed to us cannot be used (a lease that is no lease, needs that are missing).
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self { reason: Reason::BadOutput, message: message.into(), retryable: false }
    }

    /// A program took longer than it may.
    pub fn too_slow(message: impl Into<String>) -> Self {
        Self { reason: Reason::Deadline, message: message.into(), retryable: true }
    }

    /// The machine failed us (disk full, program missing, a pipe broke).
    pub fn internal(message: impl Into<String>) -> Self {
        Self { reason: Reason::Internal, message: message.into(), retryable: true }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::internal(format!("The machine failed: {error}."))
    }
}
