//! The HTTP door: the contract that outside agents and scripts are written against, under `/api/v1`.

mod agents;
mod attempts;
mod auth;
mod body;
mod claims;
mod conflicts;
mod direct;
mod messages;
mod openapi;
mod remembered;
mod steering;
mod workflows;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use devsquad::id::{OrganizationId, ProjectId};

use crate::chat::client::Client;
use crate::clock;
use crate::engine::Engine;
use crate::messenger;
use crate::problem::Problem;
use crate::store::identity::tokens::Bearer;
use crate::store::{Store, reads};
pub use body::parse;
use remembered::Remembered;

/// What the door needs. Every request has it several times over: its clones are one.
#[derive(Clone)]
pub struct Door(Arc<Shared>);

/// What there is behind every clone of a door.
pub struct Shared {
    pub(super) engine: Engine,
    pub(super) store: Store,
    /// The chat, as the application itself.
    pub(super) chat: Client,
    /// Who makes the chat's channels.
    pub(super) messenger: messenger::World,
    bearers: Remembered<[u8; 32], Bearer>,
    projects: Remembered<OrganizationId, ProjectId>,
}

impl Deref for Door {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl Door {
    /// A door to this engine.
    pub fn new(messenger: messenger::World, chat: Client) -> Door {
        let (engine, store) = (messenger.engine.clone(), messenger.store.clone());
        let (bearers, projects) = (Remembered::default(), Remembered::default());
        Door(Arc::new(Shared { engine, store, chat, messenger, bearers, projects }))
    }

    /// The project in which work goes that names none.
    async fn first_project(&self, organization: OrganizationId) -> Result<ProjectId, Problem> {
        let now = clock::now();
        if let Some(project) = self.projects.get(&organization, now) {
            return Ok(project);
        }
        let mut tx = self.store.begin_read(&auth::tenant(organization)).await?;
        let project = ProjectId(reads::first_project(&mut tx).await?);
        self.projects.keep(organization, project, now);
        Ok(project)
    }
}

/// The routes, to be nested at `/api/v1`.
pub fn routes(messenger: messenger::World, chat: Client) -> Router {
    Router::new()
        .route("/workflows", post(workflows::create).get(workflows::list))
        .route("/workflows/{id}", get(workflows::get))
        .route("/workflows/{id}/pause", post(workflows::pause))
        .route("/workflows/{id}/resume", post(workflows::resume))
        .route("/workflows/{id}/cancel", post(workflows::cancel))
        .route("/workflows/{id}/tasks/{task}/retry", post(workflows::retry))
        .route("/workflows/{id}/checkpoints/{checkpoint}/decide", post(workflows::decide))
        .route("/workflows/{id}/messages", post(messages::say).get(messages::list))
        .route("/direct", get(direct::list))
        .route("/direct/{id}/messages", post(direct::say).get(direct::messages))
        .route("/workflows/{id}/priority", post(steering::prioritise))
        .route("/workflows/{id}/tasks/{task}/assign", post(steering::assign))
        .route("/workflows/{id}/checkpoints/{checkpoint}/waive", post(steering::waive))
        .route("/workflows/{id}/questions/{question}/answer", post(steering::answer))
        .route("/workflows/{id}/events", get(workflows::events))
        .route("/agents", post(agents::register).get(agents::list))
        .route("/agents/{id}/retire", post(agents::retire))
        .route("/claims", post(claims::claim))
        .route("/attempts/complete", post(attempts::complete_many))
        .route("/attempts/{id}/heartbeat", post(attempts::heartbeat))
        .route("/attempts/{id}/complete", post(attempts::complete))
        .route("/attempts/{id}/fail", post(attempts::fail))
        .route("/attempts/{id}/ask", post(attempts::ask))
        .route("/attempts/{id}/decline", post(attempts::decline))
        .route("/attempts/{id}/conflict", post(conflicts::raise))
        .route("/conflicts", get(conflicts::list))
        .route("/workflows/{id}/conflicts/{conflict}/propose", post(conflicts::propose))
        .route("/workflows/{id}/conflicts/{conflict}/accept", post(conflicts::accept))
        .route("/workflows/{id}/conflicts/{conflict}/resolve", post(conflicts::resolve))
        .route("/artifacts/{id}", get(workflows::artifact))
        .route("/openapi.json", get(openapi::document))
        .with_state(Door::new(messenger, chat))
        .layer(axum::middleware::map_response(as_problem))
}

/// What the framework itself refuses (an id that is none, a query it cannot read) in the form of every other error.
async fn as_problem(response: Response) -> Response {
    let is_text = |response: &Response| {
        let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.is_none_or(|kind| kind.starts_with("text/plain"))
    };
    let status = response.status();
    if !status.is_client_error() || !is_text(&response) {
        return response;
    }
    let bytes = axum::body::to_bytes(response.into_body(), body::BODY_BYTES_MAX).await.unwrap_or_default();
    let detail = match bytes.is_empty() {
        true => status.canonical_reason().unwrap_or("The request cannot be answered.").to_owned(),
        false => String::from_utf8_lossy(&bytes).into_owned(),
    };
    Problem::new(status, "bad_request", detail).into_response()
}
