//! What is there from the beginning: channel types and roles.

use serde_json::{Value, json};

use super::limits::TEXT_CHARS;
use super::permissions::default_grants;
use crate::clock;
use crate::store::Store;
use crate::store::chat::settings::{TypeRow, insert_role, insert_type};

/// Channel types, and whether everybody may read and write in them.
const TYPES: [(&str, bool); 5] =
    [("messaging", false), ("team", false), ("commerce", false), ("gaming", true), ("livestream", true)];
const ROLES: [&str; 7] = ["admin", "user", "guest", "anonymous", "channel_member", "channel_moderator", "moderator"];

/// What a channel type can do unless it is told otherwise.
pub fn default_config() -> Value {
    json!({
        "typing_events": true, "read_events": true, "connect_events": true, "search": true, "reactions": true, "replies": true,
        "quotes": true, "mutes": false, "uploads": true, "url_enrichment": false, "custom_events": true, "polls": true,
        "max_message_length": TEXT_CHARS, "message_retention": "infinite", "automod": "disabled", "automod_behavior": "flag",
    })
}

/// Makes those that are missing.
pub async fn seed(store: &Store) -> anyhow::Result<()> {
    let mut tx = store.begin_chat().await?;
    let now = clock::now();
    for (name, open) in TYPES {
        let grants = serde_json::to_value(default_grants(open))?;
        let row = TypeRow { config: default_config(), commands: Vec::new(), grants };
        insert_type(&mut tx, name, &row, now).await?;
    }
    for role in ROLES {
        insert_role(&mut tx, role, false, now).await?;
    }
    tx.commit().await?;
    Ok(())
}
