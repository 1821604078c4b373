//! Agents of a load: registered, with a token each.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::json;
use tokio::task::JoinSet;

use super::dags::SKILL;
use super::rig::Rig;

/// Connections that register agents at the same time.
const REGISTRARS: usize = 16;

#[derive(Deserialize)]
struct Registered {
    token: String,
}

/// Registers `count` agents that can do the load's tasks and hold `capacity` of them. Gives their tokens.
pub async fn register(rig: &Rig, count: usize, capacity: u32) -> anyhow::Result<Vec<String>> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut registrars = JoinSet::new();
    for _ in 0..REGISTRARS.min(count) {
        let (next, mut wire, owner) = (next.clone(), rig.wire().await?, rig.token().to_owned());
        registrars.spawn(async move {
            let mut tokens = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= count {
                    return anyhow::Ok(tokens);
                }
                let skills = json!([{ "skill": SKILL, "level": 3 }]);
                let body = json!({ "name": format!("load {nth}"), "skills": skills, "capacity": capacity }).to_string();
                let answer = wire.post("/api/v1/agents", &owner, body.as_bytes()).await?;
                tokens.push(answer.json::<Registered>().context("registering an agent")?.token);
            }
        });
    }
    let mut tokens = Vec::with_capacity(count);
    while let Some(some) = registrars.join_next().await {
        tokens.extend(some??);
    }
    Ok(tokens)
}
