//! What a person does to a channel or a message.

use app::error::Failure;
use devsquad::messaging::user::is_person;
use devsquad::view::chat::{Act, MessageView, TEXT_CHARS_MAX};
use devsquad::{Refusal, Role, text};
use serde_json::json;

use super::super::WebBackend;
use super::{REACTIONS_MAX, unanswered};
use crate::chat::wire::{Acting, Event, Message, Patch, Reaction, SendReaction, User};
use crate::store::pages::chat::ChannelRow;

/// Characters of a reaction's kind: an emoji with all its parts, or a word.
const REACTION_CHARS_MAX: usize = 30;

impl WebBackend {
    pub(in super::super) async fn do_in(
        &self,
        channel: &str,
        act: Act,
        message: &str,
        words: &str,
    ) -> Result<Option<MessageView>, Failure> {
        self.writes()?;
        let row = self.row(channel).await?;
        match act {
            Act::Join => self.join(&row).await.map(|_| None),
            Act::Read => self.mark_read(&row, None).await,
            Act::Unread => self.mark_read(&row, Some(message)).await,
            Act::TypingStart | Act::TypingStop => self.typing(&row, act, message).await,
            Act::Edit => self.edit(&row, message, words).await.map(Some),
            Act::Delete => self.delete(&row, message).await.map(Some),
            Act::React => self.react(&row, message, words).await.map(Some),
            Act::Pin | Act::Unpin => self.pin(&row, message, act == Act::Pin).await.map(Some),
        }
    }

    async fn mark_read(&self, row: &ChannelRow, from: Option<&str>) -> Result<Option<MessageView>, Failure> {
        let me = self.chat_user()?;
        match from {
            // Who is no member has nothing unread.
            None if !row.joined => {}
            None => self.chat().mark_read(&row.kind, &row.id, &me, None).await.map_err(unanswered)?,
            Some(message) => {
                self.message_in(row, message).await?;
                self.join(row).await?;
                self.chat().mark_unread(&row.kind, &row.id, &me, message).await.map_err(unanswered)?;
            }
        }
        Ok(None)
    }

    /// Hosted chats do not send typing on, so the other pages are told here as well.
    async fn typing(&self, row: &ChannelRow, act: Act, thread: &str) -> Result<Option<MessageView>, Failure> {
        let (me, name) = (self.chat_user()?, self.who()?.signed_in.name.clone());
        let kind = if act == Act::TypingStart { "typing.start" } else { "typing.stop" };
        let thread = Some(thread).filter(|thread| !thread.is_empty());
        let mut event = json!({ "type": kind, "user_id": me });
        let mut rest = crate::chat::wire::Custom::new();
        if let Some(thread) = thread {
            event["parent_id"] = json!(thread);
            rest.insert("parent_id".to_owned(), json!(thread));
        }
        let typing = Event { user: Some(User::named(&me, &name)), rest, ..Event::default() };
        self.hand_on(row, kind, typing);
        // Only members type in the chat itself.
        if row.joined {
            self.chat().send_event(&row.kind, &row.id, &event).await.map_err(unanswered)?;
        }
        Ok(None)
    }

    /// A message of this person's own.
    async fn own(&self, row: &ChannelRow, id: &str, verb: &str) -> Result<(Message, String), Failure> {
        let (message, me) = (self.message_in(row, id).await?, self.chat_user()?);
        let is_own = message.user.as_ref().is_some_and(|user| user.id == me);
        if !is_own || message.deleted_at.is_some() {
            return Err(Failure::Refused {
                kind: devsquad::refusal::RefusalKind::Forbidden,
                sentence: format!("Only who wrote a message can {verb} it."),
                faults: Vec::new(),
            });
        }
        Ok((message, me))
    }

    async fn edit(&self, row: &ChannelRow, id: &str, words: &str) -> Result<MessageView, Failure> {
        let words = words.trim_end();
        let chars = words.chars().count();
        if words.trim().is_empty() || chars > TEXT_CHARS_MAX {
            let fault = format!("has {chars} characters; 1 to {TEXT_CHARS_MAX} fit");
            return Err(Refusal::fault("/text", fault).into());
        }
        let (_, me) = self.own(row, id, "change").await?;
        let mut patch = Patch { acting: Acting { user_id: Some(me), user: None }, ..Patch::default() };
        patch.set.insert("text".to_owned(), json!(words));
        let changed = self.chat().patch_message(id, &patch).await.map_err(unanswered)?;
        self.changed(row, changed).await
    }

    /// Admins may delete what others wrote; not what the engine says, which is a record.
    async fn delete(&self, row: &ChannelRow, id: &str) -> Result<MessageView, Failure> {
        let message = self.message_in(row, id).await?;
        let by_a_person = message.user.as_ref().is_some_and(|user| is_person(&user.id));
        if self.who()?.signed_in.role < Role::Admin || !by_a_person {
            self.own(row, id, "delete").await?;
        }
        let gone = self.chat().delete_message(id, false).await.map_err(unanswered)?;
        self.tell(row, "message.deleted", gone.clone());
        self.view(gone).await
    }

    async fn react(&self, row: &ChannelRow, id: &str, kind: &str) -> Result<MessageView, Failure> {
        let kind = text::line(kind, REACTION_CHARS_MAX).map_err(|why| Refusal::fault("/reaction", why))?;
        self.message_in(row, id).await?;
        let me = self.join(row).await?;
        let given = self.chat().reactions(id, REACTIONS_MAX).await.map_err(unanswered)?;
        let is_mine =
            |reaction: &Reaction| reaction.user.as_ref().is_some_and(|user| user.id == me) || reaction.user_id == me;
        if given.iter().any(|reaction| reaction.kind == kind && is_mine(reaction)) {
            self.chat().delete_reaction(id, &kind, &me).await.map_err(unanswered)?;
        } else {
            let reaction = Reaction { user_id: me, kind, ..Reaction::default() };
            let sent = SendReaction { reaction, enforce_unique: false };
            self.chat().send_reaction(id, &sent).await.map_err(unanswered)?;
        }
        let message = self.message_in(row, id).await?;
        self.changed(row, message).await
    }

    async fn pin(&self, row: &ChannelRow, id: &str, pinned: bool) -> Result<MessageView, Failure> {
        self.message_in(row, id).await?;
        let me = self.join(row).await?;
        let changed = match pinned {
            true => self.chat().pin_message(id, &me, None).await,
            false => self.chat().unpin_message(id, &me).await,
        };
        self.changed(row, changed.map_err(unanswered)?).await
    }

    async fn changed(&self, row: &ChannelRow, message: Message) -> Result<MessageView, Failure> {
        self.tell(row, "message.updated", message.clone());
        self.view(message).await
    }
}
