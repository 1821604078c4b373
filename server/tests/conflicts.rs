//! Stories of agents that disagree.

use std::time::Duration;

use serde_json::{Value, json};
use server::chat::check::CHANNEL_TYPE;
use server::chat::client::Client;
use server::chat::wire::{ChannelState, Custom, Message, MessageRequest, Query};

use crate::support::{ChatAt, Server};

crate::with_both_chats! {
    who_goes_round_in_circles_is_heard_by_people_and_one_of_them_settles_it_in_the_chat,
}

/// An agent with the skill of these stories.
struct Agent {
    id: String,
    token: String,
}

/// A workflow of one task, and two agents who may take it.
struct Story {
    server: Server,
    workflow: String,
    nia: Agent,
    tom: Agent,
}

impl Story {
    async fn begin(server: Server) -> Story {
        let [nia, tom] = [join(&server, "Nia").await, join(&server, "Tom").await];
        let task = json!({"key": "prices", "name": "Prices", "skills": [{"skill": "story"}]});
        let body = json!({"name": "Ship it", "priority": "urgent", "tasks": [task]});
        let made = server.ask("POST", "/workflows", Some(body)).await;
        Story { workflow: text(&made, "id"), server, nia, tom }
    }

    async fn lease(&self, agent: &Agent) -> Value {
        for _ in 0..100 {
            let body = json!({"max": 1, "wait_ms": 1_000});
            let (status, claimed) = self.server.call("POST", "/claims", &agent.token, Some(body)).await;
            assert_eq!(status, 200, "{claimed}");
            if let Some(lease) = claimed["leases"].as_array().and_then(|leases| leases.first()) {
                return lease.clone();
            }
        }
        panic!("no task came");
    }

    async fn tell(&self, agent: &Agent, lease: &Value, verb: &str, mut body: Value) -> (u16, Value) {
        body["fence"] = lease["fence"].clone();
        let path = format!("/attempts/{}/{verb}", text(lease, "attempt_id"));
        self.server.call("POST", &path, &agent.token, Some(body)).await
    }

    /// Raises a conflict; its id.
    async fn raise(&self, agent: &Agent, lease: &Value, body: Value) -> String {
        let (status, answer) = self.tell(agent, lease, "conflict", body).await;
        assert_eq!(status, 200, "{answer}");
        text(&answer, "conflict_id")
    }

    async fn says(&self, token: &str, conflict: &str, verb: &str, body: Value) -> (u16, Value) {
        let path = format!("/workflows/{}/conflicts/{conflict}/{verb}", self.workflow);
        self.server.call("POST", &path, token, Some(body)).await
    }

    /// The conflicts that somebody sees, newest first.
    async fn conflicts(&self, token: &str, query: &str) -> Vec<Value> {
        let (status, answer) = self.server.call("GET", &format!("/conflicts{query}"), token, None).await;
        assert_eq!(status, 200, "{answer}");
        answer["conflicts"].as_array().expect("conflicts").clone()
    }

    async fn event(&self, name: &str) -> Value {
        let events = self.server.ask("GET", &format!("/workflows/{}/events", self.workflow), None).await;
        let events = events["events"].as_array().expect("events");
        events.iter().rev().find(|event| event["type"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    }
}

async fn join(server: &Server, name: &str) -> Agent {
    let skills = json!([{"skill": "story", "level": 3}]);
    let made = server.ask("POST", "/agents", Some(json!({"name": name, "skills": skills}))).await;
    Agent { id: text(&made, "id"), token: text(&made, "token") }
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field}: {value}")).to_owned()
}

/// The kind of a refusal, without its prefix.
fn kind((status, problem): &(u16, Value)) -> (u16, &str) {
    (*status, problem["type"].as_str().unwrap_or_default().trim_start_matches("urn:devsquad:problem:"))
}

#[tokio::test(flavor = "multi_thread")]
async fn two_agents_settle_it_by_turns_and_who_works_next_reads_how() {
    let mut story = Story::begin(Server::start().await).await;
    let eve = join(&story.server, "Eve").await;
    let lease = story.lease(&story.nia).await;
    let alone = json!({"with": story.nia.id, "subject": "Net or gross?"});
    assert_eq!(kind(&story.tell(&story.nia, &lease, "conflict", alone).await), (400, "invalid"));
    let not_hers = json!({"with": story.nia.id, "subject": "Net or gross?"});
    assert_eq!(kind(&story.tell(&story.tom, &lease, "conflict", not_hers).await), (403, "not_yours"));
    let body = json!({"with": story.tom.id, "subject": "Net or gross?", "proposal": "Net."});
    let conflict = story.raise(&story.nia, &lease, body).await;

    // The other side finds it, whether it holds anything or not; strangers and people have no part in it.
    let found = story.conflicts(&story.tom.token, "?status=open").await;
    assert_eq!(found.len(), 1);
    assert_eq!((&found[0]["id"], &found[0]["raised_by"]), (&json!(conflict), &json!(story.nia.id)));
    assert_eq!(found[0]["proposals"][0]["text"], "Net.");
    assert_eq!(story.conflicts(&eve.token, "").await, Vec::<Value>::new());
    let gross = json!({"text": "Gross."});
    let by = async |token: &str, verb: &str, body: &Value| story.says(token, &conflict, verb, body.clone()).await;
    assert_eq!(kind(&by(&eve.token, "propose", &gross).await), (403, "not_involved"));
    assert_eq!(kind(&by(&eve.token, "accept", &json!({})).await), (403, "not_involved"));
    assert_eq!(kind(&by(&story.server.token, "propose", &gross).await), (403, "agents_only"));
    assert_eq!(kind(&by(&story.tom.token, "resolve", &gross).await), (403, "people_only"));

    // By turns, and nobody accepts what is their own.
    assert_eq!(kind(&by(&story.nia.token, "propose", &gross).await), (409, "wrong_state"));
    assert_eq!(kind(&by(&story.nia.token, "accept", &json!({})).await), (409, "wrong_state"));
    assert_eq!(by(&story.tom.token, "propose", &json!({"text": "Both columns."})).await.0, 200);

    // It survives the server's death.
    story.server.kill();
    story.server.restart().await;
    let by = async |token: &str, verb: &str, body: &Value| story.says(token, &conflict, verb, body.clone()).await;
    assert_eq!(kind(&by(&story.tom.token, "accept", &json!({})).await), (409, "wrong_state"));
    assert_eq!(by(&story.nia.token, "accept", &json!({})).await.0, 200);
    assert_eq!(kind(&by(&story.tom.token, "propose", &gross).await), (409, "wrong_state"), "it is settled");
    assert_eq!(story.event("conflict_resolved").await["data"]["text"], "Both columns.");

    let broke = json!({"reason": "network", "message": "no route"});
    assert_eq!(story.tell(&story.nia, &lease, "fail", broke).await.0, 200);
    let next = story.lease(&story.tom).await;
    assert_eq!(
        next["answers"],
        json!([{"question": "Two agents disagreed: Net or gross?", "answer": "Both columns."}])
    );

    // What is still open ends with its workflow, and never holds it up.
    for n in 0..4 {
        story.raise(&story.tom, &next, json!({"with": story.nia.id, "subject": format!("And {n}?")})).await;
    }
    let fifth = json!({"with": story.nia.id, "subject": "And 5?"});
    assert_eq!(kind(&story.tell(&story.tom, &next, "conflict", fifth).await), (429, "limit_reached"));
    let workflow = story.server.ask("GET", &format!("/workflows/{}", story.workflow), None).await;
    assert_eq!(workflow["tasks"][0]["open_conflicts"].as_array().map(Vec::len), Some(4));
    // With one side gone, people are asked at once.
    story.server.ask("POST", &format!("/agents/{}/retire", story.nia.id), Some(json!({}))).await;
    let owner = story.server.token.clone();
    assert_eq!(story.conflicts(&owner, "?status=escalated").await.len(), 4);
    assert_eq!(story.tell(&story.tom, &next, "complete", json!({"output": 1})).await.0, 200);
    let here = format!("?workflow={}", story.workflow);
    let stand = story.conflicts(&owner, &here).await;
    let stand: Vec<&str> = stand.iter().filter_map(|conflict| conflict["status"].as_str()).collect();
    assert_eq!(stand, ["cancelled", "cancelled", "cancelled", "cancelled", "resolved"]);
    let resolved = &story.conflicts(&owner, "?status=resolved").await[0];
    assert_eq!(resolved["resolution"], "Both columns.");
    assert_eq!(resolved["resolved_by"], json!({"kind": "agent", "agent": story.nia.id}));
    let late = &story.conflicts(&owner, "?status=cancelled").await[0];
    assert_eq!(kind(&story.says(&owner, &text(late, "id"), "resolve", gross).await), (409, "wrong_state"));
    story.server.verify();
}

/// A channel with its newest messages and its members, once it is so.
async fn channel(chat: &Client, server: &Server, id: &str, is_so: impl Fn(&ChannelState) -> bool) -> ChannelState {
    let query = Query {
        filter_conditions: Custom::from_iter([("cid".to_owned(), json!(format!("{CHANNEL_TYPE}:{id}")))]),
        message_limit: Some(100),
        member_limit: Some(100),
        ..Query::default()
    };
    for _ in 0..400 {
        let found = chat.query_channels(&query).await.expect("channels").pop();
        if let Some(state) = found.filter(&is_so) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {id}\n{}", server.log());
}

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().filter_map(|message| message.custom.get("devsquad")?["kind"].as_str()).collect()
}

async fn who_goes_round_in_circles_is_heard_by_people_and_one_of_them_settles_it_in_the_chat(at: ChatAt) {
    let story = Story::begin(Server::start_with_chat(at).await).await;
    let chat = story.server.chat();
    let lease = story.lease(&story.nia).await;
    let conflict = story.raise(&story.nia, &lease, json!({"with": story.tom.id, "subject": "Net or gross?"})).await;
    let turns = [&story.tom, &story.nia].into_iter().cycle();
    for (n, agent) in turns.take(6).enumerate() {
        let said = story.says(&agent.token, &conflict, "propose", json!({"text": format!("Version {n}.")})).await;
        assert_eq!(said.0, 200, "{}", said.1);
    }
    let seventh = story.says(&story.tom.token, &conflict, "propose", json!({"text": "Version 7."})).await;
    assert_eq!(kind(&seventh), (409, "wrong_state"));
    assert_eq!(
        text(&seventh.1, "detail"),
        "The conflict about “Prices” is with people now, after so many proposals, and cannot be given another proposal."
    );
    let escalated = story.event("conflict_escalated").await;
    assert_eq!((&escalated["data"]["exhausted"], &escalated["data"]["step"]), (&json!(true), &json!(1)));
    assert_eq!(story.conflicts(&story.nia.token, "?status=escalated").await[0]["step"], json!(1));

    // In a channel of its own stand the two of them, the person whose workflow it is, and all of it.
    let coordination = format!("coord-{conflict}");
    let state =
        channel(&chat, &story.server, &coordination, |state| kinds(&state.messages).contains(&"escalation")).await;
    let expected = [vec!["conflict"], vec!["proposal"; 6], vec!["escalation"]].concat();
    assert_eq!(kinds(&state.messages), expected);
    let members: Vec<&str> = state.members.iter().map(|member| member.user_id.as_str()).collect();
    for agent in [&story.nia, &story.tom] {
        assert!(members.contains(&format!("agent-{}", agent.id).as_str()), "{members:?}");
    }
    let owner = members.iter().find(|member| member.starts_with("person-")).expect("the owner").to_string();

    let settled = MessageRequest::text(&owner, "/resolve Net. The law says so.");
    chat.send_message(CHANNEL_TYPE, &coordination, &settled).await.expect("it is sent");
    let over = |state: &ChannelState| {
        kinds(&state.messages).contains(&"resolution") && state.channel.custom.get("archived") == Some(&json!(true))
    };
    channel(&chat, &story.server, &coordination, over).await;
    let resolved = story.event("conflict_resolved").await;
    assert_eq!(
        (&resolved["actor"]["via"], &resolved["data"]["text"]),
        (&json!("chat"), &json!("Net. The law says so."))
    );
    let late = story.says(&story.tom.token, &conflict, "accept", json!({})).await;
    assert_eq!(kind(&late), (409, "wrong_state"));

    let broke = json!({"reason": "network", "message": "no route"});
    assert_eq!(story.tell(&story.nia, &lease, "fail", broke).await.0, 200);
    let next = story.lease(&story.tom).await;
    assert_eq!(next["answers"][0]["answer"], "Net. The law says so.");
    assert!(owner.ends_with(&text(&next["answers"][0], "by")), "a person settled it");
    assert_eq!(story.tell(&story.tom, &next, "complete", json!({"output": 1})).await.0, 200);
    story.server.verify();
}
