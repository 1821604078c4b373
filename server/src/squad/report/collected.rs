//! Everything the other tasks handed in, put together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize as _;
use serde_json::{Map, Value, json};

use crate::squad::facts::{Finding, Severity, plain};
use crate::squad::failure::Failure;
use crate::squad::lease::Lease;
use crate::squad::voice::Voice;
use crate::squad::{checks, dependencies, history, inventory, secrets, structure, todos};

/// The order of the tasks' chapters and figures.
const ORDER: [&str; 7] = [
    "repo.inventory",
    "repo.history",
    "repo.todos",
    "repo.secrets",
    "repo.dependencies",
    "repo.checks",
    "repo.structure",
];

/// The outputs of the tasks before, and what follows from all of them.
#[derive(Debug, Default)]
pub struct Collected {
    /// By kind of task.
    pub outputs: BTreeMap<String, Value>,
    /// The commit examined.
    pub head: Option<String>,
    /// Its branch.
    pub branch: Option<String>,
    /// Every figure.
    pub figures: Map<String, Value>,
    /// Where each comes from.
    pub sources: Map<String, Value>,
    /// The order in which figures are told.
    pub order: Vec<String>,
    /// Every finding, worst first.
    pub findings: Vec<Finding>,
    /// What was not looked at.
    pub left_out: Vec<String>,
}

impl Collected {
    /// From the needs of the lease; keys do not matter, kinds do.
    pub fn from(needs: &BTreeMap<String, Value>) -> Result<Self, Failure> {
        let mut outputs = BTreeMap::new();
        for output in needs.values() {
            let kind = output["kind"].as_str().filter(|kind| ORDER.contains(kind));
            outputs.extend(kind.map(|kind| (kind.to_owned(), output.clone())));
        }
        if outputs.is_empty() {
            return Err(Failure::bad_input(
                "There is nothing to report: none of the tasks before handed in facts about a repository.",
            ));
        }
        let mut collected = Self { outputs, ..Self::default() };
        collected.put_together();
        Ok(collected)
    }

    /// A list or table of one kind's output; empty when it was not handed in.
    pub fn list(&self, kind: &str, name: &str) -> &[Value] {
        self.outputs.get(kind).and_then(|output| output[name].as_array()).map_or(&[], Vec::as_slice)
    }

    /// A figure that is a number.
    pub fn number(&self, name: &str) -> Option<u64> {
        self.figures.get(name).and_then(Value::as_u64)
    }

    /// A figure that is a word.
    pub fn word(&self, name: &str) -> Option<&str> {
        self.figures.get(name).and_then(Value::as_str)
    }

    /// The repository's name: its directory's.
    pub fn name(&self) -> &str {
        let path =
            self.outputs.get("repo.inventory").and_then(|output| output["path"].as_str()).unwrap_or("the repository");
        path.trim_end_matches(".git").trim_end_matches('/').rsplit('/').next().unwrap_or(path)
    }

    /// One word for the whole, by the worst finding.
    pub fn health(&self) -> &'static str {
        match self.findings.first().map(|finding| finding.severity) {
            Some(Severity::Critical) => "critical",
            Some(Severity::High) => "poor",
            Some(Severity::Medium) => "fair",
            Some(Severity::Low | Severity::Info) | None => "good",
        }
    }

    /// Counts again what can be counted quickly, after somebody found fault. Says which figures changed.
    pub fn count_again(&mut self, lease: &Lease, voice: &mut Voice<'_>) -> Result<Vec<String>, Failure> {
        let before = self.figures.clone();
        let head = self.head.clone();
        let now = inventory::run(lease, voice)?;
        for (kind, output) in &mut self.outputs {
            *output = match kind.as_str() {
                "repo.inventory" => now.clone(),
                "repo.history" => history::run(lease, voice)?,
                "repo.todos" => todos::run(lease, voice)?,
                "repo.secrets" => secrets::run(lease, voice)?,
                "repo.dependencies" => dependencies::run(lease, voice)?,
                "repo.structure" => structure::run(lease, voice)?,
                // Checks may run tests for minutes; they stay unless they are about another commit.
                "repo.checks" if output["head"] != now["head"] => checks::run(lease, voice)?,
                _ => continue,
            };
        }
        self.put_together();
        let mut changes = Vec::new();
        if head != self.head {
            changes.push(format!("commit: {} became {}", plain(&json!(head)), plain(&json!(self.head))));
        }
        let names: BTreeSet<&String> = before.keys().chain(self.figures.keys()).collect();
        for name in names {
            let (old, new) = (before.get(name), self.figures.get(name));
            if old != new {
                let say = |value: Option<&Value>| value.map_or_else(|| "absent".to_owned(), plain);
                changes.push(format!("{name}: {} became {}", say(old), say(new)));
            }
        }
        Ok(changes)
    }

    fn put_together(&mut self) {
        let outputs = std::mem::take(&mut self.outputs);
        *self = Self::default();
        let mut heads = BTreeSet::new();
        let mut torn = Vec::new();
        for kind in ORDER {
            let Some(output) = outputs.get(kind) else {
                self.left_out.push(format!("The task {kind} handed in nothing."));
                continue;
            };
            heads.insert(output["head"].as_str().map(str::to_owned));
            self.head = self.head.take().or_else(|| output["head"].as_str().map(str::to_owned));
            self.branch = self.branch.take().or_else(|| output["branch"].as_str().map(str::to_owned));
            for (name, value) in output["figures"].as_object().into_iter().flatten() {
                match self.figures.get(name) {
                    Some(other) if other != value => {
                        torn.push(format!("{name} is {} and {}", plain(other), plain(value)))
                    }
                    Some(_) => {}
                    None => {
                        self.figures.insert(name.clone(), value.clone());
                        self.sources.insert(name.clone(), output["sources"][name].clone());
                        self.order.push(name.clone());
                    }
                }
            }
            let findings = output["findings"].as_array().into_iter().flatten();
            self.findings.extend(findings.filter_map(|finding| Finding::deserialize(finding).ok()));
            let left_out = output["left_out"].as_array().into_iter().flatten().filter_map(Value::as_str);
            for sentence in left_out.map(str::to_owned) {
                if !self.left_out.contains(&sentence) {
                    self.left_out.push(sentence);
                }
            }
        }
        if heads.len() > 1 {
            torn.push("the tasks saw different commits".into());
        }
        if !torn.is_empty() {
            self.findings.push(Finding {
                severity: Severity::High,
                title: "The repository changed while it was examined".into(),
                detail: format!(
                    "The parts of this report do not describe the same state: {}. Run the check again.",
                    torn.join("; ")
                ),
                source: "figures and commits handed in by the tasks".into(),
            });
        }
        self.findings.sort_by_key(|finding| finding.severity);
        self.outputs = outputs;
    }
}
