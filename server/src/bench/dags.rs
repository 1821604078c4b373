//! The workflows of a load, and creating them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::rig::Rig;
use crate::clock;

/// What the load's tasks ask of an agent, so that no built-in agent takes them.
pub const SKILL: &str = "bench";
/// Layers of a layered workflow.
const LAYERS: usize = 5;
/// Tasks in a layer.
const WIDTH: usize = 10;
/// Tasks in a layered workflow.
pub const LAYERED_TASKS: usize = LAYERS * WIDTH;

/// `count` workflows of 5 layers × 10 tasks; each task needs 2 or 3 of the layer before.
pub fn layered(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut chance = StdRng::seed_from_u64(seed);
    (0..count).map(|nth| layered_one(&mut chance, nth).to_string().into_bytes()).collect()
}

fn layered_one(chance: &mut StdRng, nth: usize) -> Value {
    let key = |layer: usize, at: usize| format!("{layer}-{at}");
    let mut tasks = Vec::with_capacity(LAYERED_TASKS);
    for layer in 0..LAYERS {
        for at in 0..WIDTH {
            let needs: Vec<String> = match layer.checked_sub(1) {
                None => Vec::new(),
                Some(before) => {
                    let (first, parents) = (chance.random_range(0..WIDTH), chance.random_range(2..=3));
                    (0..parents).map(|more| key(before, (first + more * 3) % WIDTH)).collect()
                }
            };
            tasks.push(task(&key(layer, at), &needs));
        }
    }
    json!({ "name": format!("Layers {nth}"), "tasks": tasks })
}

/// A chain of `length` tasks, whose keys say which chain and which step: `CHAIN-STEP`.
pub fn chain(chain: usize, length: usize) -> Vec<u8> {
    let key = |step: usize| format!("{chain}-{step}");
    let tasks: Vec<Value> = (0..length)
        .map(|step| task(&key(step), &step.checked_sub(1).map(key).into_iter().collect::<Vec<_>>()))
        .collect();
    json!({ "name": format!("Chain {chain}"), "tasks": tasks }).to_string().into_bytes()
}

fn task(key: &str, needs: &[String]) -> Value {
    json!({ "key": key, "needs": needs, "skills": [{ "skill": SKILL, "level": 1 }] })
}

#[derive(Deserialize)]
struct Created {
    id: String,
}

/// A workflow that was created, and how long that took.
pub struct Creation {
    /// Its id.
    pub id: String,
    /// From the request's first byte to the answer's last.
    pub took: Duration,
    /// When the answer was there.
    pub at: Instant,
}

/// Creates workflows over `connections` connections, each with one request at a time.
pub async fn create(rig: &Rig, definitions: Vec<Vec<u8>>, connections: usize) -> anyhow::Result<Vec<Creation>> {
    let definitions = Arc::new(definitions);
    let next = Arc::new(AtomicUsize::new(0));
    let mut creators = JoinSet::new();
    for _ in 0..connections.min(definitions.len()) {
        let (definitions, next) = (definitions.clone(), next.clone());
        let (mut wire, owner) = (rig.wire().await?, rig.token().to_owned());
        creators.spawn(async move {
            let mut created = Vec::new();
            while let Some(body) = definitions.get(next.fetch_add(1, Ordering::Relaxed)) {
                let sent = clock::instant();
                let answer = wire.post("/api/v1/workflows", &owner, body).await?;
                let took = answer.at.duration_since(sent);
                let id = answer.json::<Created>().context("creating a workflow")?.id;
                created.push(Creation { id, took, at: answer.at });
            }
            anyhow::Ok(created)
        });
    }
    let mut all = Vec::with_capacity(definitions.len());
    while let Some(some) = creators.join_next().await {
        all.extend(some??);
    }
    Ok(all)
}

/// How many of these workflows the interface says are completed with every task completed.
pub async fn completed(rig: &Rig, workflows: &[Creation]) -> anyhow::Result<usize> {
    let mut wire = rig.wire().await?;
    let mut count = 0;
    for workflow in workflows {
        let shown: Value = wire.get(&format!("/api/v1/workflows/{}", workflow.id), rig.token()).await?.json()?;
        let tasks = shown["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
        let done = !tasks.is_empty() && tasks.iter().all(|task| task["status"] == "completed");
        count += usize::from(done && shown["status"] == "completed");
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use devsquad::workflow::WorkflowDefinition;

    #[test]
    fn what_a_seed_makes_is_valid_and_always_the_same() {
        assert_eq!(layered(7, 3), layered(7, 3));
        assert_ne!(layered(7, 3), layered(8, 3));
        for body in layered(7, 3).into_iter().chain([chain(4, 20)]) {
            let definition: WorkflowDefinition = serde_json::from_slice(&body).expect("a definition");
            definition.validated().expect("a valid one");
        }
    }
}
