//! `repo.checks`: checks that really ran, and a plain word about those that did not.
//!
//! Whatever is cheap and needs no network runs: data files are parsed, Python and JavaScript are compiled without being
//! executed, cargo reads the manifests of a bare-bones copy. With `run_tests` the project's own test commands run in a
//! temporary copy, which is the one thing here that executes the repository's code.

mod cargo;
mod copy;
mod data;
mod detect;
mod node;
mod outcome;
mod python;
mod source;
mod tests_run;

use serde_json::{Value, json};

use super::facts::{Facts, Severity, count};
use super::failure::Failure;
use super::git::Repository;
use super::lease::Lease;
use super::tracked::Tracked;
use super::voice::Voice;
use outcome::{Check, Status};

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    voice.progress(5, "Listing tracked files");
    let tracked = Tracked::read(&repository)?;
    voice.progress(10, "Parsing data files");
    let mut checks = data::checks(&repository, &tracked)?;
    voice.progress(30, "Compiling Python");
    checks.extend(python::check(&repository, &tracked)?);
    voice.progress(45, "Compiling JavaScript");
    checks.extend(node::check(&repository, &tracked)?);
    voice.progress(60, "Asking cargo");
    checks.extend(cargo::check(&repository, &tracked)?);
    voice.progress(70, "Looking for the project's own commands");
    let commands = detect::commands(&repository, &tracked)?;
    checks.extend(tests_run::checks(&repository, &tracked, &commands, lease.flag("run_tests"), voice)?);
    let mut facts = Facts::new("repo.checks", &repository);
    facts.detail("commands", commands.iter().map(detect::Found::told).collect::<Value>());
    Ok(told(facts, &checks))
}

fn told(mut facts: Facts, checks: &[Check]) -> Value {
    let number = |status: Status| checks.iter().filter(|check| check.status == status).count();
    let (passed, failed, not_run) = (number(Status::Passed), number(Status::Failed), number(Status::NotRun));
    let ran = "the checks listed with their commands";
    facts.figure("checks_passed", passed, ran);
    facts.figure("checks_failed", failed, ran);
    facts.figure("checks_not_run", not_run, ran);
    facts.figure("files_checked", checks.iter().map(|check| check.files).sum::<u64>(), ran);
    facts.figure("broken_files", checks.iter().map(Check::broken).sum::<u64>(), ran);
    if let Some(tests) = checks.iter().filter_map(|check| check.tests).reduce(|one, other| one + other) {
        facts.figure("tests_run", tests, "the test commands' own last words");
    }
    for check in checks {
        match check.status {
            Status::Failed => {
                let first = check
                    .problems
                    .iter()
                    .find(|problem| problem.doubt.is_none())
                    .map(|problem| format!("First: {}.", problem.told()));
                let detail = first.unwrap_or_else(|| check.note.clone());
                facts.finding(Severity::High, format!("{} failed", check.name), detail, &check.command);
            }
            Status::NotRun => facts.left_out(format!("{} did not run: {}", check.name, check.note)),
            Status::Passed if !check.note.is_empty() => facts.left_out(format!("{}: {}", check.name, check.note)),
            Status::Passed => {}
        }
        let doubtful = check.problems.iter().filter(|problem| problem.doubt.is_some()).count() as u64;
        if let (1.., Some(first)) = (doubtful, check.problems.iter().find(|problem| problem.doubt.is_some())) {
            let title = format!("{}: {} may be broken on purpose", check.name, count(doubtful, "file", "files"));
            facts.finding(Severity::Info, title, format!("First: {}.", first.told()), &check.command);
        }
    }
    facts.detail("checks", checks.iter().map(|check| json!(check)).collect::<Value>());
    facts.finish(format!("{} passed, {} failed, {} not run.", count(passed as u64, "check", "checks"), failed, not_run))
}

#[cfg(test)]
mod tests;
