//! kill -9 of the server and of PostgreSQL at random moments of running workflows: everything still finishes, nothing is lost,
//! nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::{Server, layered};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use uuid::Uuid;

/// Another seed is another story; a failing one can be told again.
const SEED: u64 = 20_261_122;
const KILLS: u32 = 30;
const AGENTS: usize = 4;

/// An agent as one is written by people who read the contract: the same key until there is an answer.
async fn agent(url: String, token: String, over: Arc<AtomicBool>, mut rng: StdRng) {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
    let post = async |path: String, body: Value| -> Option<(u16, Value)> {
        let key = Uuid::from_u128(rand::random()).to_string();
        while !over.load(Ordering::Acquire) {
            let request =
                client.post(format!("{url}/api/v1{path}")).bearer_auth(&token).header("idempotency-key", &key);
            match request.json(&body).send().await {
                Ok(answer) if answer.status().as_u16() < 500 => {
                    let status = answer.status().as_u16();
                    if let Ok(body) = answer.json().await {
                        return Some((status, body));
                    }
                }
                Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        None
    };
    while let Some((status, claimed)) = post("/claims".to_owned(), json!({"max": 2, "wait_ms": 500})).await {
        assert_eq!(status, 200, "{claimed}");
        for lease in claimed["leases"].as_array().expect("leases") {
            tokio::time::sleep(Duration::from_millis(rng.random_range(5..60))).await;
            let id = lease["attempt_id"].as_str().expect("an id");
            let body = json!({"fence": lease["fence"], "output": {"did": lease["key"]}});
            let Some((status, answer)) = post(format!("/attempts/{id}/complete"), body).await else { return };
            // A result may come too late, when the lease was lost with a crash; it is never an error of the server.
            assert!(status == 200 || status == 409 || status == 404, "{status} {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_power_cuts_lose_nothing_and_double_nothing() {
    let mut rng = StdRng::seed_from_u64(SEED);
    let mut server = Server::start().await;
    let over = Arc::new(AtomicBool::new(false));
    let mut agents = Vec::new();
    for n in 0..AGENTS {
        let joined = server.ask("POST", "/agents", Some(json!({"name": format!("agent {n}"), "capacity": 2}))).await;
        let token = joined["token"].as_str().expect("a token").to_owned();
        agents.push(tokio::spawn(agent(server.url(), token, over.clone(), StdRng::seed_from_u64(SEED + n as u64))));
    }
    let mut workflows = Vec::new();
    for kill in 0..KILLS {
        if kill % 3 == 0 {
            let created = server.ask("POST", "/workflows", Some(layered("chaos", 6, 10, u64::from(kill)))).await;
            workflows.push(created["id"].as_str().expect("an id").to_owned());
        }
        tokio::time::sleep(Duration::from_millis(rng.random_range(30..700))).await;
        match kill % 3 {
            0 => server.kill(),
            1 => server.kill_postgres(),
            _ => {
                server.kill();
                server.kill_postgres();
            }
        }
        if kill % 3 != 1 {
            server.restart().await;
        }
        wait_until_it_answers(&server).await;
    }
    for id in &workflows {
        finish(&server, id).await;
    }
    over.store(true, Ordering::Release);
    for agent in agents {
        agent.await.expect("an agent that met no error of the server");
    }
    let report = server.verify();
    assert!(report["events"].as_u64().expect("a number") > 1_000);
}

async fn wait_until_it_answers(server: &Server) {
    for _ in 0..300 {
        let (status, _) = server.call("GET", "/workflows?status=running", &server.token, None).await;
        if status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no answer after a kill\n{}", server.log());
}

async fn finish(server: &Server, id: &str) {
    for _ in 0..1_500 {
        let workflow = server.ask("GET", &format!("/workflows/{id}"), None).await;
        match workflow["status"].as_str() {
            Some("completed") => {
                for task in workflow["tasks"].as_array().expect("tasks") {
                    assert_eq!(task["output"]["did"], task["key"], "one accepted result, and the right one");
                }
                return;
            }
            Some("running") => tokio::time::sleep(Duration::from_millis(100)).await,
            other => panic!("the workflow is {other:?}: {workflow:#}"),
        }
    }
    panic!("workflow {id} does not finish\n{}", server.log());
}
