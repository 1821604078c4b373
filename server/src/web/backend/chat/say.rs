//! What a person says: checked, joined to the channel, sent once.

use app::error::Failure;
use devsquad::Refusal;
use devsquad::view::chat::{Draft, FILES_MAX, MessageView, TEXT_CHARS_MAX};
use serde_json::{Value, json};
use uuid::Uuid;

use super::super::{WebBackend, unreadable};
use super::{unanswered, views};
use crate::chat::wire::{Event, Message, MessageRequest, MessageWindow, User};
use crate::clock;
use crate::store::pages::chat::{self, ChannelRow};

/// Bytes of what is noted of one file: an address, a name, words about a picture.
const FILE_BYTES_MAX: usize = 1_024;

impl WebBackend {
    pub(in super::super) async fn say_in(&self, channel: &str, draft: Draft) -> Result<MessageView, Failure> {
        self.writes()?;
        let row = self.row(channel).await?;
        let text = draft.text.trim_end();
        let chars = text.chars().count();
        if chars > TEXT_CHARS_MAX {
            return Err(Refusal::fault("/text", format!("has {chars} characters; {TEXT_CHARS_MAX} fit")).into());
        }
        if text.trim().is_empty() && draft.files.is_empty() {
            return Err(Refusal::fault("/text", "is empty: write something, or add a file").into());
        }
        let me = self.join(&row).await?;
        let parent = match &draft.thread {
            Some(root) => Some(self.root_of(&row, root).await?),
            None => None,
        };
        if let Some(quoted) = &draft.quoted {
            self.message_in(&row, quoted).await?;
        }
        let message = MessageRequest {
            id: Some(message_id(&me, &draft.id)),
            parent_id: parent,
            quoted_message_id: draft.quoted.clone(),
            attachments: attachments(&draft)?,
            mentioned_users: self.mentioned(&row, text).await?,
            ..MessageRequest::text(&me, text)
        };
        let sent = self.chat().send_message(&row.kind, &row.id, &message).await.map_err(unanswered)?;
        self.tell(&row, "message.new", sent.clone());
        self.view(sent).await
    }

    /// Makes this person a member, if they are none; gives their id in the chat.
    pub(super) async fn join(&self, row: &ChannelRow) -> Result<String, Failure> {
        let me = self.chat_user()?;
        if row.joined {
            return Ok(me);
        }
        let user = User::named(&me, &self.who()?.signed_in.name);
        self.chat().upsert_users(&[user]).await.map_err(unanswered)?;
        self.chat().add_members(&row.kind, &row.id, &[json!(me)]).await.map_err(unanswered)?;
        let mut tx = self.writing().await?;
        chat::joined(&mut tx, &row.id).await.map_err(unreadable)?;
        tx.commit().await.map_err(unreadable)?;
        Ok(me)
    }

    /// The root of the thread a message is in: replies have no replies.
    async fn root_of(&self, row: &ChannelRow, id: &str) -> Result<String, Failure> {
        let message = self.message_in(row, id).await?;
        Ok(message.parent_id.unwrap_or(message.id))
    }

    /// The chat's ids of those whose names stand behind an `@`.
    async fn mentioned(&self, row: &ChannelRow, text: &str) -> Result<Vec<Value>, Failure> {
        if !text.contains('@') {
            return Ok(Vec::new());
        }
        let state = self.state(row, MessageWindow { limit: Some(1), ..MessageWindow::default() }).await?;
        let users = state.members.iter().map(views::member);
        Ok(users.filter(|user| is_named(text, &user.name)).map(|user| json!(user.id)).collect())
    }

    /// Tells open pages of a message at once; the chat's own word of it changes nothing more.
    pub(super) fn tell(&self, row: &ChannelRow, kind: &str, message: Message) {
        self.hand_on(row, kind, Event { message: Some(message), ..Event::default() });
    }

    /// Hands an event of that kind to whoever has the channel open.
    pub(super) fn hand_on(&self, row: &ChannelRow, kind: &str, event: Event) {
        self.app.heard.say(Event {
            kind: kind.to_owned(),
            created_at: Some(clock::now()),
            cid: Some(format!("{}:{}", row.kind, row.id)),
            channel_type: Some(row.kind.clone()),
            channel_id: Some(row.id.clone()),
            ..event
        });
    }

    pub(super) async fn view(&self, message: Message) -> Result<MessageView, Failure> {
        let tasks = self.tasks_of(std::slice::from_ref(&message)).await?;
        Ok(views::message(message, &tasks))
    }
}

/// The id under which a draft is sent. It has its author in it, so that nobody takes another's.
fn message_id(me: &str, draft: &str) -> String {
    let chosen = Uuid::parse_str(draft).unwrap_or_else(|_| clock::fresh_id());
    format!("{me}-{chosen}")
}

/// Whether somebody's name stands behind an `@` and ends there.
fn is_named(text: &str, name: &str) -> bool {
    let at = |(at, _): (usize, &str)| text[at + 1..].strip_prefix(name);
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric());
    !name.is_empty() && text.match_indices('@').filter_map(at).any(ends)
}

/// What is noted of the files: what our own door said of them, no field more.
fn attachments(draft: &Draft) -> Result<Vec<Value>, Failure> {
    if draft.files.len() > FILES_MAX {
        return Err(Refusal::fault("/files", format!("are {}; {FILES_MAX} fit", draft.files.len())).into());
    }
    let mut attachments = Vec::new();
    for file in &draft.files {
        let field = |name: &str| file.get(name).cloned().unwrap_or_default();
        let picture = field("kind") == "image";
        let attachment = json!({
            "type": if picture { "image" } else { "file" },
            if picture { "image_url" } else { "asset_url" }: field("url"),
            "title": field("name"), "alt": field("alt"), "mime_type": field("media"),
            "file_size": field("size").parse::<u64>().unwrap_or_default(),
        });
        if attachment.to_string().len() > FILE_BYTES_MAX {
            return Err(Refusal::fault("/files", "have a name that is too long").into());
        }
        attachments.push(attachment);
    }
    Ok(attachments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_behind_an_at_sign_is_somebody() {
        assert!(is_named("ask @Ada Lovelace, please", "Ada Lovelace"));
        assert!(is_named("@Ada: yes", "Ada"));
        assert!(!is_named("@Adam", "Ada"));
        assert!(!is_named("Ada", "Ada"));
    }

    #[test]
    fn an_id_from_elsewhere_is_replaced() {
        let chosen = "0198c5f2-0000-7000-8000-000000000001";
        assert_eq!(message_id("person-1", chosen), format!("person-1-{chosen}"));
        assert!(!message_id("person-1", "../x").contains(".."));
    }
}
