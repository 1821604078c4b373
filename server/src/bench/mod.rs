//! Workloads that measure the product beside a floor program.

use clap::Subcommand;

use crate::config::Config;

/// Measure.
#[derive(Debug, Subcommand)]
pub enum Bench {
    /// Nothing yet.
    Nothing,
}

impl Bench {
    /// Runs it.
    pub async fn run(self, _config: Config) -> anyhow::Result<i32> {
        Ok(0)
    }
}
