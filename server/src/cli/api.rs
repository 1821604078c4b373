//! A small client for the server on this machine.

use std::time::Duration;

use anyhow::{Context as _, bail};
use reqwest::{Client, Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::clock;
use crate::config::Config;

/// How long one call may take.
const CALL_MAX: Duration = Duration::from_secs(60);

/// Where a running server says it is, and a token that its own machine may use. The file is readable by its owner only.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Running {
    /// How links begin.
    pub url: String,
    /// The server's process.
    pub pid: u32,
    /// A token of the owner.
    pub token: String,
}

/// The server that runs on this data directory, if one answers. One that was killed leaves its file, and another one may be where it
/// was: that one does not know the token.
pub async fn running(config: &Config) -> Option<Running> {
    let text = std::fs::read_to_string(config.server_file()).ok()?;
    let running: Running = serde_json::from_str(&text).ok()?;
    let client = Client::builder().timeout(Duration::from_secs(5)).build().ok()?;
    let alive = client.get(format!("{}/livez", running.url)).send().await.ok()?;
    if !alive.status().is_success() {
        return None;
    }
    // A workflow that nobody has: who is not known does not hear that it is missing.
    let asked = client.get(format!("{}/api/v1/workflows/{}", running.url, Uuid::nil())).bearer_auth(&running.token);
    let stranger = asked.send().await.is_ok_and(|answer| answer.status() == StatusCode::UNAUTHORIZED);
    (!stranger).then_some(running)
}

/// A client that acts as the owner, from the command line.
pub struct Api {
    client: Client,
    running: Running,
}

/// What the server refused, in its words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

impl Api {
    /// A client of that server.
    pub fn new(running: Running) -> anyhow::Result<Api> {
        Ok(Api { client: Client::builder().timeout(CALL_MAX).build()?, running })
    }

    /// How links begin.
    pub fn url(&self) -> &str {
        &self.running.url
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> anyhow::Result<Value> {
        self.call(Method::GET, path, None, None).await
    }

    /// The bytes of a file.
    pub async fn bytes(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let url = format!("{}/api/v1{path}", self.running.url);
        let answer = self.client.get(url).bearer_auth(&self.running.token).send().await?.error_for_status()?;
        Ok(answer.bytes().await?.to_vec())
    }

    /// Changes something, once, however often it has to be sent.
    pub async fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        let key = clock::fresh_id();
        self.call(Method::POST, path, Some(body), Some(key)).await
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>, key: Option<Uuid>) -> anyhow::Result<Value> {
        let url = format!("{}/api/v1{path}", self.running.url);
        let mut pause = Duration::from_millis(100);
        for attempt in 0.. {
            let mut request = self.client.request(method.clone(), &url).bearer_auth(&self.running.token);
            request = request.header("devsquad-door", "cli");
            if let Some(body) = body {
                request = request.json(body);
            }
            if let Some(key) = key {
                request = request.header("idempotency-key", key.to_string());
            }
            match request.send().await {
                Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE && attempt < 8 => {}
                Ok(answer) => return read(answer).await,
                Err(error) if attempt >= 8 => return Err(error).context("the server cannot be reached"),
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(2));
        }
        bail!("the server cannot be reached")
    }
}

async fn read(answer: reqwest::Response) -> anyhow::Result<Value> {
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(body);
    }
    let detail = body.get("detail").and_then(Value::as_str).unwrap_or("the server gave no reason");
    let mut text = detail.to_owned();
    if let Some(errors) = body.get("errors").and_then(Value::as_array).filter(|errors| errors.len() > 1) {
        for error in errors {
            let field = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            text.push_str(&format!("\n  {} {}", field("pointer"), field("detail")));
        }
    }
    Err(Refused(text).into())
}
