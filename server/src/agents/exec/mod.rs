//! Running one attempt as a local program: the lease on its standard input, NDJSON on its standard output, under the
//! protections of `sandbox`. The built-in squad works this way, and so does any program an admin configures.

mod artifact;
mod heard;
mod orphan;
mod process;

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use crate::agents::sandbox::{Demands, Limits, Policy, Protections, launcher, self_test};
use crate::squad::{Failure, Reason};

pub use artifact::Artifact;
pub use heard::Said;
pub use orphan::kill_orphans;

use heard::Heard;
use process::Process;

/// How long to wait for the rest of the output of a program that has ended.
const REST_WAIT: Duration = Duration::from_secs(2);
/// Longest message of a failure.
const MESSAGE_CHARS_MAX: usize = 2_000;

/// A program that may be run, as an admin configured it: never a shell's line, always words.
#[derive(Clone, Debug)]
pub struct Program {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Its whole environment, apart from HOME, TMPDIR and what we add to know it again.
    pub env: Vec<(String, String)>,
    /// What it may use.
    pub limits: Limits,
    /// Which protections it runs under.
    pub protections: Demands,
    /// What it may read besides the system's own directories.
    pub read_paths: Vec<PathBuf>,
}

impl Program {
    /// The built-in squad at work on one repository: reads it and the toolchains, writes its own directory, has no network.
    pub fn built_in(repository: &Path) -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let mut env: Vec<(String, String)> = crate::squad::environment().into_iter().filter_map(text).collect();
        // Where downloaded crates are: with a HOME of its own the worker could not find them.
        let cargo = crate::squad::cargo_home().and_then(|home| home.into_os_string().into_string().ok());
        env.extend(cargo.map(|home| (crate::squad::CARGO_HOME.to_owned(), home)));
        Self {
            argv: vec![launcher().to_string_lossy().into_owned(), "squad-worker".into()],
            env,
            limits: Limits::built_in(),
            protections: Demands::BUILT_IN,
            read_paths: crate::squad::read_paths(repository),
        }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With a result.
    Succeeded {
        /// What it handed in.
        output: Value,
        /// The files it handed in, which lie in the work directory until the caller takes them.
        artifacts: Vec<Artifact>,
    },
    /// Without.
    Failed {
        /// From the engine's closed list.
        reason: Reason,
        /// What happened, as a sentence.
        message: String,
        /// Whether another attempt may end differently.
        retryable: bool,
    },
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        let message = failure.message.chars().take(MESSAGE_CHARS_MAX).collect();
        Self::Failed { reason: failure.reason, message, retryable: failure.retryable }
    }
}

/// What the self-test found on this machine; it runs once.
pub fn protections() -> &'static Protections {
    static FOUND: OnceLock<Protections> = OnceLock::new();
    FOUND.get_or_init(self_test)
}

/// Why it stopped.
enum Stopped {
    ByItself(i32),
    Deadline,
    Cancelled,
    TooLoud(&'static str),
}

/// Runs one attempt in `work_dir`, which is made if needed and belongs to this attempt alone.
///
/// What the program says on the way goes to `progress`; when nobody takes it in time it is dropped. Beside `work_dir` a
/// file `<work_dir>.pgid` names the processes, for `kill_orphans`. When the future is dropped everything is killed.
///
/// # Errors
/// When the machine fails us; whatever the program does wrong is an `Outcome::Failed`.
pub async fn run(
    program: &Program,
    lease_json: &Value,
    work_dir: &Path,
    progress: Sender<Said>,
    cancel: CancellationToken,
) -> anyhow::Result<Outcome> {
    // The self-test waits for a process and must not hold up others.
    let found = tokio::task::spawn_blocking(protections).await?;
    if let Some(refusal) = found.refuse(&program.protections) {
        return Ok(Failure::declined(refusal).into());
    }
    let work_dir = prepare(work_dir).await?;
    let artifact_dir = work_dir.join("artifacts");
    let mut lease = lease_json.clone();
    lease["artifact_dir"] = json!(artifact_dir);
    let mut process = start(program, &work_dir)?;
    let (stdin, stdout, stderr) = process.pipes()?;
    let lease = lease.to_string();
    let feeding = tokio::spawn(async move {
        let mut stdin = stdin;
        // A program that does not read its lease says so itself.
        let _ = stdin.write_all(lease.as_bytes()).await;
    });
    let too_loud = CancellationToken::new();
    let listening =
        tokio::spawn(heard::listen(stdout, program.limits.stdout_bytes, progress.clone(), too_loud.clone()));
    let last_words = tokio::spawn(heard::last_words(stderr, progress));
    let stopped = tokio::select! {
        code = process.wait() => Stopped::ByItself(code?),
        () = tokio::time::sleep(Duration::from_secs(program.limits.wall_seconds)) => Stopped::Deadline,
        () = cancel.cancelled() => Stopped::Cancelled,
        () = too_loud.cancelled() => Stopped::TooLoud("said more than it may"),
    };
    process.end().await;
    feeding.abort();
    let heard = tokio::time::timeout(REST_WAIT, listening).await.ok().and_then(Result::ok).unwrap_or_default();
    let words = tokio::time::timeout(REST_WAIT, last_words).await.ok().and_then(Result::ok).unwrap_or_default();
    judge(stopped, heard, &words, &program.limits, &artifact_dir).await
}

async fn prepare(work_dir: &Path) -> anyhow::Result<PathBuf> {
    for part in ["home", "tmp", "artifacts"] {
        tokio::fs::create_dir_all(work_dir.join(part))
            .await
            .with_context(|| format!("the attempt's directory {}", work_dir.display()))?;
    }
    Ok(tokio::fs::canonicalize(work_dir).await?)
}

fn start(program: &Program, work_dir: &Path) -> anyhow::Result<Process> {
    let mark = orphan::mark()?;
    let group = process::group(program, &mark);
    let policy = Policy::new(
        program.protections,
        program.limits,
        program.read_paths.clone(),
        work_dir.to_path_buf(),
        group.dirs().to_vec(),
    );
    let mut command = Command::new(launcher());
    command.args(["exec-child", "--policy", &serde_json::to_string(&policy)?, "--"]).args(&program.argv);
    command.env_clear().envs(program.env.iter().map(|(name, value)| (name, value)));
    command.env("HOME", work_dir.join("home")).env("TMPDIR", work_dir.join("tmp")).env(crate::squad::MARKER, &mark);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.current_dir(work_dir).process_group(0).kill_on_drop(true);
    let child = command.spawn().context("starting the launcher")?;
    Process::new(child, group, mark, &record(work_dir))
}

/// The file beside an attempt's directory, where the program cannot write.
fn record(work_dir: &Path) -> PathBuf {
    let mut name = work_dir.as_os_str().to_owned();
    name.push(orphan::RECORD_END);
    PathBuf::from(name)
}

async fn judge(
    stopped: Stopped,
    heard: Heard,
    words: &str,
    limits: &Limits,
    artifact_dir: &Path,
) -> anyhow::Result<Outcome> {
    let failed = |reason, message: String, retryable| Ok(Failure { reason, message, retryable }.into());
    let code = match stopped {
        Stopped::Deadline => {
            return failed(
                Reason::Deadline,
                format!("The program ran longer than {} seconds and was killed.", limits.wall_seconds),
                true,
            );
        }
        Stopped::Cancelled => {
            return failed(Reason::UserCancelled, "The attempt was cancelled and the program killed.".into(), false);
        }
        Stopped::TooLoud(what) => {
            return failed(
                Reason::BadOutput,
                format!("The program {what} ({} bytes) and was killed.", limits.stdout_bytes),
                false,
            );
        }
        Stopped::ByItself(code) => code,
    };
    if let Some(wrong) = heard.wrong {
        return failed(Reason::BadOutput, format!("The program's output cannot be used: {wrong}."), false);
    }
    match (heard.result, code) {
        (Some(Ok(output)), 0) => {
            let dir = artifact_dir.to_path_buf();
            let taken = tokio::task::spawn_blocking(move || artifact::take(&dir, heard.artifacts)).await?;
            Ok(match taken {
                Ok(artifacts) => Outcome::Succeeded { output, artifacts },
                Err(wrong) => Failure { reason: Reason::BadOutput, message: wrong, retryable: false }.into(),
            })
        }
        (Some(Ok(_)), code) => failed(
            Reason::BadOutput,
            format!("The program handed in a result but ended with {}.", ended(code, words)),
            true,
        ),
        (Some(Err(failure)), _) => Ok(failure.into()),
        (None, code) => failed(
            Reason::Internal,
            format!("The program handed in nothing and ended with {}.", ended(code, words)),
            true,
        ),
    }
}

fn ended(code: i32, words: &str) -> String {
    let last = words.lines().map(str::trim).rfind(|line| !line.is_empty());
    let said = last.map(|line| format!("; its last words: “{line}”")).unwrap_or_default();
    match code {
        129.. => format!("signal {}{said}", code - 128),
        code => format!("exit code {code}{said}"),
    }
}

#[cfg(test)]
mod tests;
