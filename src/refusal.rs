//! Why a command was refused, in words for the one who gave it.
//!
//! Rules never fail for reasons of the world; they refuse. A refusal changes nothing.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::actor::Role;
use crate::messaging::wording;

/// One thing wrong with what was sent, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// JSON pointer (RFC 6901) into what was sent.
    pub pointer: String,
    /// What is wrong there, as a sentence.
    pub message: String,
}

/// A refusal, typed; its `Display` is the sentence shown.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The named thing is not in this organization.
    #[error("{}", wording::not_found(.noun, .id))]
    NotFound {
        /// "workflow", "task", …
        noun: String,
        /// What was asked for.
        id: String,
    },
    /// What was sent breaks the rules of its form.
    #[error("{}", wording::invalid(.faults))]
    Invalid {
        /// What is wrong, in the order found; never empty.
        faults: Vec<Fault>,
    },
    /// Only a person may do this.
    #[error("{}", wording::people_only(.verb))]
    PeopleOnly {
        /// What was tried ("approve").
        verb: String,
    },
    /// Only an agent may do this.
    #[error("{}", wording::agents_only(.verb))]
    AgentsOnly {
        /// What was tried.
        verb: String,
    },
    /// Only the engine itself does this.
    #[error("{}", wording::system_only(.verb))]
    SystemOnly {
        /// What was tried.
        verb: String,
    },
    /// The person's role does not allow it.
    #[error("{}", wording::role_too_low(.verb, *.has, *.least))]
    RoleTooLow {
        /// What was tried.
        verb: String,
        /// The role held.
        has: Role,
        /// The least role that may.
        least: Role,
    },
    /// The thing is not in a state in which that can happen.
    #[error("{}", wording::wrong_state(.noun, .name, .status, .verb))]
    WrongState {
        /// "workflow", "task", …
        noun: String,
        /// Its name.
        name: String,
        /// Its status on the wire.
        status: String,
        /// What was tried.
        verb: String,
    },
    /// The attempt's fence is not the current one: a newer attempt exists, or the task has ended.
    #[error("{}", wording::stale_fence(.task, *.sent, *.current))]
    StaleFence {
        /// The task's name.
        task: String,
        /// The fence that was sent.
        sent: u64,
        /// The fence that counts.
        current: u64,
    },
    /// The attempt belongs to somebody else.
    #[error("{}", wording::not_yours(.task))]
    NotYours {
        /// The task's name.
        task: String,
    },
    /// The conflict is between others.
    #[error("{}", wording::not_involved(.task))]
    NotInvolved {
        /// The task's name.
        task: String,
    },
    /// The same idempotency key came with another body.
    #[error("{}", wording::key_reused(.key))]
    KeyReused {
        /// The key.
        key: String,
    },
    /// A limit is reached.
    #[error("{}", wording::limit(.noun, *.max))]
    LimitReached {
        /// What there is too much of.
        noun: String,
        /// How many are allowed.
        max: u64,
    },
}

/// What kind of refusal it is, for whoever has to map it to a status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// It does not exist.
    NotFound,
    /// The form is wrong.
    Invalid,
    /// Not allowed for this actor.
    Forbidden,
    /// Not possible in the present state.
    Conflict,
    /// Too much of it.
    TooMuch,
}

impl Refusal {
    /// One fault, refused.
    pub fn fault(pointer: impl Into<String>, message: impl Into<String>) -> Refusal {
        Refusal::Invalid { faults: vec![Fault { pointer: pointer.into(), message: message.into() }] }
    }

    /// The named thing does not exist.
    pub fn not_found(noun: &str, id: impl ToString) -> Refusal {
        Refusal::NotFound { noun: noun.to_owned(), id: id.to_string() }
    }

    /// What kind of refusal it is.
    pub fn kind(&self) -> RefusalKind {
        match self {
            Refusal::NotFound { .. } => RefusalKind::NotFound,
            Refusal::Invalid { .. } => RefusalKind::Invalid,
            Refusal::PeopleOnly { .. }
            | Refusal::AgentsOnly { .. }
            | Refusal::SystemOnly { .. }
            | Refusal::RoleTooLow { .. }
            | Refusal::NotYours { .. }
            | Refusal::NotInvolved { .. } => RefusalKind::Forbidden,
            Refusal::WrongState { .. } | Refusal::StaleFence { .. } | Refusal::KeyReused { .. } => {
                RefusalKind::Conflict
            }
            Refusal::LimitReached { .. } => RefusalKind::TooMuch,
        }
    }

    /// A stable short name for machines ("stale_fence").
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::NotFound { .. } => "not_found",
            Refusal::Invalid { .. } => "invalid",
            Refusal::PeopleOnly { .. } => "people_only",
            Refusal::AgentsOnly { .. } => "agents_only",
            Refusal::SystemOnly { .. } => "system_only",
            Refusal::RoleTooLow { .. } => "role_too_low",
            Refusal::WrongState { .. } => "wrong_state",
            Refusal::StaleFence { .. } => "stale_fence",
            Refusal::NotYours { .. } => "not_yours",
            Refusal::NotInvolved { .. } => "not_involved",
            Refusal::KeyReused { .. } => "key_reused",
            Refusal::LimitReached { .. } => "limit_reached",
        }
    }
}
