//! Workloads that measure the product, each beside a floor program that does the least the same work can cost.
//!
//! The server runs as a process of its own on a data directory of its own; the load comes over loopback, through the interface
//! that agents and scripts use. A run ends by itself and leaves nothing behind. `bench/README.md` says how to read the figures.

mod agents;
mod away;
mod chat;
mod chat_server;
mod cpu;
mod create;
mod dag_throughput;
mod dags;
mod dispatch;
mod fan_out;
mod floor;
mod metrics;
mod outage;
mod report;
mod rig;
mod squad;
mod stats;
mod webhooks;
mod wire;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::config::Config;

/// Measure a workload beside its floor.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Durable tasks a second: layered workflows of no-op tasks, done by agents in batches.
    DagThroughput(dag_throughput::DagThroughput),
    /// From a completion sent to the next lease received, at a fixed rate of arrivals, with a thousand idle agents connected.
    Dispatch(dispatch::Dispatch),
    /// From the request to create a workflow to its durable answer.
    Create(create::Create),
    /// From an event to the last of many open pages, and what a delivery costs.
    FanOut(fan_out::FanOut),
    /// What is said in a channel of many members: to its answer, and to the last member.
    Chat(chat::ChatLoad),
    /// Durable tasks a second while the chat cannot be reached, against while it can.
    Outage(outage::Outage),
    /// How long the door of webhooks takes to refuse what it must.
    Webhooks(webhooks::Webhooks),
    /// The bare loop that `fan-out` runs beside us.
    #[command(hide = true)]
    FanOutFloor,
}

/// What every workload takes.
#[derive(Args, Clone, Debug)]
pub struct Common {
    /// Where chance begins: the same seed asks for the same workflows and the same arrivals.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Exit code 1 if a gate is missed. Without it, gates are only said.
    #[arg(long)]
    gate: bool,
    /// Send no idempotency keys. The contract asks for one with every POST; this shows what they cost.
    #[arg(long)]
    no_keys: bool,
    /// Where to make the temporary data directory; it has to be a real disk. [default: the system's directory for temporary files]
    #[arg(long, value_name = "DIR")]
    scratch: Option<PathBuf>,
}

impl Bench {
    /// Runs the workload; gives the exit code.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        match self {
            Bench::DagThroughput(workload) => workload.run(&config).await,
            Bench::Dispatch(workload) => workload.run(&config).await,
            Bench::Create(workload) => workload.run(&config).await,
            Bench::FanOut(workload) => workload.run(&config).await,
            Bench::Chat(workload) => workload.run(&config).await,
            Bench::Outage(workload) => workload.run(&config).await,
            Bench::Webhooks(workload) => workload.run(&config).await,
            Bench::FanOutFloor => fan_out::floor::run().await,
        }
    }
}
