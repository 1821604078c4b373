//! `devsquad verify`.

use clap::Args;

use super::{open, say};
use crate::config::Config;
use crate::engine::verify::{self, Chat};

/// Ask every invariant.
#[derive(Debug, Args)]
pub struct Verify {
    /// Print the counts as JSON.
    #[arg(long)]
    json: bool,
}

impl Verify {
    /// Runs it.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        let opened = open::visit(&config).await?;
        let chat = if config.chat.is_none() { Chat::Ours } else { Chat::Elsewhere };
        let report = verify::verify(&opened.store, chat).await?;
        opened.close().await;
        match self.json {
            true => say(&serde_json::to_string_pretty(&report)?),
            false => {
                for (name, finding) in &report.invariants {
                    say(&format!("{name:<4} {:>6}  {}", finding.violations, finding.meaning));
                }
                for what in &report.not_asked {
                    say(&format!("Not asked: {what}."));
                }
                if report.dead_letters > 0 {
                    say(&format!("{} messages were refused by the chat for good.", report.dead_letters));
                }
                say(&format!("{} events checked.", report.events));
            }
        }
        Ok(if report.holds() { 0 } else { 1 })
    }
}
