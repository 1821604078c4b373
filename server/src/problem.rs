//! What went wrong, for programs: `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use devsquad::Refusal;
use devsquad::refusal::{Fault, RefusalKind};
use serde::{Serialize, Serializer};

use crate::engine::EngineError;

/// Seconds after which trying again makes sense when the server could not answer now.
const RETRY_AFTER_S: u32 = 2;

/// A problem, ready to be answered with.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// What kind of problem it is, by a name that never changes; on the wire after `urn:devsquad:problem:`.
    #[serde(rename = "type", serialize_with = "urn")]
    #[schema(value_type = String, example = "urn:devsquad:problem:stale_fence")]
    pub code: &'static str,
    /// The kind in words.
    #[schema(value_type = String)]
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// This very case in words.
    pub detail: String,
    /// The first place in the request that is at fault (JSON pointer, RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub pointer: Option<Box<str>>,
    /// Every place that is at fault.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ProblemFault>,
    /// The request it is about, as in the header `x-request-id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub instance: Option<Box<str>>,
}

fn urn<S: Serializer>(code: &&'static str, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("urn:devsquad:problem:{code}"))
}

/// One place that is at fault.
#[derive(Clone, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct ProblemFault {
    /// Where (JSON pointer, RFC 6901).
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl Problem {
    /// A problem of that kind.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            detail: detail.into(),
            pointer: None,
            errors: Vec::new(),
            instance: None,
        }
    }

    /// Nothing is there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    /// Nobody is known behind the request.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// The one behind the request may not do it.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// The server cannot answer now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
    }

    /// One place in the request is at fault.
    pub fn fault(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::from(Refusal::fault(pointer, detail))
    }

    /// The request it is about.
    #[must_use]
    pub fn instance(mut self, id: impl Into<Box<str>>) -> Self {
        self.instance = Some(id.into());
        self
    }

    fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.pointer = faults.first().map(|fault| fault.pointer.as_str().into());
        self.errors =
            faults.into_iter().map(|fault| ProblemFault { pointer: fault.pointer, detail: fault.message }).collect();
        self
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal.kind() {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Invalid => StatusCode::BAD_REQUEST,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::TooMuch => StatusCode::TOO_MANY_REQUESTS,
        };
        let problem = Self::new(status, refusal.code(), refusal.to_string());
        match refusal {
            Refusal::Invalid { faults } => problem.faults(faults),
            _ => problem,
        }
    }
}

impl From<EngineError> for Problem {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Refused(refusal) => refusal.into(),
            EngineError::Unavailable(message) => Self::unavailable(message),
        }
    }
}

impl From<sqlx::Error> for Problem {
    /// What the database said is ours to read, not the caller's.
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "the database could not answer");
        Self::unavailable("The database cannot answer now. Nothing was changed; try again in a moment.")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            response.headers_mut().entry(header::RETRY_AFTER).or_insert(HeaderValue::from(RETRY_AFTER_S));
        }
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_where_and_what() {
        let problem = Problem::from(Refusal::fault("/tasks/0/key", "is empty"));
        let json = serde_json::to_value(&problem).expect("json");
        assert_eq!(json["status"], 400);
        assert_eq!(json["type"], "urn:devsquad:problem:invalid");
        assert_eq!(json["pointer"], "/tasks/0/key");
        assert_eq!(json["errors"][0]["detail"], "is empty");
    }

    #[test]
    fn a_stale_fence_is_a_conflict() {
        let stale = Refusal::StaleFence { task: "t".into(), sent: 1, current: 2 };
        assert_eq!(Problem::from(stale).status, 409);
    }
}
