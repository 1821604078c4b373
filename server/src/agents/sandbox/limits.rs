//! How much a program may use.

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// Bounds of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// From start to end.
    pub wall_seconds: u64,
    /// Processor time of each process.
    pub cpu_seconds: u64,
    /// Address space of each process; with a control group, memory of all together.
    pub memory_bytes: u64,
    /// Largest file written.
    pub file_bytes: u64,
    /// Open files of each process.
    pub open_files: u64,
    /// Processes and threads of all together.
    pub processes: u64,
    /// Standard output of the whole attempt.
    pub stdout_bytes: u64,
}

impl Default for Limits {
    /// What design/security.md gives foreign programs.
    fn default() -> Self {
        Self {
            wall_seconds: 600,
            cpu_seconds: 600,
            memory_bytes: 4 << 30,
            file_bytes: 1 << 30,
            open_files: 256,
            processes: 128,
            stdout_bytes: 10 << 20,
        }
    }
}

impl Limits {
    /// The built-in squad: it runs compilers and test suites, which start many threads and reserve much address space.
    pub fn built_in() -> Self {
        Self {
            wall_seconds: 3_600,
            cpu_seconds: 3_600,
            memory_bytes: 16 << 30,
            open_files: 1_024,
            processes: 512,
            ..Self::default()
        }
    }

    /// Bounds this process and all it will start. A limit that is already lower stays.
    pub fn apply(&self) -> nix::Result<()> {
        for (resource, value) in self.rows() {
            let (_, hard) = getrlimit(resource)?;
            let value = value.min(hard);
            setrlimit(resource, value, value)?;
        }
        Ok(())
    }

    /// Whether this process is bounded so.
    pub fn hold(&self) -> bool {
        self.rows()
            .into_iter()
            .all(|(resource, value)| getrlimit(resource).is_ok_and(|(soft, hard)| soft <= value && hard <= value))
    }

    fn rows(&self) -> [(Resource, u64); 6] {
        [
            (Resource::RLIMIT_CPU, self.cpu_seconds),
            (Resource::RLIMIT_AS, self.memory_bytes),
            (Resource::RLIMIT_FSIZE, self.file_bytes),
            (Resource::RLIMIT_NOFILE, self.open_files),
            (Resource::RLIMIT_NPROC, self.processes),
            // A dump of memory may hold secrets and fills the disk.
            (Resource::RLIMIT_CORE, 0),
        ]
    }
}
