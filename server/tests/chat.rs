//! The chat's dialect, as its public documentation has it: shapes, numbers of errors, and the rules at the edges. Driven over real
//! HTTP on loopback, through our client and by requests written by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::Server;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::chat::check::{AGENT_ROLE, CHANNEL_TYPE, check};
use server::chat::client::{ChatError, Client};
use server::chat::embedded::{CALLS_PER_MINUTE_MAX, Chat, Options};
use server::chat::keys::Keys;
use server::chat::token::{self, Claims};
use server::chat::wire::{
    CastVote, ChannelQuery, ChannelState, ChannelTypeRequest, MessageRequest, MessageWindow, Patch, Poll, PollOption,
    Query, Reaction, SendReaction, User, Vote,
};
use server::clock;
use server::store::testing::TestDatabase;
use tokio::sync::mpsc;
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

#[tokio::test(flavor = "multi_thread")]
async fn the_door_asks_for_key_token_and_time() {
    let stand = Stand::new().await;
    stand.client.upsert_users(&[User::named("nora", "Nora")]).await.expect("a user");
    let now = clock::now().as_second();
    let of_nora = Claims { user_id: Some("nora".into()), ..Claims::default() };
    let sign = |claims: Claims| token::sign(stand.keys.secret(), &claims);
    let cases = [
        ("no JWT", "nonsense".to_owned(), 401, 5),
        ("expired", sign(Claims { exp: Some(now - 1), ..of_nora.clone() }), 401, 40),
        ("not yet valid", sign(Claims { nbf: Some(now + 600), ..of_nora.clone() }), 401, 41),
        ("used before it was issued", sign(Claims { iat: Some(now + 600), ..of_nora.clone() }), 401, 42),
        ("signed with another secret", token::sign("another", &of_nora), 401, 43),
        ("of nobody", sign(Claims::default()), 401, 5),
        ("of a user who is not there", stand.token_of("ghost"), 401, 5),
    ];
    for (what, token, status, code) in cases {
        let (got, body) = stand.ask(&token, "GET", "users", Value::Null).await;
        assert_eq!((got, body["code"].as_i64()), (status, Some(code)), "{what}: {body}");
        assert_eq!(body["StatusCode"], status, "{what}");
        assert!(body["message"].is_string() && body["duration"].is_string() && body["details"].is_array(), "{what}");
    }
    let answer = stand.http.get(format!("{}/users?api_key=other", stand.url)).send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.json::<Value>().await.expect("a body")["code"], 2);
    let (status, body) = stand.as_server("GET", "nowhere", Value::Null).await;
    assert_eq!((status, body["code"].as_i64()), (404, Some(16)));
}

#[tokio::test(flavor = "multi_thread")]
async fn revoked_tokens_and_deactivated_users_are_refused() {
    let stand = Stand::new().await;
    stand.client.upsert_users(&[User::named("nora", "Nora")]).await.expect("a user");
    let old = token::for_user(stand.keys.secret(), "nora", clock::now() - SignedDuration::from_mins(5), None);
    assert_eq!(stand.ask(&old, "GET", "users", Value::Null).await.0, 200);
    stand.client.revoke_user_tokens("nora", clock::now()).await.expect("revoked");
    assert_eq!(stand.ask(&old, "GET", "users", Value::Null).await.1["code"], 40);
    assert_eq!(stand.as_user("nora", "GET", "users", Value::Null).await.0, 200, "a new one counts");
    stand.client.deactivate_user("nora").await.expect("deactivated");
    assert_eq!(stand.as_user("nora", "GET", "users", Value::Null).await.0, 401);
    assert_eq!(code(&stand.client.deactivate_user("nora").await.expect_err("twice")), 4);
    let in_her_name = stand.client.channel("messaging", "general", &made_by("nora", &[])).await;
    assert_eq!(code(&in_her_name.expect_err("deactivated")), 17, "nor does the server act in her name");
    stand.client.reactivate_user("nora").await.expect("reactivated");
    assert_eq!(stand.as_user("nora", "GET", "users", Value::Null).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn users_carry_custom_data_inline_and_are_found_by_filters() {
    let stand = Stand::new().await;
    let mut ada = User::named("ada", "Ada");
    ada.custom.insert("skills".into(), json!(["rust", "sql"]));
    ada.custom.insert("load".into(), json!(40));
    stand.client.upsert_users(&[ada, User::named("bob", "Bob"), User::named("cleo", "Cleo")]).await.expect("users");
    let set = json!({"load": 90, "home.city": "Bern"}).as_object().cloned().expect("fields");
    let ada = stand.client.patch_user("ada", &set, &["skills"]).await.expect("patched");
    assert_eq!(ada.custom["home"], json!({"city": "Bern"}));
    assert_eq!((ada.custom.get("skills"), &ada.custom["load"]), (None, &json!(90)));
    let find = async |filter: Value| -> Vec<String> {
        let query = Query { filter_conditions: filter.as_object().cloned().expect("a filter"), ..Query::default() };
        let found = stand.client.query_users(&query).await.expect("users");
        found.into_iter().map(|user| user.id).collect()
    };
    assert_eq!(find(json!({"id": {"$in": ["bob", "ada"]}})).await, ["ada", "bob"]);
    assert_eq!(find(json!({"load": {"$gt": 50}})).await, ["ada"]);
    assert_eq!(find(json!({"$or": [{"id": "bob"}, {"name": {"$autocomplete": "Cl"}}]})).await, ["bob", "cleo"]);
    assert_eq!(find(json!({"home.city": "Bern", "skills": {"$exists": false}})).await, ["ada"]);
    let (status, body) = stand.as_server("POST", "users", json!({"users": {"Ada": {"id": "Ada"}}})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4)), "{body}");
    let big = json!({"users": {"dan": {"id": "dan", "x": "y".repeat(6000)}}});
    let (status, body) = stand.as_server("POST", "users", big).await;
    assert_eq!((status, body["code"].as_i64()), (413, Some(22)), "{body}");
    let bad = Query {
        filter_conditions: json!({"id": {"$like": "x"}}).as_object().cloned().expect("a filter"),
        ..Query::default()
    };
    assert_eq!(code(&stand.client.query_users(&bad).await.expect_err("no such operator")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_is_got_or_made_and_names_its_creator() {
    let stand = Stand::new().await;
    let (status, body) = stand.as_server("POST", "channels/messaging/general/query", json!({})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4)), "the creator must be named: {body}");
    let made = stand.general(&["ada", "bob"]).await;
    assert_eq!((made.channel.cid.as_str(), made.channel.member_count), ("messaging:general", 2));
    assert_eq!(made.channel.created_by.map(|user| user.id).as_deref(), Some("ada"), "unknown users are made");
    let again = stand.client.channel("messaging", "general", &made_by("cleo", &["cleo"])).await.expect("the same");
    assert_eq!(again.channel.created_by.map(|user| user.id).as_deref(), Some("ada"));
    assert_eq!(again.members.len(), 2, "data of a channel that is there change nothing");
    let bad = stand.client.channel("messaging", "a b", &made_by("ada", &[])).await.expect_err("an id");
    assert_eq!(code(&bad), 4);
    let none = stand.client.channel("nothing", "x", &made_by("ada", &[])).await.expect_err("a type");
    assert_eq!(code(&none), 16);
    let one = stand.client.distinct_channel("messaging", &made_by("ada", &["bob", "ada"])).await.expect("a channel");
    let two = stand.client.distinct_channel("messaging", &made_by("bob", &["ada", "bob"])).await.expect("a channel");
    assert_eq!(one.channel.cid, two.channel.cid, "one channel of the same people");
    assert!(one.channel.id.starts_with("!members-"));
    let by_cid = Query {
        filter_conditions: json!({"cid": "messaging:general", "members": {"$in": ["bob"]}})
            .as_object()
            .cloned()
            .expect("f"),
        ..Query::default()
    };
    let found = stand.client.query_channels(&by_cid).await.expect("channels");
    assert_eq!(found.len(), 1);
    stand.client.delete_channel("messaging", "general", true).await.expect("deleted");
    assert!(stand.client.query_channels(&by_cid).await.expect("channels").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_id_is_the_same_message_or_an_error() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    let mut message = MessageRequest { id: Some("event-1".into()), ..MessageRequest::text("ada", "Done.") };
    message.custom.insert("devsquad".into(), json!({"v": 1, "event_id": "e1"}));
    let first = stand.client.send_message("messaging", "general", &message).await.expect("sent");
    assert_eq!(first.custom["devsquad"]["event_id"], "e1", "custom data are inlined");
    let second = stand.client.send_message("messaging", "general", &message).await.expect("sent again");
    assert_eq!(first.created_at, second.created_at);
    let (status, body) =
        stand.as_server("POST", "channels/messaging/general/message", json!({"message": message})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4)));
    assert!(body["message"].as_str().is_some_and(|text| text.contains("already exists")), "{body}");
    message.text = "Not done.".into();
    let other = stand.client.send_message("messaging", "general", &message).await;
    assert!(matches!(other, Err(ChatError::Conflict { field: "text", .. })), "{other:?}");
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert_eq!(state.messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_to_a_message_is_what_is_read_of_it() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "root", "Hello").await;
    stand
        .client
        .create_poll(&Poll { id: "p".into(), name: "Tea?".into(), ..Poll::default() }, "ada")
        .await
        .expect("a poll");
    for message in [
        json!({"id": "plain", "text": "**Hi** /giphy", "user_id": "ada"}),
        json!({"id": "reply", "text": "Yes", "user_id": "bob", "parent_id": "root", "silent": true}),
        json!({"id": "both", "text": "", "user_id": "bob", "parent_id": "root", "show_in_channel": true, "mood": {"a": null},
            "mentioned_users": ["ada", "cyd"], "attachments": [{"type": "file", "title": "x"}]}),
        json!({"id": "quote", "text": "This", "user_id": "ada", "quoted_message_id": "root"}),
        json!({"id": "poll", "text": "", "user_id": "ada", "poll_id": "p"}),
        json!({"id": "pinned", "text": "Here", "user_id": "ada", "pinned": true}),
    ] {
        let id = message["id"].as_str().expect("an id").to_owned();
        let (status, sent) =
            stand.as_server("POST", "channels/messaging/general/message", json!({ "message": message })).await;
        assert_eq!(status, 201, "{sent}");
        let (_, mut read) = stand.as_server("GET", &format!("messages/{id}"), Value::Null).await;
        read["message"].as_object_mut().expect("a message").remove("channel");
        assert_eq!(sent["message"], read["message"], "{id}");
        assert_eq!(sent["message"]["user"]["id"], message["user_id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_keep_to_their_limits() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let send = async |message: Value| {
        let (status, body) =
            stand.as_server("POST", "channels/messaging/general/message", json!({"message": message})).await;
        (status, body["code"].as_i64())
    };
    assert_eq!(send(json!({"user_id": "ada", "text": "x".repeat(5000)})).await, (201, None));
    assert_eq!(send(json!({"user_id": "ada", "text": "x".repeat(5001)})).await, (400, Some(20)));
    assert_eq!(send(json!({"text": "by nobody"})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": ""})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": "a\u{0}b"})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": "t", "attachments": vec![json!({}); 31]})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": "t", "data": "x".repeat(6000)})).await, (413, Some(22)));
    assert_eq!(send(json!({"user_id": "ada", "text": "t", "id": "x".repeat(256)})).await, (400, Some(4)));
    let huge = send(json!({"user_id": "ada", "text": "t", "data": "x".repeat(2_000_000)})).await;
    assert_eq!(huge, (413, Some(22)), "a body");
    let longer = ChannelTypeRequest {
        name: Some("project".into()),
        config: json!({"max_message_length": 20_001}).as_object().cloned().expect("fields"),
        ..ChannelTypeRequest::default()
    };
    assert_eq!(code(&stand.client.create_channel_type(&longer).await.expect_err("too long")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_one_level_deep() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "root", "Who tests it?").await;
    let reply = |id: &str, parent: &str, shown: bool| MessageRequest {
        id: Some(id.into()),
        parent_id: Some(parent.into()),
        show_in_channel: shown,
        ..MessageRequest::text("bob", id)
    };
    let first = stand.client.send_message("messaging", "general", &reply("r1", "root", false)).await.expect("a reply");
    assert_eq!((first.kind.as_str(), first.parent_id.as_deref()), ("reply", Some("root")));
    stand.client.send_message("messaging", "general", &reply("r2", "root", true)).await.expect("a reply");
    let deeper = stand.client.send_message("messaging", "general", &reply("r3", "r1", false)).await;
    assert_eq!(code(&deeper.expect_err("a reply of a reply")), 4);
    let ids = |messages: Vec<server::chat::wire::Message>| messages.into_iter().map(|m| m.id).collect::<Vec<_>>();
    let replies = stand.client.replies("root", &MessageWindow::default()).await.expect("replies");
    assert_eq!(ids(replies), ["r1", "r2"]);
    let after = MessageWindow { id_gt: Some("r1".into()), limit: Some(10), ..MessageWindow::default() };
    assert_eq!(ids(stand.client.replies("root", &after).await.expect("replies")), ["r2"]);
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert_eq!(state.messages[0].reply_count, 2);
    assert_eq!(ids(state.messages), ["root", "r2"], "a reply stands in the channel only if it is shown there");
    let threads = stand.client.threads("bob", 10).await.expect("threads");
    assert_eq!((threads.len(), threads[0].reply_count, threads[0].latest_replies.len()), (1, 2, 2));
    assert_eq!(stand.client.thread("root").await.expect("the thread").parent_message_id, "root");
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_one_of_a_type_and_can_replace_each_other() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m", "Shall we?").await;
    let react = async |kind: &str, user: &str, enforce_unique: bool| {
        let reaction = Reaction { kind: kind.into(), user_id: user.into(), ..Reaction::default() };
        stand.client.send_reaction("m", &SendReaction { reaction, enforce_unique }).await.expect("a reaction")
    };
    react("👍", "bob", false).await;
    react("👍", "bob", false).await;
    react("eyes", "bob", false).await;
    react("👍", "ada", false).await;
    let counts = stand.client.message("m").await.expect("it").reaction_counts.expect("counts");
    assert_eq!((counts.get("👍"), counts.get("eyes")), (Some(&2), Some(&1)));
    react("👎", "bob", true).await;
    let counts = stand.client.message("m").await.expect("it").reaction_counts.expect("counts");
    assert_eq!((counts.get("👍"), counts.get("eyes"), counts.get("👎")), (Some(&1), None, Some(&1)));
    stand.client.delete_reaction("m", "👎", "bob").await.expect("taken away");
    assert_eq!(code(&stand.client.delete_reaction("m", "👎", "bob").await.expect_err("twice")), 16);
    assert_eq!(stand.client.reactions("m", 10).await.expect("reactions").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn own_and_silent_messages_are_never_unread() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "one").await;
    stand.say("ada", "m2", "two").await;
    stand.say("bob", "m3", "three").await;
    let silent = MessageRequest { silent: true, ..MessageRequest::text("ada", "psst") };
    stand.client.send_message("messaging", "general", &silent).await.expect("sent");
    assert_eq!((stand.unread_of("bob").await, stand.unread_of("ada").await), (2, 1));
    assert_eq!(stand.client.unread("bob").await.expect("counts")["total_unread_count"], 2);
    stand.client.mark_read("messaging", "general", "bob", None).await.expect("read");
    assert_eq!(stand.unread_of("bob").await, 0);
    stand.client.mark_unread("messaging", "general", "bob", "m2").await.expect("unread");
    assert_eq!(stand.unread_of("bob").await, 1);
    stand.client.delete_message("m2", false).await.expect("deleted");
    assert_eq!(stand.unread_of("bob").await, 0, "what is deleted is not unread");
    let stranger = stand.client.mark_read("messaging", "general", "cleo", None).await;
    assert_eq!(code(&stranger.expect_err("no member")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_comes_off_by_itself() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    stand.say("ada", "m", "The plan").await;
    assert!(stand.client.pin_message("m", "ada", None).await.expect("pinned").pinned);
    assert!(!stand.client.unpin_message("m", "ada").await.expect("off").pinned);
    let past = stand.client.pin_message("m", "ada", Some(clock::now() - SignedDuration::from_secs(1))).await;
    assert_eq!(code(&past.expect_err("in the past")), 4);
    let soon: Timestamp = clock::now() + SignedDuration::from_millis(600);
    assert!(stand.client.pin_message("m", "ada", Some(soon)).await.expect("pinned").pinned);
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert_eq!(state.pinned_messages.len(), 1);
    while clock::now() <= soon {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert!(state.pinned_messages.is_empty() && !state.messages[0].pinned, "its time is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_messages_in_the_channels_named() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.client.channel("messaging", "other", &made_by("ada", &["ada"])).await.expect("a channel");
    stand.say("ada", "m1", "The build of the parser is red").await;
    stand.say("bob", "m2", "Parsers are fun").await;
    let elsewhere = MessageRequest { id: Some("m3".into()), ..MessageRequest::text("ada", "the parser again") };
    stand.client.send_message("messaging", "other", &elsewhere).await.expect("sent");
    let search = async |filter: Value, words: &str| -> Vec<String> {
        let filter_conditions = filter.as_object().cloned().expect("a filter");
        let query = Query { filter_conditions, query: Some(words.into()), ..Query::default() };
        stand.client.search(&query).await.expect("found").into_iter().map(|m| m.id).collect()
    };
    assert_eq!(search(json!({"cid": "messaging:general"}), "PARSER build").await, ["m1"]);
    assert_eq!(search(json!({"members": {"$in": ["ada"]}}), "parser").await, ["m3", "m1"]);
    stand.client.delete_message("m1", false).await.expect("deleted");
    assert!(search(json!({"cid": "messaging:general"}), "parser").await.is_empty());
    let nothing = Query { query: Some("x".into()), ..Query::default() };
    assert_eq!(code(&stand.client.search(&nothing).await.expect_err("where?")), 4);
    let path =
        "search?payload=%7B%22filter_conditions%22%3A%7B%22type%22%3A%22messaging%22%7D%2C%22query%22%3A%22again%22%7D";
    let (_, found) = stand.as_user("bob", "GET", path, Value::Null).await;
    assert_eq!(found["results"], json!([]), "bob does not see the other channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_may_what_their_roles_are_granted() {
    let stand = Stand::new().await;
    let mut admin = User::named("root", "Root");
    admin.role = Some("admin".into());
    stand.client.upsert_users(&[admin, User::named("eve", "Eve")]).await.expect("users");
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "Mine").await;
    let text = json!({"message": {"text": "hello"}});
    let send = "channels/messaging/general/message";
    let cases = [
        ("a member writes", "bob", "POST", send, text.clone(), 201),
        ("a stranger does not", "eve", "POST", send, text.clone(), 403),
        ("nor reads", "eve", "GET", "messages/m1", Value::Null, 403),
        ("nor looks at the channel", "eve", "POST", "channels/messaging/general/query", json!({}), 403),
        ("nor joins", "eve", "POST", "channels/messaging/general", json!({"add_members": ["eve"]}), 403),
        ("an admin does", "root", "POST", send, text.clone(), 201),
        ("nobody writes as another", "bob", "POST", send, json!({"message": {"text": "x", "user_id": "ada"}}), 403),
        ("nobody changes another's", "bob", "POST", "messages/m1", json!({"message": {"text": "x"}}), 403),
        ("but their own", "ada", "POST", "messages/m1", json!({"message": {"text": "x"}}), 201),
        ("a member pins nothing", "bob", "PUT", "messages/m1", json!({"set": {"pinned": true}}), 403),
        ("nobody deletes another's", "bob", "DELETE", "messages/m1", Value::Null, 403),
        ("nobody deletes for good", "ada", "DELETE", "messages/m1?hard=true", Value::Null, 403),
        (
            "nobody promotes themselves",
            "bob",
            "PATCH",
            "users",
            json!({"users": [{"id": "bob", "set": {"role": "admin"}}]}),
            403,
        ),
        ("nobody changes another user", "bob", "POST", "users", json!({"users": {"ada": {"id": "ada"}}}), 403),
        ("but themselves", "bob", "POST", "users", json!({"users": {"bob": {"id": "bob", "name": "B"}}}), 201),
        ("settings are the server's", "root", "PATCH", "app", json!({"webhook_url": "http://x"}), 403),
        ("a user makes nobody", "ada", "POST", "channels/messaging/general", json!({"add_members": ["ghost"]}), 400),
        (
            "who made a channel adds members",
            "ada",
            "POST",
            "channels/messaging/general",
            json!({"add_members": ["eve"]}),
            201,
        ),
        ("who was added reads", "eve", "GET", "messages/m1", Value::Null, 200),
        (
            "who is a member leaves",
            "eve",
            "POST",
            "channels/messaging/general",
            json!({"remove_members": ["eve"]}),
            201,
        ),
    ];
    for (what, user, method, path, body, expected) in cases {
        let (status, answer) = stand.as_user(user, method, path, body).await;
        assert_eq!(status, expected, "{what}: {answer}");
        if expected == 403 {
            assert_eq!(answer["code"], 17, "{what}");
        }
    }
    let moderators = json!({"add_moderators": ["bob"]});
    assert_eq!(stand.as_server("POST", "channels/messaging/general", moderators).await.0, 201);
    assert_eq!(stand.as_user("bob", "DELETE", "messages/m1", Value::Null).await.0, 200, "a moderator deletes");
    let frozen: Patch = serde_json::from_value(json!({"set": {"frozen": true}})).expect("a patch");
    assert!(stand.client.patch_channel("messaging", "general", &frozen).await.expect("frozen").frozen);
    assert_eq!(stand.as_user("ada", "POST", send, text).await.0, 403, "nobody writes in a frozen channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cooldown_slows_members_down() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    let (status, _) = stand.as_server("POST", "channels/messaging/general", json!({"cooldown": 60})).await;
    assert_eq!(status, 201);
    let (send, text) = ("channels/messaging/general/message", json!({"message": {"text": "hello"}}));
    assert_eq!(stand.as_user("bob", "POST", send, text.clone()).await.0, 201);
    let (status, body) = stand.as_user("bob", "POST", send, text).await;
    assert_eq!((status, body["code"].as_i64()), (403, Some(60)));
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_count_one_vote_for_each_user_where_they_say_so() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    let option = |id: &str| PollOption { id: id.into(), text: id.into(), ..PollOption::default() };
    let poll = Poll {
        id: "p".into(),
        name: "Ship it?".into(),
        options: vec![option("yes"), option("no")],
        enforce_unique_vote: true,
        ..Poll::default()
    };
    let poll = stand.client.create_poll(&poll, "ada").await.expect("a poll");
    assert_eq!(poll.options.len(), 2);
    let carries =
        MessageRequest { id: Some("m".into()), poll_id: Some("p".into()), ..MessageRequest::text("ada", "Vote") };
    stand.client.send_message("messaging", "general", &carries).await.expect("sent");
    let vote = async |user: &str, option: &str| {
        let vote = Vote { option_id: Some(option.into()), ..Vote::default() };
        let acting = MessageRequest::text(user, "").acting;
        stand.client.vote("m", "p", &CastVote { vote, acting }).await
    };
    vote("ada", "yes").await.expect("a vote");
    vote("bob", "yes").await.expect("a vote");
    vote("bob", "no").await.expect("another vote");
    let poll = stand.client.message("m").await.expect("it").poll.expect("its poll");
    assert_eq!((poll.vote_counts_by_option.get("yes"), poll.vote_counts_by_option.get("no")), (Some(&1), Some(&1)));
    assert_eq!(code(&vote("bob", "perhaps").await.expect_err("no such option")), 4);
    assert!(stand.client.close_poll("p").await.expect("closed").is_closed);
    assert_eq!(code(&vote("ada", "no").await.expect_err("closed")), 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_up_is_said_in_headers() {
    let stand = Stand::with_rate(2).await;
    let get = async || {
        let token = token::for_server(stand.keys.secret());
        let request = stand.http.get(format!("{}/users?api_key={}", stand.url, stand.keys.api_key));
        request.header("authorization", token).header("stream-auth-type", "jwt").send().await.expect("an answer")
    };
    let answer = get().await;
    let number = |answer: &reqwest::Response, name: &str| {
        answer.headers()[name].to_str().expect("text").parse::<i64>().expect("a number")
    };
    // The application has ten times as many as a user.
    assert_eq!((number(&answer, "x-ratelimit-limit"), number(&answer, "x-ratelimit-remaining")), (20, 19));
    let reset = number(&answer, "x-ratelimit-reset") - clock::now().as_second();
    assert!((0..=60).contains(&reset), "{reset}");
    let mut refused = get().await;
    while refused.status() != 429 {
        refused = get().await;
    }
    assert_eq!(refused.json::<Value>().await.expect("a body")["code"], 9);
    let late = stand.client.deadline(Duration::from_millis(300)).query_users(&Query::default()).await;
    assert!(late.is_err(), "the client does not wait beyond its deadline");
}

/// A receiver of webhooks that refuses the first ones.
async fn receiver(refuses: usize) -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (url, listener) = listen().await;
    let (tx, rx) = mpsc::unbounded_channel();
    let seen = Arc::new(AtomicUsize::new(0));
    let handler = move |headers: HeaderMap, body: Bytes| {
        let (tx, nth) = (tx.clone(), seen.fetch_add(1, Ordering::SeqCst));
        async move {
            let _ = tx.send((headers, body));
            if nth < refuses { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
        }
    };
    let router = axum::Router::new().route("/hook", axum::routing::post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("{url}/hook"), rx)
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_signed_and_come_again_under_the_same_id() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let (url, mut hooks) = receiver(2).await;
    stand.client.patch_app(&json!({"webhook_url": url, "webhook_events": ["message.new"]})).await.expect("set");
    stand.say("ada", "m1", "hello").await;
    let mut ids = Vec::new();
    for attempt in 1..=3 {
        let next = tokio::time::timeout(Duration::from_secs(20), hooks.recv()).await.expect("in time");
        let (headers, body) = next.expect("a webhook");
        let text = |name: &str| headers[name].to_str().expect("text").to_owned();
        assert!(token::is_signed(stand.keys.secret(), &body, &text("x-signature")));
        assert_eq!((text("x-api-key"), text("x-webhook-attempt")), (stand.keys.api_key.clone(), attempt.to_string()));
        let event: server::chat::wire::Event = serde_json::from_slice(&body).expect("an event");
        assert_eq!((event.kind.as_str(), event.cid.as_deref()), ("message.new", Some("messaging:general")));
        assert_eq!(event.message.map(|message| message.id).as_deref(), Some("m1"));
        assert_eq!(event.user.map(|user| user.id).as_deref(), Some("ada"));
        ids.push(text("x-webhook-id"));
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    stand.say("ada", "m2", "again").await;
    let (headers, _) =
        tokio::time::timeout(Duration::from_secs(20), hooks.recv()).await.expect("in time").expect("one");
    assert_ne!(headers["x-webhook-id"].to_str().expect("text"), ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_events_leave_no_trace_but_a_webhook() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let (url, mut hooks) = receiver(0).await;
    stand
        .client
        .patch_app(&json!({"event_hooks": [{"webhook_url": url, "event_types": ["progress"]}]}))
        .await
        .expect("set");
    let event = json!({"type": "progress", "user_id": "ada", "percent": 40});
    let sent = stand.client.send_event("messaging", "general", &event).await.expect("sent");
    assert_eq!((sent["type"].as_str(), sent["percent"].as_i64()), (Some("progress"), Some(40)));
    let (_, body) = tokio::time::timeout(Duration::from_secs(20), hooks.recv()).await.expect("in time").expect("one");
    let body: Value = serde_json::from_slice(&body).expect("json");
    assert_eq!((body["type"].as_str(), body["percent"].as_i64()), (Some("progress"), Some(40)));
    let forged =
        stand.client.send_event("messaging", "general", &json!({"type": "message.new", "user_id": "ada"})).await;
    assert_eq!(code(&forged.expect_err("the server's")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_is_soft_or_hard() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "secret").await;
    stand.say("bob", "m2", "mine").await;
    let soft = stand.client.delete_message("m1", false).await.expect("deleted");
    assert_eq!((soft.kind.as_str(), soft.deleted_at.is_some()), ("deleted", true));
    let (_, seen) = stand.as_user("bob", "GET", "messages/m1", Value::Null).await;
    assert_eq!((seen["message"]["type"].as_str(), seen["message"]["text"].as_str()), (Some("deleted"), Some("")));
    stand.client.delete_message("m1", true).await.expect("deleted");
    assert_eq!(code(&stand.client.message("m1").await.expect_err("gone")), 16);
    let users = serde_json::from_value(json!({"user_ids": ["bob"], "user": "hard", "messages": "hard"})).expect("it");
    let task = stand.client.delete_users(&users).await.expect("a task");
    assert_eq!(stand.client.task(&task).await.expect("the task")["status"], "completed");
    assert_eq!(code(&stand.client.message("m2").await.expect_err("gone with its author")), 16);
    stand.say("ada", "m3", "left over").await;
    stand.client.truncate_channel("messaging", "general", true).await.expect("emptied");
    assert!(stand.client.channel("messaging", "general", &whole()).await.expect("it").messages.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_channel_comes_back_with_the_next_message() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "old").await;
    stand.client.hide_channel("messaging", "general", "bob", true).await.expect("hidden");
    let mine = Query { user_id: Some("bob".into()), ..Query::default() };
    assert!(stand.client.query_channels(&mine).await.expect("channels").is_empty());
    stand.say("ada", "m2", "new").await;
    assert_eq!(stand.client.query_channels(&mine).await.expect("channels").len(), 1);
    let (_, state) = stand.as_user("bob", "POST", "channels/messaging/general/query", json!({"state": true})).await;
    assert_eq!(state["messages"].as_array().map(Vec::len), Some(1), "what was before is cleared for bob: {state}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_fetched_by_its_signed_link_alone() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let upload = async |kind: &str, name: &str| {
        let boundary = "a-boundary";
        let body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n<b>hi</b>\r\n--{boundary}--\r\n"
        );
        let url = format!("{}/channels/messaging/general/{kind}?api_key={}", stand.url, stand.keys.api_key);
        let request = stand.http.post(url).header("authorization", stand.token_of("ada"));
        let request = request.header("stream-auth-type", "jwt");
        let request = request.header("content-type", format!("multipart/form-data; boundary={boundary}"));
        let answer = request.body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.json::<Value>().await.expect("a body"))
    };
    let (status, body) = upload("file", "../evil page.html").await;
    assert_eq!(status, 201, "{body}");
    let link = body["file"].as_str().expect("a link");
    assert!(link.contains("/evilpage.html?sig="), "{link}");
    let file = stand.http.get(link).send().await.expect("the file");
    assert_eq!(file.headers()["content-type"], "application/octet-stream", "it is never a page of ours");
    assert_eq!(file.text().await.expect("its text"), "<b>hi</b>");
    let unsigned = link.split('?').next().expect("a link");
    assert_eq!(stand.http.get(unsigned).send().await.expect("an answer").status(), 404);
    assert_eq!(upload("image", "page.html").await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_server_is_set_up_once() {
    let stand = Stand::new().await;
    let first = check(&stand.client, Some("http://127.0.0.1:9/hook")).await.expect("set up");
    assert!(first.iter().any(|line| line.contains("was made")), "{first:?}");
    let second = check(&stand.client, Some("http://127.0.0.1:9/hook")).await.expect("set up");
    assert!(!second.iter().any(|line| line.contains("made:") || line.contains("was ")), "nothing to do: {second:?}");
    let mut agent = User::named("agent-1", "Agent");
    agent.role = Some(AGENT_ROLE.into());
    stand.client.upsert_users(&[agent]).await.expect("an agent");
    stand.client.channel(CHANNEL_TYPE, "w", &made_by("agent-1", &["agent-1"])).await.expect("a channel");
    let said = stand.client.send_message(CHANNEL_TYPE, "w", &MessageRequest::text("agent-1", "/pause now")).await;
    assert_eq!(said.expect("a message").custom["command"], "pause");
    let wrong = Client::new(&stand.url, Keys::given(&stand.keys.api_key, "another")).expect("a client");
    assert_eq!(code(&check(&wrong, None).await.expect_err("another secret")), 43);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_brings_its_own_chat_for_this_machine() {
    let server = Server::start().await;
    let keys = Keys::of_data_dir(&server.data_dir()).expect("the keys it made");
    let client = Client::new(&format!("{}/chat", server.url()), keys).expect("a client");
    // The server sets its own chat up soon after it is ready.
    for _ in 0..100 {
        if client.channel_types().await.expect("channel types").contains_key(CHANNEL_TYPE) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let output = server.command(&["chat", "check"]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        said.contains("The keys count.") && said.contains(&format!("The channel type {CHANNEL_TYPE} is there")),
        "{said}"
    );
    let made = client.channel(CHANNEL_TYPE, "w", &made_by("ada", &["ada"])).await.expect("a channel");
    assert_eq!(made.channel.cid, "squad:w");
    let brought =
        reqwest::Client::new().get(format!("{}/chat/users", server.url())).header("x-forwarded-for", "10.0.0.1");
    assert_eq!(brought.send().await.expect("an answer").status(), 404, "nothing that a proxy brings");
}

/// A proxy that lets requests through and then breaks the first answers.
async fn breaking(target: String, breaks: usize) -> String {
    let (url, listener) = listen().await;
    let seen = Arc::new(AtomicUsize::new(0));
    let http = reqwest::Client::new();
    let router = axum::Router::new().fallback(move |request: axum::extract::Request| {
        let (http, target, nth) = (http.clone(), target.clone(), seen.fetch_add(1, Ordering::SeqCst));
        async move {
            let (parts, body) = request.into_parts();
            let body = axum::body::to_bytes(body, 1 << 20).await.expect("a body");
            let url = format!("{target}{}", parts.uri.path_and_query().map_or("/", |path| path.as_str()));
            let mut headers = parts.headers;
            headers.remove("host");
            let answer = http.request(parts.method, url).headers(headers).body(body).send().await.expect("an answer");
            let status = answer.status();
            let text = answer.bytes().await.expect("a body");
            if nth < breaks { (StatusCode::BAD_GATEWAY, Bytes::new()) } else { (status, text) }
        }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_no_second_message() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let through = Client::new(&breaking(stand.url.clone(), 2).await, stand.keys.clone()).expect("a client");
    let sent = through.send_message("messaging", "general", &MessageRequest::text("ada", "once")).await.expect("sent");
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    let ids: Vec<String> = state.messages.into_iter().map(|message| message.id).collect();
    assert_eq!(ids, [sent.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_server_also_runs_by_itself() {
    let server = Server::start().await;
    let addr = std::net::TcpListener::bind("127.0.0.1:0").and_then(|port| port.local_addr()).expect("a port");
    let mut command = server.command(&["chat", "serve", "--addr", &addr.to_string()]);
    let mut alone = command.stdout(std::process::Stdio::null()).spawn().expect("it starts");
    let keys = Keys::of_data_dir(&server.data_dir()).expect("the keys of the data directory");
    let client = Client::new(&format!("http://{addr}"), keys.clone()).expect("a client");
    client.channel("team", "w", &made_by("ada", &["ada"])).await.expect("the client tries until it is up");
    // Both servers stand on the same tables.
    let beside = Client::new(&format!("{}/chat", server.url()), keys).expect("a client");
    let found = beside.channel("team", "w", &whole()).await.expect("a channel");
    assert_eq!(found.channel.created_by.map(|user| user.id).as_deref(), Some("ada"));
    let half = server.command(&["chat", "check"]).env("STREAM_API_KEY", "k").output().expect("it runs");
    assert!(String::from_utf8_lossy(&half.stderr).contains("STREAM_API_SECRET"), "half a server is a mistake");
    let pid = nix::unistd::Pid::from_raw(alone.id().cast_signed());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).expect("told to stop");
    assert!(alone.wait().expect("it ends").success());
}
