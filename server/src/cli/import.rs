//! `devsquad import FILE`.

use std::path::PathBuf;

use clap::Args;

use super::run::Run;
use crate::config::Config;

/// Create a workflow from a file.
#[derive(Debug, Args)]
pub struct Import {
    /// A YAML or JSON file with a workflow definition.
    file: PathBuf,
    /// Print the workflow as JSON.
    #[arg(long)]
    json: bool,
}

impl Import {
    /// Runs it.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        anyhow::ensure!(self.file.is_file(), "there is no file {}", self.file.display());
        anyhow::ensure!(
            super::api::running(&config).await.is_some(),
            "no server runs on {}; start one with `devsquad serve`, or use `devsquad run FILE`",
            config.data_dir.display()
        );
        Run::of_file(self.file, self.json).run(config).await
    }
}
