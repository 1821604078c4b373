//! How a path of unknown bytes is shown to people: never a control character, never endless.

use std::fmt::Write as _;

/// Longest path shown; longer ones keep their end, which tells more than their beginning.
const SHOWN_CHARS_MAX: usize = 300;

/// `bytes` as text: what is not UTF-8 becomes `\xNN`, what cannot be seen (controls, direction marks) `\u{…}`.
pub fn show(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if hidden(letter) {
                let _ = write!(text, "\\u{{{:x}}}", u32::from(letter));
            } else {
                text.push(letter);
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    let length = text.chars().count();
    if length <= SHOWN_CHARS_MAX {
        return text;
    }
    let kept: String = text.chars().skip(length - SHOWN_CHARS_MAX + 1).collect();
    format!("…{kept}")
}

/// Whether a letter hides what stands beside it: controls, direction marks and zero-width letters.
fn hidden(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The last part of a path.
pub fn base(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or(path)
}

/// The extension in small letters, without the dot; empty when there is none.
pub fn extension(path: &[u8]) -> String {
    let base = base(path);
    match base.iter().rposition(|byte| *byte == b'.') {
        Some(dot) if dot > 0 => String::from_utf8_lossy(&base[dot + 1..]).to_ascii_lowercase(),
        _ => String::new(),
    }
}

/// Whether one of the path's directories is named like one of `names` (small letters).
pub fn is_under(path: &[u8], names: &[&str]) -> bool {
    let mut parts: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    parts.pop();
    parts.iter().any(|part| names.iter().any(|name| part.eq_ignore_ascii_case(name.as_bytes())))
}

/// Directories whose files came from somebody else.
pub const VENDORED: [&str; 6] = ["node_modules", "vendor", "third_party", "third-party", "bower_components", ".yarn"];

/// Directories whose files are examples or made wrong on purpose.
pub const FIXTURES: [&str; 14] = [
    "test",
    "tests",
    "testdata",
    "test-data",
    "test_data",
    "fixtures",
    "fixture",
    "__fixtures__",
    "__tests__",
    "spec",
    "examples",
    "example",
    "samples",
    "snapshots",
];

#[cfg(test)]
mod tests {
    use super::{extension, is_under, show};

    #[test]
    fn bytes_that_are_no_text_and_marks_that_hide_are_shown() {
        assert_eq!(show(b"a\xff\n.rs"), "a\\xff\\u{a}.rs");
        assert_eq!(show("x\u{202e}y".as_bytes()), "x\\u{202e}y");
        assert_eq!(show(&[b'a'; 5000]).chars().count(), 300);
    }

    #[test]
    fn an_extension_is_what_follows_the_last_dot_but_not_a_hidden_name() {
        assert_eq!(extension(b"src/a.tar.GZ"), "gz");
        assert_eq!(extension(b".gitignore"), "");
        assert!(is_under(b"a/Tests/b.rs", &["tests"]));
        assert!(!is_under(b"tests", &["tests"]));
    }
}
