//! `repo.secrets`: likely secrets in tracked files, never shown in full.

mod entropy;
mod rule;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::blob::{self, BLOB_BYTES_MAX, Choice};
use super::facts::{Facts, Severity, count, grouped};
use super::failure::Failure;
use super::git::Repository;
use super::language;
use super::lease::Lease;
use super::name::{self, show};
use super::tracked::Tracked;
use super::voice::Voice;
use rule::{Hit, Rules};

/// Secrets named in the output; the count goes on beyond.
const NAMED_MAX: usize = 200;
/// Longest line looked into: longer ones are packed programs or data, where every rule finds noise.
const LINE_BYTES_MAX: usize = 4_000;
/// What the file names of samples hold.
const SAMPLE_NAMES: [&str; 5] = ["example", "sample", "template", "mock", "fake"];

#[derive(Debug, Default)]
struct Found {
    named: Vec<Value>,
    total: u64,
    outside_tests: u64,
    by_rule: BTreeMap<&'static str, u64>,
    worst: BTreeMap<Severity, (u64, String)>,
}

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    voice.progress(10, "Listing tracked files");
    let tracked = Tracked::read(&repository)?;
    // Lock files, vendored and packed files are full of hashes that look like keys.
    let wanted = tracked.files().filter(|entry| !language::is_generated(&entry.path));
    let choice = Choice::new(wanted, BLOB_BYTES_MAX);
    voice.progress(30, "Reading files");
    let rules = Rules::new().map_err(|error| Failure::internal(format!("A rule for secrets is broken: {error}.")))?;
    let mut found = Found::default();
    let mut read = 0_u64;
    blob::each_whole(&repository, &choice.taken, |entry, content| {
        if !blob::is_binary(content) {
            read += 1;
            scan(&rules, &entry.path, content, &mut found);
        }
    })?;
    let mut left_out = choice.left_out(BLOB_BYTES_MAX);
    let generated = tracked.files().filter(|entry| language::is_generated(&entry.path)).count();
    if generated > 0 {
        left_out.push(format!(
            "{} not read for secrets.",
            count(generated as u64, "lock, vendored or packed file was", "lock, vendored or packed files were")
        ));
    }
    left_out.push("Only the present files were read, not deleted ones in the history.".into());
    Ok(told(Facts::new("repo.secrets", &repository), &found, read, left_out))
}

fn scan(rules: &Rules, path: &[u8], content: &[u8], found: &mut Found) {
    let sample = is_sample(path);
    let mut lines = content.split(|byte| *byte == b'\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        if line.len() > LINE_BYTES_MAX {
            continue;
        }
        let next = lines.peek().map_or(&b""[..], |(_, next)| next);
        for Hit { rule, severity, excerpt } in rules.look(line, next) {
            let severity = if sample { Severity::Low } else { severity };
            let place = format!("{}:{}", show(path), index + 1);
            found.total += 1;
            found.outside_tests += u64::from(!sample);
            *found.by_rule.entry(rule).or_default() += 1;
            found.worst.entry(severity).or_insert((0, format!("{place} ({rule})"))).0 += 1;
            if found.named.len() < NAMED_MAX {
                let (path, line) = (show(path), index + 1);
                found.named.push(json!({"path": path, "line": line, "rule": rule, "severity": severity, "excerpt": excerpt, "sample": sample}));
            }
        }
    }
}

/// In tests, fixtures, examples or a file that says it is a sample.
fn is_sample(path: &[u8]) -> bool {
    let base = String::from_utf8_lossy(name::base(path)).to_ascii_lowercase();
    name::is_under(path, &name::FIXTURES)
        || SAMPLE_NAMES.iter().any(|word| base.contains(word))
        || base.starts_with("test_")
        || [".test.", ".spec.", "_test."].iter().any(|part| base.contains(part))
}

fn told(mut facts: Facts, found: &Found, read: u64, left_out: Vec<String>) -> Value {
    let source = "rules for known key forms and high-entropy assignments, over tracked text files";
    facts.figure("likely_secrets", found.total, source);
    facts.figure("likely_secrets_outside_tests", found.outside_tests, source);
    left_out.into_iter().for_each(|sentence| facts.left_out(sentence));
    for (severity, (number, first)) in &found.worst {
        let (title, detail) = match severity {
            Severity::Low => (
                format!("{} in tests or examples", count(*number, "likely secret", "likely secrets")),
                format!("First: {first}. Make sure they open nothing real."),
            ),
            _ => (
                format!("{} in tracked files", count(*number, "likely secret", "likely secrets")),
                format!("First: {first}. Revoke it where it is valid, then remove it: it stays in the history."),
            ),
        };
        facts.finding(*severity, title, detail, source);
    }
    if found.total > found.named.len() as u64 {
        facts.left_out(format!(
            "Of {} likely secrets the first {} are named.",
            grouped(found.total),
            found.named.len()
        ));
    }
    facts.detail("by_rule", json!(found.by_rule));
    facts.detail("secrets", found.named.clone());
    facts.finish(format!(
        "{} in {}, {} of them outside tests and examples.",
        count(found.total, "likely secret", "likely secrets"),
        count(read, "text file", "text files"),
        grouped(found.outside_tests)
    ))
}

#[cfg(test)]
mod tests {
    use crate::squad::testing::Home;

    // Put together at run time, so that this file holds nothing that looks like a secret.
    fn key(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn secrets_are_found_named_and_never_shown() {
        let aws = key(&["AKIA", "Q7W2", "ZK9D", "M4XC", "T8PL"]);
        let token = key(&["ghp", "_", "a1B2c3D4e5F6g7H8i9J0", "k1L2m3N4o5P6q7R8"]);
        let pem = format!(
            "-----BEGIN RSA {}-----\n{}\n",
            "PRIVATE KEY",
            "MIIEpAIBAAKCAQEA7bq98kLm2ZpXw4T0vYcR1sJdHf5uGqWe".repeat(2)
        );
        let password = key(&["v8#Kq2", "!zPw91", "xRt7Lm"]);
        let settings = format!("region = \"eu\"\ndb_password = \"{password}\"\naws = \"{aws}\"\n");
        let home =
            Home::with(&[("config.toml", &settings), ("id_rsa", &pem), ("src/a.py", &format!("t = '{token}'\n"))]);
        let output = home.output("repo.secrets");
        let rules: Vec<_> =
            output["secrets"].as_array().expect("list").iter().map(|one| one["rule"].as_str().expect("text")).collect();
        assert_eq!(rules, ["assigned secret", "AWS access key", "private key", "GitHub token"]);
        assert_eq!(output["secrets"][1]["line"], 3);
        assert_eq!(output["findings"][0]["severity"], "critical");
        let whole = output.to_string();
        for secret in [&aws, &token, &password, &"MIIEpAIBAAKCAQEA".to_owned()] {
            assert!(!whole.contains(secret.as_str()));
        }
    }

    #[test]
    fn placeholders_hashes_and_names_are_no_secrets() {
        let text = [
            "password = \"changeme-please-now\"",
            "api_key = os.environ[\"SERVICE_API_KEY_NAME\"]",
            "token: \"${{ secrets.GITHUB_TOKEN }}\"",
            "secret = \"<your secret goes here>\"",
            "integrity = \"sha512-Zm9vYmFyYmF6Zm9vYmFyYmF6Zm9vYmFyYmF6\"",
            "auth_token_url = \"https://example.org/oauth2/token/issue\"",
            "let password_field_name = \"user_password_confirmation\";",
            "-----BEGIN RSA PRIVATE KEY-----",
            "DATABASE_URL=postgres://postgres:postgres@localhost/app",
            "aws = AKIAIOSFODNN7EXAMPLE",
            "token_type = \"urn:ietf:params:oauth:grant-type:jwt-bearer\"",
            "const SECRET_SCANNING_ALERTS = 'secret_scanning_alerts_enabled_v2'",
        ];
        let output = Home::with(&[("a.txt", &text.join("\n"))]).output("repo.secrets");
        assert_eq!(output["figures"]["likely_secrets"], 0, "{}", output["secrets"]);
    }
}
