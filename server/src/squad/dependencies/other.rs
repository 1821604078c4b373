//! Go, Ruby and PHP.

use std::collections::BTreeSet;

use serde_json::Value;

use super::manifest::{Hold, Lock, Manifest, Read, Want, broken, hold, text};

/// Reads `go.mod`.
pub fn go_mod(content: &[u8]) -> Read {
    let text = match text("Go", content) {
        Ok(text) => text,
        Err(read) => return read,
    };
    let mut manifest = Manifest { ecosystem: "Go", ..Manifest::default() };
    let mut block = "";
    for line in text.lines() {
        let section = if line.contains("// indirect") { "indirect" } else { "require" };
        let line = line.split("//").next().unwrap_or_default().trim();
        let words: Vec<&str> = line.split_whitespace().collect();
        match (block, words[..].first().copied(), words.len()) {
            ("", Some("module"), 2) => manifest.name = Some(words[1].to_owned()),
            ("", Some(opened @ ("require" | "replace" | "exclude" | "retract" | "tool")), _) if line.ends_with('(') => {
                block = opened
            }
            ("", Some("require"), 3) => manifest.wants.push(go(words[1], words[2], section)),
            (_, Some(")"), _) => block = "",
            ("require", Some(name), 2) => manifest.wants.push(go(name, words[1], section)),
            _ => {}
        }
    }
    Read::Manifest(manifest)
}

/// Go takes the least version that everybody accepts, so every requirement is exact.
fn go(name: &str, version: &str, section: &str) -> Want {
    Want { name: name.to_owned(), requirement: version.to_owned(), section: section.to_owned(), hold: Hold::Exact }
}

/// Reads `go.sum`.
pub fn go_sum(content: &[u8]) -> Read {
    let text = match text("Go", content) {
        Ok(text) => text,
        Err(read) => return read,
    };
    let pair = |line: &str| {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?);
        (!version.ends_with("/go.mod")).then(|| (name.to_owned(), version.to_owned()))
    };
    let packages: BTreeSet<_> = text.lines().filter_map(pair).collect();
    Read::Lock(Lock { ecosystem: "Go", packages: packages.into_iter().collect(), licences: Vec::new() })
}

/// Reads a `Gemfile`'s plain `gem` lines; it is a program, which is not run.
pub fn gemfile(content: &[u8]) -> Read {
    let text = match text("Ruby", content) {
        Ok(text) => text,
        Err(read) => return read,
    };
    let quoted = |text: &str| text.trim().trim_matches(['"', '\'']).to_owned();
    let want = |line: &str| {
        let mut parts = line.trim().strip_prefix("gem ")?.split(',');
        let name = quoted(parts.next()?);
        let requirement =
            parts.next().filter(|part| part.trim().starts_with(['"', '\''])).map(quoted).unwrap_or_default();
        let hold = hold(&requirement, Hold::Exact);
        Some(Want { name, requirement, section: "gems".into(), hold })
    };
    let wants = text.lines().filter_map(want).collect();
    Read::Manifest(Manifest { ecosystem: "Ruby", wants, ..Manifest::default() })
}

/// Reads `Gemfile.lock`: packages stand four spaces deep.
pub fn gemfile_lock(content: &[u8]) -> Read {
    let text = match text("Ruby", content) {
        Ok(text) => text,
        Err(read) => return read,
    };
    let pair = |line: &str| {
        let (name, version) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' '))?.split_once(" (")?;
        Some((name.to_owned(), version.trim_end_matches(')').to_owned()))
    };
    Read::Lock(Lock { ecosystem: "Ruby", packages: text.lines().filter_map(pair).collect(), licences: Vec::new() })
}

/// Reads `composer.json`.
pub fn composer(content: &[u8]) -> Read {
    let value: Value = match text("PHP", content).map(serde_json::from_str) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return broken("PHP", &error),
        Err(read) => return read,
    };
    let mut wants = Vec::new();
    for section in ["require", "require-dev"] {
        // "php" and "ext-…" are the machine's, not packages.
        let packages =
            value.get(section).and_then(Value::as_object).into_iter().flatten().filter(|(name, _)| name.contains('/'));
        wants.extend(packages.map(|(name, requirement)| {
            let requirement = requirement.as_str().unwrap_or_default().to_owned();
            let hold = if requirement.starts_with("dev-") { Hold::Open } else { hold(&requirement, Hold::Exact) };
            Want { name: name.clone(), requirement, section: section.to_owned(), hold }
        }));
    }
    let string = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    Read::Manifest(Manifest { ecosystem: "PHP", name: string("name"), licence: string("license"), wants })
}

/// Reads `composer.lock`.
pub fn composer_lock(content: &[u8]) -> Read {
    let value: Value = match text("PHP", content).map(serde_json::from_str) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => return broken("PHP", &error),
        Err(read) => return read,
    };
    let parts = ["packages", "packages-dev"].into_iter().filter_map(|part| value.get(part)?.as_array()).flatten();
    let pair = |package: &Value| {
        Some((package.get("name")?.as_str()?.to_owned(), package.get("version")?.as_str()?.to_owned()))
    };
    Read::Lock(Lock { ecosystem: "PHP", packages: parts.filter_map(pair).collect(), licences: Vec::new() })
}
