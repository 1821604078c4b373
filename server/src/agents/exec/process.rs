//! The processes of one attempt, which all end when this value does.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};

use super::{Program, orphan};
use crate::agents::sandbox::{ControlGroup, Demand, State};

/// How often an emptied control group is tried to be removed; the kernel forgets the dead within milliseconds.
const GROUP_ROUNDS_MAX: usize = 100;
/// Pause between two tries.
const GROUP_PAUSE: Duration = Duration::from_millis(2);

/// A running attempt.
pub struct Process {
    child: Child,
    /// The process group it leads.
    leader: Option<Pid>,
    group: ControlGroup,
    mark: String,
    record: PathBuf,
}

/// A control group, where the program's bounds ask for one.
pub fn group(program: &Program, mark: &str) -> ControlGroup {
    let wanted = program.protections.processes != Demand::Off || program.protections.limits != Demand::Off;
    if wanted { ControlGroup::make(&format!("devsquad-{mark}"), &program.limits) } else { ControlGroup::default() }
}

impl Process {
    /// Writes down whom to kill should the server die, before the program is told anything.
    pub fn new(child: Child, group: ControlGroup, mark: String, record: &Path) -> anyhow::Result<Self> {
        let leader = child.id().map(|id| Pid::from_raw(id.cast_signed()));
        let process = Self { child, leader, group, mark, record: record.to_path_buf() };
        if let Some(leader) = leader {
            orphan::write(record, leader, &process.mark, process.group.dirs())
                .context("writing down the attempt's processes")?;
        }
        Ok(process)
    }

    /// Its three pipes.
    pub fn pipes(&mut self) -> anyhow::Result<(ChildStdin, ChildStdout, ChildStderr)> {
        let child = &mut self.child;
        child
            .stdin
            .take()
            .zip(child.stdout.take())
            .zip(child.stderr.take())
            .map(|((one, two), three)| (one, two, three))
            .context("pipes")
    }

    /// Waits for the end; a signal is told as 128 and its number.
    pub async fn wait(&mut self) -> anyhow::Result<i32> {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.child.wait().await?;
        Ok(status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(128))
    }

    /// Kills whatever is left, and removes the traces.
    pub async fn end(&mut self) {
        self.kill();
        let _ = self.child.wait().await;
        for _ in 0..GROUP_ROUNDS_MAX {
            if self.group.end() {
                break;
            }
            tokio::time::sleep(GROUP_PAUSE).await;
        }
        // A process that left its group and has no control group is found by its mark; with namespaces it died above.
        if self.group.dirs().is_empty() && super::protections().processes != State::Active {
            let mark = self.mark.clone();
            let _ = tokio::task::spawn_blocking(move || orphan::sweep(&mark)).await;
        }
        let _ = tokio::fs::remove_file(&self.record).await;
        self.leader = None;
    }

    fn kill(&mut self) {
        // Until the leader is waited for, its number belongs to nobody else; afterwards the group's may still be in use.
        if let Some(leader) = self.leader {
            let _ = killpg(leader, Signal::SIGKILL);
        }
        let _ = self.child.start_kill();
    }
}

impl Drop for Process {
    /// The attempt's future was dropped: nothing waits here, but nothing survives either.
    fn drop(&mut self) {
        if self.leader.is_none() {
            return;
        }
        self.kill();
        let (group, record) = (self.group.clone(), std::mem::take(&mut self.record));
        std::thread::spawn(move || {
            for _ in 0..GROUP_ROUNDS_MAX {
                if group.end() {
                    break;
                }
                std::thread::sleep(GROUP_PAUSE);
            }
            // The record goes last: until then the next start of the server would finish this.
            let _ = std::fs::remove_file(record);
        });
    }
}
