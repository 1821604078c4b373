//! What a page is told when something did not work.

use crate::wire::JsonText;
use devsquad::Refusal;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a request gave nothing.
#[derive(Clone, Debug, PartialEq, Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The rules refused it; the sentence is for the person.
    #[error("{refusal}")]
    Refused {
        /// The refusal.
        refusal: Refusal,
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
        matches!(self, Failure::Refused { refusal: Refusal::NotFound { .. } })
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused { refusal }
    }
}

impl FromServerFnError for Failure {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Failure {
        Failure::unavailable(error.to_string())
    }
}
