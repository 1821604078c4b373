//! `repo.structure`: long files, large files, directories by size, and code that stands there twice.

mod duplicate;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::blob::{self, BLOB_BYTES_MAX, Choice};
use super::facts::{Facts, Severity, bytes, count, grouped};
use super::failure::Failure;
use super::git::Repository;
use super::language::{self, Sort};
use super::lease::Lease;
use super::name::{self, show};
use super::tracked::{Entry, Tracked};
use super::voice::Voice;
use duplicate::Duplicates;

/// A program file of more lines is long. (Half of all files in well-loved projects have fewer than 300.)
pub const LONG_FILE_LINES: u64 = 1_000;
/// A tracked file of more bytes is large: it makes every clone slower for ever.
pub const LARGE_FILE_BYTES: u64 = 1 << 20;
/// Rows named in each list.
const NAMED_MAX: usize = 30;
/// Directories are summed to this depth.
const DEPTH_MAX: usize = 2;

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    voice.progress(10, "Listing tracked files");
    let tracked = Tracked::read(&repository)?;
    let programs = tracked
        .files()
        .filter(|entry| language::of(&entry.path).1 == Sort::Code && !language::is_generated(&entry.path));
    let choice = Choice::new(programs, BLOB_BYTES_MAX);
    voice.progress(30, "Comparing code");
    let mut duplicates = Duplicates::default();
    let mut long: Vec<(u64, String)> = Vec::new();
    let mut code_lines = 0;
    blob::each_whole(&repository, &choice.taken, |entry, content| {
        if blob::is_binary(content) {
            return;
        }
        let lines = blob::count_lines(&mut &content[..]).ok().flatten().unwrap_or(0);
        code_lines += lines;
        if lines > LONG_FILE_LINES {
            long.push((lines, show(&entry.path)));
        }
        // Tests repeat themselves on purpose.
        if !name::is_under(&entry.path, &name::FIXTURES) {
            duplicates.read(show(&entry.path), content);
        }
    })?;
    long.sort_by(|one, other| other.cmp(one));
    let mut facts = Facts::new("repo.structure", &repository);
    choice.left_out(BLOB_BYTES_MAX).into_iter().for_each(|sentence| facts.left_out(sentence));
    Ok(told(facts, &tracked, code_lines, &long, &duplicates))
}

fn told(
    mut facts: Facts,
    tracked: &Tracked,
    code_lines: u64,
    long: &[(u64, String)],
    duplicates: &Duplicates,
) -> Value {
    let mut large: Vec<&Entry> = tracked.files().filter(|entry| entry.bytes > Some(LARGE_FILE_BYTES)).collect();
    large.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&other.path)));
    let blocks = duplicates.blocks();
    let repeated: u64 = blocks.iter().map(|block| block.lines as u64).sum();
    let counted = "newlines in the objects of program files that nobody generated";
    let compared = "equal runs of at least 12 lines in program files outside tests, blank lines and indentation aside";
    facts.figure("code_lines", code_lines, counted);
    facts.figure("long_files", long.len(), counted);
    facts.figure("large_files", large.len(), "sizes of git cat-file --batch-check");
    facts.figure("duplicate_blocks", blocks.len(), compared);
    facts.figure("duplicate_lines", repeated, compared);
    if duplicates.overflowed {
        facts.left_out("Only the first two million lines of code were compared for duplicates.");
    }
    remarks(&mut facts, &large, long, &blocks, [counted, compared]);
    lists(&mut facts, tracked, &large, long, &blocks);
    facts.finish(format!(
        "{} of code; {} than {} lines, {} larger than {}, {} repeated in {}.",
        count(code_lines, "line", "lines"),
        count(long.len() as u64, "file longer", "files longer"),
        grouped(LONG_FILE_LINES),
        count(large.len() as u64, "file", "files"),
        bytes(LARGE_FILE_BYTES),
        count(repeated, "line", "lines"),
        count(blocks.len() as u64, "block", "blocks"),
    ))
}

fn remarks(
    facts: &mut Facts,
    large: &[&Entry],
    long: &[(u64, String)],
    blocks: &[duplicate::Block],
    [counted, compared]: [&str; 2],
) {
    if let Some((lines, path)) = long.first() {
        let title = format!(
            "{} than {} lines",
            count(long.len() as u64, "program file is longer", "program files are longer"),
            grouped(LONG_FILE_LINES)
        );
        facts.finding(
            Severity::Low,
            title,
            format!("The longest is {path} with {} lines. Split it where it serves two purposes.", grouped(*lines)),
            counted,
        );
    }
    if let Some(first) = large.first() {
        let title = format!(
            "{} larger than {}",
            count(large.len() as u64, "tracked file is", "tracked files are"),
            bytes(LARGE_FILE_BYTES)
        );
        let detail = format!(
            "The largest is {} with {}. Every clone carries it for ever.",
            show(&first.path),
            bytes(first.bytes.unwrap_or(0))
        );
        facts.finding(Severity::Low, title, detail, "git cat-file --batch-check");
    }
    if let Some(block) = blocks.first() {
        let title = format!(
            "{} of code {} twice",
            count(blocks.len() as u64, "block", "blocks"),
            if blocks.len() == 1 { "stands there" } else { "stand there" }
        );
        let detail = format!(
            "The longest has {} lines: {}:{} and {}:{}.",
            block.lines, block.one.0, block.one.1, block.other.0, block.other.1
        );
        facts.finding(Severity::Low, title, detail, compared);
    }
}

fn lists(facts: &mut Facts, tracked: &Tracked, large: &[&Entry], long: &[(u64, String)], blocks: &[duplicate::Block]) {
    let row = |entry: &&Entry| json!({"path": show(&entry.path), "bytes": entry.bytes});
    facts.detail("large", large.iter().take(NAMED_MAX).map(row).collect::<Value>());
    facts.detail(
        "long",
        long.iter().take(NAMED_MAX).map(|(lines, path)| json!({"path": path, "lines": lines})).collect::<Value>(),
    );
    let block = |block: &duplicate::Block| {
        let place = |(path, line): &(String, usize)| json!({"path": path, "line": line});
        json!({"lines": block.lines, "one": place(&block.one), "other": place(&block.other)})
    };
    facts.detail("duplicates", blocks.iter().take(NAMED_MAX).map(block).collect::<Value>());
    facts.detail("directories", directories(tracked));
}

fn directories(tracked: &Tracked) -> Value {
    let mut sizes: BTreeMap<Vec<u8>, (u64, u64)> = BTreeMap::new();
    for entry in &tracked.entries {
        let ends = entry.path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).take(DEPTH_MAX);
        for end in ends {
            let (files, bytes) = sizes.entry(entry.path[..end].to_vec()).or_default();
            *files += 1;
            *bytes += entry.bytes.unwrap_or(0);
        }
    }
    let mut rows: Vec<_> = sizes.into_iter().collect();
    rows.sort_by(|(one, first), (other, second)| second.1.cmp(&first.1).then_with(|| one.cmp(other)));
    let row =
        |(path, (files, bytes)): (Vec<u8>, (u64, u64))| json!({"path": show(&path), "files": files, "bytes": bytes});
    rows.into_iter().take(NAMED_MAX).map(row).collect()
}

#[cfg(test)]
mod tests {
    use crate::squad::testing::Home;

    #[test]
    fn long_large_and_repeated_files_are_named() {
        let body: String = (0..40).map(|line| format!("    let value_{line} = compute({line}, other);\n")).collect();
        let long: String = (0..1001).map(|line| format!("// {line}\n")).collect();
        let big = "x".repeat((1 << 20) + 1);
        let home = Home::with(&[
            ("a/one.rs", &format!("fn one() {{\n{body}}}\n")),
            ("b/two.rs", &format!("// other\n\nfn two() {{\n{body}}}\n")),
            ("long.py", &long),
            ("data/big.txt", &big),
        ]);
        let output = home.output("repo.structure");
        let figures = &output["figures"];
        assert_eq!(
            (&figures["long_files"], &figures["large_files"], &figures["duplicate_blocks"]),
            (&1.into(), &1.into(), &1.into())
        );
        assert_eq!(
            output["duplicates"][0],
            serde_json::json!({"lines": 40, "one": {"path": "a/one.rs", "line": 2}, "other": {"path": "b/two.rs", "line": 4}})
        );
        assert_eq!(output["directories"][0]["path"], "data");
    }
}
