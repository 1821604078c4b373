//! Stories of what the chat is told.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use server::chat::check::CHANNEL_TYPE;
use server::chat::client::{ChatError, Client};
use server::chat::wire::{ChannelData, ChannelQuery, Message, MessageWindow};

use crate::support::{ChatAt, Server};

crate::with_both_chats!(a_health_check_leaves_a_channel_whose_threads_tell_the_whole_story);

/// A repository with one commit.
pub fn repository() -> tempfile::TempDir {
    let dir = tempfile::Builder::new().prefix("shop").tempdir_in("/tmp").expect("a directory");
    std::fs::write(dir.path().join("shop.py"), "# TODO: discounts\nprint('open')\n").expect("written");
    for words in [&["init", "-q"][..], &["add", "-A"], &["commit", "-qm", "Open the shop"]] {
        let who = ["-c", "user.name=Nora", "-c", "user.email=nora@example.org"];
        let done = std::process::Command::new("git").arg("-C").arg(dir.path()).args(who).args(words).status();
        assert!(done.expect("git").success());
    }
    dir
}

/// Has the built-in squad examine it, and approves; gives the workflow's id.
pub fn health_check(server: &Server, path: &Path) -> String {
    let parameter = format!("path={}", path.display());
    let words = ["run", "project-health-check", "--param", &parameter, "--wait", "--approve", "--json"];
    let output = server.command(&words).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("json");
    report["id"].as_str().or(report["workflow_id"].as_str()).expect("an id").to_owned()
}

/// Everything said in a workflow's channel: the messages in it, each thread's behind its root.
pub async fn said(chat: &Client, workflow: &str) -> Vec<Message> {
    ask_what_was_said(chat, workflow).await.expect("the channel")
}

async fn ask_what_was_said(chat: &Client, workflow: &str) -> Result<Vec<Message>, ChatError> {
    let data = ChannelData { created_by_id: Some("devsquad".to_owned()), ..ChannelData::default() };
    let messages = MessageWindow { limit: Some(300), ..MessageWindow::default() };
    let query = ChannelQuery { data, state: true, messages: messages.clone(), ..ChannelQuery::default() };
    let state = chat.channel(CHANNEL_TYPE, &format!("workflow-{workflow}"), &query).await?;
    let mut all = Vec::new();
    for message in state.messages {
        let replies = match message.reply_count {
            0 => Vec::new(),
            _ => chat.replies(&message.id, &messages).await?,
        };
        all.push(message);
        all.extend(replies);
    }
    Ok(all)
}

/// Waits until the channel says that the workflow is over. A chat that was only just reached has no type for it yet.
pub async fn over(chat: &Client, workflow: &str) -> Vec<Message> {
    for _ in 0..300 {
        let all = match ask_what_was_said(chat, workflow).await {
            Err(ChatError::Refused(refused)) if refused.status == 404 => Vec::new(),
            all => all.expect("the channel"),
        };
        if all.iter().any(|message| message.text.starts_with("The workflow is completed")) {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("the chat never heard the end");
}

/// What the journal holds and a chat is told, as the ids of its messages.
pub async fn due(server: &Server, workflow: &str) -> Vec<String> {
    let answer = server.ask("GET", &format!("/workflows/{workflow}/events"), None).await;
    let events: Vec<devsquad::Event> = serde_json::from_value(answer["events"].clone()).expect("events");
    events.iter().flat_map(devsquad::messaging::message::posts).map(|post| post.id).collect()
}

pub fn kind(message: &Message) -> &str {
    message.custom["devsquad"]["kind"].as_str().unwrap_or_default()
}

async fn a_health_check_leaves_a_channel_whose_threads_tell_the_whole_story(at: ChatAt) {
    let server = Server::start_with_chat(at).await;
    let dir = repository();
    let workflow = health_check(&server, dir.path());
    let chat = server.chat();
    let all = over(&chat, &workflow).await;

    let roots: Vec<&Message> = all.iter().filter(|message| kind(message) == "thread").collect();
    assert_eq!(roots.len(), 8, "one thread for each task");
    let report = roots.iter().find(|root| root.text == "Write the report").expect("its thread");
    let story: Vec<&str> =
        all.iter().filter(|message| message.parent_id.as_deref() == Some(&report.id)).map(kind).collect();
    assert_eq!(
        story,
        [
            "assignment",
            "handoff",
            "review_request",
            "assignment",
            "review_verdict",
            "approval_request",
            "approval_decision",
            "completion"
        ]
    );
    let verdict = all.iter().find(|message| kind(message) == "review_verdict").expect("a verdict");
    assert!(verdict.user.as_ref().is_some_and(|user| user.id.starts_with("agent-")), "the reviewer says it");
    let decision = all.iter().find(|message| kind(message) == "approval_decision").expect("a decision");
    assert!(decision.user.as_ref().is_some_and(|user| user.id.starts_with("person-")), "the person says it");

    let mut told: Vec<String> =
        all.iter().filter(|message| kind(message) != "thread").map(|message| message.id.clone()).collect();
    let mut due = due(&server, &workflow).await;
    told.sort_unstable();
    due.sort_unstable();
    assert_eq!(told, due, "every event once");
    server.verify();
}

#[tokio::test]
async fn while_the_chat_is_away_work_goes_on_and_afterwards_it_hears_everything_once_and_in_order() {
    // Somebody else's chat server: that of another installation, which is down.
    let mut other = Server::start().await;
    let chat = other.chat();
    let keys: Value =
        serde_json::from_slice(&std::fs::read(other.data_dir().join("chat.json")).expect("keys")).expect("json");
    other.kill();
    let text = |name: &str| keys[name].as_str().expect("a key").to_owned();
    let server = Server::start_with(vec![
        ("STREAM_BASE_URL", format!("{}/chat", other.url())),
        ("STREAM_API_KEY", text("api_key")),
        ("STREAM_API_SECRET", text("api_secret")),
    ])
    .await;
    let dir = repository();
    let workflow = health_check(&server, dir.path());

    other.restart().await;
    let all = over(&chat, &workflow).await;
    let due = due(&server, &workflow).await;
    let mut told: Vec<&Message> = all.iter().filter(|message| kind(message) != "thread").collect();
    told.sort_by_key(|message| message.custom["devsquad"]["seq"].as_u64());
    assert_eq!(told.iter().map(|message| message.id.clone()).collect::<Vec<_>>(), due, "every event once");
    let written: Vec<_> = told.iter().map(|message| message.created_at).collect();
    assert!(written.is_sorted(), "in the order of the journal");
    assert_eq!(json!(all.iter().filter(|message| kind(message) == "thread").count()), json!(8));
}

/// Stands before a chat and lets four calls in ten come to harm: refused as too many, failed, done and then failed, late.
async fn faulty(chat: String) -> (String, Arc<AtomicU64>) {
    let harmed = Arc::new(AtomicU64::new(0));
    let (count, calls) = (harmed.clone(), Arc::new(AtomicU64::new(0)));
    let client = reqwest::Client::new();
    let answer = async move |request: axum::extract::Request| {
        // One number after another, mixed: the same faults in each run.
        let nth = calls.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let fault = nth % 10;
        count.fetch_add(u64::from(fault < 4), Ordering::Relaxed);
        let failed = |status: u16| axum::http::Response::builder().status(status).body(axum::body::Body::empty());
        match fault {
            0 => return failed(500).expect("an answer"),
            1 => return failed(429).expect("an answer"),
            2 => tokio::time::sleep(Duration::from_millis(400)).await,
            _ => {}
        }
        let (parts, body) = request.into_parts();
        let url = format!("{chat}{}", parts.uri.path_and_query().map_or("", |path| path.as_str()));
        let body = axum::body::to_bytes(body, 1 << 24).await.expect("a body");
        let mut headers = parts.headers;
        headers.remove("host");
        let done = client.request(parts.method, url).headers(headers).body(body).send().await.expect("the chat");
        if fault == 3 {
            return failed(500).expect("an answer");
        }
        let (status, body) = (done.status(), done.bytes().await.expect("its answer"));
        axum::http::Response::builder().status(status).body(axum::body::Body::from(body)).expect("an answer")
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, axum::Router::new().fallback(answer)).await });
    (url, harmed)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_fails_four_calls_in_ten_hears_everything_once_and_in_order() {
    let other = Server::start().await;
    let chat = other.chat();
    let (url, harmed) = faulty(format!("{}/chat", other.url())).await;
    let server = Server::start_with(vec![
        ("STREAM_BASE_URL", url),
        ("STREAM_API_KEY", other.chat_keys().api_key.clone()),
        ("STREAM_API_SECRET", other.chat_keys().secret().to_owned()),
    ])
    .await;
    let dir = repository();
    let workflow = health_check(&server, dir.path());
    let all = over(&chat, &workflow).await;
    let mut told: Vec<&Message> = all.iter().filter(|message| kind(message) != "thread").collect();
    told.sort_by_key(|message| message.created_at);
    let due = due(&server, &workflow).await;
    assert_eq!(
        told.iter().map(|message| message.id.clone()).collect::<Vec<_>>(),
        due,
        "every event once, in its order"
    );
    assert!(harmed.load(Ordering::Relaxed) > 20, "{harmed:?} calls came to harm");
    let report = server.verify();
    assert_eq!(report["dead_letters"], 0);
    assert!(report["not_asked"][0].as_str().is_some_and(|what| what.starts_with("C1")), "{report:#}");
}
