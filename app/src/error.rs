//! What a page is told when something did not work.

use crate::wire::JsonText;
use devsquad::Refusal;
use devsquad::refusal::{Fault, RefusalKind};
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a request gave nothing. A refusal comes as its sentence, not as its type: each variant of that is code which every
/// browser would load to say the same.
#[derive(Clone, Debug, PartialEq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The rules refused it.
    #[error("{sentence}")]
    Refused {
        /// How.
        kind: RefusalKind,
        /// Why, for the person.
        sentence: String,
        /// What is wrong with the form, in the order found.
        faults: Vec<Fault>,
    },
    /// Nobody is signed in, or no longer.
    #[error("You are signed out. Sign in and try again.")]
    SignedOut,
    /// The server could not do it now; nothing was changed.
    #[error("{message}")]
    Unavailable {
        /// What happened, as far as it may be told.
        message: String,
    },
}

impl Failure {
    /// The server could not do it.
    pub fn unavailable(message: impl Into<String>) -> Failure {
        Failure::Unavailable { message: message.into() }
    }

    /// Whether what was asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Failure::Refused { kind: RefusalKind::NotFound, .. })
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        let (kind, sentence) = (refusal.kind(), refusal.to_string());
        let faults = if let Refusal::Invalid { faults } = refusal { faults } else { Vec::new() };
        Failure::Refused { kind, sentence, faults }
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Failure {
        Failure::unavailable(error.to_string())
    }
}
