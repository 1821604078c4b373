//! Figures for Prometheus. They carry no names and no ids.

use std::sync::OnceLock;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Bounds for everything measured in seconds: a tick takes a millisecond, a slow page seconds.
const SECONDS: [f64; 14] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Starts to record, for the whole process; once is enough.
pub fn install() {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new().set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS);
        let installed = builder.and_then(PrometheusBuilder::install_recorder);
        installed.inspect_err(|error| tracing::error!(%error, "nothing is measured")).ok()
    });
}

/// All figures, in the text form of Prometheus.
pub async fn render() -> Response {
    match HANDLE.get() {
        Some(Some(handle)) => {
            handle.run_upkeep();
            ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()).into_response()
        }
        _ => (StatusCode::SERVICE_UNAVAILABLE, "nothing is measured\n").into_response(),
    }
}
