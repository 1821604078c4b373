//! Stories of what people ask for in the chat.

use std::time::Duration;

use devsquad::messaging::channel::Channel;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use server::chat::check::CHANNEL_TYPE;
use server::chat::token::sign_body;
use server::chat::wire::{ChannelQuery, MessageRequest, MessageWindow, Reaction, SendReaction};

use crate::support::story::{PATIENCE, Story, about};
use crate::support::tables::{Tables, until};
use crate::support::{ChatAt, Server};

crate::with_both_chats! {
    what_is_typed_changes_the_work_as_the_button_does_and_a_viewer_is_refused_in_words,
    a_question_waits_for_its_answer_and_the_next_attempt_reads_it,
    tasks_are_assigned_retried_approved_and_waived_from_the_chat,
    a_webhook_that_is_forged_repeated_or_a_bomb_changes_nothing,
    a_thousand_webhooks_repeated_and_shuffled_leave_what_was_said_last,
    agents_talk_in_the_thread_of_a_task_until_they_only_talk,
    an_agent_and_a_person_talk_where_nobody_else_does,
}

#[tokio::test]
async fn what_was_said_while_the_server_was_away_is_read_back() {
    let mut story =
        Story::begin(ChatAt::SecondProcess, json!([{"key": "build", "skills": [{"skill": "story"}]}])).await;
    // No webhook will tell of it.
    story.chat.patch_app(&json!({"webhook_url": "http://127.0.0.1:9/nobody"})).await.expect("it is set");
    story.server.kill();
    story.says(&story.owner, "/pause while you were away").await;
    story.server.restart().await;
    story.until("it is paused", async |story: &Story| story.look().await["status"] == "paused").await;
    assert_eq!(story.event("workflow_paused").await["data"]["reason"], "while you were away");
    story.server.verify();
}

/// An agent with these skills; its id and its token.
async fn agent(server: &Server, name: &str, skills: &[&str]) -> (String, String) {
    let skills: Vec<Value> = skills.iter().map(|skill| json!({"skill": skill, "level": 3})).collect();
    let made = server.ask("POST", "/agents", Some(json!({"name": name, "skills": skills, "capacity": 2}))).await;
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    (text("id"), text("token"))
}

async fn lease(server: &Server, token: &str) -> Value {
    for _ in 0..PATIENCE {
        let (status, claimed) = server.call("POST", "/claims", token, Some(json!({"max": 1, "wait_ms": 1_000}))).await;
        assert_eq!(status, 200, "{claimed}");
        if let Some(lease) = claimed["leases"].as_array().and_then(|leases| leases.first()) {
            return lease.clone();
        }
    }
    panic!("no task came");
}

async fn tell(server: &Server, token: &str, lease: &Value, verb: &str, mut body: Value) -> Value {
    body["fence"] = lease["fence"].clone();
    let path = format!("/attempts/{}/{verb}", lease["attempt_id"].as_str().expect("an id"));
    let (status, answer) = server.call("POST", &path, token, Some(body)).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn what_is_typed_changes_the_work_as_the_button_does_and_a_viewer_is_refused_in_words(at: ChatAt) {
    let story = Story::begin(at, json!([{"key": "build", "skills": [{"skill": "story"}]}])).await;
    story.says(&story.owner, "/pause for lunch").await;
    story.until("it is paused", async |story: &Story| story.look().await["status"] == "paused").await;
    let paused = story.event("workflow_paused").await;
    assert_eq!(paused["actor"]["via"], "chat", "the audit says how it came");
    assert_eq!(paused["actor"]["kind"], "person");
    assert_eq!(paused["data"]["reason"], "for lunch");
    story.says(&story.owner, "/resume").await;
    story.until("it goes on", async |story: &Story| story.look().await["status"] == "running").await;
    story.says(&story.owner, "/priority urgent").await;
    story.until("it is urgent", async |story: &Story| story.look().await["priority"] == "urgent").await;

    // A message's id may be as long as the engine's key for it.
    let long =
        MessageRequest { id: Some("x".repeat(255)), ..MessageRequest::text(story.owner.as_str(), "/priority low") };
    story.chat.send_message(CHANNEL_TYPE, &story.channel(), &long).await.expect("it is sent");
    story.until("it is low", async |story: &Story| story.look().await["priority"] == "low").await;

    let status = story.says(&story.owner, "/status").await;
    assert!(story.answer_to(&status).await.starts_with("“Ship it” is running: 0 of 1 task done."));
    let unknown = story.says(&story.owner, "/dance").await;
    assert_eq!(story.answer_to(&unknown).await, "There is no command /dance. /help lists what can be asked here.");

    story.person("vera@example.org", "viewer");
    let people = story.members().await;
    let stranger = story.says("person-00000000-0000-4000-8000-000000000001", "/cancel").await;
    assert_eq!(story.answer_to(&stranger).await, "Only members of this organization can change its work.");
    assert!(!people.is_empty());
    let vera = story.viewer().await;
    let refused = story.says(&vera, "/pause").await;
    let words = story.answer_to(&refused).await;
    assert_eq!(words, "To pause a workflow you need the role operator or above; you are viewer.");
    assert_eq!(story.look().await["status"], "running");
    story.server.verify();
}

async fn a_question_waits_for_its_answer_and_the_next_attempt_reads_it(at: ChatAt) {
    let story = Story::begin(at, json!([{"key": "build", "skills": [{"skill": "story"}], "max_attempts": 1}])).await;
    let (_, nia) = agent(&story.server, "Nia", &["story"]).await;
    let first = lease(&story.server, &nia).await;
    tell(&story.server, &nia, &first, "ask", json!({"text": "Which target?", "options": ["debug", "release"]})).await;
    story.until_task("build", "awaiting_input").await;
    assert_eq!(story.task("build").await["open_question"]["question"], "Which target?");
    story
        .until("the question is told", async |story: &Story| {
            let root = format!("task-{}", story.task("build").await["id"].as_str().expect("an id"));
            let replies = story.chat.replies(&root, &MessageWindow::default()).await.unwrap_or_default();
            replies.iter().any(|message| message.text.contains("Which target?"))
        })
        .await;
    story.says_in_thread(&story.owner, "build", "@vera do you know?").await;
    story.says_in_thread(&story.owner, "build", "release, please").await;
    let second = lease(&story.server, &nia).await;
    assert_eq!(second["answers"][0]["question"], "Which target?");
    assert_eq!(second["answers"][0]["answer"], "release, please");
    assert_eq!(second["fence"], json!(2));
    tell(&story.server, &nia, &second, "complete", json!({"output": {"target": "release"}})).await;
    story.until("it is done", async |story: &Story| story.look().await["status"] == "completed").await;
    story.server.verify();
}

async fn tasks_are_assigned_retried_approved_and_waived_from_the_chat(at: ChatAt) {
    let story = Story::begin(at, json!([
        {"key": "docs", "skills": [{"skill": "story"}], "checks": [{"kind": "approval"}], "max_attempts": 1},
        {"key": "site", "skills": [{"skill": "story"}], "checks": [{"kind": "peer_review", "skill": "nobody-has-it"}]},
        {"key": "notes", "needs": ["docs"], "skills": [{"skill": "story"}], "checks": [{"kind": "approval"}]},
    ]))
    .await;
    let (nia_id, nia) = agent(&story.server, "Nia", &["story"]).await;
    let (_, tom) = agent(&story.server, "Tom", &["story"]).await;
    // Somebody's else, until a person says so.
    story.says(&story.owner, "/assign docs @Nia knows the place").await;
    story.says(&story.owner, "/assign site nia").await;
    story
        .until("both are kept", async |story: &Story| {
            story.task("docs").await["kept_for_agent_id"] == nia_id.as_str()
                && story.task("site").await["kept_for_agent_id"] == nia_id.as_str()
        })
        .await;
    let (_, none) = story.server.call("POST", "/claims", &tom, Some(json!({"max": 2, "wait_ms": 0}))).await;
    assert_eq!(none["leases"], json!([]), "what is kept for Nia is not Tom's");
    let (one, two) = (lease(&story.server, &nia).await, lease(&story.server, &nia).await);
    let (docs, site) = if one["key"] == "docs" { (one, two) } else { (two, one) };
    tell(&story.server, &nia, &docs, "fail", json!({"reason": "provider_auth", "message": "no key"})).await;
    story.until_task("docs", "failed").await;
    story.says_in_thread(&story.owner, "docs", "/retry").await;
    story.until("docs is tried again", async |story: &Story| story.task("docs").await["status"] == "ready").await;
    let docs = lease(&story.server, &nia).await;
    tell(&story.server, &nia, &docs, "complete", json!({"output": "done"})).await;
    story.until_task("docs", "awaiting_approval").await;

    let silent = story.says_in_thread(&story.owner, "docs", "/reject").await;
    assert!(story.answer_to(&silent).await.contains("say what has to change"), "a rejection needs a reason");
    // A thumb up under the request approves.
    let mut request = None;
    for _ in 0..PATIENCE {
        let root = format!("task-{}", story.task("docs").await["id"].as_str().expect("an id"));
        let replies = story.chat.replies(&root, &MessageWindow::default()).await.expect("replies");
        request = replies.into_iter().find(|message| about(message)["kind"] == "approval_request");
        if request.is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let reaction = Reaction { kind: "+1".to_owned(), user_id: story.owner.clone(), ..Reaction::default() };
    let thumb = SendReaction { reaction, enforce_unique: true };
    story.chat.send_reaction(&request.expect("a request").id, &thumb).await.expect("it is sent");
    story.until_task("docs", "completed").await;

    let notes = lease(&story.server, &nia).await;
    tell(&story.server, &nia, &notes, "complete", json!({"output": "written"})).await;
    story.until_task("notes", "awaiting_approval").await;
    story.says(&story.owner, "/approve well said").await;
    story.until_task("notes", "completed").await;

    tell(&story.server, &nia, &site, "complete", json!({"output": "done"})).await;
    story.until_task("site", "in_review").await;
    let bare = story.says(&story.owner, "/override site").await;
    assert!(story.answer_to(&bare).await.contains("say why"), "a waiver needs a reason");
    story.says(&story.owner, "/override site nobody can review it today").await;
    story.until("it is over", async |story: &Story| story.look().await["status"] == "completed").await;
    assert_eq!(story.event("checkpoint_waived").await["data"]["reason"], "nobody can review it today");
    let decided = story.event("checkpoint_decided").await;
    assert_eq!((&decided["data"]["note"], &decided["actor"]["via"]), (&json!("well said"), &json!("chat")));
    story.server.verify();
}

/// Sends a body to the door of webhooks, as the chat's server would.
async fn webhook(story: &Story, body: &str, headers: &[(&str, &str)]) -> u16 {
    let keys = story.server.chat_keys();
    let client = reqwest::Client::new();
    let mut request = client.post(format!("{}/webhooks/chat", story.server.url())).body(body.to_owned());
    request = request.header("x-api-key", &keys.api_key);
    if !headers.iter().any(|(name, _)| *name == "x-signature") {
        request = request.header("x-signature", sign_body(keys.secret(), body.as_bytes()));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.map_or(0, |answer| answer.status().as_u16())
}

fn said(story: &Story, id: &str, text: &str) -> String {
    json!({
        "type": "message.new", "cid": format!("{CHANNEL_TYPE}:{}", story.channel()), "channel_type": CHANNEL_TYPE,
        "channel_id": story.channel(), "created_at": "2026-01-01T00:00:00Z", "user": {"id": story.owner},
        "message": {"id": id, "cid": format!("{CHANNEL_TYPE}:{}", story.channel()), "text": text, "type": "regular",
                    "user": {"id": story.owner}, "created_at": "2026-01-01T00:00:00Z"},
    })
    .to_string()
}

async fn a_webhook_that_is_forged_repeated_or_a_bomb_changes_nothing(at: ChatAt) {
    let story = Story::begin(at, json!([{"key": "build", "skills": [{"skill": "story"}]}])).await;
    let pause = said(&story, "forged", "/cancel");
    assert_eq!(webhook(&story, &pause, &[("x-signature", "0000")]).await, 401);
    assert_eq!(webhook(&story, &pause, &[("x-signature", &sign_body("another secret", pause.as_bytes()))]).await, 401);
    assert_eq!(webhook(&story, "{", &[]).await, 400);
    let long = " ".repeat(100 * 1024 * 1024);
    let refused = webhook(&story, &long, &[]).await;
    assert!(refused == 413 || refused == 0, "{refused}: the connection may be closed before all of it is sent");
    let unknown = json!({"type": "nobody.knows", "cid": "x:y"}).to_string();
    assert_eq!(webhook(&story, &unknown, &[]).await, 200, "what is not known is no error");

    // The same thing under other ids of delivery is done once.
    let wish = said(&story, "wish", "/pause once");
    for attempt in ["1", "2", "3"] {
        let id = format!("delivery-{attempt}");
        let headers = [("x-webhook-id", id.as_str()), ("x-webhook-attempt", attempt)];
        assert_eq!(webhook(&story, &wish, &headers).await, 200);
    }
    story.until("it is paused", async |story: &Story| story.look().await["status"] == "paused").await;
    story.server.ask("POST", &format!("/workflows/{}/resume", story.workflow), Some(json!({}))).await;
    assert_eq!(webhook(&story, &wish, &[("x-webhook-id", "later")]).await, 200);
    let marker = said(&story, "marker", "/priority high");
    assert_eq!(webhook(&story, &marker, &[]).await, 200);
    story.until("what came after is done", async |story: &Story| story.look().await["priority"] == "high").await;
    assert_eq!(story.look().await["status"], "running", "a repeat pauses nothing again");
    story.server.verify();
}

async fn a_thousand_webhooks_repeated_and_shuffled_leave_what_was_said_last(at: ChatAt) {
    let tasks: Value = (0..4).map(|n| json!({"key": format!("t{n}"), "skills": [{"skill": "story"}]})).collect();
    let story = Story::begin(at, tasks).await;
    let (nia_id, _) = agent(&story.server, "Nia", &["story"]).await;
    let mut rng = StdRng::seed_from_u64(7);
    let begin = server::clock::now() - jiff::SignedDuration::from_secs(600);
    let mut deliveries = Vec::new();
    let (mut priority, mut pace, mut kept) = ("", "", [false; 4]);
    for n in 0..250u32 {
        let text = match rng.random_range(0..3) {
            0 => {
                priority = ["urgent", "high", "low"][rng.random_range(0..3)];
                format!("/priority {priority}")
            }
            1 => {
                pace = ["pause", "resume"][rng.random_range(0..2)];
                format!("/{pace}")
            }
            _ => {
                let task = rng.random_range(0..4);
                kept[task] = rng.random_bool(0.5);
                format!("/assign t{task} {}", if kept[task] { "Nia" } else { "anyone" })
            }
        };
        let at = begin + jiff::SignedDuration::from_secs(n.into());
        let body = said(&story, &format!("said-{n}"), &text).replace("2026-01-01T00:00:00Z", &at.to_string());
        deliveries.extend(std::iter::repeat_n(body, 4));
    }
    deliveries.shuffle(&mut rng);
    assert_eq!(deliveries.len(), 1_000);
    for body in &deliveries {
        assert_eq!(webhook(&story, body, &[]).await, 200);
    }
    let last = said(&story, "last", "/status");
    assert_eq!(webhook(&story, &last, &[]).await, 200);
    let expected = if pace == "pause" { "paused" } else { "running" };
    story
        .until("everything is as it was said last", async |story: &Story| {
            let workflow = story.look().await;
            let keeps = |n: usize| workflow["tasks"][n]["kept_for_agent_id"] == nia_id.as_str();
            workflow["priority"] == priority && workflow["status"] == expected && (0..4).all(|n| keeps(n) == kept[n])
        })
        .await;
    story.server.verify();
}

async fn agents_talk_in_the_thread_of_a_task_until_they_only_talk(at: ChatAt) {
    let story = Story::begin(at, json!([{"key": "build", "skills": [{"skill": "story"}]}])).await;
    let (_, nia) = agent(&story.server, "Nia", &["story"]).await;
    let (_, tom) = agent(&story.server, "Tom", &["other"]).await;
    let held = lease(&story.server, &nia).await;
    let task = held["task_id"].clone();
    let path = format!("/workflows/{}/messages", story.workflow);
    let say = async |token: &str, text: String| {
        story.server.call("POST", &path, token, Some(json!({"text": text, "task_id": task}))).await
    };
    story
        .until("the thread is there", async |story: &Story| {
            let (_, all) = story
                .server
                .call("GET", &format!("{path}?task_id={}", held["task_id"].as_str().expect("an id")), &nia, None)
                .await;
            all["messages"].as_array().is_some_and(|messages| !messages.is_empty())
        })
        .await;
    let (status, refused) = say(&tom, "Hello?".to_owned()).await;
    assert_eq!(status, 403, "{refused}");
    for n in 0..20 {
        let (status, answer) = say(&nia, format!("Thought {n}")).await;
        assert_eq!(status, 201, "{answer}");
    }
    let (status, braked) = say(&nia, "One more".to_owned()).await;
    assert_eq!((status, braked["type"].as_str()), (429, Some("urn:devsquad:problem:limit_reached")), "{braked}");
    // A person's word goes between, and it is heard as such.
    story.says_in_thread(&story.owner, "build", "Enough thinking.").await;
    let (status, answer) = say(&nia, "/cancel".to_owned()).await;
    assert_eq!(status, 201, "{answer}");
    let thread = format!("{path}?task_id={}", held["task_id"].as_str().expect("an id"));
    let all = story.server.ask("GET", &thread, None).await;
    let from: Vec<&str> =
        all["messages"].as_array().expect("messages").iter().filter_map(|m| m["from"].as_str()).collect();
    assert_eq!(from.iter().filter(|from| **from == "person").count(), 1);
    story.says(&story.owner, "/priority high").await;
    story.until("what came after is done", async |story: &Story| story.look().await["priority"] == "high").await;
    assert_eq!(story.look().await["status"], "running", "what an agent types asks for nothing");
}

async fn an_agent_and_a_person_talk_where_nobody_else_does(at: ChatAt) {
    let story = Story::begin(at, json!([{"key": "build", "skills": [{"skill": "story"}]}])).await;
    let (nia_id, nia) = agent(&story.server, "Nia", &["story"]).await;
    let (_, tom) = agent(&story.server, "Tom", &["other"]).await;
    let person = story.owner.strip_prefix("person-").expect("a person").to_owned();
    let path = format!("/direct/{person}/messages");
    let (status, said) = story.server.call("POST", &path, &nia, Some(json!({"text": "May I use oak?"}))).await;
    assert_eq!(status, 201, "{said}");
    let (status, none) = story.server.call("GET", &path, &tom, None).await;
    assert_eq!((status, none["messages"].as_array().map(Vec::len)), (200, Some(0)), "another agent's is another one");

    // The person answers in the chat; the agent sees that something waits, fetches it, and then nothing waits.
    let sides = (nia_id.parse().expect("an id"), person.parse().expect("an id"));
    let channel = Channel::Direct(sides.0, sides.1).id();
    let mut tables = Tables::of(&story.server).await;
    let active = format!("SELECT last_activity::text FROM stream_chat_integration WHERE channel_id = '{channel}'");
    let asked_at = tables.text(&active).await;
    let words = MessageRequest::text(&story.owner, "Oak, yes.");
    story.chat.send_message(CHANNEL_TYPE, &channel, &words).await.expect("said");
    until("the answer moves its channel up", async || (tables.text(&active).await > asked_at).then_some(())).await;
    let (_, listed) = story.server.call("GET", "/direct", &nia, None).await;
    assert_eq!(listed["conversations"][0]["id"], person.as_str(), "{listed}");
    assert_eq!(listed["conversations"][0]["unread"], 1, "{listed}");
    assert_eq!(listed["conversations"][0]["last"]["text"], "Oak, yes.", "{listed}");
    let (_, all) = story.server.call("GET", &path, &nia, None).await;
    let texts: Vec<_> = all["messages"].as_array().expect("messages").iter().map(|said| &said["text"]).collect();
    assert_eq!(texts, ["May I use oak?", "Oak, yes."]);
    let (_, listed) = story.server.call("GET", "/direct", &nia, None).await;
    assert_eq!(listed["conversations"][0]["unread"], 0, "{listed}");

    // Nobody else is in it, and nobody is there to be written to who is not.
    let state = story.chat.channel(CHANNEL_TYPE, &channel, &state_query()).await.expect("the channel");
    let mut members: Vec<_> = state.members.iter().map(|member| member.user_id.clone()).collect();
    members.sort();
    assert_eq!(members, [format!("agent-{nia_id}"), story.owner.clone()]);
    let nobody = format!("/direct/{}/messages", uuid::Uuid::nil());
    let (status, problem) = story.server.call("POST", &nobody, &nia, Some(json!({"text": "Hello?"}))).await;
    assert_eq!(status, 404, "{problem}");

    // An agent that the server runs itself reads no messages, and that is said.
    let agents = story.server.ask("GET", "/agents", None).await;
    let built_in = agents["agents"].as_array().expect("agents").iter().find(|agent| agent["adapter"] == "exec");
    let built_in = built_in.expect("a built-in agent")["id"].as_str().expect("an id").to_owned();
    let deaf = story.server.ask("POST", &format!("/direct/{built_in}/messages"), Some(json!({"text": "Hello?"}))).await;
    let deaf = story.chat.message(deaf["id"].as_str().expect("an id")).await.expect("the message");
    let (_, in_channel) = deaf.cid.split_once(':').expect("a channel");
    story
        .until("it is said", async |story: &Story| {
            let messages = story.chat.messages(CHANNEL_TYPE, in_channel, &MessageWindow::default()).await;
            messages.expect("messages").iter().any(|answer| answer.text.contains("reads its tasks, no messages"))
        })
        .await;
    story.server.verify();
}

fn state_query() -> ChannelQuery {
    ChannelQuery { state: true, ..ChannelQuery::default() }
}
