//! The HTTP door as outsiders meet it: hostile bodies, keys used again, eight agents in processes of their own.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{Server, layered};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_get_a_problem_that_says_where_and_store_nothing() {
    let server = Server::start().await;
    let tasks = |n: usize| -> Value { (0..n).map(|i| json!({"key": format!("t{i}")})).collect() };
    let cases: Vec<(&str, String, u16, &str)> = vec![
        (
            "a cycle",
            json!({"name": "w", "tasks": [{"key": "a", "needs": ["b"]}, {"key": "b", "needs": ["a"]}]}).to_string(),
            400,
            "a → b → a",
        ),
        (
            "an unknown key",
            json!({"name": "w", "tasks": [{"key": "a", "needs": ["ghost"]}]}).to_string(),
            400,
            "/tasks/0/needs/0",
        ),
        ("an unknown field", json!({"name": "w", "tasks": [{"key": "a", "tiemout": 1}]}).to_string(), 400, "tiemout"),
        (
            "a wrong type",
            json!({"name": "w", "tasks": [{"key": "a", "timeout_s": "soon"}]}).to_string(),
            400,
            "/tasks/0/timeout_s",
        ),
        ("10,001 tasks", json!({"name": "w", "tasks": tasks(10_001)}).to_string(), 400, "/tasks"),
        ("a name of 10 MB", json!({"name": "x".repeat(10_000_000), "tasks": [{"key": "a"}]}).to_string(), 400, "/name"),
        ("NUL in a name", json!({"name": "a\u{0}b", "tasks": [{"key": "a"}]}).to_string(), 400, "/name"),
        (
            "NUL in an input",
            json!({"name": "w", "tasks": [{"key": "a", "input": {"x": "\u{0}"}}]}).to_string(),
            400,
            "/tasks/0/input/x",
        ),
        (
            "100,000 brackets",
            format!(r#"{{"name":"w","tasks":[{{"key":"a","input":{}{}}}]}}"#, "[".repeat(100_000), "]".repeat(100_000)),
            400,
            "/tasks/0/input",
        ),
        ("no JSON", "{".to_owned(), 400, "JSON"),
        ("nothing", String::new(), 400, "name"),
        ("17 MB", format!(r#"{{"name":"{}"}}"#, "x".repeat(17 << 20)), 413, "bytes"),
    ];
    let client = reqwest::Client::new();
    for (what, body, expected, said) in cases {
        let request = client.post(format!("{}/api/v1/workflows", server.url())).bearer_auth(&server.token);
        let answer = request.header("content-type", "application/json").body(body).send().await.expect(what);
        assert_eq!(answer.status().as_u16(), expected, "{what}");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{what}");
        let text = answer.text().await.expect(what);
        assert!(text.contains(said), "{what}: {text}");
    }
    let all = server.ask("GET", "/workflows", None).await;
    assert_eq!(all["workflows"], json!([]), "nothing is stored");
    server.verify();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_gives_the_same_answer_byte_for_byte() {
    let server = Server::start().await;
    let client = reqwest::Client::new();
    let body = layered("once", 2, 3, 1).to_string();
    let post = async |body: String| {
        let request = client.post(format!("{}/api/v1/workflows", server.url())).bearer_auth(&server.token);
        let request = request.header("content-type", "application/json").header("idempotency-key", "the-key");
        let answer = request.body(body).send().await.expect("an answer");
        (answer.status().as_u16(), answer.bytes().await.expect("a body"))
    };
    let copies = futures::future::join_all((0..20).map(|_| post(body.clone()))).await;
    assert_eq!(copies[0].0, 201);
    assert!(copies.iter().all(|copy| copy == &copies[0]));
    assert_eq!(post(layered("other", 1, 1, 1).to_string()).await.0, 409);
    let all = server.ask("GET", "/workflows", None).await;
    assert_eq!(all["workflows"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_and_tokens_are_asked_for() {
    let server = Server::start().await;
    let output = server.command(&["token", "create", "--role", "viewer"]).output().expect("a token");
    let viewer = String::from_utf8(output.stdout).expect("text").trim().to_owned();
    let (status, problem) = server.call("POST", "/workflows", &viewer, Some(layered("no", 1, 1, 1))).await;
    assert_eq!((status, problem["type"].as_str()), (403, Some("urn:devsquad:problem:role_too_low")));
    assert_eq!(server.call("GET", "/workflows", &viewer, None).await.0, 200);
    assert_eq!(server.call("GET", "/workflows", "dsq_person_nobody_00000000", None).await.0, 401);
    let joined = server.ask("POST", "/agents", Some(json!({"name": "ada"}))).await;
    let agent = joined["token"].as_str().expect("a token");
    assert_eq!(server.call("POST", "/workflows", agent, Some(layered("no", 1, 1, 1))).await.0, 403);
    let (status, openapi) = server.call("GET", "/openapi.json", "", None).await;
    assert_eq!((status, openapi["openapi"].as_str().map(|version| version.starts_with("3.1"))), (200, Some(true)));
    assert!(openapi["paths"]["/api/v1/claims"]["post"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_counts_no_more_within_five_seconds() {
    let server = Server::start().await;
    let run = |arguments: &[&str]| {
        let output = server.command(arguments).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), serde_json::from_str::<Value>(&said).unwrap_or(Value::Null))
    };
    let (_, made) = run(&["token", "create", "--role", "viewer", "--name", "a script", "--json"]);
    let token = made["token"].as_str().expect("a token");
    assert_eq!(server.call("GET", "/workflows", token, None).await.0, 200);
    let (_, listed) = run(&["token", "list", "--json"]);
    let lines = listed["tokens"].as_array().expect("tokens");
    let line = lines.iter().find(|line| line["name"] == "a script").expect("it is listed");
    assert_eq!((line["role"].as_str(), line["kind"].as_str()), (Some("viewer"), Some("person")));
    assert!(!listed.to_string().contains("dsq_"), "no token is shown again");
    let id = line["id"].as_str().expect("an id");
    assert!(run(&["token", "revoke", id]).0);
    let revoked = server::clock::instant();
    while server.call("GET", "/workflows", token, None).await.0 != 401 {
        assert!(revoked.elapsed() < Duration::from_secs(5), "it still counts");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!run(&["token", "revoke", id]).0, "there is nothing left to revoke");

    // An agent's ends with the agent.
    let agent = server.ask("POST", "/agents", Some(json!({"name": "leaver"}))).await;
    let (id, token) = (agent["id"].as_str().expect("an id"), agent["token"].as_str().expect("a token"));
    assert_eq!(server.call("GET", "/agents", token, None).await.0, 200);
    server.ask("POST", &format!("/agents/{id}/retire"), Some(json!({}))).await;
    let retired = server::clock::instant();
    while server.call("GET", "/agents", token, None).await.0 != 401 {
        assert!(retired.elapsed() < Duration::from_secs(5), "it still counts");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_is_told_nothing_more_five_seconds_after_its_session_ended() {
    let server = Server::start().await;
    let (store, organization) = (server.store().await, server.tenant(&server.store().await).await.organization);
    let organization = devsquad::id::OrganizationId(organization);
    let (owner, _) = store.owners(organization).await.expect("owners").remove(0);
    let session = async || {
        let made = store.start_session(owner, organization, "a story", server::clock::now()).await;
        made.expect("a session").expect("the owner is a member")
    };
    let listen = async |session: &server::store::identity::Secret| {
        let request = reqwest::Client::new().get(format!("{}/live", server.url()));
        let answer =
            request.header("cookie", format!("devsquad={}", session.reveal())).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        answer
    };
    let (goes, stays) = (session().await, session().await);
    let (mut ends, mut lasts) = (listen(&goes).await, listen(&stays).await);
    store.end_session(&goes).await.expect("ended");
    let until_its_end = async { while let Ok(Some(_)) = ends.chunk().await {} };
    tokio::time::timeout(Duration::from_secs(6), until_its_end).await.expect("the page is still told");
    assert!(lasts.chunk().await.expect("hello").is_some(), "the other one is greeted");
    let more = tokio::time::timeout(Duration::from_secs(5), lasts.chunk()).await;
    assert!(!matches!(more, Ok(Ok(None) | Err(_))), "the other one goes on");
}

fn python_agent(server: &Server, token: &str) -> Child {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/agent.py");
    let arguments = [example, "--server", &server.url(), "--token", token, "--max", "4", "--work-ms", "5"];
    Command::new("python3").args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("python3")
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_python_agents_finish_two_hundred_tasks_and_one_may_die() {
    let server = Server::start().await;
    // One agent takes tasks and dies without a word.
    let doomed = server.ask("POST", "/agents", Some(json!({"name": "doomed", "capacity": 4}))).await;
    let token = doomed["token"].as_str().expect("a token").to_owned();
    let created = server.ask("POST", "/workflows", Some(layered("two hundred", 10, 20, 3))).await;
    let id = created["id"].as_str().expect("an id").to_owned();
    let (_, claimed) = server.call("POST", "/claims", &token, Some(json!({"max": 4}))).await;
    assert_eq!(claimed["leases"].as_array().map(Vec::len), Some(4));
    let died = server::clock::instant();
    let mut agents = Vec::new();
    for n in 0..8 {
        let joined = server.ask("POST", "/agents", Some(json!({"name": format!("python {n}"), "capacity": 4}))).await;
        agents.push(python_agent(&server, joined["token"].as_str().expect("a token")));
    }
    let workflow = loop {
        let workflow = server.ask("GET", &format!("/workflows/{id}"), None).await;
        if workflow["status"] == "completed" {
            break workflow;
        }
        assert_eq!(workflow["status"], "running", "{workflow:#}");
        assert!(died.elapsed() < Duration::from_secs(150), "not finished: {} done", workflow["tasks_completed"]);
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    for mut agent in agents {
        agent.kill().expect("ended");
        agent.wait().expect("gone");
    }
    assert_eq!(workflow["tasks_completed"], 200);
    // The doomed one's tasks were given out again within their lease and five seconds.
    let events = server.ask("GET", &format!("/workflows/{id}/events"), None).await;
    let lost: Vec<&str> =
        claimed["leases"].as_array().expect("leases").iter().filter_map(|l| l["task_id"].as_str()).collect();
    for task in lost {
        let mut leased = events["events"]
            .as_array()
            .expect("events")
            .iter()
            .filter(|event| event["type"] == "task_leased" && event["data"]["task"] == task);
        let at = |event: &Value| event["at"].as_str().expect("a time").parse::<jiff::Timestamp>().expect("a time");
        let first = at(leased.next().expect("the first lease"));
        let second = at(leased.next().expect("the second lease"));
        let waited = second.duration_since(first).as_secs_f64();
        assert!((59.0..=65.0).contains(&waited), "given out again after {waited} s");
    }
    server.verify();
}
