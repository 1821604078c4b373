//! Control groups: a bound on the processes and the memory of an attempt as a whole, and a list of all of them.
//!
//! Resource limits count per user, and the kernel does not count root at all; a control group counts what is in it.
//! Both forms are known: the unified hierarchy, and the older one with a tree for each controller.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Limits;

/// Where Linux keeps them.
const ROOT: &str = "/sys/fs/cgroup";
/// The launcher's own processes and threads, which are counted too.
const OWN_TASKS: u64 = 4;
/// Rounds of killing; a process that forks faster than we kill is bounded by the group itself.
const ROUNDS_MAX: usize = 50;

/// The directories of one attempt's group; empty where none could be made.
#[derive(Clone, Debug, Default)]
pub struct ControlGroup {
    dirs: Vec<PathBuf>,
}

impl ControlGroup {
    /// Makes one under this name, as far as the machine lets us.
    pub fn make(name: &str, limits: &Limits) -> Self {
        let processes = (limits.processes + OWN_TASKS).to_string();
        let memory = limits.memory_bytes.to_string();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let dir = |root: PathBuf, path: &str| root.join(path.trim_start_matches('/')).join(name);
        let mut dirs = Vec::new();
        for line in own.lines() {
            let mut parts = line.splitn(3, ':');
            let (Some(_), Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
            let settings: &[(&str, &str)] = match controllers {
                "" => &[("pids.max", &processes), ("memory.max", &memory), ("memory.swap.max", "0")],
                "pids" => &[("pids.max", &processes)],
                "memory" => &[("memory.limit_in_bytes", &memory)],
                _ => continue,
            };
            let root = if controllers.is_empty() { PathBuf::from(ROOT) } else { Path::new(ROOT).join(controllers) };
            dirs.extend(make(dir(root, path), settings));
        }
        Self { dirs }
    }

    /// The group whose directories were written down.
    pub fn known(dirs: Vec<PathBuf>) -> Self {
        let ours = |dir: &PathBuf| {
            dir.starts_with(ROOT) && dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with("devsquad-"))
        };
        Self { dirs: dirs.into_iter().filter(ours).collect() }
    }

    /// Where the attempt's first process writes its number.
    pub fn dirs(&self) -> &[PathBuf] {
        &self.dirs
    }

    /// Kills everything in it and removes it; says whether it is gone. A process that was just killed still counts for a
    /// moment, so the caller may have to come again.
    pub fn end(&self) -> bool {
        self.dirs.iter().filter(|dir| !end(dir)).count() == 0
    }
}

fn make(dir: PathBuf, settings: &[(&str, &str)]) -> Option<PathBuf> {
    // In the unified hierarchy the parent hands its controllers down; a refusal shows in the missing files below.
    if let Some(parent) = dir.parent() {
        let _ = fs::write(parent.join("cgroup.subtree_control"), "+pids");
        let _ = fs::write(parent.join("cgroup.subtree_control"), "+memory");
    }
    fs::create_dir(&dir).ok()?;
    let set = settings
        .iter()
        .filter(|(file, value)| dir.join(file).exists() && fs::write(dir.join(file), value).is_ok())
        .count();
    if set == 0 {
        let _ = fs::remove_dir(&dir);
        return None;
    }
    Some(dir)
}

fn end(dir: &Path) -> bool {
    if fs::write(dir.join("cgroup.kill"), "1").is_err() {
        for _ in 0..ROUNDS_MAX {
            let members = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
            let mut pids = members.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 1).peekable();
            if pids.peek().is_none() {
                break;
            }
            for pid in pids {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
        }
    }
    fs::remove_dir(dir).is_ok() || !dir.exists()
}
