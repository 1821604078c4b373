//! What each role may do in the channels of a type, and who has which role.

use std::collections::BTreeMap;

use serde_json::Value;

/// Everything that is asked for. A grant of another name is kept and means nothing here.
pub const ALL: [&str; 25] = [
    "create-channel",
    "read-channel",
    "read-channel-members",
    "update-channel",
    "update-channel-members",
    "delete-channel",
    "truncate-channel",
    "join-channel",
    "leave-channel",
    "create-message",
    "create-reply",
    "update-message",
    "update-message-owner",
    "delete-message",
    "delete-message-owner",
    "pin-message",
    "create-reaction",
    "delete-reaction",
    "send-custom-event",
    "upload-attachment",
    "send-poll",
    "cast-vote",
    "update-thread",
    "skip-channel-cooldown",
    "use-frozen-channel",
];

/// What a member may do.
const MEMBER: [&str; 14] = [
    "read-channel",
    "read-channel-members",
    "leave-channel",
    "create-message",
    "create-reply",
    "update-message-owner",
    "delete-message-owner",
    "create-reaction",
    "delete-reaction-owner",
    "send-custom-event",
    "upload-attachment",
    "send-poll",
    "cast-vote",
    "update-thread",
];

/// What a moderator may do beside it.
const MODERATOR: [&str; 6] = [
    "update-message",
    "delete-message",
    "pin-message",
    "update-channel",
    "update-channel-members",
    "skip-channel-cooldown",
];

/// The grants a new channel type begins with. In an open one everybody may read and write, member or not.
pub fn default_grants(open: bool) -> BTreeMap<String, Vec<String>> {
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut user =
        own(&["create-channel", "update-channel-owner", "update-channel-members-owner", "delete-channel-owner"]);
    let mut guest = Vec::new();
    if open {
        user.extend(own(&MEMBER));
        user.push("join-channel".to_owned());
        guest.extend(own(&["read-channel", "create-message"]));
    }
    BTreeMap::from([
        ("admin".to_owned(), own(&ALL)),
        ("user".to_owned(), user),
        ("guest".to_owned(), guest),
        ("anonymous".to_owned(), if open { own(&["read-channel"]) } else { Vec::new() }),
        ("channel_member".to_owned(), own(&MEMBER)),
        ("channel_moderator".to_owned(), [own(&MEMBER), own(&MODERATOR)].concat()),
    ])
}

/// Whether one of the roles is granted the permission, or has it for what is their own.
pub fn granted(grants: &Value, roles: &[&str], permission: &str, own: bool) -> bool {
    let of_own = format!("{permission}-owner");
    roles.iter().any(|role| {
        grants.get(role).and_then(Value::as_array).is_some_and(|names| {
            names.iter().filter_map(Value::as_str).any(|name| name == permission || (own && name == of_own))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_give_what_they_are_granted() {
        let grants = serde_json::to_value(default_grants(false)).expect("json");
        let may = |roles: &[&str], permission, own| granted(&grants, roles, permission, own);
        assert!(may(&["user", "channel_member"], "create-message", false));
        assert!(!may(&["user"], "create-message", false), "a stranger writes nothing");
        assert!(!may(&["channel_member"], "update-message", false));
        assert!(may(&["channel_member"], "update-message", true), "their own");
        assert!(may(&["channel_moderator"], "delete-message", false));
        assert!(may(&["admin"], "truncate-channel", false));
        assert!(!may(&["nobody"], "read-channel", true));
    }
}
