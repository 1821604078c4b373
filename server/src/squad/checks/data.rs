//! JSON, TOML and YAML files can be parsed.

use serde::Deserialize as _;
use serde::de::IgnoredAny;

use super::outcome::Check;
use super::source::on_purpose;
use crate::squad::blob::{self, Choice};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::name;
use crate::squad::tracked::{Entry, Tracked};

/// Largest data file parsed; a parser needs several times as much memory.
const DATA_BYTES_MAX: u64 = 4 << 20;

type Wrong = (Option<u64>, String);
type Parser = fn(&str) -> Result<(), Wrong>;

/// (name, command shown, extensions, parser)
const KINDS: [(&str, &str, &[&str], Parser); 3] = [
    ("JSON syntax", "serde_json over tracked *.json", &["json"], json),
    ("TOML syntax", "toml over tracked *.toml", &["toml"], toml_text),
    ("YAML syntax", "serde_yaml_ng over tracked *.yaml, *.yml", &["yaml", "yml"], yaml),
];

/// One check for each kind there is.
pub fn checks(repository: &Repository, tracked: &Tracked) -> Result<Vec<Check>, Failure> {
    let mut checks = Vec::new();
    for (name, command, ends, parse) in KINDS {
        let wanted = |entry: &&Entry| {
            ends.contains(&name::extension(&entry.path).as_str()) && !name::is_under(&entry.path, &name::VENDORED)
        };
        let choice = Choice::new(tracked.files().filter(wanted), DATA_BYTES_MAX);
        if choice.taken.is_empty() {
            continue;
        }
        let mut check = Check::new(name, command, choice.taken.len() as u64);
        check.note = choice.left_out(DATA_BYTES_MAX).join(" ");
        blob::each_whole(repository, &choice.taken, |entry, content| {
            let wrong = match std::str::from_utf8(content) {
                Ok(text) => parse(text.strip_prefix('\u{feff}').unwrap_or(text)).err(),
                Err(_) => Some((None, "it is not UTF-8".to_owned())),
            };
            if let Some((line, message)) = wrong {
                let template = content.windows(2).any(|pair| pair == b"{{" || pair == b"{%");
                let doubt = on_purpose(&entry.path).or(template.then_some("a template"));
                check.problem(&entry.path, line, &message, doubt);
            }
        })?;
        checks.push(check);
    }
    Ok(checks)
}

/// JSON, with the comments and trailing commas that editors and compilers accept in their settings.
fn json(text: &str) -> Result<(), Wrong> {
    let wrong = match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => return Ok(()),
        Err(error) => error,
    };
    if wrong.to_string().contains("recursion limit")
        || serde_json::from_str::<IgnoredAny>(&without_comments(text)).is_ok()
    {
        return Ok(());
    }
    if text.trim().is_empty() {
        return Err((None, "it is empty".into()));
    }
    // One JSON value a line is a format of its own, often under the same name.
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    if text.lines().count() > 1 && lines.all(|line| serde_json::from_str::<IgnoredAny>(line).is_ok()) {
        return Ok(());
    }
    let message = wrong.to_string();
    Err((Some(wrong.line() as u64), message.split(" at line").next().unwrap_or_default().to_owned()))
}

/// Comments and trailing commas become spaces; strings stay as they are.
fn without_comments(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => {
                let start = at;
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(bytes.len());
                out.extend_from_slice(&bytes[start..at]);
            }
            (b'/', Some(b'/')) => at += bytes[at..].iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len() - at),
            (b'/', Some(b'*')) => {
                at += bytes[at + 2..].windows(2).position(|pair| pair == b"*/").map_or(bytes.len() - at, |end| end + 4)
            }
            (b'}' | b']', _) => {
                let last = out.iter().rposition(|byte: &u8| !byte.is_ascii_whitespace());
                if let Some(comma) = last.filter(|comma| out[*comma] == b',') {
                    out[comma] = b' ';
                }
                out.push(bytes[at]);
                at += 1;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn toml_text(text: &str) -> Result<(), Wrong> {
    text.parse::<toml::Table>().map(drop).map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count() as u64);
        (line, error.message().to_owned())
    })
}

/// Every document of the file; unknown tags are somebody's own and fine.
fn yaml(text: &str) -> Result<(), Wrong> {
    for document in serde_yaml_ng::Deserializer::from_str(text) {
        if let Err(error) = IgnoredAny::deserialize(document) {
            let message = error.to_string();
            if message.contains("limit exceeded") {
                return Ok(());
            }
            return Err((
                error.location().map(|place| place.line() as u64),
                message.split(" at line").next().unwrap_or_default().to_owned(),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{json, toml_text, yaml};

    #[test]
    fn what_tools_accept_passes() {
        for text in
            ["{}", "{\"a\": 1, // why\n \"b\": [1, 2,], /* c */}", "{\"url\": \"http://x\"}", "{\"a\":1}\n{\"b\":2}\n"]
        {
            assert!(json(text).is_ok(), "{text}");
        }
        for text in ["a: !Ref b\n---\nc: &x 1\nd: *x\n", "", "# only a comment\n"] {
            assert!(yaml(text).is_ok(), "{text}: {:?}", yaml(text));
        }
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        assert_eq!(json("{\n\"a\": }").expect_err("broken").0, Some(2));
        assert_eq!(toml_text("a = 1\nb = \n").expect_err("broken").0, Some(2));
        assert!(yaml("a: b\n  c: d\n").is_err());
        assert!(json("").is_err() && json("{\"a\": 1,, }").is_err());
    }
}
