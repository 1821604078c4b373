//! `repo.report`: what the squad found, written for people: one document, as Markdown and as a page.

mod chapters;
mod collected;
mod document;
mod html;
mod markdown;
mod summary;

use std::fs;

use serde_json::{Value, json};

use super::failure::Failure;
use super::lease::Lease;
use super::voice::Voice;
use collected::Collected;
pub use markdown::figure_row;

/// Rows of each list in the report, and in one written again after feedback.
const ROWS: usize = 10;
const ROWS_AFTER_FEEDBACK: usize = 50;
/// Longest report; the engine takes artifacts of 100 MiB, but nobody reads one of 4.
const REPORT_BYTES_MAX: usize = 4 << 20;

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let mut collected = Collected::from(&lease.needs)?;
    let dir = lease.artifact_dir()?;
    let changes = if lease.feedback.is_empty() {
        Vec::new()
    } else {
        voice.progress(20, "Counting again after feedback");
        collected.count_again(lease, voice)?
    };
    voice.progress(60, "Writing");
    let summary = summary::sentence(&collected);
    let rows = if lease.feedback.is_empty() { ROWS } else { ROWS_AFTER_FEEDBACK };
    let document = chapters::write(&collected, &summary, &lease.feedback, &changes, rows);
    let title = format!("Health of {}", collected.name());
    for (name, media_type, text) in [
        ("report.md", "text/markdown", markdown::render(&document)),
        ("report.html", "text/html", html::render(&title, &document)),
    ] {
        if text.len() > REPORT_BYTES_MAX {
            return Err(Failure::bad_input(format!(
                "{name} would have {} bytes; at most {REPORT_BYTES_MAX} are written.",
                text.len()
            )));
        }
        fs::write(dir.join(name), text)?;
        voice.artifact(name, media_type, name)?;
    }
    Ok(json!({
        "kind": "repo.report",
        "head": collected.head,
        "branch": collected.branch,
        "summary": summary,
        "health": collected.health(),
        "figures": collected.figures,
        "sources": collected.sources,
        "findings": collected.findings,
        "left_out": collected.left_out,
        "changed": changes,
        "artifacts": ["report.md", "report.html"],
    }))
}

#[cfg(test)]
mod tests;
