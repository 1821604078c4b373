//! Who may come in, how often, and where the server is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::Value;
use server::chat::check::{AGENT_ROLE, CHANNEL_TYPE, check};
use server::chat::client::Client;
use server::chat::keys::Keys;
use server::chat::token::{self, Claims};
use server::chat::wire::{MessageRequest, Query, User};
use server::clock;
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::timeout;

use super::{Stand, code, listen, made_by, whole};
use crate::support::{Server, chat_serve};

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
fn breaking(listener: TcpListener, target: String, breaks: usize) {
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
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_tries_until_the_chat_is_up() {
    let stand = Stand::new().await;
    let port = TcpSocket::new_v4().expect("a socket");
    port.bind("127.0.0.1:0".parse().expect("an address")).expect("a port");
    let url = format!("http://{}", port.local_addr().expect("an address"));
    let client = Client::new(&url, stand.keys.clone()).expect("a client");
    let query = made_by("ada", &["ada"]);
    let mut call = std::pin::pin!(client.channel("team", "w", &query));
    timeout(Duration::from_millis(300), &mut call).await.expect_err("nobody listens");
    breaking(port.listen(16).expect("listening"), stand.url.clone(), 0);
    assert_eq!(call.await.expect("it is up").channel.cid, "team:w");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_makes_no_second_message() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let (url, listener) = listen().await;
    breaking(listener, stand.url.clone(), 2);
    let through = Client::new(&url, stand.keys.clone()).expect("a client");
    let sent = through.send_message("messaging", "general", &MessageRequest::text("ada", "once")).await.expect("sent");
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    let ids: Vec<String> = state.messages.into_iter().map(|message| message.id).collect();
    assert_eq!(ids, [sent.id]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chat_server_also_runs_by_itself() {
    let server = Server::start().await;
    let (mut alone, url) = chat_serve(server.command(&[])).await;
    let keys = Keys::of_data_dir(&server.data_dir()).expect("the keys of the data directory");
    let client = Client::new(&url, keys.clone()).expect("a client");
    client.channel("team", "w", &made_by("ada", &["ada"])).await.expect("made");
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
