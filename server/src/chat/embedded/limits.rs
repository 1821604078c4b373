//! What is valid: ids, sizes, numbers of things.

use serde::Serialize;
use serde_json::Value;

use super::answer::Fault;
use crate::chat::wire::Custom;

/// Characters of a message unless its channel type says more.
pub const TEXT_CHARS: u64 = 5_000;
/// Characters of a message at most, whatever the type says.
pub const TEXT_CHARS_MAX: u64 = 20_000;
/// Bytes of the custom fields of one object, as JSON.
pub const CUSTOM_BYTES_MAX: usize = 5 * 1024;
/// Attachments of a message.
pub const ATTACHMENTS_MAX: usize = 30;
/// Bytes of all attachments of a message, as JSON.
pub const ATTACHMENTS_BYTES_MAX: usize = 5 * 1024;
/// Users in an upsert.
pub const USERS_MAX: usize = 100;
/// Members in a change of a channel.
pub const MEMBERS_MAX: usize = 100;
/// Characters of a channel's id.
pub const CHANNEL_ID_MAX: usize = 64;
/// Characters of the ids of users, messages, and everything else.
pub const ID_MAX: usize = 255;
/// Rows of an answer.
pub const LIST_MAX: i64 = 300;
/// Rows of an answer if nobody says how many.
pub const LIST_DEFAULT: i64 = 30;
/// Bytes of a body: 100 users with all their custom fields.
pub const BODY_BYTES_MAX: usize = 1024 * 1024;
/// Options of a poll.
pub const OPTIONS_MAX: usize = 100;

/// How many rows are wanted.
pub fn rows(limit: Option<i64>, otherwise: i64) -> Result<i64, Fault> {
    match limit {
        None => Ok(otherwise),
        Some(limit) if (0..=LIST_MAX).contains(&limit) => Ok(limit),
        Some(limit) => Err(Fault::input(format!("limit is {limit}; it must be between 0 and {LIST_MAX}"))),
    }
}

/// After how many.
pub fn offset(offset: Option<i64>) -> Result<i64, Fault> {
    match offset.unwrap_or(0) {
        offset if offset >= 0 => Ok(offset),
        offset => Err(Fault::input(format!("offset is {offset}; it must not be negative"))),
    }
}

/// A user's id.
pub fn user_id(id: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '@' | '_' | '-');
    if !id.is_empty() && id.len() <= ID_MAX && id.chars().all(fits) {
        return Ok(());
    }
    Err(Fault::input(format!("The user id {id:?} is not valid: it is made of a-z, 0-9, @, _ and -, {ID_MAX} at most")))
}

/// A channel's id.
pub fn channel_id(id: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '!' | '_' | '-');
    if !id.is_empty() && id.len() <= CHANNEL_ID_MAX && id.chars().all(fits) {
        return Ok(());
    }
    let form = format!("it is made of letters, digits, !, _ and -, {CHANNEL_ID_MAX} at most");
    Err(Fault::input(format!("The channel id {id:?} is not valid: {form}")))
}

/// Any other id or name.
pub fn id(what: &str, id: &str) -> Result<(), Fault> {
    if !id.is_empty() && id.len() <= ID_MAX && !id.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Fault::input(format!("{what} must have 1 to {ID_MAX} characters, none of them a control character")))
}

/// Custom fields of an object.
pub fn custom(what: &str, custom: &Custom) -> Result<(), Fault> {
    if bytes(custom) <= CUSTOM_BYTES_MAX {
        return Ok(());
    }
    Err(Fault::too_big(format!("The custom data of the {what} are bigger than {CUSTOM_BYTES_MAX} bytes")))
}

/// Attachments of a message.
pub fn attachments(attachments: &[Value]) -> Result<(), Fault> {
    if attachments.len() > ATTACHMENTS_MAX {
        return Err(Fault::input(format!("A message has {ATTACHMENTS_MAX} attachments at most")));
    }
    if attachments.iter().any(|attachment| !attachment.is_object()) {
        return Err(Fault::input("An attachment must be an object"));
    }
    if bytes(&attachments) > ATTACHMENTS_BYTES_MAX {
        return Err(Fault::too_big(format!("The attachments are bigger than {ATTACHMENTS_BYTES_MAX} bytes together")));
    }
    Ok(())
}

fn bytes(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

/// Applies a partial change to custom fields. `a.b` is the field b within a.
pub fn patch(custom: &mut Custom, set: &Custom, unset: &[String]) {
    for (path, value) in set {
        put(custom, path, value);
    }
    for path in unset {
        let (last, parents) = split(path);
        let mut within = Some(&mut *custom);
        for parent in parents {
            within = within.and_then(|object| object.get_mut(parent)).and_then(Value::as_object_mut);
        }
        if let Some(object) = within {
            object.remove(last);
        }
    }
}

fn put(within: &mut Custom, path: &str, value: &Value) {
    match path.split_once('.') {
        None => {
            within.insert(path.to_owned(), value.clone());
        }
        Some((parent, rest)) => {
            let mut inner = within.remove(parent).and_then(|inner| inner.as_object().cloned()).unwrap_or_default();
            put(&mut inner, rest, value);
            within.insert(parent.to_owned(), Value::Object(inner));
        }
    }
}

fn split(path: &str) -> (&str, impl Iterator<Item = &str>) {
    let (parents, last) = path.rsplit_once('.').map_or((None, path), |(parents, last)| (Some(parents), last));
    (last, parents.into_iter().flat_map(|parents| parents.split('.')))
}

/// Takes away the names that are the server's to say.
pub fn without(custom: &mut Custom, reserved: &[&str]) {
    custom.retain(|name, _| !reserved.contains(&name.as_str()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn ids_are_what_the_documentation_allows() {
        for good in ["nora", "agent-1", "a@b_c", "0"] {
            assert!(user_id(good).is_ok(), "{good}");
        }
        for bad in ["", "Nora", "a b", "ä", "a\0", &"a".repeat(256)] {
            assert!(user_id(bad).is_err(), "{bad}");
        }
        assert!(channel_id("!members-Ab_1").is_ok());
        assert!(channel_id("a:b").is_err() && channel_id(&"a".repeat(65)).is_err());
    }

    #[test]
    fn a_patch_reaches_into_objects() {
        let mut custom = json!({"a": {"b": 1, "c": 2}, "d": 3}).as_object().cloned().unwrap_or_default();
        let set = json!({"a.b": 9, "e.f": 1, "d": null}).as_object().cloned().unwrap_or_default();
        patch(&mut custom, &set, &["a.c".to_owned(), "x.y".to_owned()]);
        assert_eq!(Value::Object(custom), json!({"a": {"b": 9}, "d": null, "e": {"f": 1}}));
    }
}
