//! Answers and refusals of the embedded server, with the numbers and statuses of the dialect.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::chat::token::TokenFault;
use crate::chat::wire::ErrorBody;
use crate::store::chat::filter::BadFilter;

/// What a handler gives.
pub type Outcome = Result<Answer, Fault>;

/// An answer: an object, to which the door adds how long it took.
#[derive(Clone, Debug)]
pub struct Answer(pub Value);

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Fault {
    /// The number of the kind.
    pub code: i32,
    /// In words.
    pub message: String,
}

impl Fault {
    /// A refusal of that kind.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// What was sent is not valid.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(4, message)
    }

    /// It is not there.
    pub fn missing(message: impl Into<String>) -> Self {
        Self::new(16, message)
    }

    /// Who asks may not.
    pub fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(17, message)
    }

    /// It is too big.
    pub fn too_big(message: impl Into<String>) -> Self {
        Self::new(22, message)
    }

    fn status(&self) -> StatusCode {
        match self.code {
            2 | 5 | 40 | 41 | 42 | 43 => StatusCode::UNAUTHORIZED,
            4 | 20 => StatusCode::BAD_REQUEST,
            9 => StatusCode::TOO_MANY_REQUESTS,
            16 => StatusCode::NOT_FOUND,
            17 | 60 => StatusCode::FORBIDDEN,
            22 => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The body of it.
    pub fn body(&self, duration: String) -> ErrorBody {
        ErrorBody {
            code: self.code,
            message: self.message.clone(),
            status: self.status().as_u16(),
            duration,
            more_info: String::new(),
            details: Vec::new(),
        }
    }
}

impl From<TokenFault> for Fault {
    fn from(fault: TokenFault) -> Self {
        Self::new(fault.code(), fault.to_string())
    }
}

impl From<BadFilter> for Fault {
    fn from(bad: BadFilter) -> Self {
        Self::input(bad.0)
    }
}

impl From<sqlx::Error> for Fault {
    /// What the database said is ours to read, not the caller's.
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the chat's tables could not answer");
        Self::new(-1, "The chat server cannot answer now. Nothing was changed; try again in a moment.")
    }
}

/// What the door still has to write down, behind a response without a body.
#[derive(Clone, Debug)]
pub enum Pending {
    /// An answer.
    Answer(Value),
    /// A refusal.
    Fault(Fault),
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = StatusCode::OK.into_response();
        response.extensions_mut().insert(Pending::Answer(self.0));
        response
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Pending::Fault(self));
        response
    }
}
