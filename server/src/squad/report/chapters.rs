//! The report, chapter by chapter.

use serde_json::Value;

use super::collected::Collected;
use super::document::{Block, Cell};
use crate::squad::facts::{count, plain};

/// Months drawn.
const MONTHS_DRAWN: usize = 36;

/// (kind, heading, list in the output, columns: title, field, how set)
type Listing = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str, Set)]);

/// How a field is set.
#[derive(Clone, Copy)]
enum Set {
    Text,
    Code,
    Value,
}

const LISTINGS: [Listing; 11] = [
    (
        "repo.checks",
        "Checks",
        "checks",
        &[
            ("Check", "name", Set::Text),
            ("Result", "status", Set::Text),
            ("Files", "files", Set::Value),
            ("Command", "command", Set::Code),
            ("Note", "note", Set::Text),
        ],
    ),
    (
        "repo.secrets",
        "Likely secrets",
        "secrets",
        &[
            ("File", "path", Set::Code),
            ("Line", "line", Set::Value),
            ("Rule", "rule", Set::Text),
            ("Excerpt", "excerpt", Set::Text),
        ],
    ),
    (
        "repo.inventory",
        "Languages",
        "languages",
        &[("Language", "language", Set::Text), ("Lines", "lines", Set::Value), ("Files", "files", Set::Value)],
    ),
    (
        "repo.history",
        "Files that change most",
        "hot_spots",
        &[
            ("File", "path", Set::Code),
            ("Commits", "commits", Set::Value),
            ("Changed lines", "changed_lines", Set::Value),
        ],
    ),
    ("repo.history", "Authors", "top_authors", &[("Author", "name", Set::Text), ("Commits", "commits", Set::Value)]),
    (
        "repo.todos",
        "Marked for later",
        "lines",
        &[("File", "path", Set::Code), ("Line", "line", Set::Value), ("Text", "text", Set::Text)],
    ),
    (
        "repo.dependencies",
        "Manifests",
        "manifests",
        &[("File", "path", Set::Code), ("Kind", "ecosystem", Set::Text), ("Dependencies", "dependencies", Set::Value)],
    ),
    (
        "repo.dependencies",
        "Requirements that take any version",
        "open",
        &[("Package", "name", Set::Code), ("Asked for", "requirement", Set::Code), ("File", "path", Set::Code)],
    ),
    ("repo.structure", "Longest program files", "long", &[("File", "path", Set::Code), ("Lines", "lines", Set::Value)]),
    ("repo.structure", "Largest files", "large", &[("File", "path", Set::Code), ("Bytes", "bytes", Set::Value)]),
    (
        "repo.checks",
        "The project's own commands",
        "commands",
        &[("For", "purpose", Set::Text), ("Command", "command", Set::Code), ("From", "from", Set::Code)],
    ),
];

/// The whole document.
pub fn write(collected: &Collected, summary: &str, feedback: &[String], changes: &[String], rows: usize) -> Vec<Block> {
    let mut blocks = vec![
        Block::Heading(1, format!("Health of {}: {}", collected.name(), collected.health())),
        Block::Lead(summary.to_owned()),
    ];
    blocks.push(Block::Paragraph(match (&collected.head, &collected.branch) {
        (Some(head), Some(branch)) => format!(
            "Examined: commit {head} on branch {branch}, as git has it tracked; uncommitted edits are not part of it."
        ),
        (Some(head), None) => {
            format!("Examined: commit {head}, as git has it tracked; uncommitted edits are not part of it.")
        }
        (None, _) => "Examined: what is tracked so far; there is no commit yet.".to_owned(),
    }));
    if !feedback.is_empty() {
        changed(feedback, changes, rows, &mut blocks);
    }
    blocks.push(Block::Heading(2, "Findings".into()));
    if collected.findings.is_empty() {
        blocks.push(Block::Paragraph("None.".into()));
    }
    blocks.extend(collected.findings.iter().cloned().map(Block::Finding));
    figures(collected, &mut blocks);
    blocks.push(Block::Heading(2, "Details".into()));
    months(collected, &mut blocks);
    for listing in &LISTINGS {
        list(collected, listing, rows, &mut blocks);
    }
    duplicates(collected, rows, &mut blocks);
    if !collected.left_out.is_empty() {
        blocks.push(Block::Heading(2, "What was not looked at".into()));
        blocks.push(Block::List(collected.left_out.clone()));
    }
    blocks
}

/// What was done about each text of feedback, and nothing that was not done.
fn changed(feedback: &[String], changes: &[String], rows: usize, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "What changed since the last version".into()));
    blocks.push(Block::Paragraph(format!(
        "This is version {} of the report. The earlier ones were not accepted, with these words:",
        feedback.len() + 1
    )));
    blocks.extend(feedback.iter().cloned().map(Block::Quote));
    blocks.push(Block::Paragraph(format!(
        "Therefore the figures were counted again on the repository (those of the checks only if there was a new commit), and lists now show up to {rows} rows. {}",
        if changes.is_empty() {
            "Every figure came out as before, so the figures stand. Where the words above ask for something else, a person has to do it.".to_owned()
        } else {
            format!("{} changed:", count(changes.len() as u64, "figure", "figures"))
        }
    )));
    if !changes.is_empty() {
        blocks.push(Block::List(changes.to_vec()));
    }
}

fn figures(collected: &Collected, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(2, "Figures".into()));
    let row = |name: &String| {
        let source = plain(&collected.sources[name]);
        vec![Cell::Code(name.clone()), Cell::Value(plain(&collected.figures[name])), Cell::Text(source)]
    };
    blocks
        .push(Block::Table(vec!["Figure", "Value", "Where it comes from"], collected.order.iter().map(row).collect()));
}

fn months(collected: &Collected, blocks: &mut Vec<Block>) {
    let months = collected.list("repo.history", "commits_per_month");
    if months.len() < 2 {
        return;
    }
    let bar = |month: &Value| (plain(&month["month"]), month["commits"].as_u64().unwrap_or(0));
    let bars: Vec<_> = months.iter().skip(months.len().saturating_sub(MONTHS_DRAWN)).map(bar).collect();
    blocks.push(Block::Heading(3, "Commits per month".into()));
    let span = format!("{} to {}", bars.first().map_or("", |bar| &bar.0), bars.last().map_or("", |bar| &bar.0));
    blocks.push(Block::Bars(format!("Commits in months with any, {span}"), bars));
}

fn list(collected: &Collected, (kind, heading, name, columns): &Listing, rows: usize, blocks: &mut Vec<Block>) {
    let all = collected.list(kind, name);
    if all.is_empty() {
        return;
    }
    let cell = |row: &Value, (_, field, set): &(&str, &str, Set)| {
        let words = plain(&row[*field]);
        let words = if *field == "status" { words.replace('_', " ") } else { words };
        match set {
            Set::Text => Cell::Text(words),
            Set::Code => Cell::Code(words),
            Set::Value => Cell::Value(words),
        }
    };
    let row = |row: &Value| columns.iter().map(|column| cell(row, column)).collect();
    blocks.push(Block::Heading(3, (*heading).to_owned()));
    blocks.push(Block::Table(
        columns.iter().map(|(title, ..)| *title).collect(),
        all.iter().take(rows).map(row).collect(),
    ));
    rest(all.len(), rows, blocks);
}

fn duplicates(collected: &Collected, rows: usize, blocks: &mut Vec<Block>) {
    let all = collected.list("repo.structure", "duplicates");
    if all.is_empty() {
        return;
    }
    let place = |place: &Value| Cell::Code(format!("{}:{}", plain(&place["path"]), place["line"]));
    let row = |block: &Value| vec![Cell::Value(plain(&block["lines"])), place(&block["one"]), place(&block["other"])];
    blocks.push(Block::Heading(3, "Code that stands there twice".into()));
    blocks.push(Block::Table(vec!["Lines", "Here", "And here"], all.iter().take(rows).map(row).collect()));
    rest(all.len(), rows, blocks);
}

fn rest(all: usize, rows: usize, blocks: &mut Vec<Block>) {
    if all > rows {
        blocks.push(Block::Paragraph(format!("The first {rows} of {all} that were handed in.")));
    }
}
