//! A chat server under measurement: this very program as `devsquad chat serve`, on a data directory of its own.

use std::path::Path;
use std::process::Child;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use tempfile::{NamedTempFile, TempDir};

use super::rig::{data_dir, end, signal, this_program};
use super::{Common, cpu};
use crate::chat::client::Client;
use crate::chat::keys::Keys;
use crate::clock;
use crate::config::Config;

/// How long it may take to make its cluster and to listen.
const START_MAX: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// A chat server that runs for one measurement, and is gone with it.
pub struct ChatServer {
    child: Child,
    dir: TempDir,
    url: String,
}

impl ChatServer {
    /// Starts one; it listens when this returns.
    pub async fn start(config: &Config, common: &Common) -> anyhow::Result<ChatServer> {
        let dir = data_dir(common)?;
        let said = NamedTempFile::new().context("a file for what it says")?;
        let mut command = this_program(config, dir.path())?;
        command.args(["chat", "serve", "--addr", "127.0.0.1:0"]).stdout(said.reopen()?);
        let child = command.spawn().context("starting the chat server")?;
        let mut server = ChatServer { child, dir, url: String::new() };
        let started = clock::instant();
        while server.url.is_empty() {
            if let Some(status) = server.child.try_wait().context("looking after the chat server")? {
                bail!("the chat server ended before it listened: {status}");
            }
            ensure!(started.elapsed() < START_MAX, "the chat server did not start within {} s", START_MAX.as_secs());
            tokio::time::sleep(LOOK_EVERY).await;
            let text = std::fs::read_to_string(said.path()).context("what the chat server says")?;
            let url = text.split_whitespace().find(|word| word.starts_with("http://"));
            server.url = url.map(|url| url.trim_end_matches('.').to_owned()).unwrap_or_default();
        }
        Ok(server)
    }

    /// How its links begin.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Its keys.
    pub fn keys(&self) -> anyhow::Result<Keys> {
        Keys::of_data_dir(self.dir.path())
    }

    /// A client of it, as the application itself.
    pub fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.url(), self.keys()?)?)
    }

    /// What another server is told so that it uses this chat.
    pub fn settings(&self) -> anyhow::Result<[(&'static str, String); 3]> {
        let keys = self.keys()?;
        let secret = keys.secret().to_owned();
        Ok([("STREAM_BASE_URL", self.url()), ("STREAM_API_KEY", keys.api_key), ("STREAM_API_SECRET", secret)])
    }

    /// Has it take connections and say nothing: the worst way of being away.
    pub fn stall(&self) {
        signal(self.child.id(), Signal::SIGSTOP);
    }

    /// Has it go on.
    pub fn wake(&self) {
        signal(self.child.id(), Signal::SIGCONT);
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> cpu::Cpu {
        cpu::Cpu::now(self.child.id(), self.data_dir())
    }

    /// Where it keeps everything.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }
}

impl Drop for ChatServer {
    fn drop(&mut self) {
        self.wake();
        if let Err(error) = end(&mut self.child, self.dir.path()) {
            tracing::error!(error = %format!("{error:#}"), "the chat server could not be ended");
        }
    }
}
