//! Agents of a story, as they are written by people who read the contract.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::Server;

/// Agents at work until they are told that it is over.
pub struct Agents {
    over: Arc<AtomicBool>,
    at_work: Vec<JoinHandle<()>>,
}

impl Agents {
    /// Registers so many, each for two tasks at a time, and has them work.
    pub async fn start(server: &Server, count: usize, seed: u64) -> Agents {
        let over = Arc::new(AtomicBool::new(false));
        let mut at_work = Vec::new();
        for n in 0..count {
            let joined =
                server.ask("POST", "/agents", Some(json!({"name": format!("agent {n}"), "capacity": 2}))).await;
            let token = joined["token"].as_str().expect("a token").to_owned();
            let chance = StdRng::seed_from_u64(seed + n as u64);
            at_work.push(tokio::spawn(work(server.url(), token, over.clone(), chance)));
        }
        Agents { over, at_work }
    }

    /// Lets them go. Fails if one met an error of the server.
    pub async fn end(self) {
        self.over.store(true, Ordering::Release);
        for agent in self.at_work {
            agent.await.expect("an agent that met no error of the server");
        }
    }
}

/// One agent: the same key until there is an answer.
async fn work(url: String, token: String, over: Arc<AtomicBool>, mut chance: StdRng) {
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
            tokio::time::sleep(Duration::from_millis(chance.random_range(5..60))).await;
            let id = lease["attempt_id"].as_str().expect("an id");
            let body = json!({"fence": lease["fence"], "output": {"did": lease["key"]}});
            let Some((status, answer)) = post(format!("/attempts/{id}/complete"), body).await else { return };
            // A result may come too late, when the lease was lost with a crash; it is never an error of the server.
            assert!(status == 200 || status == 409 || status == 404, "{status} {answer}");
        }
    }
}
