//! Where the chat server sends what happens: signed, bounded, written down, and answered before anything is done about it.

use std::io::Read as _;

use axum::Router;
use axum::body::Body;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt as _, Limited};
use subtle::ConstantTimeEq as _;

use super::Listener;
use crate::chat::token::is_signed;
use crate::chat::wire::Event;

/// Where it is.
pub const PATH: &str = "/webhooks/chat";
/// Bytes of a body, as it comes and unpacked: an event has a channel, a message of 20,000 characters and a user.
const BODY_BYTES_MAX: usize = 1024 * 1024;

impl Listener {
    /// The door of webhooks.
    pub fn router(&self) -> Router {
        Router::new().route(PATH, post(receive)).layer(DefaultBodyLimit::disable()).with_state(self.clone())
    }
}

async fn receive(State(listener): State<Listener>, headers: HeaderMap, body: Body) -> StatusCode {
    match admit(&listener, &headers, body).await {
        Ok(event) => match listener.hear(event).await {
            Ok(()) => StatusCode::OK,
            Err(error) => {
                tracing::warn!(%error, "a webhook cannot be written down now; the chat sends it again");
                StatusCode::SERVICE_UNAVAILABLE
            }
        },
        Err(status) => {
            metrics::counter!("devsquad_webhooks_refused_total").increment(1);
            status
        }
    }
}

/// The event in a request, if it was signed with our secret. What is too long is not read to its end.
async fn admit(listener: &Listener, headers: &HeaderMap, body: Body) -> Result<Event, StatusCode> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let keys = listener.keys();
    let key = text("x-api-key").unwrap_or_default();
    let signature = text("x-signature").ok_or(StatusCode::UNAUTHORIZED)?;
    if !bool::from(key.as_bytes().ct_eq(keys.api_key.as_bytes())) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    let said: Option<usize> = text("content-length").and_then(|length| length.parse().ok());
    if said.is_some_and(|length| length > BODY_BYTES_MAX) {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    let body = Limited::new(body, BODY_BYTES_MAX).collect().await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
    let body = match text("content-encoding") {
        None | Some("identity") => body.to_bytes(),
        Some("gzip") => unpacked(&body.to_bytes())?,
        Some(_) => return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE),
    };
    if !is_signed(keys.secret(), &body, signature) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    serde_json::from_slice(&body).map_err(|_| StatusCode::BAD_REQUEST)
}

/// Unpacks up to the bound and one byte more, whatever the sender says of its length.
fn unpacked(body: &[u8]) -> Result<Bytes, StatusCode> {
    let mut text = Vec::new();
    let mut reader = GzDecoder::new(body).take(BODY_BYTES_MAX as u64 + 1);
    reader.read_to_end(&mut text).map_err(|_| StatusCode::BAD_REQUEST)?;
    if text.len() > BODY_BYTES_MAX { Err(StatusCode::PAYLOAD_TOO_LARGE) } else { Ok(text.into()) }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    #[test]
    fn a_bomb_is_not_unpacked_beyond_the_bound() {
        let pack = |bytes: usize| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::best());
            for _ in 0..bytes / 1024 {
                packed.write_all(&[b' '; 1024]).expect("written");
            }
            packed.finish().expect("packed")
        };
        assert_eq!(unpacked(&pack(64 * 1024)).expect("unpacked").len(), 64 * 1024);
        assert_eq!(unpacked(&pack(64 * 1024 * 1024)), Err(StatusCode::PAYLOAD_TOO_LARGE));
        assert_eq!(unpacked(b"no gzip"), Err(StatusCode::BAD_REQUEST));
    }
}
