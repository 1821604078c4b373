//! The client of the dialect: one for the hosted service and for the embedded server.
//!
//! Every call has a deadline for all its attempts together. What may pass is tried again (408, 429, 5xx, a broken connection), after a
//! pause drawn from a range that doubles (full jitter), or when the server says that the window of its rate begins anew. What is left
//! of a rate is remembered for each kind of call, so that a call which would be refused waits instead.

mod calls;
mod files;
mod rates;
mod retry;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keys::Keys;
use super::token;
use super::wire::ErrorBody;
use crate::clock;
use rates::Rates;
use retry::Retries;

/// The hosted service.
pub const HOSTED_URL: &str = "https://chat.stream-io-api.com";
/// How long a call may take with all its attempts, unless the client is told otherwise.
pub const CALL_MAX: Duration = Duration::from_secs(60);
/// The same while somebody waits for it: then they are told that the chat does not answer, and what was written stays where it is.
pub const ASKED_CALL_MAX: Duration = Duration::from_secs(8);
/// How long one attempt may take.
const ATTEMPT_MAX: Duration = Duration::from_secs(15);
/// How long a connection may take to come about.
const CONNECT_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer: a page of 300 full messages.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// How the client calls itself.
const CLIENT: &str = concat!("devsquad-", env!("CARGO_PKG_VERSION"));

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum ChatError {
    /// The server refused it.
    #[error("the chat refused it ({}): {}", .0.code, .0.message)]
    Refused(ErrorBody),
    /// A message of that id is there, and says something else.
    #[error("the message {id} is there already and says something else ({field})")]
    Conflict {
        /// The message.
        id: String,
        /// Where they differ.
        field: &'static str,
    },
    /// It did not answer in time, in all attempts.
    #[error("the chat did not answer within {0:?}: {1}")]
    Deadline(Duration, String),
    /// What came is not an answer.
    #[error("the chat's answer cannot be understood: {0}")]
    Garbled(String),
}

impl ChatError {
    /// The number of a refusal.
    pub fn code(&self) -> Option<i32> {
        match self {
            ChatError::Refused(body) => Some(body.code),
            _ => None,
        }
    }
}

/// The client. Cheap to clone; its clones share what they know of rates.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    keys: Keys,
    token: String,
    call_max: Duration,
    rates: Arc<Rates>,
}

/// What a call asks: the path without its first slash, further parameters, a body.
struct Ask<'a> {
    method: Method,
    /// The kind of call, for the rate: its path without ids.
    kind: &'static str,
    path: String,
    parameters: &'a [(&'a str, String)],
    body: Option<Vec<u8>>,
}

impl Client {
    /// A client that acts as the application itself.
    pub fn new(base: &str, keys: Keys) -> Result<Self, ChatError> {
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_MAX)
            .timeout(ATTEMPT_MAX)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| ChatError::Garbled(error.to_string()))?;
        let token = token::for_server(keys.secret());
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { http, base, keys, token, call_max: CALL_MAX, rates: Arc::default() })
    }

    /// The same, acting as a user: with a token that was issued now and counts until then.
    #[must_use]
    pub fn as_user(&self, user: &str, until: Option<Timestamp>) -> Self {
        let token = token::for_user(self.keys.secret(), user, clock::now(), until);
        Self { token, rates: Arc::default(), ..self.clone() }
    }

    /// The same with another deadline for each call.
    #[must_use]
    pub fn deadline(&self, call_max: Duration) -> Self {
        Self { call_max, ..self.clone() }
    }

    /// The keys it signs with.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// A token for a user's own client.
    pub fn user_token(&self, user: &str, until: Option<Timestamp>) -> String {
        token::for_user(self.keys.secret(), user, clock::now(), until)
    }

    async fn call<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, ChatError> {
        let began = clock::instant();
        let mut retries = Retries::new(self.call_max);
        loop {
            let wait = self.rates.wait(ask.kind, clock::now());
            if !retries.sleep(wait, began.elapsed()).await {
                return Err(ChatError::Deadline(self.call_max, "the rate is used up".to_owned()));
            }
            let left = self.call_max.saturating_sub(began.elapsed());
            let refused = match tokio::time::timeout(left, self.attempt(&ask)).await {
                Err(_) => Failure::passing("no answer in time"),
                Ok(Ok(body)) => {
                    return serde_json::from_slice(&body).map_err(|error| ChatError::Garbled(error.to_string()));
                }
                Ok(Err(failure)) => failure,
            };
            if !refused.passing {
                return Err(refused.error);
            }
            let pause = retries.pause(refused.reset, clock::now());
            if !retries.sleep(pause, began.elapsed()).await {
                return match refused.error {
                    ChatError::Refused(body) => Err(ChatError::Refused(body)),
                    error => Err(ChatError::Deadline(self.call_max, error.to_string())),
                };
            }
        }
    }

    async fn attempt(&self, ask: &Ask<'_>) -> Result<Vec<u8>, Failure> {
        let mut request = self
            .http
            .request(ask.method.clone(), format!("{}/{}", self.base, ask.path))
            .query(&[("api_key", &self.keys.api_key)])
            .query(ask.parameters)
            .header("authorization", &self.token)
            .header("stream-auth-type", "jwt")
            .header("x-stream-client", CLIENT);
        if let Some(body) = &ask.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let mut answer = request.send().await.map_err(|error| Failure::passing(error.without_url().to_string()))?;
        let status = answer.status().as_u16();
        let reset = self.rates.note(ask.kind, answer.headers());
        let mut body = Vec::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|error| Failure::passing(error.without_url().to_string()))?
        {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(Failure::lasting(ChatError::Garbled("it is too long".to_owned())));
            }
            body.extend_from_slice(&chunk);
        }
        if (200..300).contains(&status) {
            return Ok(body);
        }
        // A proxy before the server refuses in words of its own.
        let refused: ErrorBody = serde_json::from_slice(&body).unwrap_or_else(|_| ErrorBody {
            code: -1,
            message: String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned(),
            status,
            ..ErrorBody::default()
        });
        let passing = matches!(status, 408 | 429 | 500..=599);
        Err(Failure { passing, reset: reset.filter(|_| status == 429), error: ChatError::Refused(refused) })
    }

    async fn get<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        path: String,
        parameters: &[(&str, String)],
    ) -> Result<T, ChatError> {
        self.call(Ask { method: Method::GET, kind, path, parameters, body: None }).await
    }

    async fn delete<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        path: String,
        parameters: &[(&str, String)],
    ) -> Result<T, ChatError> {
        self.call(Ask { method: Method::DELETE, kind, path, parameters, body: None }).await
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        kind: &'static str,
        path: String,
        body: &impl Serialize,
    ) -> Result<T, ChatError> {
        let body = serde_json::to_vec(body).map_err(|error| ChatError::Garbled(error.to_string()))?;
        self.call(Ask { method, kind, path, parameters: &[], body: Some(body) }).await
    }

    async fn post<T: DeserializeOwned>(
        &self,
        kind: &'static str,
        path: String,
        body: &impl Serialize,
    ) -> Result<T, ChatError> {
        self.send(Method::POST, kind, path, body).await
    }
}

/// What came of an attempt that failed.
struct Failure {
    /// Whether trying again can help.
    passing: bool,
    /// When the window of the rate begins anew.
    reset: Option<i64>,
    error: ChatError,
}

impl Failure {
    fn passing(what: impl Into<String>) -> Self {
        Self { passing: true, reset: None, error: ChatError::Garbled(what.into()) }
    }

    fn lasting(error: ChatError) -> Self {
        Self { passing: false, reset: None, error }
    }
}

/// A part of a path, escaped.
fn part(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => escaped.push(char::from(byte)),
            byte => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_their_place_in_a_path() {
        assert_eq!(part("a/../b?c#d é"), "a%2F..%2Fb%3Fc%23d%20%C3%A9");
        assert_eq!(part("!members-x"), "%21members-x");
    }
}
