//! Durable tasks a second while the chat cannot be reached, against while it can: the work must not wait for the talk.
//!
//! The chat is a process of its own. To take it away it is stopped where it stands: it still takes connections and never answers, which
//! is the worst way of being away, because every call to it waits for its deadline. Rounds come in pairs, one with the chat and one
//! without, in an order that alternates; what counts is their ratio. With `--away` it is one long outage instead (`away`).

use std::time::Duration;

use anyhow::ensure;
use clap::Args;

use super::away::Away;
use super::chat_server::ChatServer;
use super::report::{Gates, Table, say, say_machine, whole};
use super::rig::Rig;
use super::squad::{self, Pace};
use super::stats::median;
use super::{Common, agents, dags};
use crate::clock;
use crate::config::Config;

/// How far the two may be apart.
const APART_MAX: f64 = 0.05;
/// Connections that create the workflows.
const CREATORS: usize = 4;
/// How long the messenger may take to find its tongue again: its own longest pause, and a call's deadline.
const TELLING_MAX: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Durable tasks a second without the chat, and with it.
#[derive(Args, Clone, Debug)]
pub struct Outage {
    /// Workflows of 50 tasks that run in each round.
    #[arg(long, default_value_t = 50)]
    workflows: usize,
    /// Pairs of rounds.
    #[arg(long, default_value_t = 5)]
    pairs: usize,
    /// How long an agent works on its batch, at the pace of a squad at work.
    #[arg(long, default_value_t = 200)]
    hold_ms: u64,
    /// Instead of rounds: so many workflows under way all the time, the chat there for this many seconds and then away for as many;
    /// what was not told is told when it is back.
    #[arg(long, value_name = "SECONDS")]
    away: Option<u64>,
    #[command(flatten)]
    common: Common,
}

/// At what pace a round goes.
struct Regime {
    name: &'static str,
    agents: usize,
    batch: u32,
    hold: Duration,
    /// Whether being faster without the chat is no fault: with the machine full, what the chat does not use is the engine's.
    may_be_faster: bool,
}

/// What a pair of rounds came to.
struct Pair {
    with: f64,
    without: f64,
    told_per_s: f64,
}

impl Outage {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        ensure!(self.workflows > 0 && self.pairs > 0 && self.away != Some(0), "there is nothing to do");
        let how = match self.away {
            Some(seconds) => format!("under way, {seconds} s with the chat and {seconds} s without it"),
            None => format!("a round, {} pairs of rounds", self.pairs),
        };
        let (workflows, tasks) = (self.workflows, dags::LAYERED_TASKS);
        say(&format!("outage: {workflows} workflows × {tasks} tasks {how}, seed {}", self.common.seed));
        say_machine();
        let chat = ChatServer::start(config, &self.common).await?;
        let rig = Rig::start_with(config, &self.common, &chat.settings()?).await?;
        let mut gates = Gates::default();
        match self.away {
            Some(seconds) => self.one_outage(&rig, &chat, seconds, &mut gates).await?,
            None => self.rounds(&rig, &chat, &mut gates).await?,
        }
        let holds = rig.verify_with(chat.data_dir()).await?;
        gates.check(holds, "every invariant holds");
        Ok(gates.exit_code(self.common.gate))
    }

    async fn one_outage(&self, rig: &Rig, chat: &ChatServer, seconds: u64, gates: &mut Gates) -> anyhow::Result<()> {
        let [at_work, _] = self.regimes();
        let tokens = agents::register(rig, at_work.agents, at_work.batch).await?;
        let (stretch, seed) = (Duration::from_secs(seconds), self.common.seed);
        let away = Away { workflows: self.workflows, stretch, batch: at_work.batch, hold: at_work.hold, seed };
        let seen = away.run(rig, chat, &tokens).await?;
        let ratio = seen.without / seen.with;
        let with = whole(seen.with);
        let text =
            format!("{} tasks/s while the chat was away, {with} while it was there: {ratio:.3}", whole(seen.without));
        gates.check((ratio - 1.0).abs() <= APART_MAX, &format!("{text}, 0.95 to 1.05"));
        Ok(())
    }

    async fn rounds(&self, rig: &Rig, chat: &ChatServer, gates: &mut Gates) -> anyhow::Result<()> {
        let tokens = agents::register(rig, 64, 16).await?;
        let heads = ["pace", "pair", "with the chat tasks/s", "without tasks/s", "without ÷ with", "events told/s"];
        let mut table = Table::new(&heads);
        let mut verdicts = Vec::new();
        for regime in self.regimes() {
            // Statements are prepared, connections made, before anything counts.
            self.round(rig, &tokens, &regime, usize::MAX).await?;
            let mut ratios = Vec::new();
            for nth in 0..self.pairs {
                let pair = self.pair(rig, chat, &tokens, &regime, nth).await?;
                let ratio = pair.without / pair.with;
                let mut cells = vec![regime.name.to_owned(), (nth + 1).to_string()];
                cells.extend([whole(pair.with), whole(pair.without), format!("{ratio:.3}"), whole(pair.told_per_s)]);
                table.row(cells);
                ratios.push(ratio);
            }
            verdicts.push((regime, median(&ratios)));
        }
        table.say();
        for (regime, ratio) in verdicts {
            let holds = ratio >= 1.0 - APART_MAX && (regime.may_be_faster || ratio <= 1.0 + APART_MAX);
            let bound = if regime.may_be_faster { "at least 0.95" } else { "0.95 to 1.05" };
            gates.check(
                holds,
                &format!("{}: without the chat {ratio:.3} times as fast as with it, {bound}", regime.name),
            );
        }
        Ok(())
    }

    fn regimes(&self) -> [Regime; 2] {
        let hold = Duration::from_millis(self.hold_ms);
        [
            Regime { name: "a squad at work", agents: 16, batch: 4, hold, may_be_faster: false },
            Regime { name: "flat out", agents: 64, batch: 16, hold: Duration::ZERO, may_be_faster: true },
        ]
    }

    async fn pair(
        &self,
        rig: &Rig,
        chat: &ChatServer,
        tokens: &[String],
        regime: &Regime,
        nth: usize,
    ) -> anyhow::Result<Pair> {
        let mut pair = Pair { with: f64::NAN, without: f64::NAN, told_per_s: f64::NAN };
        for reachable in [nth.is_multiple_of(2), !nth.is_multiple_of(2)] {
            if reachable {
                let before = rig.metrics().await?;
                let started = clock::instant();
                pair.with = self.round(rig, tokens, regime, nth * 2).await?;
                let told = rig.metrics().await?.grown(&before, "devsquad_messenger_seq");
                pair.told_per_s = told / started.elapsed().as_secs_f64();
                continue;
            }
            chat.stall();
            let without = self.round(rig, tokens, regime, nth * 2 + 1).await;
            chat.wake();
            pair.without = without?;
            telling(rig).await?;
        }
        Ok(pair)
    }

    /// One round: tasks a second.
    async fn round(&self, rig: &Rig, tokens: &[String], regime: &Regime, nth: usize) -> anyhow::Result<f64> {
        let definitions = dags::layered(self.common.seed.wrapping_add(nth as u64), self.workflows);
        let workflows = dags::create(rig, definitions, CREATORS).await?;
        let total = (self.workflows * dags::LAYERED_TASKS) as u64;
        let pace = Pace { total, batch: regime.batch, hold: regime.hold };
        let took = squad::finish(rig, &tokens[..regime.agents.min(tokens.len())], &pace).await?;
        let done = dags::completed(rig, &workflows).await?;
        ensure!(done == workflows.len(), "only {done} of {} workflows are completed", workflows.len());
        Ok(total as f64 / took.as_secs_f64())
    }
}

/// Waits until the messenger tells the chat again what happens.
async fn telling(rig: &Rig) -> anyhow::Result<()> {
    let (before, started) = (rig.metrics().await?, clock::instant());
    while rig.metrics().await?.grown(&before, "devsquad_messenger_seq") <= 0.0 {
        ensure!(started.elapsed() < TELLING_MAX, "the chat is back, and is not told what happens");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(())
}
