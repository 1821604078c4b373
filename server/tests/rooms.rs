//! Stories of the channels: what is told in each, and who is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::Stdio;
use std::time::Duration;

use devsquad::id::OrganizationId;
use devsquad::messaging::channel::Channel;
use futures::StreamExt as _;
use serde_json::{Value, json};
use server::chat::check::CHANNEL_TYPE;
use server::chat::client::Client;
use server::chat::wire::{ChannelState, Custom, MessageRequest, Query};
use server::store::{StoreOptions, Tenant};
use uuid::Uuid;

use crate::messenger::{health_check, over, repository};
use crate::support::tables::{Tables, everything, told, until};
use crate::support::{ChatAt, Server};

crate::with_both_chats!(
    a_channel_of_a_skill_holds_those_who_have_it_and_who_leaves_is_nowhere,
    people_are_where_their_role_puts_them,
);

/// A channel with its newest messages and its members, if it is there.
async fn channel(chat: &Client, id: &str) -> Option<ChannelState> {
    let query = Query {
        filter_conditions: Custom::from_iter([("cid".to_owned(), json!(format!("{CHANNEL_TYPE}:{id}")))]),
        message_limit: Some(100),
        member_limit: Some(100),
        ..Query::default()
    };
    chat.query_channels(&query).await.expect("channels").pop()
}

fn members(state: &ChannelState) -> BTreeSet<String> {
    state.members.iter().map(|member| member.user_id.clone()).collect()
}

/// What is said in a channel, as kind and text.
fn said(state: &ChannelState) -> Vec<(String, String)> {
    let kind = |custom: &Custom| {
        custom.get("devsquad").and_then(|about| about["kind"].as_str()).unwrap_or_default().to_owned()
    };
    state.messages.iter().map(|message| (kind(&message.custom), message.text.clone())).collect()
}

/// Waits until exactly these are in a channel.
async fn holds(chat: &Client, id: &str, expected: &[&str]) {
    let expected: BTreeSet<String> = expected.iter().map(|user| (*user).to_owned()).collect();
    let mut last = None;
    for _ in 0..400 {
        last = channel(chat, id).await.as_ref().map(members);
        if last.as_ref() == Some(&expected) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{id} holds {last:?} instead of {expected:?}");
}

/// A user's custom field, when it has that value.
async fn shows(chat: &Client, user: &str, field: &str, value: Value) {
    until(&format!("{user}'s {field} is {value}"), async || {
        let filter = Custom::from_iter([("id".to_owned(), json!(user))]);
        let found = chat.query_users(&Query { filter_conditions: filter, ..Query::default() }).await.expect("users");
        found.first().filter(|user| user.custom.get(field) == Some(&value)).map(drop)
    })
    .await;
}

/// Registers an agent; gives its id and token.
pub async fn agent(server: &Server, name: &str, skills: &[&str]) -> (String, String) {
    let skills: Vec<Value> = skills.iter().map(|skill| json!({"skill": skill, "level": 3})).collect();
    let made = server.ask("POST", "/agents", Some(json!({"name": name, "skills": skills}))).await;
    let text = |field: &str| made[field].as_str().expect("a text").to_owned();
    (text("id"), text("token"))
}

/// Begins a workflow; gives its id.
pub async fn workflow(server: &Server, definition: Value) -> String {
    server.ask("POST", "/workflows", Some(definition)).await["id"].as_str().expect("an id").to_owned()
}

/// Takes the next task, and ends the attempt like that.
pub async fn attempt(server: &Server, token: &str, how: &str, body: Value) {
    let (_, claimed) = server.call("POST", "/claims", token, Some(json!({"wait_ms": 10_000}))).await;
    let attempt = claimed["leases"][0]["attempt_id"].as_str().expect("a lease");
    let (status, answer) = server.call("POST", &format!("/attempts/{attempt}/{how}"), token, Some(body)).await;
    assert!(status < 300, "{answer}");
}

/// Adds a person; gives the chat's user.
async fn person(server: &Server, tables: &mut Tables, name: &str, role: &str) -> String {
    let address = format!("{name}@example.org");
    let mut command = server.command(&["user", "create", &address, "--name", name, "--role", role]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it runs");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(b"a long enough sentence to sign in with\n").expect("written");
    drop(input);
    assert!(child.wait().expect("it ends").success());
    tables.text(&format!("SELECT 'person-' || id FROM users WHERE email = '{address}'")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_is_heard_wherever_it_matters_and_a_restart_changes_nothing() {
    let mut server = Server::start().await;
    let dir = repository();
    let workflow = health_check(&server, dir.path());
    let chat = server.chat();
    over(&chat, &workflow).await;
    let mut tables = Tables::of(&server).await;
    told(&mut tables).await;
    let project = tables.project().await;
    let owner = tables.text("SELECT 'person-' || user_id FROM memberships").await;

    let approvals = channel(&chat, &format!("approvals-{project}")).await.expect("approvals");
    let words = said(&approvals);
    assert_eq!(
        words.iter().map(|(kind, _)| kind.as_str()).collect::<Vec<_>>(),
        ["approval_request", "approval_decision"]
    );
    assert!(words[0].1.contains("“Write the report” waits for a person's approval."), "{words:?}");
    let original = &approvals.messages[0].custom["devsquad"]["original"];
    assert_eq!(original["channel_id"], format!("workflow-{workflow}"));
    let root = chat.message(original["thread_id"].as_str().expect("a thread")).await.expect("its root");
    assert_eq!(root.text, "Write the report");
    assert_eq!(members(&approvals), BTreeSet::from([owner.clone()]));

    let progress = channel(&chat, &format!("progress-{project}")).await.expect("progress");
    let kinds: Vec<String> = said(&progress).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["milestone", "completion"]);
    assert_eq!(members(&progress), BTreeSet::from([owner.clone()]));
    assert!(channel(&chat, &format!("emergency-{project}")).await.is_none(), "nothing was on fire");

    let squad: BTreeSet<String> = server.ask("GET", "/agents", None).await["agents"]
        .as_array()
        .expect("agents")
        .iter()
        .map(|agent| format!("agent-{}", agent["id"].as_str().expect("an id")))
        .collect();
    let home = channel(&chat, &format!("project-{project}")).await.expect("the project");
    assert_eq!(said(&home).iter().filter(|(_, text)| text.ends_with("joined the squad.")).count(), squad.len());
    assert_eq!(members(&home), squad.iter().cloned().chain([owner.clone()]).collect());

    let query = format!(
        "SELECT json_agg('agent-' || agent_id ORDER BY agent_id)::text FROM agent_assignments WHERE workflow_id = '{workflow}'
             AND stream_chat_user_id = 'agent-' || agent_id"
    );
    let worked: BTreeSet<String> = serde_json::from_str(&tables.text(&query).await).expect("agents");
    let own = channel(&chat, &format!("workflow-{workflow}")).await.expect("the workflow's");
    assert_eq!(members(&own), worked.into_iter().chain([owner]).collect());
    assert_eq!(own.channel.custom["archived"], true);
    let untold = "SELECT count(*)::text FROM quality_checkpoints WHERE stream_chat_thread_id IS DISTINCT FROM 'task-' || task_id";
    assert_eq!(tables.text(untold).await, "0");
    let agent = squad.first().expect("an agent");
    shows(&chat, agent, "agent_status", json!("available")).await;
    server.verify();

    let before = everything(&mut tables).await;
    server.kill();
    server.restart().await;
    let mut tables = Tables::of(&server).await;
    // The squad is back at work, and says so by nothing in the journal; a newcomer makes the messenger look at everything.
    let (_, _) = self::agent(&server, "newcomer", &[]).await;
    told(&mut tables).await;
    let after = everything(&mut tables).await;
    let lines =
        |all: &BTreeMap<&str, String>, of: &str| -> Vec<Value> { serde_json::from_str(&all[of]).expect("a list") };
    for of in ["messages", "members", "channels"] {
        let (before, after) = (lines(&before, of), lines(&after, of));
        assert!(before.iter().all(|line| after.contains(line)), "{of} are what they were");
        let new = if of == "channels" { 0 } else { 1 };
        assert_eq!(after.len(), before.len() + new, "{of}: one newcomer, said once");
    }
    assert_eq!(lines(&before, "rows").len(), lines(&after, "rows").len());
    server.verify();
}

async fn a_channel_of_a_skill_holds_those_who_have_it_and_who_leaves_is_nowhere(at: ChatAt) {
    let server = Server::start_with_chat(at).await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let organization: Uuid = tables.text("SELECT id::text FROM organizations").await.parse().expect("an id");
    let skill = |name: &str| Channel::Skill(OrganizationId(organization), name.to_owned()).id();
    let project = format!("project-{}", tables.project().await);

    let (ada, _) = agent(&server, "ada", &["c++", "welding"]).await;
    let (bob, _) = agent(&server, "bob", &["welding"]).await;
    let (eve, _) = agent(&server, "eve", &[]).await;
    let user = |id: &str| format!("agent-{id}");
    holds(&chat, &skill("welding"), &[&user(&ada), &user(&bob)]).await;
    holds(&chat, &skill("c++"), &[&user(&ada)]).await;
    let state = channel(&chat, &skill("c++")).await.expect("it");
    assert_eq!(state.channel.custom["name"], "Skill: c++");
    told(&mut tables).await;
    let everybody = members(&channel(&chat, &project).await.expect("the project"));
    assert!([&ada, &bob, &eve].iter().all(|id| everybody.contains(&user(id))));

    server.ask("POST", &format!("/agents/{ada}/retire"), Some(json!({}))).await;
    holds(&chat, &skill("welding"), &[&user(&bob)]).await;
    holds(&chat, &skill("c++"), &[]).await;
    told(&mut tables).await;
    let state = channel(&chat, &project).await.expect("the project");
    assert!(!members(&state).contains(&user(&ada)));
    assert_eq!(said(&state).last().map(|(_, text)| text.as_str()), Some("ada left the squad."));
    shows(&chat, &user(&ada), "agent_status", json!("offline")).await;
    server.verify();
}

async fn people_are_where_their_role_puts_them(at: ChatAt) {
    let server = Server::start_with_chat(at).await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let project = tables.project().await;
    let owner = tables.text("SELECT 'person-' || user_id FROM memberships").await;
    let nora = person(&server, &mut tables, "nora", "reviewer").await;
    let finn = person(&server, &mut tables, "finn", "viewer").await;

    // One task that waits for approval, and one that fails for good.
    let (ada, token) = agent(&server, "ada", &["shop"]).await;
    let user = format!("agent-{ada}");
    let task =
        |key: &str| json!({"key": key, "name": key, "skills": [{"skill": "shop"}], "checks": [{"kind": "approval"}]});
    let shop = workflow(&server, json!({"name": "Shop", "tasks": [task("Sell")]})).await;
    attempt(&server, &token, "complete", json!({"fence": 1, "output": 1})).await;
    workflow(&server, json!({"name": "Fire", "tasks": [task("Burn")]})).await;
    let failure = json!({"fence": 1, "reason": "budget_exceeded", "message": "No money left."});
    attempt(&server, &token, "fail", failure).await;
    holds(&chat, &format!("approvals-{project}"), &[&owner, &nora]).await;
    holds(&chat, &format!("progress-{project}"), &[&owner, &nora, &finn]).await;
    let emergency = format!("emergency-{project}");
    holds(&chat, &emergency, &[&owner, &user]).await;
    let told = until("the emergency is told", async || {
        channel(&chat, &emergency).await.map(|state| said(&state)).filter(|told| told.len() == 2)
    })
    .await;
    assert_eq!(told[0], ("error_report".to_owned(), "Fire: “Burn” failed: No money left.".to_owned()));
    assert!(told[1].1.starts_with("“Fire” failed: "), "{told:?}");

    let tasks = json!([{"key": "sell", "skills": [{"skill": "shop"}]}]);
    let again = workflow(&server, json!({"name": "Again", "tasks": tasks})).await;
    attempt(&server, &token, "complete", json!({"fence": 1, "output": 1})).await;
    holds(&chat, &emergency, &[&owner]).await;
    let home = channel(&chat, &format!("project-{project}")).await.expect("the project");
    assert!(members(&home).contains(&user), "in the project she stays");
    server.verify();

    // Roles are in no journal: they are compared, once a minute or when something else happens.
    let id = nora.trim_start_matches("person-").to_owned();
    tables.change(&format!("UPDATE memberships SET role = 'viewer' WHERE user_id = '{id}'")).await;
    agent(&server, "bob", &[]).await;
    holds(&chat, &format!("approvals-{project}"), &[&owner]).await;
    holds(&chat, &format!("progress-{project}"), &[&owner, &nora, &finn]).await;
    tables.change(&format!("UPDATE memberships SET role = 'owner' WHERE user_id = '{id}'")).await;
    agent(&server, "eve", &[]).await;
    holds(&chat, &emergency, &[&owner, &nora]).await;
    holds(&chat, &format!("workflow-{shop}"), &[&owner, &nora, &user]).await;
    holds(&chat, &format!("workflow-{again}"), &[&owner, &user]).await;
    tables.change(&format!("UPDATE users SET disabled_at = now() WHERE id = '{id}'")).await;
    server.ask("POST", &format!("/agents/{ada}/retire"), Some(json!({}))).await;
    holds(&chat, &format!("progress-{project}"), &[&owner, &finn]).await;
    holds(&chat, &emergency, &[&owner]).await;
    holds(&chat, &format!("workflow-{shop}"), &[&owner]).await;
    holds(&chat, &format!("workflow-{again}"), &[&owner]).await;
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joined_stays_while_they_are_there_and_what_is_done_by_hand_is_noticed() {
    let server = Server::start().await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let organization: Uuid = tables.text("SELECT id::text FROM organizations").await.parse().expect("an id");
    let skill = Channel::Skill(OrganizationId(organization), "welding".to_owned()).id();
    let nora = person(&server, &mut tables, "nora", "viewer").await;
    let finn = person(&server, &mut tables, "finn", "viewer").await;
    let mut welders: Vec<String> = Vec::new();
    let mut another = async |name: &str| {
        let (id, _) = agent(&server, name, &["welding"]).await;
        welders.push(format!("agent-{id}"));
        welders.clone()
    };
    let with = |agents: &[String], people: &[&str]| -> Vec<String> {
        agents.iter().cloned().chain(people.iter().map(|person| (*person).to_owned())).collect()
    };
    let exactly = async |expected: Vec<String>| {
        holds(&chat, &skill, &expected.iter().map(String::as_str).collect::<Vec<_>>()).await;
    };
    exactly(another("ada").await).await;

    // As the page does it for a person who writes.
    chat.add_members(CHANNEL_TYPE, &skill, &[json!(nora)]).await.expect("added");
    let store = server.store().await;
    let id: Uuid = nora.trim_start_matches("person-").parse().expect("an id");
    let mut tx = store.begin(&Tenant::person(organization, id, devsquad::Role::Viewer)).await.expect("a transaction");
    server::store::pages::chat::joined(&mut tx, &skill).await.expect("joined");
    tx.commit().await.expect("noted");
    store.close().await;
    exactly(with(&another("bob").await, &[&nora])).await;

    // By hand: an agent taken out, a person added.
    let ada = another("kim").await.remove(0);
    chat.remove_members(CHANNEL_TYPE, &skill, &[&ada]).await.expect("removed");
    chat.add_members(CHANNEL_TYPE, &skill, &[json!(finn)]).await.expect("added");
    exactly(with(&another("eve").await, &[&nora, &finn])).await;

    tables.change(&format!("UPDATE users SET disabled_at = now() WHERE id = '{id}'")).await;
    exactly(with(&another("zoe").await, &[&finn])).await;
    told(&mut tables).await;
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_fails_again_and_again_is_seen_to() {
    let server = Server::start().await;
    let chat = server.chat();
    let (ada, token) = agent(&server, "ada", &["shop"]).await;
    let user = format!("agent-{ada}");
    shows(&chat, &user, "agent_status", json!("available")).await;
    let tasks: Vec<Value> =
        (0..4).map(|n| json!({"key": format!("t{n}"), "skills": [{"skill": "shop"}], "max_attempts": 1})).collect();
    server.ask("POST", "/workflows", Some(json!({"name": "Shop", "tasks": tasks}))).await;
    for nth in 0..4 {
        let (_, claimed) = server.call("POST", "/claims", &token, Some(json!({"wait_ms": 10_000}))).await;
        let attempt = claimed["leases"][0]["attempt_id"].as_str().expect("a lease").to_owned();
        let (path, body) = match nth {
            3 => {
                shows(&chat, &user, "agent_status", json!("error")).await;
                shows(&chat, &user, "workload_percentage", json!(100)).await;
                ("complete", json!({"fence": 1, "output": 1}))
            }
            _ => ("fail", json!({"fence": 1, "reason": "internal", "message": "It broke."})),
        };
        let (status, answer) = server.call("POST", &format!("/attempts/{attempt}/{path}"), &token, Some(body)).await;
        assert!(status < 300, "{answer}");
    }
    shows(&chat, &user, "agent_status", json!("available")).await;
    shows(&chat, &user, "workload_percentage", json!(0)).await;
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chat_refuses_for_good_is_noted_and_the_project_hears_of_it_once() {
    let server = Server::start().await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let project = format!("project-{}", tables.project().await);
    let (_, token) = agent(&server, "ada", &["shop"]).await;
    let made = json!({"name": "Shop", "tasks": [{"key": "sell", "name": "Sell", "skills": [{"skill": "shop"}]}]});
    server.ask("POST", "/workflows", Some(made)).await;
    told(&mut tables).await;
    // Somebody has taken the place of the thread's root.
    let task = tables.text("SELECT id::text FROM workflow_tasks").await;
    let squatter = MessageRequest { id: Some(format!("task-{task}")), ..MessageRequest::text("mallory", "Mine") };
    chat.send_message(CHANNEL_TYPE, &project, &squatter).await.expect("said");

    let (_, claimed) = server.call("POST", "/claims", &token, Some(json!({"wait_ms": 10_000}))).await;
    let attempt = claimed["leases"][0]["attempt_id"].as_str().expect("a lease");
    let done = json!({"fence": 1, "output": 1});
    server.call("POST", &format!("/attempts/{attempt}/complete"), &token, Some(done)).await;
    told(&mut tables).await;
    let state = channel(&chat, &project).await.expect("the project");
    let notices: Vec<_> =
        said(&state).into_iter().filter(|(_, text)| text.starts_with("A message could not")).collect();
    assert_eq!(
        notices.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>(),
        [
            "A message could not be delivered: ada took “Sell”.",
            "A message could not be delivered: “Sell” is completed.",
        ]
    );
    let report = server.verify();
    assert_eq!(report["dead_letters"], 2);
    assert_eq!(tables.text("SELECT count(*)::text FROM chat_dead_letters").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_the_chat_lost_is_made_again_and_who_left_it_is_back_after_a_restart() {
    let mut server = Server::start().await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let project = format!("project-{}", tables.project().await);
    agent(&server, "ada", &[]).await;
    told(&mut tables).await;
    let before = members(&channel(&chat, &project).await.expect("the project"));
    chat.delete_channel(CHANNEL_TYPE, &project, true).await.expect("deleted");
    agent(&server, "bob", &[]).await;
    told(&mut tables).await;
    let after = channel(&chat, &project).await.expect("the project");
    assert!(members(&after).is_superset(&before) && members(&after).len() == before.len() + 1);
    assert_eq!(said(&after).last().map(|(_, text)| text.as_str()), Some("bob joined the squad."));

    let everybody = members(&after);
    let leaver = everybody.first().expect("a member");
    chat.remove_members(CHANNEL_TYPE, &project, &[leaver]).await.expect("gone");
    drop(tables);
    server.kill();
    server.restart().await;
    holds(&chat, &project, &everybody.iter().map(String::as_str).collect::<Vec<_>>()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_a_page_open_is_online() {
    let server = Server::start().await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let owner = tables.text("SELECT 'person-' || user_id FROM memberships").await;
    shows(&chat, &owner, "presence", json!("offline")).await;
    let output = server.command(&["link"]).output().expect("it runs");
    let link = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    let policy = reqwest::redirect::Policy::none();
    let browser = reqwest::Client::builder().redirect(policy).build().expect("a browser");
    let opened = browser
        .post(&link)
        .header("origin", server.url())
        .header("sec-fetch-site", "same-origin")
        .send()
        .await
        .expect("opened");
    let cookies: Vec<String> = opened
        .headers()
        .get_all("set-cookie")
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
        .collect();
    let live = browser.get(format!("{}/live", server.url())).header("cookie", cookies.join("; ")).send();
    let live = live.await.expect("a stream");
    assert_eq!(live.status(), 200);
    let mut stream = live.bytes_stream();
    stream.next().await.expect("hello").expect("bytes");
    shows(&chat, &owner, "presence", json!("online")).await;
    drop(stream);
    shows(&chat, &owner, "presence", json!("offline")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_organization_is_told_in_channels_of_its_own() {
    let mut server = Server::start().await;
    let (other, theirs) = (Uuid::from_u128(0x0b), Uuid::from_u128(0x0c));
    let mut tables = Tables::of(&server).await;
    let own = tables.project().await;
    tables
        .change(&format!(
            "INSERT INTO organizations (id, name, created_at) VALUES ('{other}', 'Zeta', now());
             INSERT INTO projects (organization_id, id, name, created_at) VALUES ('{other}', '{theirs}', 'Moon', now())"
        ))
        .await;
    drop(tables);
    server.kill();
    server.restart().await;
    let chat = server.chat();
    let store =
        server::store::Store::open(StoreOptions::of_running(&server.data_dir()).expect("a cluster").connections_max(2))
            .await
            .expect("a store");
    let (ada, _) = agent(&server, "ada", &["shop"]).await;
    let engine_of_theirs =
        server::engine::verify::verify(&store, server::engine::verify::Chat::Ours).await.expect("asked");
    assert!(engine_of_theirs.holds(), "{engine_of_theirs:?}");
    store.close().await;
    until("both have a home", async || {
        let homes =
            (channel(&chat, &format!("project-{own}")).await, channel(&chat, &format!("project-{theirs}")).await);
        match homes {
            (Some(own), Some(theirs)) if !own.members.is_empty() => {
                assert_eq!(theirs.channel.custom["name"], "Moon");
                assert!(theirs.members.is_empty(), "nobody of the first organization is there");
                members(&own).contains(&format!("agent-{ada}")).then_some(())
            }
            _ => None,
        }
    })
    .await;
}
