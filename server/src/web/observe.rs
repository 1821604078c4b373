//! A number, a log line and a measurement for every request; and an answer even when a handler panics.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures::FutureExt as _;
use tracing::Instrument as _;

use crate::clock;
use crate::problem::Problem;

/// The number of a request: in its log lines, in the header `x-request-id`, in problems.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

/// Watches over one request.
pub async fn observe(mut request: Request, next: Next) -> Response {
    let id = clock::fresh_id().simple().to_string();
    let method = request.method().clone();
    // The pattern, not the path: paths hold tokens of links.
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or("other", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", request.id = %id, http.method = %method, http.route = %route);
    let started = clock::instant();
    let answered = AssertUnwindSafe(next.run(request)).catch_unwind().instrument(span.clone()).await;
    let mut response = answered.unwrap_or_else(|panic| span.in_scope(|| after_panic(&*panic, &id)));
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert("x-request-id", value);
    }
    let (status, took) = (response.status(), started.elapsed());
    span.in_scope(|| match status {
        // Said on purpose, and logged where it was decided: a start under way, too many at the door.
        StatusCode::SERVICE_UNAVAILABLE => {
            tracing::warn!(http.status = status.as_u16(), duration_ms = took.as_millis(), "answered: not now");
        }
        _ if status.is_server_error() => {
            tracing::error!(http.status = status.as_u16(), duration_ms = took.as_millis(), "answered with an error");
        }
        _ => tracing::debug!(http.status = status.as_u16(), duration_ms = took.as_millis(), "answered"),
    });
    let labels = [("method", method.to_string()), ("route", route), ("status", status.as_str().to_owned())];
    metrics::histogram!("http_request_duration_seconds", &labels).record(took.as_secs_f64());
    response
}

fn after_panic(panic: &(dyn Any + Send), id: &str) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    tracing::error!(panic = text.unwrap_or("unknown"), "a handler panicked");
    let detail = "Something went wrong in the server. It is logged under this request's number.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).instance(id).into_response()
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_numbered() {
        async fn broken() -> &'static str {
            panic!("at the disco")
        }
        let router = Router::new().route("/", get(broken)).layer(from_fn(observe));
        let response = router.oneshot(Request::new(Body::empty())).await.expect("an answer");
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let id = response.headers()["x-request-id"].to_str().expect("text").to_owned();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        let json: serde_json::Value = serde_json::from_slice(&body).expect("json");
        assert_eq!(json["instance"], id);
        assert!(!String::from_utf8_lossy(&body).contains("disco"));
    }
}
