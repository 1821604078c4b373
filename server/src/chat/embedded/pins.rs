//! Pins: a message at the top of its channel, for a while or for good.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::answer::Fault;
use super::call::{Call, Place};
use crate::chat::wire::Custom;
use crate::store::chat::messages::{self, Written};

/// Pins or takes off, if the request says so.
pub async fn set(
    call: &mut Call,
    place: &Place,
    id: &str,
    by: &str,
    pinned: Option<bool>,
    expires: Option<Timestamp>,
) -> Result<(), Fault> {
    match pinned {
        None => Ok(()),
        Some(true) => pin(call, place, id, by, expires).await,
        Some(false) => {
            call.require(place, "pin-message", false)?;
            let now = call.now;
            messages::pin(&mut call.tx, id, None, None, now).await?;
            Ok(())
        }
    }
}

/// Pins a message until that moment, or for good.
pub async fn pin(call: &mut Call, place: &Place, id: &str, by: &str, expires: Option<Timestamp>) -> Result<(), Fault> {
    call.require(place, "pin-message", false)?;
    if expires.is_some_and(|at| at <= call.now) {
        return Err(Fault::input("pin_expires must be in the future"));
    }
    let now = call.now;
    messages::pin(&mut call.tx, id, Some(by), expires, now).await?;
    Ok(())
}

/// A message as the fields a partial change applies to.
pub fn as_fields(written: &Written) -> Custom {
    let mut fields = written.custom.clone();
    fields.insert("text".to_owned(), json!(written.text));
    fields.insert("attachments".to_owned(), Value::Array(written.attachments.clone()));
    fields.insert("mentioned_users".to_owned(), json!(written.mentioned_users));
    fields.insert("quoted_message_id".to_owned(), json!(written.quoted_message_id));
    fields.insert("poll_id".to_owned(), json!(written.poll_id));
    fields.insert("show_in_channel".to_owned(), json!(written.show_in_channel));
    fields
}
