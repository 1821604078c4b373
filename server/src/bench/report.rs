//! What a run says: a table, and whether its gates hold.

use super::stats::Times;
use crate::clock;

/// Pages of memory that are touched to see what that costs here: 16 MB.
const NEW_PAGES: usize = 4_096;
/// Bytes of one.
const PAGE_BYTES: usize = 4_096;

/// Prints a line.
#[expect(clippy::print_stdout, reason = "this is what a command line is for")]
pub fn say(text: &str) {
    println!("{text}");
}

/// A table whose columns are as wide as what stands in them.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these heads.
    pub fn new(heads: &[&str]) -> Table {
        Table { rows: vec![heads.iter().map(|head| (*head).to_owned()).collect()] }
    }

    /// One more row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Prints it, numbers to the right.
    pub fn say(&self) {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in &self.rows {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
            say(&cells.join("   "));
        }
    }
}

/// Gates of a run.
#[derive(Default)]
pub struct Gates {
    missed: u32,
}

impl Gates {
    /// Says whether a figure is where it has to be.
    pub fn check(&mut self, holds: bool, what: &str) {
        say(&format!("{}  {what}", if holds { "PASS" } else { "FAIL" }));
        self.missed += u32::from(!holds);
    }

    /// The exit code: a missed gate counts only if gates were asked for.
    pub fn exit_code(&self, gate: bool) -> i32 {
        i32::from(gate && self.missed > 0)
    }
}

/// The machine and how busy it was when the run began. Figures of a shared machine stand only beside the floor of the same run.
pub fn say_machine() {
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().filter(|load| !load.is_empty()).unwrap_or("unknown");
    let build = if cfg!(debug_assertions) { "DEBUG BUILD: its figures mean nothing" } else { "release build" };
    say(&format!("{cores} cores, load {load} before the run, {build}"));
    let new = new_memory();
    let [middle, slow, slowest] = [0.5, 0.99, 1.0].map(|q| new.quantile_ms(q) * 1_000.0);
    say(&format!("a page of new memory: p50 {middle:.1}, p99 {slow:.1}, at most {slowest:.0} µs"));
}

/// What it takes to touch memory that nobody has touched before: next to nothing, but on a virtual machine whose host gives it only then.
fn new_memory() -> Times {
    let mut memory = vec![0u8; NEW_PAGES * PAGE_BYTES];
    let touched = memory.chunks_mut(PAGE_BYTES).map(|page| {
        let started = clock::instant();
        std::hint::black_box(page).fill(1);
        started.elapsed()
    });
    Times::new(touched.collect())
}

/// A whole number with its thousands apart.
pub fn whole(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) && digits.chars().all(|c| c.is_ascii_digit()) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(whole(0.4), "0");
        assert_eq!(whole(999.6), "1,000");
        assert_eq!(whole(1_234_567.0), "1,234,567");
    }

    #[test]
    fn a_missed_gate_counts_only_when_asked_for() {
        let mut gates = Gates::default();
        gates.check(true, "fine");
        assert_eq!(gates.exit_code(true), 0);
        gates.check(false, "slow");
        assert_eq!((gates.exit_code(true), gates.exit_code(false)), (1, 0));
    }
}
