//! `repo.todos`: lines that carry TODO, FIXME, HACK or XXX as a word.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::blob::{self, BLOB_BYTES_MAX, Choice};
use super::facts::{Facts, Severity, count, grouped};
use super::failure::Failure;
use super::git::Repository;
use super::lease::Lease;
use super::name::show;
use super::tracked::Tracked;
use super::voice::Voice;

/// The words looked for, in capitals and alone, as in `git grep -w`.
pub const MARKERS: [&str; 4] = ["TODO", "FIXME", "HACK", "XXX"];
/// Lines named in the output; the counts go on beyond.
const NAMED_MAX: usize = 300;
/// Most bytes shown of a line.
const EXCERPT_BYTES_MAX: usize = 160;
/// From this many on, a remark is low rather than information.
const MANY: u64 = 50;

#[derive(Debug, Default)]
struct Found {
    by_marker: BTreeMap<&'static str, u64>,
    by_file: BTreeMap<String, u64>,
    named: Vec<Value>,
    lines: u64,
}

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    voice.progress(10, "Listing tracked files");
    let tracked = Tracked::read(&repository)?;
    let choice = Choice::new(tracked.files(), BLOB_BYTES_MAX);
    voice.progress(30, "Reading files");
    let mut found = Found::default();
    blob::each_whole(&repository, &choice.taken, |entry, content| {
        if !blob::is_binary(content) {
            scan(&show(&entry.path), content, &mut found);
        }
    })?;
    Ok(told(Facts::new("repo.todos", &repository), &found, choice.left_out(BLOB_BYTES_MAX)))
}

fn scan(path: &str, content: &[u8], found: &mut Found) {
    for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
        let Some((marker, at)) = marker(line) else { continue };
        found.lines += 1;
        *found.by_marker.entry(marker).or_default() += 1;
        *found.by_file.entry(path.to_owned()).or_default() += 1;
        if found.named.len() < NAMED_MAX {
            let text = &line[at..line.len().min(at + EXCERPT_BYTES_MAX)];
            found
                .named
                .push(json!({"path": path, "line": index + 1, "marker": marker, "text": show(text.trim_ascii())}));
        }
    }
}

/// The first marker standing alone in a line, and where.
fn marker(line: &[u8]) -> Option<(&'static str, usize)> {
    let is_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric();
    // A word starts where no word letter stands before it.
    let starts = (0..line.len())
        .filter(|at| matches!(line[*at], b'T' | b'F' | b'H' | b'X') && (*at == 0 || !is_word(line[*at - 1])));
    starts.into_iter().find_map(|at| {
        let marker = MARKERS.iter().find(|marker| line[at..].starts_with(marker.as_bytes()))?;
        let after = line.get(at + marker.len());
        after.is_none_or(|byte| !is_word(*byte)).then_some((*marker, at))
    })
}

fn told(mut facts: Facts, found: &Found, left_out: Vec<String>) -> Value {
    let source = "lines of tracked text files with TODO, FIXME, HACK or XXX as a word";
    facts.figure("todo_lines", found.lines, source);
    facts.figure("todo_files", found.by_file.len(), source);
    left_out.into_iter().for_each(|sentence| facts.left_out(sentence));
    let mut files: Vec<_> = found.by_file.iter().collect();
    files.sort_by(|(one, first), (other, second)| second.cmp(first).then(one.cmp(other)));
    if found.lines > 0 {
        let severity = if found.lines >= MANY { Severity::Low } else { Severity::Info };
        let most = files
            .first()
            .map(|(path, lines)| format!("Most are in {path} ({}). ", grouped(**lines)))
            .unwrap_or_default();
        let title = format!("{} marked for later work", count(found.lines, "line is", "lines are"));
        facts.finding(
            severity,
            title,
            format!("{most}Turn those that matter into tasks and delete the others."),
            source,
        );
    }
    if found.lines > found.named.len() as u64 {
        facts.left_out(format!(
            "Of {} lines the first {} are named; all are counted.",
            grouped(found.lines),
            found.named.len()
        ));
    }
    facts.detail("by_marker", json!(found.by_marker));
    let row = |(path, lines): &(&String, &u64)| json!({"path": path, "lines": lines});
    facts.detail("top_files", files.iter().take(20).map(row).collect::<Value>());
    facts.detail("lines", found.named.clone());
    facts.finish(format!(
        "{} marked for later work in {}.",
        count(found.lines, "line is", "lines are"),
        count(found.by_file.len() as u64, "file", "files")
    ))
}

#[cfg(test)]
mod tests {
    use super::marker;
    use crate::squad::testing::Home;

    #[test]
    fn a_marker_is_a_word_of_its_own() {
        for (line, word) in [
            ("// TODO: this", Some("TODO")),
            ("x TODOS FIXME", Some("FIXME")),
            ("mktemp XXXXXX", None),
            ("MY_TODO", None),
            ("todo", None),
            ("(XXX)", Some("XXX")),
            ("HACK", Some("HACK")),
        ] {
            assert_eq!(marker(line.as_bytes()).map(|(word, _)| word), word, "{line}");
        }
    }

    #[test]
    fn lines_agree_with_git_grep_and_are_named_with_their_place() {
        let home = Home::with(&[
            ("a.rs", "fn a() {}\n// TODO one\n// FIXME two TODO\n"),
            ("b.txt", "nothing\r\nXXX here\r\n"),
        ]);
        home.write("c.bin", b"TODO\0");
        home.commit("binary");
        let output = home.output("repo.todos");
        let grep =
            home.git(&["grep", "--cached", "-I", "-n", "-w", "-e", "TODO", "-e", "FIXME", "-e", "HACK", "-e", "XXX"]);
        assert_eq!(output["figures"]["todo_lines"].to_string(), grep.lines().count().to_string());
        assert_eq!(
            output["lines"][1],
            serde_json::json!({"path": "a.rs", "line": 3, "marker": "FIXME", "text": "FIXME two TODO"})
        );
        assert_eq!(output["lines"][2]["text"], "XXX here");
    }
}
