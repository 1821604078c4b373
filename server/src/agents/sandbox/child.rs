//! `devsquad exec-child`: the process that takes its own rights away and becomes the program.
//!
//! It must be called before any thread is started: a process with threads cannot leave its user namespace.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Command, ExitStatus};

use anyhow::{Context as _, bail};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{alarm, getppid};

use super::policy::Stage;
use super::{Guard, Policy, calls, files, probe, space};

/// Exit code of a launcher that could not protect or start the program (as `env` and `timeout` have it).
pub const LAUNCH_FAILED: i32 = 125;
/// How often the launcher looks whether the server still lives.
const SERVER_LOOK_SECONDS: u32 = 1;
/// Says inside that no network can be reached.
const NETWORK: &str = "DEVSQUAD_NETWORK";

/// Runs with the arguments after `exec-child`; answers the exit code when it did not become the program itself.
pub fn main(arguments: impl Iterator<Item = OsString>) -> i32 {
    match start(arguments.collect()) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "devsquad exec-child: {error:#}");
            LAUNCH_FAILED
        }
    }
}

fn start(arguments: Vec<OsString>) -> anyhow::Result<i32> {
    let text = |index: usize| arguments.get(index).and_then(|word| word.to_str());
    match (text(0), text(1), text(2)) {
        (Some("--probe"), Some(task), None) => probe::run(&serde_json::from_str(task).context("the probe's task")?),
        (Some("--policy"), Some(policy), Some("--")) if arguments.len() > 3 => {
            let policy: Policy = serde_json::from_str(policy).context("the policy")?;
            match policy.stage {
                Stage::Outer => outer(policy, &arguments[3..]),
                Stage::Inner => inner(&policy, &arguments[3..], true),
            }
        }
        _ => bail!("usage: devsquad exec-child --policy JSON -- PROGRAM ARGUMENT…"),
    }
}

/// Joins the control groups and leaves the namespaces; then watches over the program, or becomes it where there are none.
fn outer(mut policy: Policy, argv: &[OsString]) -> anyhow::Result<i32> {
    for group in &policy.groups {
        let joined =
            fs::write(group.join("cgroup.procs"), std::process::id().to_string()).context("joining the control group");
        policy.settle(Guard::Processes, joined)?;
    }
    let network_off = policy.wants(Guard::Network);
    if !network_off && !policy.wants(Guard::Processes) {
        return inner(&policy, argv, false);
    }
    match space::leave(network_off) {
        Ok(()) => {}
        // Where the namespace is missing seccomp may still keep the program off the network; the self-test decides.
        Err(_) => return inner(&policy, argv, false),
    }
    policy.stage = Stage::Inner;
    // A process that left its process namespace can start no thread, so it waits for signals instead.
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGCHLD);
    signals.add(Signal::SIGALRM);
    signals.thread_block()?;
    let mut command = Command::new("/proc/self/exe");
    command.args(["exec-child", "--policy", &serde_json::to_string(&policy)?, "--"]).args(argv);
    let mut child = command.spawn().context("starting in the new namespaces")?;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(code(status));
        }
        if getppid().as_raw().cast_unsigned() != policy.server {
            // The server is gone, and so is whoever would read the result. All others in there die with their first process.
            child.kill()?;
        }
        alarm::set(SERVER_LOOK_SECONDS);
        signals.wait()?;
    }
}

/// Takes the rest away and becomes the program.
fn inner(policy: &Policy, argv: &[OsString], in_namespaces: bool) -> anyhow::Result<i32> {
    set_pdeathsig(Signal::SIGKILL).context("dying with the launcher")?;
    SigSet::all().thread_unblock()?;
    if policy.wants(Guard::Limits) {
        policy.settle(Guard::Limits, policy.limits.apply().context("resource limits"))?;
    }
    if policy.wants(Guard::Files) {
        policy.settle(Guard::Files, files::confine(policy))?;
    }
    let network_off = policy.wants(Guard::Network);
    let mut quiet = in_namespaces && network_off;
    if policy.wants(Guard::Calls) || network_off {
        let guard = if policy.wants(Guard::Calls) { Guard::Calls } else { Guard::Network };
        quiet |= policy.settle(guard, calls::confine(network_off))? && network_off;
    }
    let (program, rest) = argv.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(rest).env_remove(NETWORK);
    if quiet {
        command.env(NETWORK, "off");
    }
    Err(command.exec()).with_context(|| format!("{} cannot be started", program.to_string_lossy()))
}

/// A signal is told the way shells do.
fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(LAUNCH_FAILED)
}
