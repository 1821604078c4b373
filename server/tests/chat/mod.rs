//! The chat's dialect, as its public documentation has it: shapes, numbers of errors, and the rules at the edges. Driven over real
//! HTTP on loopback, through our client and by requests written by hand.

mod channels;
mod doors;
mod messages;
mod webhooks;

use std::time::Duration;

use serde_json::{Value, json};
use server::chat::client::{ChatError, Client};
use server::chat::embedded::{CALLS_PER_MINUTE_MAX, Chat, Options};
use server::chat::keys::Keys;
use server::chat::token;
use server::chat::wire::{ChannelQuery, ChannelState, MessageRequest};
use server::clock;
use server::store::testing::TestDatabase;
use tokio_util::sync::CancellationToken;

const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// An embedded server on a port of its own, and a client of it.
struct Stand {
    client: Client,
    keys: Keys,
    url: String,
    http: reqwest::Client,
    stop: CancellationToken,
    _uploads: tempfile::TempDir,
    _database: TestDatabase,
}

impl Drop for Stand {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Stand {
    async fn new() -> Stand {
        Self::with_rate(CALLS_PER_MINUTE_MAX).await
    }

    async fn with_rate(calls_per_minute_max: u32) -> Stand {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = TestDatabase::new().await.expect("a database");
        let (url, listener) = listen().await;
        let uploads = tempfile::tempdir().expect("a directory");
        let keys = Keys::fresh();
        let options = Options {
            keys: keys.clone(),
            uploads: uploads.path().to_owned(),
            url: url.clone(),
            calls_per_minute_max,
            retry_pause: RETRY_PAUSE,
        };
        let stop = CancellationToken::new();
        let chat = Chat::start((*database).clone(), options, stop.clone()).await.expect("a chat server");
        tokio::spawn(async move { axum::serve(listener, chat.router()).await });
        let client = Client::new(&url, keys.clone()).expect("a client");
        Stand { client, keys, url, http: reqwest::Client::new(), stop, _uploads: uploads, _database: database }
    }

    /// Asks with any token; gives the status and the body.
    async fn ask(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let sign = if path.contains('?') { '&' } else { '?' };
        let mut request = self
            .http
            .request(method, format!("{}/{path}{sign}api_key={}", self.url, self.keys.api_key))
            .header("authorization", token)
            .header("stream-auth-type", "jwt");
        if !body.is_null() {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.expect("a JSON body"))
    }

    async fn as_server(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(&token::for_server(self.keys.secret()), method, path, body).await
    }

    fn token_of(&self, user: &str) -> String {
        token::for_user(self.keys.secret(), user, clock::now(), None)
    }

    async fn as_user(&self, user: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        self.ask(&self.token_of(user), method, path, body).await
    }

    /// The channel `messaging:general`, made by ada, with these members.
    async fn general(&self, members: &[&str]) -> ChannelState {
        self.client.channel("messaging", "general", &made_by("ada", members)).await.expect("a channel")
    }

    async fn say(&self, user: &str, id: &str, text: &str) -> server::chat::wire::Message {
        let message = MessageRequest { id: Some(id.to_owned()), ..MessageRequest::text(user, text) };
        self.client.send_message("messaging", "general", &message).await.expect("a message")
    }

    async fn unread_of(&self, user: &str) -> u64 {
        let state = self.client.channel("messaging", "general", &whole()).await.expect("a channel");
        state.read.iter().find(|read| read.user.id == user).expect("a member").unread_messages
    }
}

async fn listen() -> (String, tokio::net::TcpListener) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    (format!("http://{}", listener.local_addr().expect("an address")), listener)
}

fn made_by(user: &str, members: &[&str]) -> ChannelQuery {
    let mut query = whole();
    query.data.created_by_id = Some(user.to_owned());
    query.data.members = members.iter().map(|id| json!(id)).collect();
    query
}

fn whole() -> ChannelQuery {
    ChannelQuery { state: true, ..ChannelQuery::default() }
}

fn code(refused: &ChatError) -> i32 {
    refused.code().unwrap_or_else(|| panic!("no refusal: {refused}"))
}
