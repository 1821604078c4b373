//! Text from outside: what is cleaned, what is refused, and how long it may be.

use serde_json::Value;

use crate::messaging::wording;

/// One line of text: trimmed, without control and direction-changing characters, 1 to `max` characters.
pub fn line(given: &str, max: usize) -> Result<String, String> {
    let clean = paragraph(given, max)?;
    if clean.contains('\n') {
        return Err(wording::one_line_only());
    }
    if clean.is_empty() { Err(wording::empty_text()) } else { Ok(clean) }
}

/// Text of several lines: trimmed, without control (but line ends) and direction-changing characters, at most `max`
/// characters. NUL is refused, because PostgreSQL cannot keep it and dropping it would store something else.
pub fn paragraph(given: &str, max: usize) -> Result<String, String> {
    // Bytes first: a name of ten megabytes is not walked through.
    if given.len() > max.saturating_mul(4) {
        return Err(wording::too_long("text", max, "characters"));
    }
    if given.contains('\0') {
        return Err(wording::nul_character());
    }
    let clean: String = given.chars().filter(|c| *c == '\n' || !is_unwanted(*c)).collect();
    let clean = clean.trim().to_owned();
    if clean.chars().count() > max { Err(wording::too_long("text", max, "characters")) } else { Ok(clean) }
}

/// A key: 1 to `max` letters, digits and `._:/@-`, so that it can stand in a url and in a chat command.
pub fn key(given: &str, max: usize) -> Result<(), String> {
    if given.is_empty() {
        return Err(wording::empty_text());
    }
    if given.len() > max {
        return Err(wording::too_long("key", max, "characters"));
    }
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '@' | '+' | '#');
    if given.chars().all(fits) { Ok(()) } else { Err(wording::bad_key()) }
}

/// Whether PostgreSQL can keep this JSON: no NUL in any text. The error carries the JSON pointer of the place.
pub fn storable(value: &Value) -> Result<(), (String, String)> {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        Value::String(text) if text.contains('\0') => Err((String::new(), wording::nul_character())),
        Value::String(_) => Ok(()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(at, item)| storable(item).map_err(|(inside, why)| (format!("/{at}{inside}"), why))),
        Value::Object(fields) => fields.iter().try_for_each(|(name, item)| {
            let segment = name.replace('~', "~0").replace('/', "~1").replace('\0', "\u{FFFD}");
            if name.contains('\0') {
                return Err((format!("/{segment}"), wording::nul_character()));
            }
            storable(item).map_err(|(inside, why)| (format!("/{segment}{inside}"), why))
        }),
    }
}

/// Control characters, and those that change the reading direction or cannot be seen: they make a name look like another.
fn is_unwanted(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn direction_changes_and_controls_are_dropped() {
        assert_eq!(line(" ad\u{202E}min\u{7} ", 20), Ok("admin".to_owned()));
    }

    #[test]
    fn nul_is_refused_and_located() {
        assert!(line("a\0b", 20).is_err());
        assert_eq!(storable(&json!({"a": [1, {"b/c": "x\0"}]})).expect_err("NUL").0, "/a/1/b~1c");
    }

    #[test]
    fn length_counts_characters() {
        assert!(line("ééééé", 5).is_ok());
        assert!(line("éééééé", 5).is_err());
        assert!(line(&"x".repeat(10_000_000), 5).is_err());
    }
}
