//! What a secret looks like, rule by rule.

use regex::bytes::{Captures, Regex};

use super::entropy;
use crate::squad::facts::Severity;
use crate::squad::name::show;

/// A match: the rule, how bad it is, and an excerpt that cannot be used.
pub struct Hit {
    /// The rule's name.
    pub rule: &'static str,
    /// How much it matters outside tests.
    pub severity: Severity,
    /// The beginning of what was found, and its length.
    pub excerpt: String,
}

/// A form some provider gives its keys. The first group, or else the whole match, is the secret.
struct Form {
    rule: &'static str,
    severity: Severity,
    pattern: Regex,
    /// A part every match holds: looked for first, because it is fast.
    hint: &'static [u8],
}

/// (rule, hint, severity, pattern)
const FORMS: [(&str, &str, Severity, &str); 18] = [
    ("AWS access key", "A", Severity::Critical, r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"),
    ("GitHub token", "gh", Severity::Critical, r"\b(gh[pousr]_[A-Za-z0-9]{36,255})\b"),
    ("GitHub token", "github_pat_", Severity::Critical, r"\b(github_pat_[A-Za-z0-9_]{60,255})\b"),
    ("GitLab token", "glpat-", Severity::Critical, r"\b(glpat-[A-Za-z0-9_-]{20,64})"),
    ("Slack token", "xox", Severity::Critical, r"\b(xox[abprs]-[0-9]{8,}-[A-Za-z0-9-]{16,})"),
    (
        "Slack webhook",
        "hooks.slack.com",
        Severity::High,
        r"https://hooks\.slack\.com/services/(T[A-Z0-9]{7,}/B[A-Z0-9]{7,}/[A-Za-z0-9]{20,})",
    ),
    ("Stripe key", "k_live_", Severity::Critical, r"\b([sr]k_live_[A-Za-z0-9]{20,})\b"),
    ("Google API key", "AIza", Severity::High, r"\b(AIza[A-Za-z0-9_-]{35})"),
    ("Google OAuth secret", "GOCSPX-", Severity::Critical, r"\b(GOCSPX-[A-Za-z0-9_-]{28})"),
    ("Anthropic key", "sk-ant-", Severity::Critical, r"\b(sk-ant-[A-Za-z0-9_-]{40,})"),
    ("OpenAI key", "sk-", Severity::Critical, r"\b(sk-(?:proj-|svcacct-)?[A-Za-z0-9_-]{40,})"),
    ("npm token", "npm_", Severity::Critical, r"\b(npm_[A-Za-z0-9]{36})\b"),
    ("PyPI token", "pypi-AgEI", Severity::Critical, r"\b(pypi-AgEI[A-Za-z0-9_-]{50,})"),
    ("SendGrid key", "SG.", Severity::Critical, r"\b(SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43})"),
    ("Azure storage key", "AccountKey=", Severity::Critical, r"AccountKey=([A-Za-z0-9+/]{86}==)"),
    (
        "JSON web token",
        "eyJ",
        Severity::Medium,
        r"\b(eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{20,})",
    ),
    (
        "password in an address",
        "://",
        Severity::Medium,
        r#"\b[a-z][a-z0-9+.-]*://[^/\s:@"'<>]{1,64}:([^/\s:@"'<>]{8,128})@[A-Za-z0-9-]+(?:[:/\s"'`)]|$)"#,
    ),
    (
        "password in an address",
        "://",
        Severity::High,
        r#"\b[a-z][a-z0-9+.-]*://[^/\s:@"'<>]{1,64}:([^/\s:@"'<>]{8,128})@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+"#,
    ),
];

/// Start of a private key, and on the same line whatever follows (in JSON the line breaks are written `\n`).
const PRIVATE_KEY: &str = r"-----BEGIN (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:\\r)?(?:\\n)?([A-Za-z0-9+/=]*)";
/// How much of a private key's body must follow for it to be one and not a mention.
const KEY_BODY_BYTES_MIN: usize = 32;
/// A name that promises a secret, and a quoted or bare value.
const ASSIGNED: &str = concat!(
    r#"(?i)(?:^|[^A-Za-z0-9_.:/-])([A-Za-z0-9_.-]*(?:secret|passwd|password|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token|private[_-]?key|"#,
    r#"client[_-]?secret|credential)[A-Za-z0-9_-]*)["']?\s*(?::|=>?|:=)\s*(?:"([^"\s]{12,200})"|'([^'\s]{12,200})'|([A-Za-z0-9+/=_.!#%^&*-]{16,200})\s*$)"#
);
/// Values that say themselves that they are none.
const STAND_INS: [&str; 10] =
    ["example", "hunter2", "changeme", "placeholder", "xxxx", "redacted", "${", "{{", "$(", "<"];
/// Words and sequences of values that nobody made by chance.
const PLACEHOLDERS: [&str; 12] = [
    "change-me",
    "change_me",
    "your",
    "dummy",
    "todo",
    "sample",
    "notreal",
    "fake",
    "1234567",
    "abcdef",
    "env.",
    "sha512-",
];
/// Passwords everybody writes into addresses for machines at home.
const HOUSEHOLD: [&str; 8] = ["password", "postgres", "passw0rd", "secret", "mysecret", "username", "guest", "docker"];

/// All rules, ready.
pub struct Rules {
    forms: Vec<Form>,
    private_key: Regex,
    assigned: Regex,
}

impl Rules {
    /// Prepares the patterns.
    pub fn new() -> Result<Self, regex::Error> {
        let form = |(rule, hint, severity, pattern): (&'static str, &'static str, Severity, &str)| {
            Ok(Form { rule, severity, pattern: Regex::new(pattern)?, hint: hint.as_bytes() })
        };
        let forms = FORMS.into_iter().map(form).collect::<Result<_, regex::Error>>()?;
        Ok(Self { forms, private_key: Regex::new(PRIVATE_KEY)?, assigned: Regex::new(ASSIGNED)? })
    }

    /// The secrets of one line; `next` is the line after it.
    pub fn look(&self, line: &[u8], next: &[u8]) -> Vec<Hit> {
        let mut hits: Vec<Hit> = self.private_key(line, next).into_iter().collect();
        for form in self.forms.iter().filter(|form| holds(line, form.hint)) {
            let found = form.pattern.captures(line).and_then(|found| found.get(1)).map(|part| part.as_bytes());
            let Some(secret) = found.filter(|secret| !is_stand_in(secret) && entropy::bits(secret) > 2.0) else {
                continue;
            };
            if hits.iter().any(|hit| hit.excerpt == excerpt(secret)) {
                continue;
            }
            hits.push(Hit { rule: form.rule, severity: form.severity, excerpt: excerpt(secret) });
        }
        if hits.is_empty() {
            hits.extend(self.assigned(line));
        }
        hits
    }

    fn private_key(&self, line: &[u8], next: &[u8]) -> Option<Hit> {
        let found = holds(line, b"-----BEGIN").then(|| self.private_key.captures(line)).flatten()?;
        let same_line = found.get(1).map_or(0, |body| body.len());
        let is_body = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
        let body = next.trim_ascii().iter().take_while(|byte| is_body(byte)).count();
        // Encrypted and PGP keys have a header before their body.
        let header = next.starts_with(b"Proc-Type:") || next.starts_with(b"Version:");
        let is_key = same_line.max(body) >= KEY_BODY_BYTES_MIN || header;
        is_key.then(|| Hit {
            rule: "private key",
            severity: Severity::Critical,
            excerpt: "-----BEGIN … PRIVATE KEY-----".into(),
        })
    }

    fn assigned(&self, line: &[u8]) -> Option<Hit> {
        let found = self.assigned.captures(line)?;
        let value = first(&found, &[2, 3, 4])?;
        let name = show(found.get(1)?.as_bytes());
        // A value that is a path, an address or a name in code is found by what it is called, not by chance.
        let is_place = holds(value, b"://")
            || value.starts_with(b"/")
            || value.starts_with(b"./")
            || holds(value, b"::")
            || holds(value, b"()");
        let public = name.to_ascii_lowercase().contains("public") || name.to_ascii_lowercase().ends_with("_id");
        // Unquoted words with dots between them name something in a program.
        let bare = found.get(4).is_some() && value.split(|byte| *byte == b'.').count() > 1;
        if is_place || bare || public || is_placeholder(value) || !entropy::looks_random(value) {
            return None;
        }
        Some(Hit { rule: "assigned secret", severity: Severity::High, excerpt: format!("{name} = {}", excerpt(value)) })
    }
}

fn first<'a>(found: &Captures<'a>, groups: &[usize]) -> Option<&'a [u8]> {
    groups.iter().find_map(|group| found.get(*group)).map(|part| part.as_bytes())
}

fn holds(line: &[u8], part: &[u8]) -> bool {
    line.windows(part.len()).any(|window| window == part)
}

/// The form of a provider's key says enough; only the words of documentation make it none.
fn is_stand_in(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    STAND_INS.iter().any(|word| text.contains(word))
        || HOUSEHOLD.contains(&text.as_str())
        || text.starts_with(['%', '$'])
}

fn is_placeholder(value: &[u8]) -> bool {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    is_stand_in(value) || PLACEHOLDERS.iter().any(|word| text.contains(word))
}

/// Four bytes and the length: enough to find it, too little to use it.
fn excerpt(secret: &[u8]) -> String {
    format!("{}… ({} characters)", show(&secret[..secret.len().min(4)]), secret.len())
}
