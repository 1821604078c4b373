//! Processes that outlived the server: known by what was written down when they started, killed at the next start.
//!
//! A process number alone proves nothing, because it may be somebody else's by now. A process is ours when it started at
//! the noted moment of this very boot, or when it carries the attempt's mark in its environment.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use crate::agents::sandbox::ControlGroup;
use crate::squad::MARKER;

/// End of the records' names.
pub const RECORD_END: &str = ".pgid";
/// Largest record.
const RECORD_BYTES_MAX: u64 = 16 << 10;
/// Rounds of looking for marked processes; each new one was started by one that is dead by now.
const ROUNDS_MAX: usize = 5;

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    pgid: i32,
    /// Ticks since boot, from `/proc/PID/stat`.
    started: u64,
    boot: String,
    mark: String,
    groups: Vec<PathBuf>,
}

/// A mark nobody else has.
pub fn mark() -> io::Result<String> {
    let mut bytes = [0; 16];
    fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Writes down a process group.
pub fn write(record: &Path, leader: Pid, mark: &str, groups: &[PathBuf]) -> anyhow::Result<()> {
    let started = started(leader).unwrap_or(0);
    let known = Record { pgid: leader.as_raw(), started, boot: boot(), mark: mark.to_owned(), groups: groups.to_vec() };
    fs::write(record, serde_json::to_vec(&known)?).with_context(|| format!("{}", record.display()))
}

/// Kills what is left of earlier attempts whose records lie in `dir`, and removes the records. To be called at the start
/// of the server, before any attempt. Answers how many process groups were still alive.
///
/// # Errors
/// When the directory cannot be read. A directory that is not there has no records.
pub fn kill_orphans(dir: &Path) -> anyhow::Result<usize> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error).with_context(|| format!("reading {}", dir.display())),
    };
    let mut killed = 0;
    for path in
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.to_string_lossy().ends_with(RECORD_END))
    {
        if let Some(record) = read(&path).filter(|record| record.boot == boot()) {
            killed += usize::from(end(&record));
        }
        fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    }
    Ok(killed)
}

fn read(path: &Path) -> Option<Record> {
    let mut text = Vec::new();
    fs::File::open(path).ok()?.take(RECORD_BYTES_MAX).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn end(record: &Record) -> bool {
    let leader = Pid::from_raw(record.pgid);
    let mut alive = false;
    // 0 and 1 would be everybody.
    if record.pgid > 1 && record.started > 0 && started(leader) == Some(record.started) {
        alive = killpg(leader, Signal::SIGKILL).is_ok();
    }
    ControlGroup::known(record.groups.clone()).end();
    sweep(&record.mark) > 0 || alive
}

/// Kills every process that carries this mark; answers how many.
pub fn sweep(mark: &str) -> usize {
    let sign = format!("{MARKER}={mark}");
    let mut killed = 0;
    for _ in 0..ROUNDS_MAX {
        let found = marked(&sign);
        if found.is_empty() {
            break;
        }
        killed += found.into_iter().filter(|pid| kill(*pid, Signal::SIGKILL).is_ok()).count();
    }
    killed
}

fn marked(sign: &str) -> Vec<Pid> {
    let carries = |pid: &i32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|variable| variable == sign.as_bytes())
    };
    let numbers = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let own = std::process::id().cast_signed();
    numbers.filter(|pid| *pid > 1 && *pid != own).filter(carries).map(Pid::from_raw).collect()
}

/// When a process started, in ticks since boot.
fn started(pid: Pid) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything, even parentheses; 22nd of all fields, 20th after it.
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt as _;
    use std::process::{Child, Command};

    use nix::unistd::Pid;

    use super::{MARKER, kill_orphans, mark, started, write};

    fn sleeper(mark: &str) -> Child {
        let child = Command::new("sleep").arg("60").env(MARKER, mark).process_group(0).spawn().expect("started");
        // A program that has begun a moment ago may not show its environment yet.
        while std::fs::read(format!("/proc/{}/environ", child.id())).is_ok_and(|environment| environment.is_empty()) {
            std::thread::yield_now();
        }
        child
    }

    fn pid(child: &Child) -> Pid {
        Pid::from_raw(child.id().cast_signed())
    }

    #[test]
    fn an_orphan_is_killed_once_and_its_record_goes() {
        let dir = tempfile::tempdir().expect("a directory");
        let mark = mark().expect("a mark");
        let mut orphan = sleeper(&mark);
        let record = dir.path().join("attempt.pgid");
        write(&record, pid(&orphan), &mark, &[]).expect("written");
        assert_eq!(kill_orphans(dir.path()).expect("read"), 1);
        assert!(!orphan.wait().expect("ended").success() && !record.exists());
        assert_eq!(kill_orphans(dir.path()).expect("read"), 0);
        assert_eq!(kill_orphans(&dir.path().join("nowhere")).expect("nothing there"), 0);
    }

    #[test]
    fn one_that_left_its_group_is_found_by_its_mark() {
        let dir = tempfile::tempdir().expect("a directory");
        let mark = mark().expect("a mark");
        let (mut leader, mut stray) = (sleeper("other"), sleeper(&mark));
        write(&dir.path().join("a.pgid"), pid(&leader), &mark, &[]).expect("written");
        leader.kill().expect("killed");
        leader.wait().expect("ended");
        assert_eq!(kill_orphans(dir.path()).expect("read"), 1);
        assert!(!stray.wait().expect("ended").success());
    }

    #[test]
    fn a_number_that_is_somebody_elses_by_now_is_left_alone() {
        let dir = tempfile::tempdir().expect("a directory");
        let mut stranger = sleeper("stranger");
        let record = dir.path().join("a.pgid");
        write(&record, pid(&stranger), "ours", &[]).expect("written");
        let text = std::fs::read_to_string(&record).expect("read");
        let at = started(pid(&stranger)).expect("alive");
        std::fs::write(&record, text.replace(&at.to_string(), &(at - 1).to_string())).expect("written");
        assert_eq!(kill_orphans(dir.path()).expect("read"), 0);
        assert!(stranger.try_wait().expect("looked").is_none());
        stranger.kill().expect("killed");
        stranger.wait().expect("ended");
    }
}
