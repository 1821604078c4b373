//! Creating a workflow: from the request to its durable answer.

use clap::Args;

use super::floor::{self, Floor};
use super::report::{Gates, Table, say, say_machine, whole};
use super::rig::Rig;
use super::stats::Times;
use super::{Common, dags};
use crate::config::Config;

/// Requests at a time, and what 99 of 100 may take; without a figure there is no gate.
const LEVELS: [(usize, Option<f64>); 3] = [(1, Some(50.0)), (16, Some(50.0)), (100, None)];
/// Edges of a layered workflow: 40 tasks need 2 or 3 others.
const EDGES: usize = 100;

/// Creating a workflow of 50 tasks.
#[derive(Args, Clone, Debug)]
pub struct Create {
    /// Workflows created at the lowest level, and by each connection above it at most; the others share six times as many.
    #[arg(long, default_value_t = 200)]
    requests: usize,
    /// Only with so many requests at a time, instead of 1, 16 and 100.
    #[arg(long)]
    at_once: Option<usize>,
    #[command(flatten)]
    common: Common,
}

impl Create {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        anyhow::ensure!(self.requests > 0 && self.at_once != Some(0), "there is nothing to do");
        say(&format!("create: workflows of {} tasks, seed {}", dags::LAYERED_TASKS, self.common.seed));
        say_machine();
        let rig = Rig::start(config, &self.common).await?;
        let floor = Floor::open(rig.cluster()?).await?;
        let bytes = dags::layered(self.common.seed, 1).first().map_or(0, Vec::len);
        // Statements are prepared, connections made, before anything counts.
        dags::create(&rig, dags::layered(self.common.seed.wrapping_add(1), 32), 16).await?;
        let size = floor::Size { tasks: dags::LAYERED_TASKS, edges: EDGES, bytes };
        floor.creations(16, 64, size).await?;
        let mut table = Table::new(&[
            "at a time",
            "requests",
            "p50 ms",
            "p99 ms",
            "max ms",
            "per s",
            "floor p50 ms",
            "floor p99 ms",
            "p50 ÷ floor",
            "p99 ÷ floor",
        ]);
        let mut results = Vec::new();
        for (level, gate) in self.levels() {
            let count = self.requests * if level == 1 { 1 } else { 6 };
            let mut bare = floor.creations(level, self.requests, size).await?;
            let (times, per_s) = self.level(&rig, level, count).await?;
            bare.extend(floor.creations(level, self.requests, size).await?);
            let bare = Times::new(bare);
            let mut cells = vec![level.to_string(), times.len().to_string()];
            cells.extend([0.5, 0.99, 1.0].map(|q| format!("{:.2}", times.quantile_ms(q))));
            cells.push(whole(per_s));
            cells.extend([0.5, 0.99].map(|q| format!("{:.2}", bare.quantile_ms(q))));
            cells.extend([0.5, 0.99].map(|q| format!("{:.1}", times.quantile_ms(q) / bare.quantile_ms(q))));
            table.row(cells);
            results.extend(gate.map(|gate| (level, times.quantile_ms(0.99), gate)));
        }
        table.say();
        let mut gates = Gates::default();
        for (level, p99, gate) in results {
            gates.check(p99 <= gate, &format!("p99 {p99:.1} ms with {level} at a time, at most {gate:.0} ms"));
        }
        let holds = rig.verify().await?;
        gates.check(holds, "every invariant holds");
        Ok(gates.exit_code(self.common.gate))
    }

    fn levels(&self) -> Vec<(usize, Option<f64>)> {
        let gate = |at_once| LEVELS.iter().find(|(level, _)| *level == at_once).and_then(|(_, gate)| *gate);
        self.at_once.map_or_else(|| LEVELS.to_vec(), |at_once| vec![(at_once, gate(at_once))])
    }

    /// Times at one level, and workflows created a second.
    async fn level(&self, rig: &Rig, level: usize, count: usize) -> anyhow::Result<(Times, f64)> {
        let definitions = dags::layered(self.common.seed.wrapping_add(level as u64), count);
        let (metrics, cpu) = (rig.metrics().await?, rig.cpu());
        let started = crate::clock::instant();
        let created = dags::create(rig, definitions, level).await?;
        let last = created.iter().map(|creation| creation.at).max().unwrap_or(started);
        let (after, used) = (rig.metrics().await?, rig.cpu().since(cpu));
        say(&format!("{level} at a time: {}", after.ticks(&metrics)));
        say(&format!("         {}", used.per(count as u64, "workflow")));
        let per_s = count as f64 / last.duration_since(started).as_secs_f64();
        Ok((Times::new(created.iter().map(|creation| creation.took).collect()), per_s))
    }
}
