//! Lists: channels, threads, what was found, how much is unread.

use std::collections::HashMap;

use app::error::Failure;
use devsquad::view::chat::{
    CHANNELS_PER_PAGE, ChannelPage, ChannelSummary, FoundMessage, TaskCard, ThreadView, excerpt,
};
use serde_json::{Value, json};

use super::super::{WebBackend, unreadable};
use super::{unanswered, views};
use crate::chat::wire::{ChannelState, Custom, Message, Query};
use crate::store::pages::chat::{self, ChannelRow, Wanted};

/// Characters of a message that was found.
const FOUND_CHARS: usize = 240;
/// Messages found at a time.
const FOUND_MAX: i64 = 50;
/// Channels searched at a time: those with the newest messages. The chat takes no longer list.
const SEARCHED_MAX: i64 = 300;
/// Threads listed of each kind.
const THREADS_MAX: i64 = 30;
/// Characters that may be searched for.
const WORDS_CHARS_MAX: usize = 200;

impl WebBackend {
    pub(in super::super) async fn list_channels(
        &self,
        archived: Option<bool>,
        text: String,
        page: u32,
    ) -> Result<ChannelPage, Failure> {
        let limit = i64::from(CHANNELS_PER_PAGE);
        let wanted = Wanted { archived, text, limit, offset: limit * i64::from(page) };
        let (rows, total) = chat::channels(&mut self.reading().await?, &wanted).await.map_err(unreadable)?;
        let (channels, trouble) = self.summaries(rows).await?;
        Ok(ChannelPage { channels, total, trouble })
    }

    /// What the chat says of these channels; without it, what the organization knows.
    async fn summaries(&self, rows: Vec<ChannelRow>) -> Result<(Vec<ChannelSummary>, Option<String>), Failure> {
        let me = self.chat_user()?;
        let (states, trouble) = match self.states(&rows).await {
            Ok(states) => (states, None),
            Err(failure) => (HashMap::new(), Some(failure.to_string())),
        };
        let summary = |row: ChannelRow| {
            let state = states.get(&format!("{}:{}", row.kind, row.id));
            views::summary(row, state, &me)
        };
        Ok((rows.into_iter().map(summary).collect(), trouble))
    }

    async fn states(&self, rows: &[ChannelRow]) -> Result<HashMap<String, ChannelState>, Failure> {
        if rows.is_empty() {
            return Ok(HashMap::new());
        }
        let cids: Vec<String> = rows.iter().map(|row| format!("{}:{}", row.kind, row.id)).collect();
        let query = Query {
            filter_conditions: Custom::from_iter([("cid".to_owned(), json!({ "$in": cids }))]),
            limit: Some(i64::from(CHANNELS_PER_PAGE)),
            message_limit: Some(1),
            member_limit: Some(1),
            ..Query::default()
        };
        let states = self.chat().query_channels(&query).await.map_err(unanswered)?;
        Ok(states.into_iter().map(|state| (state.channel.cid.clone(), state)).collect())
    }

    pub(in super::super) async fn list_threads(&self) -> Result<Vec<ThreadView>, Failure> {
        let mut tx = self.reading().await?;
        let waiting = chat::waiting(&mut tx, THREADS_MAX).await.map_err(unreadable)?;
        let all = Wanted { limit: chat::CHANNELS_MAX, ..Wanted::default() };
        let (rows, _) = chat::channels(&mut tx, &all).await.map_err(unreadable)?;
        drop(tx);
        let named: HashMap<String, ChannelRow> = rows.into_iter().map(|row| (row.id.clone(), row)).collect();
        let me = self.chat_user()?;
        let mine = self.chat().threads(&me, THREADS_MAX).await.map_err(unanswered)?;
        let mut threads: Vec<ThreadView> = waiting.into_iter().filter_map(|task| waits(task, &named)).collect();
        for thread in mine {
            let Some((_, channel)) = thread.channel_cid.split_once(':') else { continue };
            let Some(row) = named.get(channel) else { continue };
            if threads.iter().any(|other| other.root == thread.parent_message_id) {
                continue;
            }
            let last = thread.latest_replies.last();
            threads.push(ThreadView {
                channel: channel.to_owned(),
                channel_name: row.called().to_owned(),
                title: thread.parent_message.as_ref().map(|root| excerpt(&root.text, FOUND_CHARS)).unwrap_or_default(),
                root: thread.parent_message_id.clone(),
                replies: thread.reply_count,
                last: last.map(|reply| (by(reply), excerpt(&reply.text, FOUND_CHARS))),
                at: last.and_then(|reply| reply.created_at),
                waits: None,
            });
        }
        Ok(threads)
    }

    pub(in super::super) async fn find_messages(
        &self,
        channel: Option<&str>,
        words: &str,
    ) -> Result<Vec<FoundMessage>, Failure> {
        let words: String = words.trim().chars().take(WORDS_CHARS_MAX).collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let rows = match channel {
            Some(id) => vec![self.row(id).await?],
            None => {
                let wanted = Wanted { limit: SEARCHED_MAX, ..Wanted::default() };
                chat::channels(&mut self.reading().await?, &wanted).await.map_err(unreadable)?.0
            }
        };
        let cids: Vec<String> = rows.iter().map(|row| format!("{}:{}", row.kind, row.id)).collect();
        if cids.is_empty() {
            return Ok(Vec::new());
        }
        let query = Query {
            filter_conditions: Custom::from_iter([("cid".to_owned(), json!({ "$in": cids }))]),
            limit: Some(FOUND_MAX),
            query: Some(words),
            ..Query::default()
        };
        let found = self.chat().search(&query).await.map_err(unanswered)?;
        let names: HashMap<&str, String> = rows.iter().map(|row| (row.id.as_str(), row.called().to_owned())).collect();
        Ok(found.iter().filter_map(|message| a_find(message, &names)).collect())
    }

    pub(in super::super) async fn count_unread(&self) -> Result<u32, Failure> {
        let ids = chat::ids(&mut self.reading().await?).await.map_err(unreadable)?;
        let unread = self.chat().unread(&self.chat_user()?).await.map_err(unanswered)?;
        let of_ours = |channel: &&Value| {
            let cid = channel["channel_id"].as_str().unwrap_or_default();
            cid.split_once(':').is_some_and(|(_, id)| ids.contains(id))
        };
        let channels = unread["channels"].as_array().into_iter().flatten().filter(of_ours);
        let count: u64 = channels.filter_map(|channel| channel["unread_count"].as_u64()).sum();
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

fn by(message: &Message) -> String {
    message.user.as_ref().map(|user| views::user(user).name).unwrap_or_default()
}

/// The thread of a task in which something waits for a person.
fn waits(task: TaskCard, named: &HashMap<String, ChannelRow>) -> Option<ThreadView> {
    let root = task.thread?;
    let row = named
        .values()
        .find(|row| row.purpose == "workflow" && row.workflow.as_ref().is_some_and(|(id, _)| *id == task.workflow))?;
    let asked = task.question.map(|(question, _)| question).or(task.decision.map(|(_, title)| title));
    Some(ThreadView {
        channel: row.id.clone(),
        channel_name: row.called().to_owned(),
        root,
        title: task.name,
        replies: 0,
        last: None,
        at: None,
        waits: Some(asked.unwrap_or_else(|| "It waits for you.".to_owned())),
    })
}

/// A message in a list of its own.
pub(super) fn a_find(message: &Message, names: &HashMap<&str, String>) -> Option<FoundMessage> {
    let (_, channel) = message.cid.split_once(':')?;
    Some(FoundMessage {
        channel_name: names.get(channel)?.clone(),
        channel: channel.to_owned(),
        id: message.id.clone(),
        thread: message.parent_id.clone(),
        by: by(message),
        text: excerpt(&message.text, FOUND_CHARS),
        at: message.created_at?,
    })
}
