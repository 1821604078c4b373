//! The server under measurement: this very program, in a process of its own, on a data directory and a private cluster of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde::Deserialize;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use super::metrics::Metrics;
use super::wire::Wire;
use super::{Common, cpu, report};
use crate::clock;
use crate::config::Config;
use crate::engine::verify;
use crate::store::{Store, StoreOptions, embedded};

/// How long the server may take to make its cluster and to answer.
const START_MAX: Duration = Duration::from_secs(120);
/// How long it may take to end by itself.
const STOP_MAX: Duration = Duration::from_secs(30);
/// Settings of the one who measures, which are not those of what is measured.
const SETTINGS: [&str; 6] = [
    "DATABASE_URL",
    "DEVSQUAD_CONFIG",
    "DEVSQUAD_PUBLIC_URL",
    "STREAM_BASE_URL",
    "STREAM_API_KEY",
    "STREAM_API_SECRET",
];
/// How often it is asked whether it has got there.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A server that runs for one measurement, and is gone with it.
pub struct Rig {
    child: Child,
    dir: TempDir,
    address: SocketAddr,
    token: String,
    keys: bool,
}

#[derive(Deserialize)]
struct Announced {
    url: String,
    token: String,
}

impl Rig {
    /// Starts one; it answers when this returns.
    pub async fn start(config: &Config, common: &Common) -> anyhow::Result<Rig> {
        Rig::start_with(config, common, &[]).await
    }

    /// Starts one whose chat is elsewhere, as these settings say.
    pub async fn start_with(config: &Config, common: &Common, settings: &[(&str, String)]) -> anyhow::Result<Rig> {
        open_files_max();
        let dir = data_dir(common)?;
        let child = serve(config, dir.path(), settings)?;
        // From here on the process ends with the rig, whatever happens.
        let mut rig = Rig {
            child,
            dir,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: String::new(),
            keys: !common.no_keys,
        };
        let started = clock::instant();
        while !rig.announced()? {
            ensure!(started.elapsed() < START_MAX, "the server did not start within {} s", START_MAX.as_secs());
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(rig)
    }

    /// Whether the server has said where it is.
    fn announced(&mut self) -> anyhow::Result<bool> {
        if let Some(status) = self.child.try_wait().context("looking after the server")? {
            bail!("the server ended before it answered: {status}");
        }
        let Ok(text) = std::fs::read_to_string(self.data_dir().join("server.json")) else { return Ok(false) };
        let announced: Announced = serde_json::from_str(&text).context("reading where the server is")?;
        let address = announced.url.strip_prefix("http://").unwrap_or(&announced.url);
        self.address = address.parse().with_context(|| format!("the server is at {address}, which is no address"))?;
        self.token = announced.token;
        Ok(true)
    }

    /// A connection to it.
    pub async fn wire(&self) -> anyhow::Result<Wire> {
        Wire::connect(self.address, self.keys).await
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process, and that of PostgreSQL.
    pub fn processes(&self) -> Vec<u32> {
        [Some(self.child.id()), cpu::postmaster(self.data_dir())].into_iter().flatten().collect()
    }

    /// A token of the owner.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Where it keeps everything.
    pub fn data_dir(&self) -> &Path {
        self.dir.path()
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> cpu::Cpu {
        cpu::Cpu::now(self.child.id(), self.data_dir())
    }

    /// What the server measured of itself so far.
    pub async fn metrics(&self) -> anyhow::Result<Metrics> {
        Metrics::now(&mut self.wire().await?).await
    }

    /// How to log in to its cluster as the superuser: floors write into a database of their own there, on the same disk with the
    /// same settings.
    pub fn cluster(&self) -> anyhow::Result<PgConnectOptions> {
        Ok(embedded::running(self.data_dir())?.0)
    }

    /// Asks every invariant of its database, and of the chat in it; says which do not hold.
    pub async fn verify(&self) -> anyhow::Result<bool> {
        self.ask_all(verify::Chat::Ours).await
    }

    /// The same when the chat is a server of ours that keeps its data there.
    pub async fn verify_with(&self, chat: &Path) -> anyhow::Result<bool> {
        let chat = Store::open(StoreOptions::of_running(chat)?.connections_max(2)).await?;
        let holds = self.ask_all(verify::Chat::Apart(&chat)).await;
        chat.close().await;
        holds
    }

    async fn ask_all(&self, chat: verify::Chat<'_>) -> anyhow::Result<bool> {
        // After a burst the planner's statistics are of before it, and comparing whole tables takes minutes instead of a second.
        let mut cluster = PgConnection::connect_with(&self.cluster()?).await?;
        sqlx::raw_sql("ANALYZE").execute(&mut cluster).await?;
        cluster.close().await?;
        let store = Store::open(StoreOptions::of_running(self.data_dir())?.connections_max(2)).await?;
        let report = verify::verify(&store, chat).await?;
        store.close().await;
        for (name, finding) in report.invariants.iter().filter(|(_, finding)| finding.violations > 0) {
            report::say(&format!("{name} is broken {} times: {}", finding.violations, finding.meaning));
        }
        report::say(&format!("verify: {} events checked, {} invariants", report.events, report.invariants.len()));
        Ok(report.holds())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if let Err(error) = end(&mut self.child, self.dir.path()) {
            tracing::error!(error = %format!("{error:#}"), "the server could not be ended");
        }
    }
}

/// Ends a process of ours that has a cluster in `data_dir`.
pub fn end(child: &mut Child, data_dir: &Path) -> anyhow::Result<()> {
    let postmaster = cpu::postmaster(data_dir);
    signal(child.id(), Signal::SIGTERM);
    let started = clock::instant();
    while child.try_wait().context("waiting for the server")?.is_none() {
        if started.elapsed() > STOP_MAX {
            report::say("the server does not end; it is killed");
            child.kill().context("killing the server")?;
            child.wait().context("waiting for the server")?;
            break;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    // A server that was killed leaves its PostgreSQL behind, whose directory is about to go.
    if let Some(postmaster) = postmaster.filter(|_| cpu::postmaster(data_dir).is_some()) {
        signal(postmaster, Signal::SIGINT);
    }
    Ok(())
}

/// A directory on a disk for one server's data.
pub fn data_dir(common: &Common) -> anyhow::Result<TempDir> {
    let place = common.scratch.clone().unwrap_or_else(std::env::temp_dir);
    let dir =
        tempfile::Builder::new().prefix("devsquad-bench-").tempdir_in(&place).context("making a data directory")?;
    say_if_no_disk(dir.path());
    Ok(dir)
}

fn serve(config: &Config, data_dir: &Path, settings: &[(&str, String)]) -> anyhow::Result<Child> {
    let mut command = this_program(config, data_dir)?;
    command.args(["serve", "--addr", "127.0.0.1:0", "--no-open"]);
    command.envs(settings.iter().map(|(name, value)| (name, value)));
    command.spawn().context("starting the server")
}

/// This very program on a data directory of its own, to be told what to do.
pub fn this_program(config: &Config, data_dir: &Path) -> anyhow::Result<Command> {
    let program = std::env::current_exe().context("looking for this program")?;
    let mut command = Command::new(program);
    command.args(["--log", "warn", "--data-dir"]).arg(data_dir);
    for (flag, path) in [("--pg-bin", &config.pg_bin), ("--site", &config.site)] {
        let given: Option<&PathBuf> = path.as_ref();
        if let Some(path) = given {
            command.arg(flag).arg(path);
        }
    }
    // Its own cluster, whatever database and settings the one who measures works with.
    for set in SETTINGS {
        command.env_remove(set);
    }
    command.stdin(Stdio::null()).stdout(Stdio::null());
    Ok(command)
}

/// Sends a process of ours a signal.
pub fn signal(process: u32, signal: Signal) {
    if let Err(error) = kill(Pid::from_raw(process.cast_signed()), signal) {
        tracing::debug!(%error, process, "no process to signal");
    }
}

/// A thousand agents are a thousand sockets on both sides; many systems allow 1,024 open files until asked for more.
pub fn open_files_max() {
    let raised =
        getrlimit(Resource::RLIMIT_NOFILE).and_then(|(_, most)| setrlimit(Resource::RLIMIT_NOFILE, most, most));
    if let Err(error) = raised {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// In memory a commit costs nothing, and the figures would be of another world.
fn say_if_no_disk(path: &Path) {
    #[cfg(target_os = "linux")]
    if nix::sys::statfs::statfs(path).is_ok_and(|found| found.filesystem_type() == nix::sys::statfs::TMPFS_MAGIC) {
        report::say(&format!(
            "{} is in memory, not on a disk: commits cost nothing there. Use --scratch",
            path.display()
        ));
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}
