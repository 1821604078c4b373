//! Where a request may come from: our own pages, called by a name of ours.
//!
//! Leptos' server functions take plain forms, which any page of the web can send along with our cookie; nothing but this stands in
//! between. Programs with a bearer token have no cookie to abuse, so for them cookies do not exist.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::App;
use crate::problem::Problem;

/// Our origin as the sender sees it, put into every request.
#[derive(Clone, Debug)]
pub struct OwnOrigin(pub String);

impl OwnOrigin {
    /// Whether the sender reaches us over https.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// Lets a request through if it may come from where it comes.
pub async fn guard(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(own) = host(&request).and_then(|host| app.origins().of_host(host)) else {
        return Problem::new(StatusCode::MISDIRECTED_REQUEST, "wrong_host", "This server is not reached by that name.")
            .into_response();
    };
    if is_for_programs(&request) {
        request.headers_mut().remove(header::COOKIE);
    } else if let Err(refused) = judge(&app, &request, &own) {
        tracing::warn!(http.method = %request.method(), why = refused, "a request from elsewhere was refused");
        return Problem::forbidden("cross_site", refused).into_response();
    }
    request.extensions_mut().insert(OwnOrigin(own));
    next.run(request).await
}

fn host(request: &Request) -> Option<&str> {
    match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok(),
        None => request.uri().authority().map(|authority| authority.as_str()),
    }
}

/// Requests that are known by a bearer token, or by nothing.
fn is_for_programs(request: &Request) -> bool {
    let path = request.uri().path();
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let is_bearer =
        bearer.is_some_and(|value| value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case("bearer ")));
    // No page of another site can add a header of its own choice without asking first, and nothing here says yes.
    let is_chat = path.starts_with("/chat/") && request.headers().contains_key("stream-auth-type");
    is_bearer
        || is_chat
        || path.starts_with("/api/v1/")
        || path == crate::listener::PATH
        || path == "/mcp"
        || path.starts_with("/mcp/")
}

fn judge(app: &App, request: &Request, own: &str) -> Result<(), &'static str> {
    let site = text(request.headers(), "sec-fetch-site");
    let origin = text(request.headers(), "origin");
    let is_own = |origin: &str| app.origins().is_own(own, origin);
    if request.method().is_safe() {
        // Reading changes nothing; but a stream or a download, once opened from elsewhere, would keep running.
        let is_open_to_links = !matches!(request.uri().path(), "/live");
        let from_here = matches!(site, None | Some("same-origin" | "none")) && origin.is_none_or(is_own);
        return if is_open_to_links || from_here {
            Ok(())
        } else {
            Err("This can be opened from this server's own pages only.")
        };
    }
    match (site, origin) {
        (Some("same-origin"), _) => Ok(()),
        (Some(_), _) => Err("This request comes from another site."),
        (None, Some(origin)) if is_own(origin) => Ok(()),
        (None, Some(_)) => Err("This request comes from another origin."),
        (None, None) => Err("This request does not say where it comes from. Programs use a bearer token."),
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    // What is not text is not ours: an empty text equals no origin of ours.
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}
