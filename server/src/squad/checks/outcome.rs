//! One check: what ran, on how much, and what came out.

use serde::Serialize;

use crate::squad::name::show;

/// Problems named of one check; all are counted.
const PROBLEMS_MAX: usize = 50;
/// Longest message of a problem.
const MESSAGE_CHARS_MAX: usize = 300;

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Ran and found nothing wrong.
    Passed,
    /// Ran and found something wrong.
    Failed,
    /// Did not run; the note says why.
    NotRun,
}

/// Something wrong with one file.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// Where.
    pub path: String,
    /// In which line, if known.
    pub line: Option<u64>,
    /// What.
    pub message: String,
    /// Why it may be so on purpose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubt: Option<&'static str>,
}

impl Problem {
    /// `path:line: message (doubt)`.
    pub fn told(&self) -> String {
        let line = self.line.map(|line| format!(":{line}")).unwrap_or_default();
        let doubt = self.doubt.map(|doubt| format!(" ({doubt})")).unwrap_or_default();
        format!("{}{line}: {}{doubt}", self.path, self.message.trim_end_matches('.'))
    }
}

/// One check.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name for people.
    pub name: String,
    /// What was run, so that anybody can run it again.
    pub command: String,
    /// How it ended.
    pub status: Status,
    /// Why it did not run, or what was left out.
    pub note: String,
    /// Files it looked at.
    pub files: u64,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// How many problems there are in all that are not doubtful.
    broken: u64,
    /// How many tests ran, where the command says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<u64>,
}

impl Check {
    /// A check that finds nothing wrong until told otherwise.
    pub fn new(name: impl Into<String>, command: impl Into<String>, files: u64) -> Self {
        let (name, command) = (name.into(), command.into());
        Self {
            name,
            command,
            status: Status::Passed,
            note: String::new(),
            files,
            problems: Vec::new(),
            broken: 0,
            tests: None,
        }
    }

    /// The same, not run.
    pub fn not_run(name: impl Into<String>, command: impl Into<String>, why: impl Into<String>) -> Self {
        Self { status: Status::NotRun, note: why.into(), ..Self::new(name, command, 0) }
    }

    /// Adds a problem; one that may be on purpose does not fail the check.
    pub fn problem(&mut self, path: &[u8], line: Option<u64>, message: &str, doubt: Option<&'static str>) {
        if doubt.is_none() {
            self.status = Status::Failed;
            self.broken += 1;
        }
        // Real problems push doubtful ones out of a full list.
        if self.problems.len() >= PROBLEMS_MAX && doubt.is_none() {
            let doubtful = self.problems.iter().rposition(|problem| problem.doubt.is_some());
            doubtful.into_iter().for_each(|at| drop(self.problems.remove(at)));
        }
        if self.problems.len() < PROBLEMS_MAX {
            let message: String = show(message.trim().as_bytes()).chars().take(MESSAGE_CHARS_MAX).collect();
            self.problems.push(Problem { path: show(path), line, message, doubt });
        }
    }

    /// How it ended, in a few words.
    pub fn told(&self) -> String {
        match (self.status, self.problems.first(), self.tests) {
            (Status::Failed, Some(problem), _) => format!("failed: {}", problem.told()),
            (Status::NotRun, ..) => format!("not run: {}", self.note),
            (_, _, Some(tests)) => format!("{tests} tests ran"),
            _ => "passed".to_owned(),
        }
    }

    /// How many files are broken beyond doubt.
    pub fn broken(&self) -> u64 {
        self.broken
    }
}
