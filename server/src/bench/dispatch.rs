//! From a completion sent to the next lease received, at a fixed rate of arrivals, with a thousand idle agents connected.
//!
//! Chains of tasks are under way; each has one task, held by one agent. At moments that chance chose beforehand (a Poisson process)
//! a held task is completed. That makes the next one of its chain ready, and an agent that has been waiting gets it. What is measured
//! is the time from the first byte of the completion, sent by the one agent, to the last byte of the lease, received by the other.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::report::{Gates, Table, say, say_machine, whole};
use super::rig::Rig;
use super::stats::Times;
use super::wire::Wire;
use super::{Common, agents, dags, floor};
use crate::clock;
use crate::config::Config;

/// The rate whose median has a gate, and the gate.
const GATE_PER_S: u32 = 1_000;
const GATE_P50_MS: f64 = 3.0;
/// Arrivals before this are not counted: connections warm up, statements are prepared.
const WARM_UP: Duration = Duration::from_secs(1);
/// How long an idle agent waits before it asks again: a third of the time after which it would count as gone.
const CLAIM_WAIT_MS: u64 = 30_000;
/// Chains under way at a rate: a tenth of a second's arrivals, so that a held task is there whenever one is to be completed.
const CHAINS_PER_RATE: f64 = 0.1;
const CHAINS_MIN: usize = 50;
const CHAINS_MAX: usize = 500;
/// Connections that create the chains.
const CREATORS: usize = 4;
/// Rounds of the floor before each rate.
const FLOOR_ROUNDS: usize = 300;
/// How long chains may take to get under way, and agents to end.
const SETTLE_MAX: Duration = Duration::from_secs(60);

/// From a completion to the next lease.
#[derive(Args, Clone, Debug)]
pub struct Dispatch {
    /// Arrivals a second, one stage after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [200, 1_000, 4_000])]
    rates: Vec<u32>,
    /// Seconds of each stage that are counted.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Agents that wait for work at any moment.
    #[arg(long, default_value_t = 1_000)]
    idle: usize,
    #[command(flatten)]
    common: Common,
}

/// What agents and the pacer share.
struct Stage {
    began: Instant,
    /// Agents that hold a task and wait for the word to complete it.
    held: Mutex<VecDeque<oneshot::Sender<()>>>,
    /// When the last completion of each chain was sent, in nanoseconds since `began`.
    sent: Vec<AtomicU64>,
    /// Completions sent (nanoseconds since `began`), and how long the next lease took.
    hops: Mutex<Vec<(u64, Duration)>>,
    over: AtomicBool,
}

impl Stage {
    fn ns(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.began).as_nanos()).unwrap_or(u64::MAX)
    }

    fn holding(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Has one held task completed, if there is one.
    fn complete_one(&self) -> bool {
        let next = || self.held.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        // An agent that has gone away meanwhile leaves its word unheard; then it is the next one's.
        std::iter::from_fn(next).any(|word| word.send(()).is_ok())
    }
}

/// How well a stage kept its rate.
struct Paced {
    sent: u64,
    /// Arrivals that found no task to complete when they were due.
    starved: u64,
    late: Times,
}

#[derive(Deserialize)]
struct Claimed {
    leases: Vec<Lease>,
}

#[derive(Deserialize)]
struct Lease {
    attempt_id: String,
    fence: u64,
    key: String,
}

impl Dispatch {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        ensure!(self.seconds > 0 && self.rates.iter().all(|rate| *rate > 0), "there is nothing to do");
        let keys = if self.common.no_keys { "off" } else { "on" };
        say(&format!(
            "dispatch: {} idle agents, {} s a rate, keys {keys}, seed {}",
            self.idle, self.seconds, self.common.seed
        ));
        say_machine();
        let rig = Rig::start(config, &self.common).await?;
        let most = self.rates.iter().map(|rate| chains(*rate)).max().unwrap_or_default();
        let tokens = agents::register(&rig, self.idle + most, 1).await?;
        let mut heads =
            vec!["arrivals/s", "sent/s", "leases", "p50 ms", "p99 ms", "p99.9 ms", "floor p50 ms", "floor p99 ms"];
        heads.extend(["p50 ÷ floor", "late p99 ms", "starved"]);
        let mut table = Table::new(&heads);
        let mut gates = Gates::default();
        let mut gated = None;
        for rate in &self.rates {
            let bare = floor::durable_round_trips(rig.data_dir(), FLOOR_ROUNDS).await?;
            let (hops, paced) = self.stage(&rig, &tokens[..self.idle + chains(*rate)], *rate).await?;
            let mut cells =
                vec![whole(f64::from(*rate)), whole(paced.sent as f64 / self.seconds as f64), hops.len().to_string()];
            cells.extend([0.5, 0.99, 0.999].map(|q| format!("{:.2}", hops.quantile_ms(q))));
            cells.extend([0.5, 0.99].map(|q| format!("{:.2}", bare.quantile_ms(q))));
            cells.push(format!("{:.1}", hops.quantile_ms(0.5) / bare.quantile_ms(0.5)));
            cells.extend([format!("{:.2}", paced.late.quantile_ms(0.99)), paced.starved.to_string()]);
            table.row(cells);
            if *rate == GATE_PER_S {
                gated = Some(hops.quantile_ms(0.5));
            }
        }
        table.say();
        if let Some(p50) = gated {
            gates.check(p50 <= GATE_P50_MS, &format!("p50 {p50:.2} ms at {GATE_PER_S}/s, at most {GATE_P50_MS:.0} ms"));
        }
        let holds = rig.verify().await?;
        gates.check(holds, "every invariant holds");
        Ok(gates.exit_code(self.common.gate))
    }

    async fn stage(&self, rig: &Rig, tokens: &[String], rate: u32) -> anyhow::Result<(Times, Paced)> {
        let count = chains(rate);
        let seconds = self.seconds + WARM_UP.as_secs();
        // A third more than the mean, and a few: no chain may end before the stage does.
        let length = (f64::from(rate) * seconds as f64 / count as f64 * 1.3) as usize + 10;
        let stage = Arc::new(Stage {
            began: clock::instant(),
            held: Mutex::default(),
            sent: (0..count).map(|_| AtomicU64::new(0)).collect(),
            hops: Mutex::default(),
            over: AtomicBool::new(false),
        });
        let mut squad = JoinSet::new();
        for token in tokens {
            squad.spawn(work(stage.clone(), rig.wire().await?, token.clone()));
        }
        let workflows =
            dags::create(rig, (0..count).map(|chain| dags::chain(chain, length)).collect(), CREATORS).await?;
        let waiting = clock::instant();
        while stage.holding() < count {
            ensure!(waiting.elapsed() < SETTLE_MAX, "only {} of {count} chains are under way", stage.holding());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let (metrics, cpu) = (rig.metrics().await?, rig.cpu());
        let (pacer, seed) = (stage.clone(), self.common.seed);
        let counted_s = self.seconds;
        // A thread of its own: the timers of the runtime are a millisecond coarse.
        let (paced, from) =
            tokio::task::spawn_blocking(move || pace(&pacer, rate, seed, Duration::from_secs(counted_s)))
                .await
                .context("the pacer")?;
        // What was sent last is still on its way.
        tokio::time::sleep(WARM_UP).await;
        let (after, used) = (rig.metrics().await?, rig.cpu().since(cpu));
        say(&format!("{rate}/s: {count} chains of {length}, {} agents; {}", tokens.len(), after.ticks(&metrics)));
        say(&format!("      {}", used.per(u64::from(rate) * seconds, "lease")));
        end(rig, &stage, &workflows, squad).await?;
        let hops = std::mem::take(&mut *stage.hops.lock().unwrap_or_else(PoisonError::into_inner));
        let counted = hops.into_iter().filter(|(sent, _)| *sent >= from).map(|(_, took)| took);
        Ok((Times::new(counted.collect()), paced))
    }
}

fn chains(rate: u32) -> usize {
    ((f64::from(rate) * CHAINS_PER_RATE) as usize).clamp(CHAINS_MIN, CHAINS_MAX)
}

/// One agent: waits for a task, holds it until it is its turn, completes it, waits for another.
async fn work(stage: Arc<Stage>, mut wire: Wire, token: String) -> anyhow::Result<()> {
    let claim = json!({ "max": 1, "wait_ms": CLAIM_WAIT_MS }).to_string();
    while !stage.over.load(Ordering::Acquire) {
        let answer = wire.post("/api/v1/claims", &token, claim.as_bytes()).await?;
        let claimed: Claimed = answer.json()?;
        let Some(lease) = claimed.leases.into_iter().next() else { continue };
        let (chain, step) = lease.key.split_once('-').context("a task of another load")?;
        let sent = stage.sent.get(chain.parse::<usize>()?).context("a chain of another load")?;
        if step != "0" {
            let sent = sent.load(Ordering::Acquire);
            let took = Duration::from_nanos(stage.ns(answer.at).saturating_sub(sent));
            stage.hops.lock().unwrap_or_else(PoisonError::into_inner).push((sent, took));
        }
        let (word, heard) = oneshot::channel();
        stage.held.lock().unwrap_or_else(PoisonError::into_inner).push_back(word);
        if heard.await.is_err() {
            return Ok(());
        }
        let body = json!({ "fence": lease.fence, "output": { "ok": true } }).to_string();
        sent.store(stage.ns(clock::instant()), Ordering::Release);
        let path = format!("/api/v1/attempts/{}/complete", lease.attempt_id);
        let answer = wire.post(&path, &token, body.as_bytes()).await?;
        // After the end of a stage its workflows are cancelled, and so are the tasks still held.
        ensure!(answer.status == 200 || stage.over.load(Ordering::Acquire), "a completion was refused: {answer:?}");
    }
    Ok(())
}

/// Has tasks completed at moments of a Poisson process. Gives how that went, and from when on it counts.
fn pace(stage: &Stage, rate: u32, seed: u64, counted: Duration) -> (Paced, u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let begin = clock::instant();
    let (from, until) = (begin + WARM_UP, begin + WARM_UP + counted);
    let mut due = begin;
    let (mut sent, mut starved, mut late) = (0, 0, Vec::new());
    loop {
        let uniform: f64 = chance.random();
        due += Duration::from_secs_f64(-(1.0 - uniform).ln() / f64::from(rate));
        if due >= until {
            return (Paced { sent, starved, late: Times::new(late) }, stage.ns(from));
        }
        std::thread::sleep(due.saturating_duration_since(clock::instant()));
        let mut waited = false;
        while !stage.complete_one() {
            waited = true;
            std::thread::sleep(Duration::from_micros(100));
            if clock::instant() >= until {
                break;
            }
        }
        if due >= from {
            sent += 1;
            starved += u64::from(waited);
            late.push(clock::instant().saturating_duration_since(due));
        }
    }
}

/// Cancels what is left and lets the agents go.
async fn end(
    rig: &Rig,
    stage: &Stage,
    workflows: &[dags::Creation],
    mut squad: JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    stage.over.store(true, Ordering::Release);
    let mut wire = rig.wire().await?;
    for workflow in workflows {
        let path = format!("/api/v1/workflows/{}/cancel", workflow.id);
        let answer = wire.post(&path, rig.token(), b"{\"reason\":\"the measurement is over\"}").await?;
        ensure!(answer.status == 200 || answer.status == 409, "a chain cannot be cancelled: {answer:?}");
    }
    // Those that hold a task or wait for one: their connections close with them.
    squad.abort_all();
    while let Some(one) = squad.join_next().await {
        match one {
            Ok(result) => result?,
            Err(error) if error.is_cancelled() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
