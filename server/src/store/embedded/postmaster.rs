//! The server process: started, found again after a crash of ours, watched, started again, ended.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection as _, PgConnection};
use tokio::process::Child;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::home::{Home, PORT};
use super::programs::Programs;

/// How long a new server may be kept out by what a killed one left: its memory goes when its last process has ended.
const BUSY_WAIT_MAX: Duration = Duration::from_secs(30);
/// How long replaying the log after a crash may take. A checkpoint each fifteen minutes keeps it far below.
const RECOVERY_WAIT_MAX: Duration = Duration::from_secs(600);
/// How long one question "are you there?" may take.
const PROBE_MAX: Duration = Duration::from_secs(5);
const PAUSE_MIN: Duration = Duration::from_millis(20);
const PAUSE_MAX: Duration = Duration::from_millis(100);
/// Between attempts to start a server that does not.
const RETRY_PAUSE: Duration = Duration::from_secs(1);
/// How long a fast shutdown may take: it writes a checkpoint.
const STOP_WAIT_MAX: Duration = Duration::from_secs(60);
/// How long an immediate shutdown may take.
const QUIT_WAIT_MAX: Duration = Duration::from_secs(10);
/// How often an adopted server, which is no child of ours, is looked after.
const WATCH_PERIOD: Duration = Duration::from_millis(250);
/// How much of the log is shown when the server does not start.
const LOG_TAIL_MAX: usize = 2_000;

const CANNOT_CONNECT_NOW: &str = "57P03";

/// What the server is told. Durability is spelled out: nothing in a file may switch it off.
const SETTINGS: &[&str] = &[
    "listen_addresses=",
    "unix_socket_permissions=0700",
    "password_encryption=scram-sha-256",
    // every acknowledged commit is on disk
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    // memory: a product among others on the machine
    "shared_buffers=128MB",
    "max_connections=100",
    "jit=off",
    // commits: no new segment to make and no checkpoint to wait for in the middle of a burst
    "wal_buffers=16MB",
    "min_wal_size=256MB",
    "max_wal_size=2GB",
    "checkpoint_timeout=15min",
    "checkpoint_completion_target=0.9",
    "random_page_cost=1.1",
    "autovacuum_naptime=20s",
    // its own log, a file for each weekday, the last week's overwritten; never a statement, which may hold what people wrote
    "logging_collector=on",
    "log_directory=log",
    "log_filename=postgresql-%a.log",
    "log_rotation_age=1d",
    "log_truncate_on_rotation=on",
    "log_statement=none",
    "log_error_verbosity=terse",
    "log_min_error_statement=panic",
    "log_parameter_max_length_on_error=0",
];

/// After a crash PostgreSQL first makes sure that every file is on disk. One call for the whole file system instead of one for each of
/// thousands of files brings it back in 0.2 s instead of 5 s. Linux only.
const LINUX_SETTINGS: &[&str] = &["recovery_init_sync_method=syncfs"];

/// A server that runs.
#[derive(Debug)]
pub(super) enum Running {
    /// Started by us.
    Child { child: Box<Child>, pid: Pid },
    /// Left by a process of ours that died.
    Adopted { pid: Pid },
}

impl Running {
    fn pid(&self) -> Pid {
        match self {
            Running::Child { pid, .. } | Running::Adopted { pid } => *pid,
        }
    }

    /// Waits until it is gone, and says how it went.
    async fn ended(&mut self) -> String {
        match self {
            Running::Child { child, .. } => match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            },
            Running::Adopted { pid } => {
                while is_alive(*pid) {
                    sleep(WATCH_PERIOD).await;
                }
                "it is gone".to_owned()
            }
        }
    }
}

enum Attempt {
    Running(Running),
    /// Not now; why.
    Busy(String),
}

enum Probe {
    Ready { data_directory: String },
    Starting,
    Silent(String),
}

/// Starts and watches the server of one home.
#[derive(Debug)]
pub(super) struct Postmaster {
    home: Home,
    programs: Programs,
    stop: CancellationToken,
}

impl Postmaster {
    pub(super) fn new(home: Home, programs: Programs, stop: CancellationToken) -> Self {
        Self { home, programs, stop }
    }

    /// Adopts the server if it runs, else starts it, and returns when it answers.
    pub(super) async fn start(&self) -> anyhow::Result<Running> {
        let mut waited = Duration::ZERO;
        let mut pause = PAUSE_MIN;
        loop {
            match self.attempt().await? {
                Attempt::Running(running) => return Ok(running),
                Attempt::Busy(why) if waited >= BUSY_WAIT_MAX => bail!("PostgreSQL cannot start: {why}"),
                Attempt::Busy(why) => {
                    tracing::debug!(why, "PostgreSQL cannot start yet");
                    sleep(pause).await;
                    waited += pause;
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }

    /// Keeps the server running until told to stop, then ends it.
    pub(super) async fn supervise(self: Arc<Self>, mut running: Running) {
        loop {
            let how = tokio::select! {
                () = self.stop.cancelled() => return shut_down(running).await,
                how = running.ended() => how,
            };
            tracing::error!(how, "PostgreSQL ended; starting it again");
            running = loop {
                match self.start().await {
                    Ok(running) => break running,
                    Err(_) if self.stop.is_cancelled() => return,
                    Err(error) => tracing::error!(error = format!("{error:#}"), "PostgreSQL does not start"),
                }
                tokio::select! {
                    () = self.stop.cancelled() => return,
                    () = sleep(RETRY_PAUSE) => {}
                }
            };
            tracing::info!(pid = running.pid().as_raw(), "PostgreSQL runs again");
        }
    }

    async fn attempt(&self) -> anyhow::Result<Attempt> {
        let Some(left) = PidFile::read(&self.home.data)? else {
            // A server killed while it began may have left the lock of its socket alone.
            if !works_in(&self.home.data) {
                self.remove_socket_lock()?;
            }
            return self.spawn().await;
        };
        match left.holder(&self.home.data) {
            Holder::OurServer => self.adopt(&left).await,
            Holder::Nobody => self.spawn().await,
            Holder::Stranger if works_in(&self.home.data) => {
                Ok(Attempt::Busy("processes of a killed server are still ending".to_owned()))
            }
            Holder::Stranger => {
                // PostgreSQL would take whatever has that number now for its former self, and refuse to start for ever.
                tracing::warn!(pid = left.pid.as_raw(), "removing the pid file of a server that is gone");
                fs::remove_file(self.home.data.join(PidFile::NAME)).context("removing a stale postmaster.pid")?;
                self.remove_socket_lock()?;
                self.spawn().await
            }
        }
    }

    /// The number of a server that is gone stands in the socket's lock file too, and would be believed there.
    fn remove_socket_lock(&self) -> anyhow::Result<()> {
        let lock = self.home.sockets.join(format!(".s.PGSQL.{PORT}.lock"));
        match fs::remove_file(&lock) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("removing the stale {}", lock.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    async fn adopt(&self, left: &PidFile) -> anyhow::Result<Attempt> {
        if left.sockets.as_ref().is_some_and(|sockets| *sockets != self.home.sockets) {
            // It was started with another socket directory (XDG_RUNTIME_DIR changed); ours would find nobody there.
            tracing::info!(pid = left.pid.as_raw(), "ending a PostgreSQL that listens elsewhere");
            shut_down(Running::Adopted { pid: left.pid }).await;
            return Ok(Attempt::Busy("the former server is ending".to_owned()));
        }
        match self.probe().await? {
            Probe::Ready { data_directory } if Path::new(&data_directory) == self.home.data => {
                tracing::info!(pid = left.pid.as_raw(), "adopting the PostgreSQL left by a former process");
                Ok(Attempt::Running(Running::Adopted { pid: left.pid }))
            }
            Probe::Ready { data_directory } => {
                bail!("the socket in {} serves {data_directory}", self.home.sockets.display())
            }
            Probe::Starting => Ok(Attempt::Busy("the former server is starting or ending".to_owned())),
            Probe::Silent(why) => {
                Ok(Attempt::Busy(format!("process {} has the data directory but does not answer: {why}", left.pid)))
            }
        }
    }

    async fn spawn(&self) -> anyhow::Result<Attempt> {
        let log_path = self.home.root.join("postgres.log");
        let log = fs::File::create(&log_path).with_context(|| format!("making {}", log_path.display()))?;
        let mut command = self.home.command(&self.programs.postgres);
        command.arg("-D").arg(&self.home.data).arg("-k").arg(&self.home.sockets).arg("-p").arg(PORT.to_string());
        let linux: &[&str] = if cfg!(target_os = "linux") { LINUX_SETTINGS } else { &[] };
        for setting in SETTINGS.iter().chain(linux) {
            command.arg("-c").arg(setting);
        }
        // A group of its own: Ctrl-C at the terminal is for us, and we end it when we have finished with it.
        command.process_group(0).stdout(log.try_clone()?).stderr(log);
        let mut child = command.spawn().with_context(|| format!("running {}", self.programs.postgres.display()))?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw).context("no process id")?;

        let mut waited = Duration::ZERO;
        let mut pause = PAUSE_MIN;
        let mut wait_max = BUSY_WAIT_MAX;
        loop {
            if let Some(status) = child.try_wait().context("waiting for PostgreSQL")? {
                let said = format!("{}\n{}", tail(&log_path), self.collected(pid));
                if said.contains("lock file") || said.contains("still in use") {
                    return Ok(Attempt::Busy(said));
                }
                bail!("PostgreSQL ended at once ({status}): {said}");
            }
            match self.probe().await {
                Ok(Probe::Ready { .. }) => {
                    tracing::info!(pid = pid.as_raw(), version = ?self.programs.version, "PostgreSQL runs");
                    return Ok(Attempt::Running(Running::Child { child: Box::new(child), pid }));
                }
                Ok(Probe::Starting) => wait_max = RECOVERY_WAIT_MAX,
                Ok(Probe::Silent(_)) => {}
                Err(error) => {
                    shut_down(Running::Child { child: Box::new(child), pid }).await;
                    return Err(error);
                }
            }
            if self.stop.is_cancelled() || waited >= wait_max {
                shut_down(Running::Child { child: Box::new(child), pid }).await;
                bail!("PostgreSQL was not ready after {} s: {}", waited.as_secs(), tail(&log_path));
            }
            sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// What a server wrote into its own log, where it writes from the moment it collects what its processes say.
    fn collected(&self, pid: Pid) -> String {
        let files = fs::read_dir(self.home.data.join("log")).into_iter().flatten().flatten();
        let written = |entry: &fs::DirEntry| entry.metadata().and_then(|about| about.modified()).ok();
        let newest = files.max_by_key(written).map(|entry| tail(&entry.path())).unwrap_or_default();
        let by_it = format!("[{pid}]");
        newest.lines().filter(|line| line.contains(&by_it)).collect::<Vec<_>>().join("\n")
    }

    /// Asks the server whether it is there. An error: it is, and will never let us in.
    async fn probe(&self) -> anyhow::Result<Probe> {
        let ask = async {
            let mut connection = PgConnection::connect_with(&self.home.options()).await?;
            let data_directory =
                sqlx::query_scalar("SELECT current_setting('data_directory')").fetch_one(&mut connection).await?;
            connection.close().await?;
            Ok(data_directory)
        };
        match timeout(PROBE_MAX, ask).await {
            Ok(Ok(data_directory)) => Ok(Probe::Ready { data_directory }),
            Ok(Err(sqlx::Error::Database(error))) if error.code().as_deref() == Some(CANNOT_CONNECT_NOW) => {
                Ok(Probe::Starting)
            }
            Ok(Err(sqlx::Error::Database(error))) => {
                bail!("PostgreSQL refuses the password in {}: {error}", self.home.root.join("password").display())
            }
            Ok(Err(error)) => Ok(Probe::Silent(error.to_string())),
            Err(_) => Ok(Probe::Silent("no answer".to_owned())),
        }
    }
}

/// Ends the server: fast (transactions rolled back, everything written), and if that hangs, at once (replayed at the next start).
async fn shut_down(mut running: Running) {
    for (signal, wait_max) in [(Signal::SIGINT, STOP_WAIT_MAX), (Signal::SIGQUIT, QUIT_WAIT_MAX)] {
        if let Err(error) = kill(running.pid(), signal) {
            tracing::debug!(%error, "PostgreSQL is gone already");
        }
        if timeout(wait_max, running.ended()).await.is_ok() {
            tracing::info!("PostgreSQL has ended");
            return;
        }
    }
    tracing::error!(pid = running.pid().as_raw(), "PostgreSQL does not end; leaving it to the next start");
}

/// `postmaster.pid`, which a server keeps in its data directory.
struct PidFile {
    pid: Pid,
    sockets: Option<PathBuf>,
}

/// Whose process the number in a pid file is.
enum Holder {
    OurServer,
    /// No process: PostgreSQL itself sees that, and looks whether parts of the former server live.
    Nobody,
    /// Another program, or the corpse of the server which nobody buried.
    Stranger,
}

impl PidFile {
    const NAME: &'static str = "postmaster.pid";

    fn read(data: &Path) -> anyhow::Result<Option<Self>> {
        let text = match fs::read_to_string(data.join(Self::NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context("reading postmaster.pid"),
        };
        // Line 1 is the process, 5 the socket directory. A file being written may be shorter; PostgreSQL judges an unreadable one.
        let mut lines = text.lines();
        let pid = lines.next().and_then(|line| line.trim().parse().ok()).filter(|pid| *pid > 0);
        let sockets = lines.nth(3).filter(|line| !line.is_empty()).map(PathBuf::from);
        Ok(pid.map(|pid| Self { pid: Pid::from_raw(pid), sockets }))
    }

    /// A server works in its data directory, which Linux shows; elsewhere a process that lives counts as the server.
    fn holder(&self, data: &Path) -> Holder {
        if kill(self.pid, None) == Err(Errno::ESRCH) {
            return Holder::Nobody;
        }
        if !is_alive(self.pid) {
            return Holder::Stranger;
        }
        match fs::read_link(format!("/proc/{}/cwd", self.pid)) {
            Ok(cwd) if cwd == data => Holder::OurServer,
            Ok(_) => Holder::Stranger,
            // A process we may not look at is another user's, and PostgreSQL ignores it.
            Err(_) if cfg!(target_os = "linux") => Holder::Nobody,
            Err(_) => Holder::OurServer,
        }
    }
}

/// Whether the process runs. In a container without an init process the dead stay in the list; Linux marks them.
fn is_alive(pid: Pid) -> bool {
    if kill(pid, None) == Err(Errno::ESRCH) {
        return false;
    }
    match fs::read_to_string(format!("/proc/{pid}/stat")) {
        // pid (name) state …; the name may hold anything, brackets too
        Ok(stat) => !stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with(['Z', 'X'])),
        Err(_) => true,
    }
}

/// Whether any process works in the directory, as every process of a server does.
fn works_in(data: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    processes.flatten().any(|process| fs::read_link(process.path().join("cwd")).is_ok_and(|cwd| cwd == data))
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let from = text.len().saturating_sub(LOG_TAIL_MAX);
    String::from_utf8_lossy(text.get(from..).unwrap_or_default()).trim().to_owned()
}
