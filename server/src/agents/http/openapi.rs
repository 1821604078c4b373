//! The interface described by itself: OpenAPI 3.1, generated from the handlers.

use axum::response::IntoResponse;
use utoipa::OpenApi;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};

use super::{agents, attempts, claims, conflicts, direct, messages, steering, workflows};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Vibe DevSquad Orchestrator",
        description = "Workflows, agents and attempts. Every POST takes an Idempotency-Key header: the same key with the same body gives the same answer for seven days, with another body 409. Errors are application/problem+json."
    ),
    paths(
        workflows::create, workflows::list, workflows::get, workflows::pause, workflows::resume, workflows::cancel,
        workflows::retry, workflows::decide, workflows::events, workflows::artifact,
        steering::prioritise, steering::assign, steering::waive, steering::answer,
        messages::say, messages::list,
        direct::list, direct::say, direct::messages,
        agents::register, agents::list, agents::retire,
        claims::claim,
        conflicts::raise, conflicts::propose, conflicts::accept, conflicts::resolve, conflicts::list,
        attempts::heartbeat, attempts::complete, attempts::fail, attempts::ask, attempts::decline, attempts::complete_many
    ),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// The document.
pub async fn document() -> impl IntoResponse {
    axum::Json(Document::openapi())
}
