//! Is it alive, can it work?

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;

use super::App;

/// Alive: it answers.
pub async fn livez() -> &'static str {
    "alive\n"
}

/// Ready: the engine's loops run and the database answers.
pub async fn readyz(State(app): State<App>) -> (StatusCode, &'static str) {
    let engine = app.ready.load(Ordering::Acquire) && app.engine.is_ready().await;
    match (engine, app.store.is_ready().await) {
        (true, true) => (StatusCode::OK, "ready\n"),
        (false, _) => (StatusCode::SERVICE_UNAVAILABLE, "the engine is starting\n"),
        (true, false) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
