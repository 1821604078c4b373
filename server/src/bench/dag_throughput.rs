//! Durable tasks a second: layered workflows of no-op tasks, claimed and completed in batches by agents over HTTP.

use std::time::Duration;

use anyhow::ensure;
use clap::Args;
use devsquad::agent::CAPACITY_MAX;

use super::floor::Floor;
use super::report::{Gates, Table, say, say_machine, whole};
use super::rig::Rig;
use super::squad::{self, Pace};
use super::stats::median;
use super::{Common, agents, dags};
use crate::config::Config;
use crate::engine::CLAIM_MAX;

/// What has to be reached.
const TASKS_PER_S_GATE: f64 = 4_000.0;
/// Connections that create the workflows.
const CREATORS: usize = 4;

/// Durable tasks a second.
#[derive(Args, Clone, Debug)]
pub struct DagThroughput {
    /// Workflows of 50 tasks in each round.
    #[arg(long, default_value_t = 200)]
    workflows: usize,
    /// Agents, each with a connection of its own.
    #[arg(long, default_value_t = 64)]
    agents: usize,
    /// Tasks in one claim and in one batch of completions, 1–64.
    #[arg(long, default_value_t = 16)]
    batch: u32,
    /// Rounds; ours and the floor take turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[command(flatten)]
    common: Common,
}

impl DagThroughput {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        ensure!((1..=CLAIM_MAX.min(CAPACITY_MAX)).contains(&self.batch), "a batch has 1 to {CLAIM_MAX} tasks");
        ensure!(self.workflows > 0 && self.agents > 0 && self.rounds > 0, "there is nothing to do");
        say(&format!(
            "dag-throughput: {} workflows × {} tasks, {} agents, batches of {}, keys {}, seed {}",
            self.workflows,
            dags::LAYERED_TASKS,
            self.agents,
            self.batch,
            if self.common.no_keys { "off" } else { "on" },
            self.common.seed
        ));
        say_machine();
        let rig = Rig::start(config, &self.common).await?;
        let mut floor = Floor::open(rig.cluster()?).await?;
        let tokens = agents::register(&rig, self.agents, self.batch).await?;
        let mut table = Table::new(&["round", "ours tasks/s", "floor tasks/s", "ours ÷ floor", "events/task"]);
        let (mut ours, mut floors, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        let mut gates = Gates::default();
        for nth in 0..self.rounds {
            let (rate, lines) = self.round(&rig, &tokens, nth).await?;
            let bare = floor.tasks_per_s(self.workflows * dags::LAYERED_TASKS, lines).await?;
            let cells =
                [(nth + 1).to_string(), whole(rate), whole(bare), format!("{:.2}", rate / bare), format!("{lines:.2}")];
            table.row(cells.to_vec());
            ours.push(rate);
            floors.push(bare);
            ratios.push(rate / bare);
        }
        table.row(vec![
            "median".to_owned(),
            whole(median(&ours)),
            whole(median(&floors)),
            format!("{:.2}", median(&ratios)),
            String::new(),
        ]);
        table.say();
        let holds = rig.verify().await?;
        gates.check(holds, "every invariant holds");
        let rate = median(&ours);
        gates.check(
            rate >= TASKS_PER_S_GATE,
            &format!("{} durable tasks/s, at least {}", whole(rate), whole(TASKS_PER_S_GATE)),
        );
        Ok(gates.exit_code(self.common.gate))
    }

    /// One round: tasks a second, and journal lines per task.
    async fn round(&self, rig: &Rig, tokens: &[String], nth: usize) -> anyhow::Result<(f64, f64)> {
        let definitions = dags::layered(self.common.seed.wrapping_add(nth as u64), self.workflows);
        let workflows = dags::create(rig, definitions, CREATORS).await?;
        let total = (self.workflows * dags::LAYERED_TASKS) as u64;
        let (metrics, cpu) = (rig.metrics().await?, rig.cpu());
        let took = squad::finish(rig, tokens, &Pace { total, batch: self.batch, hold: Duration::ZERO }).await?;
        let (after, used) = (rig.metrics().await?, rig.cpu().since(cpu));
        let lines = after.grown(&metrics, "devsquad_events_total") / total as f64;
        say(&format!("round {}: {}", nth + 1, after.ticks(&metrics)));
        say(&format!("         {}", used.per(total, "task")));
        let done = dags::completed(rig, &workflows).await?;
        ensure!(done == workflows.len(), "only {done} of {} workflows are completed", workflows.len());
        Ok((total as f64 / took.as_secs_f64(), lines))
    }
}
