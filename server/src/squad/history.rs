//! `repo.history`: who changed what and how often.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufRead};

use serde_json::{Value, json};

use super::facts::{Facts, Severity, count, grouped};
use super::failure::Failure;
use super::git::Repository;
use super::lease::Lease;
use super::name::show;
use super::voice::Voice;

/// Latest commits whose changes are looked into; diffing this many takes about a minute in a very large project.
pub const EXAMINED_COMMITS_MAX: usize = 20_000;
/// Most files whose changes are counted; beyond, new names are left out and said so.
const COUNTED_FILES_MAX: usize = 500_000;
/// Rows named in the output.
const AUTHORS_MAX: usize = 50;
const HOT_SPOTS_MAX: usize = 30;
/// Fifty years of months.
const MONTHS_MAX: usize = 600;
/// From this many commits on a single main author is worth a remark.
const BUS_FACTOR_COMMITS_MIN: u64 = 20;
/// Separates the commits in git's reply; no path or name starts with it.
const MARK: u8 = 1;

/// Who and when, over the whole history.
#[derive(Debug, Default)]
struct People {
    commits: u64,
    authors: HashMap<Vec<u8>, u64>,
    months: BTreeMap<String, u64>,
    first: Option<String>,
    last: Option<String>,
}

/// Changes of one file.
#[derive(Clone, Copy, Debug, Default)]
struct Changes {
    commits: u64,
    lines: u64,
}

/// Which files change, over the examined commits.
#[derive(Debug, Default)]
struct Heat {
    examined: u64,
    files: HashMap<Vec<u8>, Changes>,
    overflowed: bool,
}

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    let mut facts = Facts::new("repo.history", &repository);
    let (mut people, mut heat) = (People::default(), Heat::default());
    if repository.head.is_some() {
        voice.progress(10, "Reading commits");
        people = read_people(&repository)?;
        voice.progress(40, "Reading what each commit changed");
        match read_heat(&repository) {
            Ok(found) => heat = found,
            // Too much history for the time, or a clone without old contents: people and months still tell something.
            Err(failure) => facts.left_out(format!("Hot-spots are missing: {}", failure.message)),
        }
    }
    Ok(told(facts, &repository, &people, &heat))
}

fn read_people(repository: &Repository) -> Result<People, Failure> {
    let args =
        ["log", "--no-show-signature", "--encoding=UTF-8", "--date=format:%Y-%m", "--format=%cs %ad %aN", "HEAD", "--"];
    repository.stream(&args, None, |output| {
        let (mut people, mut line) = (People::default(), Vec::new());
        while output.read_until(b'\n', &mut line)? > 0 {
            let mut parts = line.strip_suffix(b"\n").unwrap_or(&line).splitn(3, |byte| *byte == b' ');
            let day = parts.next().map(show).unwrap_or_default();
            let month = parts.next().map(show).unwrap_or_default();
            *people.authors.entry(parts.next().unwrap_or_default().to_vec()).or_default() += 1;
            *people.months.entry(month).or_default() += 1;
            people.commits += 1;
            people.last.get_or_insert_with(|| day.clone());
            if people.first.as_ref().is_none_or(|first| day < *first) {
                people.first = Some(day);
            }
            line.clear();
        }
        Ok(people)
    })
}

fn read_heat(repository: &Repository) -> Result<Heat, Failure> {
    let most = format!("--max-count={EXAMINED_COMMITS_MAX}");
    let args = [
        "log",
        "--no-show-signature",
        "--no-merges",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--numstat",
        "--format=%x01",
        &most,
        "HEAD",
        "--",
    ];
    repository.stream(&args, None, heat)
}

fn heat(output: &mut dyn BufRead) -> io::Result<Heat> {
    let (mut heat, mut line) = (Heat::default(), Vec::new());
    while output.read_until(b'\n', &mut line)? > 0 {
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        if text.first() == Some(&MARK) {
            heat.examined += 1;
        } else if let [added, removed, path] = text.splitn(3, |byte| *byte == b'\t').collect::<Vec<_>>()[..] {
            // A binary file has "-" for both and changes no lines.
            let lines = [added, removed]
                .iter()
                .filter_map(|part| std::str::from_utf8(part).ok()?.parse::<u64>().ok())
                .sum::<u64>();
            if heat.files.len() < COUNTED_FILES_MAX || heat.files.contains_key(path) {
                let changes = heat.files.entry(path.to_vec()).or_default();
                changes.commits += 1;
                changes.lines += lines;
            } else {
                heat.overflowed = true;
            }
        }
        line.clear();
    }
    Ok(heat)
}

/// The fewest authors who together made more than half of the commits.
pub fn bus_factor(mut commits_by_author: Vec<u64>) -> u64 {
    let all: u64 = commits_by_author.iter().sum();
    commits_by_author.sort_unstable_by(|one, other| other.cmp(one));
    let mut made = 0;
    let needed = commits_by_author.iter().take_while(|commits| {
        let enough = made * 2 > all;
        made += **commits;
        !enough
    });
    needed.count() as u64
}

fn told(mut facts: Facts, repository: &Repository, people: &People, heat: &Heat) -> Value {
    let mut authors: Vec<_> = people.authors.iter().collect();
    authors.sort_by(|(one, first), (other, second)| second.cmp(first).then(one.cmp(other)));
    let mut hot: Vec<_> = heat.files.iter().collect();
    hot.sort_by(|(one, first), (other, second)| {
        second.commits.cmp(&first.commits).then(second.lines.cmp(&first.lines)).then(one.cmp(other))
    });
    let factor = bus_factor(people.authors.values().copied().collect());
    facts.figure("commits", people.commits, "git log HEAD");
    facts.figure("authors", authors.len(), "distinct names in git log --format=%aN (.mailmap applied)");
    facts.figure("bus_factor", factor, "fewest authors with more than half of the commits");
    facts.figure("active_months", people.months.len(), "distinct author months in git log");
    if let (Some(first), Some(last)) = (&people.first, &people.last) {
        facts.figure("first_commit", first.as_str(), "earliest committer date in git log");
        facts.figure("last_commit", last.as_str(), "committer date of HEAD");
    }
    if let Some((path, changes)) = hot.first() {
        facts.figure("hottest_file", shown(path), "path in most commits of git log --numstat --no-renames --no-merges");
        facts.figure("hottest_file_commits", changes.commits, "git log --numstat --no-renames --no-merges");
    }
    bounds(&mut facts, repository, heat);
    remarks(&mut facts, people, &authors, factor);
    facts.detail("examined_commits", heat.examined);
    let author = |(name, commits): &(&Vec<u8>, &u64)| json!({"name": show(name), "commits": commits});
    facts.detail("top_authors", authors.iter().take(AUTHORS_MAX).map(author).collect::<Value>());
    let months =
        people.months.iter().rev().take(MONTHS_MAX).map(|(month, commits)| json!({"month": month, "commits": commits}));
    facts.detail("commits_per_month", months.rev().collect::<Value>());
    let spot = |(path, changes): &(&Vec<u8>, &Changes)| json!({"path": shown(path), "commits": changes.commits, "changed_lines": changes.lines});
    facts.detail("hot_spots", hot.iter().take(HOT_SPOTS_MAX).map(spot).collect::<Value>());
    let span = match (&people.first, &people.last) {
        (Some(first), Some(last)) => format!(" from {first} to {last}"),
        _ => String::new(),
    };
    facts.finish(format!(
        "{} by {}{span}; {} made more than half of them.",
        count(people.commits, "commit", "commits"),
        count(authors.len() as u64, "author", "authors"),
        count(factor, "author", "authors"),
    ))
}

fn bounds(facts: &mut Facts, repository: &Repository, heat: &Heat) {
    if heat.examined >= EXAMINED_COMMITS_MAX as u64 {
        facts.left_out(format!("Hot-spots come from the latest {} commits.", grouped(heat.examined)));
    }
    if heat.overflowed {
        facts.left_out(format!("Hot-spots come from the first {} paths seen.", grouped(COUNTED_FILES_MAX as u64)));
    }
    if repository.shallow {
        facts.left_out("The clone is shallow: older commits are not on this machine.");
    }
}

fn remarks(facts: &mut Facts, people: &People, authors: &[(&Vec<u8>, &u64)], factor: u64) {
    let Some((name, most)) = authors.first().filter(|_| factor == 1 && people.commits >= BUS_FACTOR_COMMITS_MIN) else {
        return;
    };
    let severity = if authors.len() == 1 { Severity::Info } else { Severity::Low };
    let title = format!("{} made {} % of the commits", show(name), **most * 100 / people.commits);
    let detail =
        "If this person leaves, most knowledge of the code leaves too: have others review and change the hot-spots.";
    facts.finding(severity, title, detail, "git log --format=%aN");
}

/// git already quoted what is no plain text.
fn shown(path: &[u8]) -> String {
    show(path.strip_prefix(b"\"").and_then(|path| path.strip_suffix(b"\"")).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::bus_factor;
    use crate::squad::testing::Home;

    #[test]
    fn the_bus_factor_is_the_fewest_who_made_more_than_half() {
        for (commits, factor) in [(vec![], 0), (vec![1], 1), (vec![5, 5], 2), (vec![6, 5], 1), (vec![1, 1, 1, 1, 1], 3)]
        {
            assert_eq!(bus_factor(commits.clone()), factor, "{commits:?}");
        }
    }

    #[test]
    fn authors_and_hot_spots_agree_with_git() {
        let home = Home::with(&[("hot.rs", "1\n"), ("cold.rs", "1\n")]);
        for round in 0..4 {
            home.write("hot.rs", format!("{round}\n\n").as_bytes());
            let who = if round % 2 == 0 { "Bob" } else { "Ada" };
            home.commit_as(who, &format!("2024-0{}-02T03:04:05+0000", round + 2), "change");
        }
        home.write(".mailmap", b"Ada <Ada@example.org> Bob <Bob@example.org>\n");
        home.commit_as("Cy", "2024-09-02T03:04:05+0000", "mailmap");
        let output = home.output("repo.history");
        let figures = &output["figures"];
        assert_eq!(figures["authors"].to_string(), home.git(&["shortlog", "-sn", "HEAD"]).lines().count().to_string());
        assert_eq!((&figures["commits"], &figures["bus_factor"]), (&6.into(), &1.into()));
        assert_eq!((&figures["hottest_file"], &figures["hottest_file_commits"]), (&"hot.rs".into(), &5.into()));
        assert_eq!((&figures["first_commit"], &figures["last_commit"]), (&"2024-01-02".into(), &"2024-09-02".into()));
        assert_eq!(output["commits_per_month"].as_array().expect("months").len(), 6);
    }

    #[test]
    fn an_empty_commit_by_a_nameless_author_is_counted() {
        let home = Home::with(&[]);
        home.commit("nothing");
        let output = home.output("repo.history");
        assert_eq!((&output["figures"]["commits"], &output["hot_spots"]), (&2.into(), &serde_json::json!([])));
    }
}
