//! A squad at work: agents that claim and complete in batches over HTTP until all of a load is done.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::rig::Rig;
use super::wire::Wire;
use crate::clock;

/// How long a claim waits for a task; agents that find none look whether all is done.
const CLAIM_WAIT_MS: u64 = 500;
/// How long one round may take before it counts as stuck.
const ROUND_MAX: Duration = Duration::from_secs(300);

/// How much there is to do, and how it is done.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Tasks in all.
    pub total: u64,
    /// Tasks in one claim and in one batch of completions.
    pub batch: u32,
    /// How long an agent works on a batch.
    pub hold: Duration,
}

#[derive(Deserialize)]
struct Claimed {
    leases: Vec<Lease>,
}

#[derive(Deserialize)]
struct Lease {
    attempt_id: String,
    fence: u64,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Value>,
}

/// A round under way.
struct Round {
    pace: Pace,
    done: AtomicU64,
    started: Instant,
    /// Nanoseconds from `started` to the answer for the last completion.
    last_ns: AtomicU64,
    begin: Barrier,
}

/// Has the agents of these tokens do everything; gives how long it took up to the answer for the last completion.
pub async fn finish(rig: &Rig, tokens: &[String], pace: &Pace) -> anyhow::Result<Duration> {
    let mut wires = Vec::with_capacity(tokens.len());
    for _ in tokens {
        wires.push(rig.wire().await?);
    }
    let round = Arc::new(Round {
        pace: *pace,
        done: AtomicU64::new(0),
        started: clock::instant(),
        last_ns: AtomicU64::new(0),
        begin: Barrier::new(tokens.len()),
    });
    let mut squad = JoinSet::new();
    for (wire, token) in wires.into_iter().zip(tokens) {
        squad.spawn(work(round.clone(), wire, token.clone()));
    }
    let all = async {
        while let Some(one) = squad.join_next().await {
            one??;
        }
        anyhow::Ok(())
    };
    tokio::time::timeout(ROUND_MAX, all).await.context("a round did not come to its end")??;
    Ok(Duration::from_nanos(round.last_ns.load(Ordering::Acquire)))
}

/// One agent: claims and completes until every task of the round is done.
async fn work(round: Arc<Round>, mut wire: Wire, token: String) -> anyhow::Result<()> {
    let claim = json!({ "max": round.pace.batch, "wait_ms": CLAIM_WAIT_MS }).to_string();
    round.begin.wait().await;
    while round.done.load(Ordering::Acquire) < round.pace.total {
        let claimed: Claimed = wire.post("/api/v1/claims", &token, claim.as_bytes()).await?.json()?;
        if claimed.leases.is_empty() {
            continue;
        }
        if !round.pace.hold.is_zero() {
            tokio::time::sleep(round.pace.hold).await;
        }
        let items: Vec<Value> = claimed
            .leases
            .iter()
            .map(|lease| json!({ "attempt_id": lease.attempt_id, "fence": lease.fence, "output": { "ok": true } }))
            .collect();
        let body = json!({ "items": items }).to_string();
        let answer = wire.post("/api/v1/attempts/complete", &token, body.as_bytes()).await?;
        let results = answer.json::<Results>()?.results;
        let refused = results.iter().find(|result| result["status"] != "accepted");
        ensure!(refused.is_none() && results.len() == items.len(), "a completion was refused: {refused:?}");
        let took = answer.at.duration_since(round.started);
        round.last_ns.fetch_max(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::AcqRel);
        round.done.fetch_add(items.len() as u64, Ordering::AcqRel);
    }
    Ok(())
}
