//! The self-test: a process under the strictest policy tries to do harm, and says how far it came.

use std::fs;
use std::io::{self, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use nix::sched::{CloneFlags, unshare};
use serde::{Deserialize, Serialize};

use super::policy::Stage;
use super::{ControlGroup, Demands, Limits, Policy, Protections, State, launcher};

/// Processes the probe tries to start.
const TRIED_PROCESSES: u64 = 1_000;
/// Processes it is allowed.
const ALLOWED_PROCESSES: u64 = 64;
/// Longest the probe may take; on a machine without any protection it starts all its processes in well under a second.
const PROBE_SECONDS_MAX: u64 = 20;
/// Stack of each; they only wait.
const STACK_BYTES: usize = 32 << 10;
/// Longest a connection is tried.
const CONNECT_WAIT: Duration = Duration::from_millis(500);

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(5);
/// Looks until a killed group is given up; the kernel forgets the dead within milliseconds.
const GROUP_ROUNDS_MAX: usize = 100;

/// What the probe shall try.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    secret: PathBuf,
    outside: PathBuf,
    own: PathBuf,
    socket: PathBuf,
    address: SocketAddr,
    server: u32,
    limits: Limits,
}

/// How far it came.
#[derive(Debug, Serialize, Deserialize)]
struct Harm {
    read_secret: bool,
    read_environment: bool,
    wrote_outside: bool,
    wrote_own: bool,
    connected: bool,
    connected_locally: bool,
    started: u64,
    left_namespaces: bool,
    filtered: bool,
    first_process: bool,
    bounded: bool,
}

/// Inside: tries everything and prints what worked.
pub fn run(task: &Task) -> anyhow::Result<i32> {
    let write = |path: &Path| {
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(path)
            .and_then(|mut file| file.write_all(b"x"))
            .is_ok()
    };
    let harm = Harm {
        read_secret: fs::read(&task.secret).is_ok(),
        read_environment: fs::read(format!("/proc/{}/environ", task.server)).is_ok_and(|bytes| !bytes.is_empty()),
        wrote_outside: write(&task.outside),
        wrote_own: write(&task.own),
        connected: TcpStream::connect_timeout(&task.address, CONNECT_WAIT).is_ok(),
        connected_locally: UnixStream::connect(&task.socket).is_ok(),
        first_process: std::process::id() == 1,
        bounded: task.limits.hold(),
        started: start_many(),
        left_namespaces: unshare(CloneFlags::CLONE_NEWUTS).is_ok(),
        filtered: fs::read_to_string("/proc/self/status")
            .is_ok_and(|status| status.lines().any(|line| line == "Seccomp:\t2")),
    };
    writeln!(io::stdout(), "{}", serde_json::to_string(&harm)?)?;
    Ok(0)
}

/// The kernel counts threads like processes, and they are cheaper to try.
fn start_many() -> u64 {
    let (done, wait) = mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let mut threads = Vec::new();
    for _ in 0..TRIED_PROCESSES {
        let wait = wait.clone();
        let started = thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
            let _ = wait.lock().map(|wait| wait.recv());
        });
        match started {
            Ok(thread) => threads.push(thread),
            Err(_) => break,
        }
    }
    let number = threads.len() as u64;
    drop(done);
    threads.into_iter().for_each(|thread| drop(thread.join()));
    number
}

/// Outside: lays the baits, runs the probe, and says of each protection whether it is active.
///
/// Takes up to a second; the answer holds as long as the machine runs.
pub fn self_test() -> Protections {
    match try_harm() {
        Ok((harm, grouped)) => judged(&harm, grouped),
        Err(error) => Protections::none(&format!("the self-test could not run ({error:#})")),
    }
}

/// How far the probe came, and whether it was in a control group.
fn try_harm() -> anyhow::Result<(Harm, bool)> {
    let dir = tempfile::tempdir().context("a directory for the self-test")?;
    let (work, secret) = (dir.path().join("work"), dir.path().join("secret"));
    fs::create_dir(&work)?;
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&secret)?.write_all(b"secret")?;
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
    let listener = TcpListener::bind("127.0.0.1:0").context("listening on loopback")?;
    let socket = dir.path().join("socket");
    let local = UnixListener::bind(&socket).context("listening on a local socket")?;
    let limits = Limits { processes: ALLOWED_PROCESSES, wall_seconds: PROBE_SECONDS_MAX, ..Limits::default() };
    let server = std::process::id();
    let task = Task {
        secret,
        outside: dir.path().join("outside"),
        own: work.join("own"),
        socket,
        address: listener.local_addr()?,
        server,
        limits,
    };
    // A bait that cannot be taken proves nothing.
    fs::read(&task.secret).context("reading the bait ourselves")?;
    TcpStream::connect_timeout(&task.address, CONNECT_WAIT).context("reaching the bait ourselves")?;
    let group = ControlGroup::make(
        &format!("devsquad-test-{server}-{}", dir.path().file_name().unwrap_or_default().to_string_lossy()),
        &limits,
    );
    let program = launcher();
    let policy = Policy {
        stage: Stage::Outer,
        server,
        demands: Demands::BUILT_IN,
        limits,
        read: vec![program.clone()],
        write: vec![work.clone()],
        groups: group.dirs().to_vec(),
    };
    let mut command = Command::new(&program);
    command.args(["exec-child", "--policy", &serde_json::to_string(&policy)?, "--"]).arg(&program);
    command
        .args(["exec-child", "--probe", &serde_json::to_string(&task)?])
        .env_clear()
        .current_dir(&work)
        .process_group(0);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("starting the probe")?;
    let ended = wait(&mut child);
    for _ in 0..GROUP_ROUNDS_MAX {
        if group.end() {
            break;
        }
        thread::sleep(LOOK);
    }
    drop((listener, local));
    let output = child.wait_with_output()?;
    ended?;
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let harm = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("the probe says: {}", words.lines().last().unwrap_or("nothing")))?;
    Ok((harm, !group.dirs().is_empty()))
}

fn wait(child: &mut std::process::Child) -> anyhow::Result<()> {
    for _ in 0..PROBE_SECONDS_MAX * 1_000 / LOOK.as_millis() as u64 {
        if child.try_wait()?.is_some() {
            return Ok(());
        }
        thread::sleep(LOOK);
    }
    child.kill()?;
    anyhow::bail!("the probe did not end within {PROBE_SECONDS_MAX} seconds")
}

fn judged(harm: &Harm, grouped: bool) -> Protections {
    let state = |faults: &[(bool, &str)]| match faults.iter().find(|(happened, _)| *happened) {
        Some((_, reason)) => State::Missing((*reason).to_owned()),
        None => State::Active,
    };
    Protections {
        files: state(&[
            (
                harm.read_secret,
                "a file outside could be read; the kernel needs Landlock (Linux 5.13 or newer, “landlock” among its security modules)",
            ),
            (harm.wrote_outside, "a file outside could be written"),
            (harm.read_environment, "the server's environment could be read"),
            (!harm.wrote_own, "the program could not even write its own directory"),
        ]),
        network: state(&[
            (
                harm.connected,
                "a connection to loopback succeeded; the kernel gives neither network namespaces nor seccomp",
            ),
            (harm.connected_locally, "a local socket could be reached; the kernel takes no seccomp filters"),
        ]),
        processes: state(&[
            (
                harm.started >= TRIED_PROCESSES,
                "1,000 processes could be started; as root the kernel counts them only in a control group, and none could be made under /sys/fs/cgroup",
            ),
            (
                !harm.first_process && !grouped,
                "a process could outlive its attempt; the kernel gives this user neither process namespaces nor a control group",
            ),
        ]),
        calls: state(&[
            (!harm.filtered, "no filter is in force; the kernel takes no seccomp filters"),
            (harm.left_namespaces, "a refused system call succeeded"),
        ]),
        limits: state(&[(!harm.bounded, "resource limits did not hold")]),
    }
}
