//! Processor time, by who used it. Unlike the clock on the wall it hardly depends on who else is on the machine.

use std::path::Path;

/// Hundredths of a second in which Linux counts in `/proc`, whatever its own clock does.
const TICKS_PER_S: f64 = 100.0;

/// Seconds of processor time used so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// By the server.
    pub server: f64,
    /// By PostgreSQL, all its processes that live.
    pub postgres: f64,
    /// By this process: the load.
    pub load: f64,
}

impl Cpu {
    /// What was used until now. Zero where `/proc` does not say.
    pub fn now(server: u32, data_dir: &Path) -> Cpu {
        let postgres = postmaster(data_dir).map(|postmaster| family(postmaster).map(used_s).sum());
        Cpu { server: used_s(server), postgres: postgres.unwrap_or_default(), load: used_s(std::process::id()) }
    }

    /// What was used since `before`.
    pub fn since(self, before: Cpu) -> Cpu {
        Cpu {
            server: self.server - before.server,
            postgres: self.postgres - before.postgres,
            load: self.load - before.load,
        }
    }

    /// One sentence: microseconds for each of `count` things.
    pub fn per(self, count: u64, thing: &str) -> String {
        let us = |seconds: f64| seconds * 1e6 / count.max(1) as f64;
        format!(
            "processor time per {thing}: server {:.0} µs, PostgreSQL {:.0} µs, load {:.0} µs",
            us(self.server),
            us(self.postgres),
            us(self.load)
        )
    }
}

/// The process of PostgreSQL that started the others.
pub fn postmaster(data_dir: &Path) -> Option<u32> {
    let text = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok()
}

/// Seconds of processor time used so far by a process and its children that live.
pub fn used_by_family_s(parent: u32) -> f64 {
    family(parent).map(used_s).sum()
}

/// A process and its children.
fn family(parent: u32) -> impl Iterator<Item = u32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = all.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    ids.filter(move |id| *id == parent || field(*id, 1).is_some_and(|of: u32| of == parent))
}

fn used_s(process: u32) -> f64 {
    let ticks: u64 = [11, 12].into_iter().filter_map(|nth| field::<u64>(process, nth)).sum();
    ticks as f64 / TICKS_PER_S
}

/// A field of a process's line, counted from 0 after its name (which may hold anything, so it is skipped from behind).
fn field<T: std::str::FromStr>(process: u32, nth: usize) -> Option<T> {
    let line = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    line.rsplit_once(')')?.1.split_whitespace().nth(nth)?.parse().ok()
}
