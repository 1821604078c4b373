//! The built-in squad: what its agents really do to a git repository.
//!
//! The engine starts `devsquad squad-worker` for one attempt, writes the lease to its standard input and reads
//! progress, artifacts and one result from its standard output (one JSON object a line). Nothing here knows the
//! engine, the database or the network: a repository comes in, facts go out. Every fact is read from what git has
//! tracked (the index and the objects), so uncommitted edits and ignored files never colour a figure.
//!
//! Reading order: `lease` (what is asked) · `voice` (what is said) · `failure` · `command` and `git` (how a program is
//! run without trusting the repository) · `tracked` and `blob` (its files) · `facts` (the shape of every output) ·
//! then one file per task type.

mod blob;
mod checks;
mod command;
mod dependencies;
mod facts;
mod failure;
mod git;
mod history;
mod inventory;
mod language;
mod lease;
mod name;
mod report;
mod review;
mod secrets;
mod structure;
#[cfg(test)]
pub mod testing;
mod todos;
mod toolchain;
mod tracked;
mod voice;

use std::io::{Read, Write};

use serde_json::Value;

pub use failure::{Failure, Reason};
pub use lease::{Lease, Purpose};
pub use toolchain::{CARGO_HOME, MARKER, cargo_home, environment, read_paths};

use voice::Voice;

/// The task types the built-in squad does, with the skill each asks for.
pub const TASK_TYPES: [(&str, &str); 8] = [
    ("repo.inventory", "inventory"),
    ("repo.history", "history"),
    ("repo.todos", "scan"),
    ("repo.secrets", "scan"),
    ("repo.dependencies", "dependencies"),
    ("repo.checks", "checks"),
    ("repo.structure", "inventory"),
    ("repo.report", "writing"),
];

/// The skill a review by the built-in squad asks for.
pub const REVIEW_SKILL: &str = "review";

/// Does one attempt: reads the lease from `input`, speaks NDJSON on `output`, answers the process's exit code
/// (0 with a result, 1 with a failure).
pub fn main(input: impl Read, mut output: impl Write) -> i32 {
    let mut voice = Voice::new(&mut output);
    let done = Lease::read(input).and_then(|lease| work(&lease, &mut voice)).and_then(voice::fits);
    let said = match &done {
        Ok(result) => voice.result(result),
        Err(failure) => voice.failure(failure),
    };
    match (done, said) {
        (Ok(_), Ok(())) => 0,
        _ => 1,
    }
}

fn work(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    match (lease.purpose, lease.kind.as_str()) {
        (Purpose::Review, _) => review::run(lease, voice),
        (Purpose::Work, "repo.inventory") => inventory::run(lease, voice),
        (Purpose::Work, "repo.history") => history::run(lease, voice),
        (Purpose::Work, "repo.todos") => todos::run(lease, voice),
        (Purpose::Work, "repo.secrets") => secrets::run(lease, voice),
        (Purpose::Work, "repo.dependencies") => dependencies::run(lease, voice),
        (Purpose::Work, "repo.checks") => checks::run(lease, voice),
        (Purpose::Work, "repo.structure") => structure::run(lease, voice),
        (Purpose::Work, "repo.report") => report::run(lease, voice),
        (Purpose::Work, other) => Err(Failure::declined(format!(
            "The built-in squad does not know the task type “{other}”; it knows {}.",
            TASK_TYPES.map(|(name, _)| name).join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{Home, said};

    #[test]
    fn an_unknown_task_type_is_declined_in_a_sentence() {
        let (code, lines) = said(&serde_json::json!({"type": "repo.paint", "input": {}}));
        assert_eq!(code, 1);
        let last = lines.last().expect("one line");
        assert_eq!(last["reason"], "agent_declined");
        assert!(last["message"].as_str().expect("text").contains("repo.paint"));
    }

    #[test]
    fn a_path_that_is_no_repository_fails_for_good_in_every_task_type() {
        let home = Home::new();
        let plain = home.path("plain");
        std::fs::create_dir(&plain).expect("made");
        for (kind, _) in super::TASK_TYPES {
            if kind == "repo.report" {
                continue;
            }
            for path in [plain.clone(), home.path("nowhere")] {
                let (code, lines) = said(&serde_json::json!({"type": kind, "input": {"path": path}}));
                let last = lines.last().expect("one line");
                assert_eq!((code, &last["type"], &last["retryable"]), (1, &"failure".into(), &false.into()), "{kind}");
            }
        }
    }

    #[test]
    fn a_repository_without_commits_is_work_like_any_other() {
        let home = Home::new();
        home.git(&["init", "-q"]);
        for (kind, _) in super::TASK_TYPES {
            if kind == "repo.report" {
                continue;
            }
            let (code, lines) = said(&serde_json::json!({"type": kind, "input": {"path": home.root()}}));
            assert_eq!(code, 0, "{kind}: {lines:?}");
            assert_eq!(lines.last().expect("a line")["output"]["head"], serde_json::Value::Null, "{kind}");
        }
    }

    #[test]
    fn junk_on_the_input_is_a_failure_and_not_a_panic() {
        let mut out = Vec::new();
        assert_eq!(super::main(&b"{"[..], &mut out), 1);
        assert!(String::from_utf8(out).expect("text").contains("\"bad_output\""));
    }
}
