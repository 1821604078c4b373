//! The one shape of every output: figures with their sources, findings by severity, details, and what was left out.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::git::Repository;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Act now: a secret is out.
    Critical,
    /// Something is broken.
    High,
    /// Likely to hurt soon.
    Medium,
    /// Worth an hour some day.
    Low,
    /// Good to know.
    Info,
}

impl Severity {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
            Self::Info => "info",
        }
    }
}

/// One thing found, for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// What, in one sentence.
    pub title: String,
    /// Why it matters and what to do.
    pub detail: String,
    /// How it was found out.
    pub source: String,
}

/// An output while it is put together.
pub struct Facts {
    kind: &'static str,
    head: Option<String>,
    branch: Option<String>,
    figures: Map<String, Value>,
    sources: Map<String, Value>,
    findings: Vec<Finding>,
    left_out: Vec<String>,
    details: Map<String, Value>,
}

impl Facts {
    /// Facts of this kind about this repository.
    pub fn new(kind: &'static str, repository: &Repository) -> Self {
        let (head, branch) = (repository.head.clone(), repository.branch.clone());
        let (figures, sources, details) = Default::default();
        Self { kind, head, branch, figures, sources, findings: Vec::new(), left_out: Vec::new(), details }
    }

    /// A named figure and the command or rule it comes from.
    pub fn figure(&mut self, name: &str, value: impl Into<Value>, source: &str) {
        self.figures.insert(name.to_owned(), value.into());
        self.sources.insert(name.to_owned(), source.into());
    }

    /// Something found.
    pub fn finding(&mut self, severity: Severity, title: impl Into<String>, detail: impl Into<String>, source: &str) {
        let (title, detail, source) = (title.into(), detail.into(), source.to_owned());
        self.findings.push(Finding { severity, title, detail, source });
    }

    /// Something that was not looked at, and why.
    pub fn left_out(&mut self, what: impl Into<String>) {
        self.left_out.push(what.into());
    }

    /// A list or table that belongs to this kind of output.
    pub fn detail(&mut self, name: &str, value: impl Into<Value>) {
        self.details.insert(name.to_owned(), value.into());
    }

    /// The output.
    pub fn finish(mut self, summary: impl Into<String>) -> Value {
        self.findings.sort_by_key(|finding| finding.severity);
        let mut output = json!({
            "kind": self.kind,
            "head": self.head,
            "branch": self.branch,
            "summary": summary.into(),
            "figures": self.figures,
            "sources": self.sources,
            "findings": self.findings,
            "left_out": self.left_out,
        });
        if let Value::Object(map) = &mut output {
            map.append(&mut self.details);
        }
        output
    }
}

/// A figure's value as plain text: digits without grouping, words without quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `1 file`, `2 files`.
pub fn count(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(number), if number == 1 { one } else { many })
}

/// `1234567` as `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes as people say them.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut unit = 0;
    let mut rest = number as f64;
    while rest >= 1024.0 && unit + 1 < UNITS.len() {
        rest /= 1024.0;
        unit += 1;
    }
    if unit == 0 { format!("{number} B") } else { format!("{rest:.1} {}", UNITS[unit]) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(super::grouped(1_234_567), "1,234,567");
        assert_eq!(super::grouped(12), "12");
        assert_eq!(super::bytes(1536), "1.5 KiB");
        assert_eq!(super::count(1, "file", "files"), "1 file");
    }
}
