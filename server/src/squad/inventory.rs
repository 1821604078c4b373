//! `repo.inventory`: what is in the repository, in figures that agree exactly with git's own.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::blob::{self, Choice};
use super::facts::{Facts, Severity, bytes, count};
use super::failure::Failure;
use super::git::Repository;
use super::language::{self, Sort};
use super::lease::Lease;
use super::name::show;
use super::tracked::{Entry, Mode, Tracked};
use super::voice::Voice;

/// Largest file whose lines are counted; it is streamed, never held.
pub const COUNTED_BYTES_MAX: u64 = 64 << 20;
/// How many of the largest files are named.
const LARGEST_MAX: usize = 20;

/// Lines and bytes of one language.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    files: u64,
    lines: u64,
    bytes: u64,
}

/// What reading all content found.
#[derive(Debug, Default)]
struct Content {
    languages: BTreeMap<&'static str, Share>,
    binary_files: u64,
    text_lines: u64,
    left_out: Vec<String>,
}

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    voice.progress(10, "Listing tracked files");
    let tracked = Tracked::read(&repository)?;
    voice.progress(40, "Counting lines");
    let content = read(&repository, &tracked)?;
    voice.progress(80, "Counting commits");
    let commits = match repository.head {
        Some(_) => repository.text(&["rev-list", "--count", "HEAD"])?.parse().unwrap_or(0),
        None => 0,
    };
    Ok(told(&repository, &tracked, &content, commits))
}

fn read(repository: &Repository, tracked: &Tracked) -> Result<Content, Failure> {
    let choice = Choice::new(tracked.files(), COUNTED_BYTES_MAX);
    let mut content = Content { left_out: choice.left_out(COUNTED_BYTES_MAX), ..Content::default() };
    blob::each(repository, &choice.taken, |entry, stream| {
        let Some(lines) = blob::count_lines(stream)? else {
            content.binary_files += 1;
            return Ok(());
        };
        content.text_lines += lines;
        let share = content.languages.entry(language::of(&entry.path).0).or_default();
        share.files += 1;
        share.lines += lines;
        share.bytes += entry.bytes.unwrap_or_default();
        Ok(())
    })?;
    Ok(content)
}

fn told(repository: &Repository, tracked: &Tracked, content: &Content, commits: u64) -> Value {
    let mut facts = Facts::new("repo.inventory", repository);
    let (listed, objects) = (Tracked::source(repository), "git cat-file --batch-check");
    let size: u64 = tracked.entries.iter().filter_map(|entry| entry.bytes).sum();
    let mut by_size: Vec<&Entry> = tracked.entries.iter().filter(|entry| entry.bytes.is_some()).collect();
    by_size.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.path.cmp(&other.path)));
    facts.figure("tracked_files", tracked.count, listed);
    facts.figure("submodules", tracked.how_many(Mode::Submodule), listed);
    facts.figure("symlinks", tracked.how_many(Mode::Symlink), listed);
    facts.figure("tracked_bytes", size, objects);
    facts.figure("largest_file_bytes", by_size.first().and_then(|entry| entry.bytes).unwrap_or(0), objects);
    facts.figure("commits", commits, "git rev-list --count HEAD");
    facts.figure("text_lines", content.text_lines, "newlines in the objects of git cat-file --batch");
    facts.figure("binary_files", content.binary_files, "a NUL among the first 8,000 bytes, git's own rule");
    let main = main_language(&content.languages);
    if let Some((language, share)) = main {
        facts.figure("main_language", language, "most lines among programming languages, by file name");
        facts.figure("main_language_lines", share.lines, "newlines in that language's files");
    }
    for sentence in &content.left_out {
        facts.left_out(sentence.as_str());
    }
    remarks(&mut facts, repository, tracked, commits);
    facts.detail("path", repository.path().to_string_lossy().into_owned());
    facts.detail("bare", repository.bare);
    facts.detail("shallow", repository.shallow);
    facts.detail("languages", languages(&content.languages));
    let largest =
        by_size.iter().take(LARGEST_MAX).map(|entry| json!({"path": show(&entry.path), "bytes": entry.bytes}));
    facts.detail("largest_files", largest.collect::<Value>());
    let written = main
        .map_or_else(String::new, |(name, share)| format!(", mostly {name} ({})", count(share.lines, "line", "lines")));
    facts.finish(format!(
        "{} of {} in {}{written}; {}.",
        count(tracked.count, "tracked file", "tracked files"),
        count(content.text_lines, "line of text", "lines of text"),
        bytes(size),
        count(commits, "commit", "commits"),
    ))
}

fn remarks(facts: &mut Facts, repository: &Repository, tracked: &Tracked, commits: u64) {
    if repository.head.is_none() {
        let detail = "There is a repository but nothing has been committed, so there is no history to judge.";
        facts.finding(Severity::Info, "The repository has no commits yet", detail, "git rev-parse HEAD");
    }
    if repository.shallow {
        let detail =
            format!("It holds {}; figures about history describe this part only.", count(commits, "commit", "commits"));
        facts.finding(Severity::Info, "This is a shallow clone", detail, "git rev-parse --is-shallow-repository");
    }
    if tracked.how_many(Mode::Submodule) > 0 {
        facts.left_out(format!(
            "{} counted as one entry each; what is in them was not looked at.",
            count(tracked.how_many(Mode::Submodule) as u64, "submodule is", "submodules are")
        ));
    }
}

/// The programming language with most lines; among documents only, whatever has most.
fn main_language(languages: &BTreeMap<&'static str, Share>) -> Option<(&'static str, Share)> {
    let is_code = |name: &str| language::sort_of(name) == Sort::Code;
    let most = |code: bool| {
        let among = languages.iter().filter(|(name, share)| share.lines > 0 && (!code || is_code(name)));
        among.max_by_key(|(name, share)| (share.lines, std::cmp::Reverse(**name))).map(|(name, share)| (*name, *share))
    };
    most(true).or_else(|| most(false))
}

fn languages(shares: &BTreeMap<&'static str, Share>) -> Value {
    let mut rows: Vec<_> = shares.iter().collect();
    rows.sort_by(|(one, first), (other, second)| second.lines.cmp(&first.lines).then(one.cmp(other)));
    let row = |(name, share): (&&str, &Share)| json!({"language": name, "files": share.files, "lines": share.lines, "bytes": share.bytes});
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use crate::squad::testing::Home;

    #[test]
    fn figures_agree_with_git() {
        let home =
            Home::with(&[("src/main.rs", "fn main() {\n}\n"), ("a.md", "# a"), ("é ü.py", "x = 1\n"), ("empty", "")]);
        home.write("b.bin", b"\0\x01\x02");
        home.commit("second");
        home.write("untracked.rs", b"not counted\n");
        let output = home.output("repo.inventory");
        let figures = &output["figures"];
        assert_eq!(figures["tracked_files"].to_string(), home.git(&["ls-files"]).lines().count().to_string());
        assert_eq!(figures["commits"].to_string(), home.git(&["rev-list", "--count", "HEAD"]));
        assert_eq!(output["head"], home.git(&["rev-parse", "HEAD"]));
        assert_eq!(output["branch"], "main");
        assert_eq!((figures["text_lines"].as_u64(), figures["binary_files"].as_u64()), (Some(4), Some(1)));
        assert_eq!((&figures["main_language"], &figures["main_language_lines"]), (&"Rust".into(), &2.into()));
        assert_eq!(output["largest_files"][0]["path"], "src/main.rs");
        assert_eq!(output["summary"], "5 tracked files of 4 lines of text in 26 B, mostly Rust (2 lines); 2 commits.");
    }

    #[test]
    fn an_empty_repository_has_zeros_and_says_so() {
        let home = Home::new();
        home.git(&["init", "-q"]);
        let output = home.output("repo.inventory");
        assert_eq!((&output["figures"]["commits"], &output["figures"]["tracked_files"]), (&0.into(), &0.into()));
        assert_eq!(output["findings"][0]["title"], "The repository has no commits yet");
    }
}
