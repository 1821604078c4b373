//! `/live`: what happens in the organization, for the pages that are open.

mod chat;

use axum::Router;
use axum::extract::{Extension, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde::Deserialize;

use super::App;
use super::session::{Visitor, Who};
use crate::connection::Line;
use crate::feed::{self, Form, Listen, StillAllowed};
use crate::problem::Problem;

/// The route.
pub fn routes() -> Router<App> {
    Router::new().route("/live", get(live)).route("/live/chat", get(chat::live))
}

#[derive(Deserialize)]
struct After {
    after: Option<u64>,
}

async fn live(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Query(After { after }): Query<After>,
    line: Option<Line>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let who = visitor.0.ok_or_else(|| Problem::unauthorized("You are signed out."))?;
    let permit = app.limits().streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Problem::unavailable("Too many pages are open at this server."))?;
    // A browser that reconnects says what it had last; that is newer than what its page began with.
    let last_heard =
        headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let listen = Listen {
        form: Form::News,
        organization: who.signed_in.organization,
        workflow: None,
        after: last_heard.or(after),
        line,
        still_allowed: while_signed_in(&app, &who, permit),
    };
    Ok(feed::respond(&app.engine, &app.store, listen).await?.into_response())
}

/// Whether the session still lasts. Listening does not keep it alive: a forgotten page is signed out as well.
fn while_signed_in(app: &App, who: &Who, permit: tokio::sync::OwnedSemaphorePermit) -> StillAllowed {
    let (lasting, token, organization) = (app.lasting().clone(), who.token.clone(), who.signed_in.organization);
    let here = app.online.here(who.signed_in.user);
    Box::new(move || {
        let _held_as_long_as_it_is_asked = (&permit, &here);
        let (lasting, token) = (lasting.clone(), token.clone());
        Box::pin(async move { lasting.still(token, organization).await })
    })
}
