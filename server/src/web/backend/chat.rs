//! The chat, as a person reads it: through the client, over the channels that the organization knows.
//!
//! Whose a channel is stands in our own table, under row-level security: an id from the browser that has no row there does not exist. The
//! chat itself is asked as the application, so that what people may read is decided in one place.

mod acts;
mod lists;
mod say;
pub(in crate::web) mod views;

use std::collections::HashMap;

use app::error::Failure;
use devsquad::Refusal;
use devsquad::id::{AgentId, OrganizationId, TaskId};
use devsquad::messaging::user::user_of_person;
use devsquad::refusal::RefusalKind;
use devsquad::view::chat::{ChannelView, MessageView, Part, ROWS_MORE, ROWS_PER_PAGE, TaskCard, Which};

use super::{WebBackend, found, unreadable};
use crate::chat::client::{ASKED_CALL_MAX, ChatError, Client};
use crate::chat::wire::{ChannelQuery, ChannelState, Message, MessageWindow, Window};
use crate::messenger::Stuck;
use crate::store::pages::chat::{self, ChannelRow};

/// Members shown of a channel.
const MEMBERS_MAX: i64 = 100;
/// Messages asked for by their ids at a time: as many as a page holds.
const IDS_MAX: usize = devsquad::view::chat::ROWS_MAX;
/// Messages on a page whose reactions are more than the chat sends along, and are asked for one by one.
const CROWDED_MAX: usize = 5;
/// Reactions asked for then.
const REACTIONS_MAX: i64 = 100;

/// The number of a refusal of what does not exist.
const MISSING: i32 = 16;

/// What the page is told of a call that failed.
pub(super) fn unanswered(error: ChatError) -> Failure {
    match error {
        ChatError::Refused(body) if body.code == MISSING => Refusal::not_found("message", "of that id").into(),
        ChatError::Refused(body) if (400..500).contains(&body.status) && body.status != 401 => Failure::Refused {
            kind: if body.status == 403 { RefusalKind::Forbidden } else { RefusalKind::Conflict },
            sentence: format!("The chat refused it: {}.", body.message.trim_end_matches('.')),
            faults: Vec::new(),
        },
        error => {
            tracing::warn!(%error, "the chat cannot be reached for a page");
            Failure::unavailable("The chat does not answer now. Nothing you wrote is lost; try again in a moment.")
        }
    }
}

impl WebBackend {
    fn chat(&self) -> Client {
        self.app.chat.deadline(ASKED_CALL_MAX)
    }

    /// The chat's user of the person signed in.
    fn chat_user(&self) -> Result<String, Failure> {
        Ok(user_of_person(self.who()?.signed_in.user))
    }

    /// The channel of that id, if this person may read it.
    async fn row(&self, id: &str) -> Result<ChannelRow, Failure> {
        found("channel", id, chat::channel(&mut self.reading().await?, id)).await
    }

    pub(super) async fn open_channel(&self, id: &str) -> Result<ChannelView, Failure> {
        let row = self.row(id).await?;
        let me = self.chat_user()?;
        let state = self.state(&row, MessageWindow { limit: Some(1), ..MessageWindow::default() }).await?;
        let read = state.read.iter().find(|read| read.user.id == me).map(|read| read.last_read);
        let mut members: Vec<_> = state.members.iter().map(views::member).collect();
        members.sort_by(|a, b| (a.is_agent(), &a.name).cmp(&(b.is_agent(), &b.name)));
        let names = HashMap::from([(row.id.as_str(), String::new())]);
        let pinned = state.pinned_messages.iter().filter_map(|message| lists::a_find(message, &names)).collect();
        Ok(ChannelView {
            pinned,
            read_at: read.filter(|_| row.joined),
            summary: views::summary(row, Some(&state), &me),
            members,
            me,
        })
    }

    pub(super) async fn open_direct(&self, agent: AgentId) -> Result<String, Failure> {
        self.writes()?;
        let who = self.who()?;
        let organization = OrganizationId(who.tenant().organization);
        match self.app.messenger.direct(organization, agent, who.signed_in.user).await {
            Ok(Some(channel)) => Ok(channel.id()),
            Ok(None) => Err(Refusal::not_found("agent", agent).into()),
            Err(Stuck::Chat(error)) => Err(unanswered(error)),
            Err(Stuck::Database(error)) => Err(unreadable(error)),
        }
    }

    async fn state(&self, row: &ChannelRow, messages: MessageWindow) -> Result<ChannelState, Failure> {
        let members = Some(Window { limit: Some(MEMBERS_MAX), offset: None });
        let query = ChannelQuery { state: true, messages, members, ..ChannelQuery::default() };
        self.chat().channel(&row.kind, &row.id, &query).await.map_err(unanswered)
    }

    pub(super) async fn part(&self, channel: &str, thread: Option<&str>, which: Which) -> Result<Part, Failure> {
        let row = self.row(channel).await?;
        let limit = match which {
            Which::Newest | Which::Around(_) => ROWS_PER_PAGE,
            Which::Before(_) | Which::After(_) => ROWS_MORE,
        } as i64;
        let window = |limit| MessageWindow { limit: Some(limit), ..MessageWindow::default() };
        let full = |messages: &[Message]| messages.len() as i64 >= limit;
        let (messages, older, newer) = match which {
            Which::Newest => {
                let mut messages = self.window(&row, thread, window(limit)).await?;
                let older = full(&messages);
                if let Some(root) = thread.filter(|_| !older) {
                    messages.insert(0, self.message_in(&row, root).await?);
                }
                (messages, older, false)
            }
            Which::Before(id) => {
                let mut messages =
                    self.window(&row, thread, MessageWindow { id_lt: Some(id), ..window(limit) }).await?;
                let older = full(&messages);
                if let Some(root) = thread.filter(|_| !older) {
                    messages.insert(0, self.message_in(&row, root).await?);
                }
                (messages, older, true)
            }
            Which::After(id) => {
                let messages = self.window(&row, thread, MessageWindow { id_gt: Some(id), ..window(limit) }).await?;
                let newer = full(&messages);
                (messages, true, newer)
            }
            Which::Around(id) => {
                self.message_in(&row, &id).await?;
                let half = limit / 2;
                let before = MessageWindow { id_lte: Some(id.clone()), ..window(half) };
                let after = MessageWindow { id_gt: Some(id), ..window(half) };
                let mut messages = self.window(&row, thread, before).await?;
                let older = messages.len() as i64 >= half;
                let next = self.window(&row, thread, after).await?;
                let newer = next.len() as i64 >= half;
                messages.extend(next);
                (messages, older, newer)
            }
        };
        Ok(Part { messages: self.whole(messages).await?, older, newer })
    }

    async fn window(
        &self,
        row: &ChannelRow,
        thread: Option<&str>,
        wanted: MessageWindow,
    ) -> Result<Vec<Message>, Failure> {
        match thread {
            None => Ok(self.state(row, wanted).await?.messages),
            Some(root) => {
                self.message_in(row, root).await?;
                self.chat().replies(root, &wanted).await.map_err(unanswered)
            }
        }
    }

    /// A message, if it is in that channel: an id from the browser may name another organization's.
    async fn message_in(&self, row: &ChannelRow, id: &str) -> Result<Message, Failure> {
        let message = self.chat().message(id).await.map_err(unanswered)?;
        if message.cid == format!("{}:{}", row.kind, row.id) {
            return Ok(message);
        }
        Err(Refusal::not_found("message", id).into())
    }

    pub(super) async fn some(&self, channel: &str, ids: &[String]) -> Result<Vec<MessageView>, Failure> {
        let row = self.row(channel).await?;
        let wanted = ids.iter().take(IDS_MAX).map(|id| self.message_in(&row, id));
        let mut messages = Vec::new();
        for found in futures::future::join_all(wanted).await {
            match found {
                Ok(message) => messages.push(message),
                Err(failure) if failure.is_not_found() => {}
                Err(failure) => return Err(failure),
            }
        }
        self.whole(messages).await
    }

    /// Messages with the work they are about, as it stands now.
    async fn whole(&self, mut messages: Vec<Message>) -> Result<Vec<MessageView>, Failure> {
        self.add_reactions(&mut messages).await?;
        let tasks = self.tasks_of(&messages).await?;
        Ok(messages.into_iter().map(|message| views::message(message, &tasks)).collect())
    }

    async fn tasks_of(&self, messages: &[Message]) -> Result<HashMap<TaskId, TaskCard>, Failure> {
        let ids: Vec<TaskId> = messages.iter().filter_map(|message| views::tag(message)?.task_id).collect();
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        chat::tasks(&mut self.reading().await?, &ids).await.map_err(unreadable)
    }

    /// The chat sends the newest reactions along; whether the reader's own is among them must be known.
    async fn add_reactions(&self, messages: &mut [Message]) -> Result<(), Failure> {
        let given = |message: &Message| message.reaction_counts.iter().flat_map(|of| of.values()).sum::<u64>();
        let crowded = messages.iter_mut().filter(|message| given(message) > message.latest_reactions.len() as u64);
        for message in crowded.take(CROWDED_MAX) {
            message.latest_reactions = self.chat().reactions(&message.id, REACTIONS_MAX).await.map_err(unanswered)?;
        }
        Ok(())
    }
}
