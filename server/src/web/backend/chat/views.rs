//! What the chat gave, as pages show it.

use std::collections::HashMap;

use devsquad::id::TaskId;
use devsquad::messaging::user::{is_agent, is_person};
use devsquad::view::chat::{
    ChannelSummary, ChatUser, FileView, MessageView, Quoted, ReactionCount, Tag, TaskCard, excerpt,
};
use serde_json::Value;

use crate::chat::wire::{ChannelState, Custom, Member, Message, User};
use crate::store::pages::chat::ChannelRow;

/// Characters of a message in a list of channels.
const EXCERPT_CHARS: usize = 140;

fn text<'a>(custom: &'a Custom, name: &str) -> &'a str {
    custom.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A user. One without a name is called by the kind of user it is.
pub fn user(user: &User) -> ChatUser {
    let name = text(&user.custom, "name");
    let name = match name {
        "" if is_agent(&user.id) => "An agent",
        "" if is_person(&user.id) => "A person",
        "" => user.id.as_str(),
        name => name,
    };
    ChatUser { id: user.id.clone(), name: name.to_owned(), presence: text(&user.custom, "agent_status").to_owned() }
}

/// A member.
pub fn member(member: &Member) -> ChatUser {
    match &member.user {
        Some(found) => user(found),
        None => user(&User { id: member.user_id.clone(), ..User::default() }),
    }
}

/// A channel in a list; what the chat says of it is missing while the chat is away.
pub fn summary(row: ChannelRow, state: Option<&ChannelState>, me: &str) -> ChannelSummary {
    // What it was about may be gone; the chat still knows what it was called.
    let in_chat = || state.map(|state| text(&state.channel.custom, "name")).filter(|name| !name.is_empty());
    let name = row.name.as_deref().or_else(in_chat).unwrap_or(&row.id).to_owned();
    let last = state.and_then(|state| state.messages.last()).filter(|message| message.deleted_at.is_none());
    let read = state.and_then(|state| state.read.iter().find(|read| read.user.id == me));
    ChannelSummary {
        name,
        archived: row.archived,
        members: state.map_or(row.members, |state| u32::try_from(state.channel.member_count).unwrap_or(u32::MAX)),
        unread: read.filter(|_| row.joined).map_or(0, |read| u32::try_from(read.unread_messages).unwrap_or(u32::MAX)),
        last: last.map(|message| {
            let by = message.user.as_ref().map(|by| user(by).name).unwrap_or_default();
            (by, excerpt(&message.text, EXCERPT_CHARS))
        }),
        id: row.id,
        purpose: row.purpose,
        workflow: row.workflow,
        joined: row.joined,
        waiting: row.waiting,
        active_at: row.active_at,
    }
}

/// What a message says it is about.
pub fn tag(message: &Message) -> Option<Tag> {
    serde_json::from_value(message.custom.get("devsquad")?.clone()).ok()
}

/// A message, with the task it is about.
pub fn message(message: Message, tasks: &HashMap<TaskId, TaskCard>) -> MessageView {
    let tag = tag(&message);
    let deleted = message.deleted_at.is_some();
    let author = message.user.as_ref().map(user).unwrap_or_default();
    let edited = message.custom.get("message_text_updated_at").is_some_and(|at| !at.is_null());
    let shown = |yes: bool| yes && !deleted;
    MessageView {
        channel: message.cid.split_once(':').map_or_else(String::new, |(_, id)| id.to_owned()),
        files: if deleted { Vec::new() } else { files(&message) },
        quoted: if deleted { None } else { quoted(&message) },
        reactions: if deleted { Vec::new() } else { reactions(&message) },
        mentions: message.mentioned_users.iter().map(user).collect(),
        task: tag.as_ref().and_then(|tag| tasks.get(&tag.task_id?).cloned()),
        edited: shown(edited),
        pinned: shown(message.pinned),
        text: if deleted { String::new() } else { message.text },
        at: message.created_at.unwrap_or_default(),
        replies: message.reply_count,
        parent: message.parent_id,
        id: message.id,
        author,
        deleted,
        tag,
    }
}

fn reactions(message: &Message) -> Vec<ReactionCount> {
    let counts = message.reaction_counts.iter().flatten().filter(|(_, count)| **count > 0);
    let by = |kind: &str| {
        let given = message.latest_reactions.iter().filter(|reaction| reaction.kind == kind);
        given.filter_map(|reaction| reaction.user.as_ref().map(user)).collect()
    };
    let mut reactions: Vec<ReactionCount> =
        counts.map(|(kind, count)| ReactionCount { by: by(kind), kind: kind.clone(), count: *count }).collect();
    reactions.sort_by_key(|reaction| std::cmp::Reverse(reaction.count));
    reactions
}

fn quoted(message: &Message) -> Option<Quoted> {
    let found: Message = serde_json::from_value(message.custom.get("quoted_message")?.clone()).ok()?;
    let by = found.user.as_ref().map(|by| user(by).name).unwrap_or_default();
    Some(Quoted { id: found.id, by, text: excerpt(&found.text, EXCERPT_CHARS) })
}

/// Its files. They are fetched through us: the chat may be out of the browser's reach.
fn files(message: &Message) -> Vec<FileView> {
    let file = |(nth, attachment): (usize, &Value)| {
        let field = |name: &str| attachment[name].as_str().filter(|value| !value.is_empty());
        link(attachment)?;
        let name = field("title").or(field("fallback")).unwrap_or("file").to_owned();
        let picture = (attachment["type"] == "image").then(|| field("alt").unwrap_or(&name).to_owned());
        Some(FileView {
            href: format!("/chat-files/{}/{nth}", crate::web::session::query_value(&message.id)),
            size: attachment["file_size"].as_u64().unwrap_or_default(),
            picture,
            name,
        })
    };
    message.attachments.iter().enumerate().filter_map(file).collect()
}

/// Where the chat keeps a file.
pub fn link(attachment: &Value) -> Option<&str> {
    ["image_url", "asset_url"].into_iter().find_map(|name| attachment[name].as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_what_was_deleted_nothing_is_shown() {
        let gone: Message = serde_json::from_value(json!({
            "id": "m", "cid": "squad:workflow-1", "text": "secret", "deleted_at": "2026-03-04T12:41:07Z", "pinned": true,
            "user": {"id": "person-1", "name": "Nora"}, "reaction_counts": {"👍": 1},
            "attachments": [{"type": "image", "image_url": "http://x/y.png"}],
        }))
        .expect("a message");
        let view = message(gone, &HashMap::new());
        assert!(view.deleted && view.text.is_empty() && view.files.is_empty() && view.reactions.is_empty());
        assert!(!view.pinned);
        assert_eq!((view.channel.as_str(), view.author.name.as_str()), ("workflow-1", "Nora"));
    }

    #[test]
    fn a_picture_is_called_by_its_words_and_a_file_by_its_name() {
        let sent: Message = serde_json::from_value(json!({"id": "a/b", "attachments": [
            {"type": "image", "image_url": "http://x/y.png", "title": "y.png", "alt": "A chart"},
            {"type": "file", "asset_url": "http://x/z.pdf", "title": "z.pdf", "file_size": 12}, {"type": "giphy"}]}))
        .expect("a message");
        let files = message(sent, &HashMap::new()).files;
        assert_eq!(files.len(), 2);
        assert_eq!((files[0].picture.as_deref(), files[1].picture.as_deref()), (Some("A chart"), None));
        assert_eq!((files[1].name.as_str(), files[1].size), ("z.pdf", 12));
    }
}
