//! The door: which application, whose token, how often; and the last words of every answer.

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use std::time::Instant;
use subtle::ConstantTimeEq as _;

use super::Chat;
use super::answer::{Fault, Pending};
use super::rates::Rate;
use crate::chat::token;
use crate::clock;

/// Who asks: the application itself, or one of its users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The user, if it is one's token.
    pub user: Option<String>,
    /// When the token was issued, in seconds since 1970.
    pub issued_at: Option<i64>,
}

/// Lets a request through, and finishes its answer.
pub async fn pass(State(chat): State<Chat>, mut request: Request, next: Next) -> Response {
    let started = clock::instant();
    let method = request.method().clone();
    let (response, rate) = match admit(&chat, &request) {
        Err(fault) => (fault.into_response(), None),
        Ok((caller, rate)) if rate.exceeded => {
            let whose = caller.user.as_deref().unwrap_or("the application");
            (Fault::new(9, format!("Too many calls of this kind by {whose}.")).into_response(), Some(rate))
        }
        Ok((caller, rate)) => {
            request.extensions_mut().insert(caller);
            (next.run(request).await, Some(rate))
        }
    };
    finish(response, &method, rate, started)
}

fn admit(chat: &Chat, request: &Request) -> Result<(Caller, Rate), Fault> {
    let given = parameter(request, "api_key")
        .or_else(|| header_text(request, "x-api-key"))
        .ok_or_else(|| Fault::new(2, "The parameter api_key is missing."))?;
    if !bool::from(given.as_bytes().ct_eq(chat.options.keys.api_key.as_bytes())) {
        return Err(Fault::new(2, "No application has this api_key."));
    }
    if header_text(request, "stream-auth-type").is_none_or(|kind| kind != "jwt") {
        return Err(Fault::new(5, "The header stream-auth-type must say jwt."));
    }
    let token = header_text(request, header::AUTHORIZATION.as_str())
        .ok_or_else(|| Fault::new(5, "The header Authorization must carry a token."))?;
    let claims = token::verify(chat.options.keys.secret(), &token, clock::now())?;
    let caller = match (claims.user_id, claims.server) {
        (Some(user), _) => Caller { user: Some(user), issued_at: claims.iat },
        (None, true) => Caller { user: None, issued_at: None },
        (None, false) => return Err(Fault::new(5, "The token names neither a user (user_id) nor the server.")),
    };
    let path = request.extensions().get::<MatchedPath>().map_or("unknown", |path| path.as_str());
    let call = format!("{} {path}", request.method());
    let rate = chat.rates.count(caller.user.as_deref().unwrap_or_default(), &call, clock::now().as_second());
    Ok((caller, rate))
}

fn parameter(request: &Request, name: &str) -> Option<String> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(request.uri()).ok()?;
    pairs.0.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn header_text(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// Writes down what a handler gave: the status by the method, how long it took, what is left of the rate.
fn finish(mut response: Response, method: &Method, rate: Option<Rate>, started: Instant) -> Response {
    let duration = format!("{:.2}ms", started.elapsed().as_secs_f64() * 1000.0);
    let body = match response.extensions_mut().remove::<Pending>() {
        Some(Pending::Answer(mut answer)) => {
            if let Value::Object(object) = &mut answer {
                object.insert("duration".to_owned(), json!(duration));
            }
            if *method == Method::POST || *method == Method::PUT {
                *response.status_mut() = StatusCode::CREATED;
            }
            serde_json::to_vec(&answer).ok()
        }
        Some(Pending::Fault(fault)) => serde_json::to_vec(&fault.body(duration)).ok(),
        // Axum's own refusals: a path that cannot be decoded, a method that is not there.
        None if !response.status().is_success() => {
            let status = response.status();
            let code = if status.is_server_error() { -1 } else { 4 };
            let mut body = Fault::new(code, status.canonical_reason().unwrap_or_default()).body(duration);
            body.status = status.as_u16();
            serde_json::to_vec(&body).ok()
        }
        None => None,
    };
    if let Some(body) = body {
        *response.body_mut() = Body::from(body);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    if let Some(rate) = rate {
        let headers = response.headers_mut();
        headers.insert("x-ratelimit-limit", HeaderValue::from(rate.limit));
        headers.insert("x-ratelimit-remaining", HeaderValue::from(rate.remaining));
        headers.insert("x-ratelimit-reset", HeaderValue::from(rate.reset));
    }
    response
}
