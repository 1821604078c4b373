//! Bodies of requests: how long they may be, and where they are wrong.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use devsquad::messaging::wording;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;

use crate::engine::{self, IdempotencyKey};
use crate::problem::Problem;

/// A workflow of ten thousand tasks with inputs.
pub const WORKFLOW_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// A result with its inline files.
pub const RESULT_BYTES_MAX: usize = 8 * 1_024 * 1_024;
/// Everything else.
pub const BODY_BYTES_MAX: usize = 256 * 1_024;
/// Characters in an idempotency key: what the table keeps.
const KEY_CHARS_MAX: usize = 255;

/// A JSON body of at most `MAX` bytes, with the key that makes it the same request.
pub struct Json<T, const MAX: usize = BODY_BYTES_MAX> {
    /// The body, read.
    pub value: T,
    /// Its idempotency key.
    pub key: Option<IdempotencyKey>,
}

impl<S: Send + Sync, T: DeserializeOwned, const MAX: usize> FromRequest<S> for Json<T, MAX> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let key = match parts.headers.get("idempotency-key") {
            None => None,
            Some(key) => Some(
                key.to_str().ok().filter(|key| !key.is_empty() && key.len() <= KEY_CHARS_MAX).ok_or_else(|| {
                    Problem::new(
                        StatusCode::BAD_REQUEST,
                        "bad_idempotency_key",
                        wording::bad_idempotency_key(KEY_CHARS_MAX),
                    )
                })?,
            ),
        };
        let content_type =
            parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let bytes = read(body, MAX).await?;
        if !bytes.is_empty() && !content_type.starts_with("application/json") {
            let detail = wording::json_expected();
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let value = parse(if bytes.is_empty() { b"{}" } else { &bytes })?;
        let key = key.map(|key| IdempotencyKey {
            key: key.to_owned(),
            fingerprint: engine::fingerprint(&[parts.method.as_str().as_bytes(), parts.uri.path().as_bytes(), &bytes]),
        });
        Ok(Json { value, key })
    }
}

async fn read(body: Body, max: usize) -> Result<Bytes, Problem> {
    to_bytes(body, max)
        .await
        .map_err(|_| Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", wording::body_too_large(max)))
}

/// Reads JSON; what is wrong is said with its place. It is read for that a second time: keeping track of the place takes longer than the
/// reading, and nearly always nothing is wrong.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).or_else(|_| parse_with_places(bytes))
}

fn parse_with_places<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let inner = error.into_inner();
        match inner.classify() {
            serde_json::error::Category::Data => Problem::fault(pointer, wording::json_wrong(&inner.to_string())),
            serde_json::error::Category::Io
            | serde_json::error::Category::Syntax
            | serde_json::error::Category::Eof => Problem::fault(pointer, wording::json_broken(&inner.to_string())),
        }
    })?;
    reader.end().map_err(|error| Problem::fault("", wording::json_broken(&error.to_string())))?;
    Ok(value)
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                Some(format!("/{}", key.replace('~', "~0").replace('/', "~1").replace('\0', "\u{FFFD}")))
            }
            Segment::Unknown => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use devsquad::workflow::WorkflowDefinition;

    fn refused(body: &str) -> Problem {
        parse::<WorkflowDefinition>(body.as_bytes()).expect_err("a problem")
    }

    #[test]
    fn a_wrong_type_and_an_unknown_field_are_located() {
        let wrong = refused(r#"{"name":"w","tasks":[{"key":"a"},{"key":"b","timeout_s":"soon"}]}"#);
        assert_eq!(wrong.pointer.as_deref(), Some("/tasks/1/timeout_s"));
        assert_eq!(wrong.status, 400);
        let unknown = refused(r#"{"name":"w","tasks":[{"key":"a","tiemout_s":3}]}"#);
        assert!(unknown.detail.contains("tiemout_s"), "{}", unknown.detail);
    }

    #[test]
    fn a_hundred_thousand_brackets_are_a_problem_and_no_crash() {
        let deep =
            format!(r#"{{"name":"w","tasks":[{{"key":"a","input":{}{}}}]}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let problem = refused(&deep);
        assert_eq!(problem.status, 400);
        assert!(problem.pointer.is_some_and(|pointer| pointer.starts_with("/tasks/0/input")));
    }
}
