//! `purpose: review`: an independent look at somebody's result. Figures are counted again with other commands than the
//! author used; what has no second way is compared with what the task before handed in; the report must hold them all.

mod grep;
mod recount;
mod second;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::facts::plain;
use super::failure::Failure;
use super::git::Repository;
use super::lease::{self, Lease};
use super::report::figure_row;
use super::voice::Voice;
use recount::Recounts;

/// Wrong figures named in the note; the others are in the table.
const NAMED_MAX: usize = 8;
/// Figures checked; the squad's own reports have about fifty.
const FIGURES_MAX: usize = 500;

/// One figure after the second look.
struct Checked {
    figure: String,
    reported: Value,
    recounted: Value,
    how: String,
    in_report: Option<bool>,
    counted: bool,
}

impl Checked {
    fn ok(&self) -> bool {
        self.reported == self.recounted && self.in_report != Some(false)
    }

    fn fault(&self) -> String {
        if self.reported == self.recounted {
            return format!("{} is not in report.md as {}", self.figure, plain(&self.reported));
        }
        format!(
            "{}: reported {}, recounted {} ({})",
            self.figure,
            plain(&self.reported),
            plain(&self.recounted),
            self.how
        )
    }
}

/// Does the review.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let empty = Map::new();
    let task = lease.input.get("task").and_then(Value::as_object).unwrap_or(&empty);
    let result = lease.input.get("result").unwrap_or(&Value::Null);
    let output = &result["output"];
    let figures = output["figures"].as_object().filter(|figures| !figures.is_empty());
    let Some(figures) = figures else {
        return Err(Failure::declined(
            "The result has no figures; this reviewer only checks facts about a repository.",
        ));
    };
    if figures.len() > FIGURES_MAX {
        return Err(Failure::declined(format!(
            "The result has {} figures; at most {FIGURES_MAX} are checked.",
            figures.len()
        )));
    }
    let input = task.get("input").and_then(Value::as_object).unwrap_or(&lease.input);
    let repository = Repository::open(&lease::path_in(input)?)?;
    let needs = lease.input.get("needs").and_then(Value::as_object);
    let mut needs: Vec<Value> =
        needs.map_or_else(|| lease.needs.values().cloned().collect(), |needs| needs.values().cloned().collect());
    // A result that is not a report has nothing before it: its own lists are looked through instead.
    needs.push(output.clone());
    voice.progress(10, "Counting again");
    let report = Report::new(result);
    let mut faults: Vec<String> = report.faults(output["kind"] == "repo.report");
    if output["head"] != json!(repository.head) {
        faults.push(format!(
            "the result describes commit {}, but HEAD is {}",
            plain(&output["head"]),
            plain(&json!(repository.head))
        ));
    }
    let mut recounts = Recounts::new(&repository, &needs, input, voice)?;
    let mut checked = Vec::new();
    for (name, reported) in figures {
        let (recounted, how, counted) = recounts.figure(name, reported, voice)?;
        let in_report = report.text.map(|text| text.contains(&figure_row(name, &plain(reported))));
        checked.push(Checked { figure: name.clone(), reported: reported.clone(), recounted, how, in_report, counted });
    }
    Ok(verdict(&checked, faults, report.text.is_some()))
}

fn verdict(checked: &[Checked], mut faults: Vec<String>, read: bool) -> Value {
    let wrong: Vec<&Checked> = checked.iter().filter(|one| !one.ok()).collect();
    faults.extend(wrong.iter().take(NAMED_MAX).map(|one| one.fault()));
    if wrong.len() > NAMED_MAX {
        faults.push(format!("and {} more", wrong.len() - NAMED_MAX));
    }
    let counted = checked.iter().filter(|one| one.counted).count();
    let note = if faults.is_empty() {
        let text = if read { " report.md holds every one." } else { "" };
        format!(
            "All {} figures are right: {counted} counted again in the repository in another way, {} compared with what the tasks before handed in.{text}",
            checked.len(),
            checked.len() - counted
        )
    } else {
        format!("Not right: {}.", faults.join("; "))
    };
    let row = |one: &Checked| json!({"figure": one.figure, "reported": one.reported, "recounted": one.recounted, "ok": one.ok(), "how": one.how, "in_report": one.in_report});
    let verdict = if faults.is_empty() { "approve" } else { "reject" };
    json!({"verdict": verdict, "note": note, "checked": checked.iter().map(row).collect::<Value>()})
}

/// report.md among the artifacts.
struct Report<'a> {
    artifact: Option<&'a Value>,
    text: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn new(result: &'a Value) -> Self {
        let artifacts = result["artifacts"].as_array().map_or(&[][..], Vec::as_slice);
        let artifact = artifacts.iter().find(|artifact| artifact["name"] == "report.md");
        Self { artifact, text: artifact.and_then(|artifact| artifact["text"].as_str()) }
    }

    /// What is wrong with the file itself.
    fn faults(&self, must_be: bool) -> Vec<String> {
        match (self.artifact, self.text) {
            (None, _) if must_be => vec!["report.md was not handed in".into()],
            (Some(artifact), Some(text)) => {
                let sum: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
                let told = artifact["sha256"].as_str().is_none_or(|told| told.eq_ignore_ascii_case(&sum));
                if told { Vec::new() } else { vec!["report.md is not the file whose sha256 was handed in".into()] }
            }
            (Some(_), None) if must_be => {
                vec!["the text of report.md was not handed to the reviewer, so it could not be read".into()]
            }
            _ => Vec::new(),
        }
    }
}
