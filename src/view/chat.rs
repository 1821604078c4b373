//! The chat, as pages show it: channels, messages, and what hangs on them.
//!
//! A message comes to the browser drawn ([`Row`]): what a card shows is read and drawn by the server, and no browser loads code for it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CheckpointId, TaskId, WorkflowId};
use crate::messaging::user::{is_agent, is_person};
use crate::workflow::WorkflowStatus;
use crate::workflow::task::TaskStatus;

/// Characters of a message. The channel type says the same to the chat.
pub const TEXT_CHARS_MAX: usize = 20_000;
/// Messages a place opens with: what fills two windows.
pub const ROWS_PER_PAGE: usize = 40;
/// Messages fetched where an edge comes near: few, because they are put in place while somebody scrolls.
pub const ROWS_MORE: usize = 10;
/// Messages in the page at one time, however long the channel is.
pub const ROWS_MAX: usize = 160;
/// Files on one message.
pub const FILES_MAX: usize = 10;

/// Purposes of channels that are read by their members only: what is said there is about people, or for those who decide.
pub const CLOSED: [&str; 3] = ["direct", "emergency", "approvals"];

/// A channel in a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelSummary {
    /// Its id.
    pub id: String,
    /// What it is for; the names are those of the column `purpose`.
    pub purpose: String,
    /// What it is called.
    pub name: String,
    /// The workflow it belongs to, and where that stands.
    pub workflow: Option<(WorkflowId, WorkflowStatus)>,
    /// Whether what it was for is over.
    pub archived: bool,
    /// People and agents in it.
    pub members: u32,
    /// Whether the reader is one of them.
    pub joined: bool,
    /// Messages the reader has not read; none where they are no member.
    pub unread: u32,
    /// Decisions and questions that wait in it.
    pub waiting: u32,
    /// Who spoke last, and what was said.
    pub last: Option<(String, String)>,
    /// When.
    #[serde(with = "crate::wire_time::optional", default)]
    pub active_at: Option<Timestamp>,
}

/// Channels, and how many there are in all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChannelPage {
    /// Those on this page.
    pub channels: Vec<ChannelSummary>,
    /// How many there are.
    pub total: u32,
    /// Why unread counts and last messages are missing, if they are.
    pub trouble: Option<String>,
}

/// Channels on one page of the list.
pub const CHANNELS_PER_PAGE: u32 = 30;

/// Somebody in the chat.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatUser {
    /// The chat's id: `person-…`, `agent-…`, or the system's.
    pub id: String,
    /// What they are called.
    pub name: String,
    /// How an agent is: `available`, `busy`, `offline`, `error`; empty for others.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub presence: String,
}

impl ChatUser {
    /// Whether it is an agent.
    pub fn is_agent(&self) -> bool {
        is_agent(&self.id)
    }

    /// Whether it is a person.
    pub fn is_person(&self) -> bool {
        is_person(&self.id)
    }
}

/// A channel that is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelView {
    /// What lists say of it.
    pub summary: ChannelSummary,
    /// The reader.
    pub me: String,
    /// Who is in it.
    pub members: Vec<ChatUser>,
    /// Messages that are pinned.
    pub pinned: Vec<FoundMessage>,
    /// The last moment the reader has read; nothing when they are no member.
    #[serde(with = "crate::wire_time::optional", default)]
    pub read_at: Option<Timestamp>,
}

/// Which messages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// The newest.
    Newest,
    /// Those before a message.
    Before(String),
    /// Those after a message.
    After(String),
    /// Those around a message, with it.
    Around(String),
}

/// A reaction, and who gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionCount {
    /// `👍`, `like`, …
    pub kind: String,
    /// How many gave it.
    pub count: u64,
    /// Those known by name, the newest first.
    pub by: Vec<ChatUser>,
}

/// A file on a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileView {
    /// What it is called.
    pub name: String,
    /// Where it is fetched.
    pub href: String,
    /// Its size in bytes, if it is known.
    pub size: u64,
    /// What it shows, in words; nothing for what is no picture.
    pub picture: Option<String>,
}

/// What a message says it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Tag {
    /// `assignment`, `approval_request`, …, or `thread` for the root of a task's thread.
    pub kind: String,
    /// The workflow.
    pub workflow_id: Option<WorkflowId>,
    /// The task.
    pub task_id: Option<TaskId>,
    /// The checkpoint.
    pub checkpoint_id: Option<CheckpointId>,
    /// Where the same is told in full.
    #[serde(rename = "ref")]
    pub elsewhere: Option<Elsewhere>,
}

/// Another message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Elsewhere {
    /// Its channel.
    pub channel_id: String,
    /// Its id.
    pub message_id: String,
    /// The root of its thread.
    pub thread_id: Option<String>,
}

/// A task a message is about, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskCard {
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its id.
    pub task: TaskId,
    /// What it is called.
    pub name: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Who works on it.
    pub agent: Option<String>,
    /// The decision that waits for a person, and what is asked.
    pub decision: Option<(CheckpointId, String)>,
    /// The question that waits for an answer, and the answers to choose from.
    pub question: Option<(String, Vec<String>)>,
    /// The root of its thread.
    pub thread: Option<String>,
}

/// A message that is quoted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub by: String,
    /// What it says.
    pub text: String,
}

/// A message, with everything that is drawn of it.
#[derive(Clone, Debug, PartialEq)]
pub struct MessageView {
    /// Its id.
    pub id: String,
    /// The channel it is in.
    pub channel: String,
    /// Who wrote it.
    pub author: ChatUser,
    /// What it says, in Markdown.
    pub text: String,
    /// When it was written.
    pub at: Timestamp,
    /// Whether its words were changed.
    pub edited: bool,
    /// Whether it was deleted.
    pub deleted: bool,
    /// Whether it is pinned.
    pub pinned: bool,
    /// The root of its thread, if it is a reply.
    pub parent: Option<String>,
    /// Replies in its thread.
    pub replies: u64,
    /// The message it quotes.
    pub quoted: Option<Quoted>,
    /// Reactions, those given most often first.
    pub reactions: Vec<ReactionCount>,
    /// Files.
    pub files: Vec<FileView>,
    /// Who is named in it.
    pub mentions: Vec<ChatUser>,
    /// What it is about.
    pub tag: Option<Tag>,
    /// The task it is about.
    pub task: Option<TaskCard>,
}

/// A part of a channel or a thread, before it is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Part {
    /// The messages, oldest first. Of a thread, its root stands first among the newest.
    pub messages: Vec<MessageView>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there are newer ones.
    pub newer: bool,
}

/// A message as a page has it: drawn, with what the page has to know to act on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub by: String,
    /// What they are called.
    pub name: String,
    /// When it was written.
    #[serde(with = "crate::wire_time")]
    pub at: Timestamp,
    /// The root of its thread, if it is a reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// What it says, for an edit or a quotation.
    pub text: String,
    /// It, in one sentence for those who listen.
    pub label: String,
    /// Its body, drawn.
    pub html: String,
    /// Whether it is pinned.
    pub pinned: bool,
    /// Whether it is gone.
    pub deleted: bool,
    /// Whether it shows something that changes with the work: it is fetched anew when something was said about it.
    pub live: bool,
    /// Whether it stands by itself even beside others of the same author.
    pub card: bool,
}

/// A part of a channel or a thread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RowsPage {
    /// The messages, oldest first.
    pub rows: Vec<Row>,
    /// Whether there are older ones.
    pub older: bool,
    /// Whether there are newer ones.
    pub newer: bool,
}

/// A thread: its root and its newest replies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThreadView {
    /// The channel's id.
    pub channel: String,
    /// The channel's name.
    pub channel_name: String,
    /// Its root.
    pub root: String,
    /// What it is about.
    pub title: String,
    /// How many replies.
    pub replies: u64,
    /// The last reply: by whom, what.
    pub last: Option<(String, String)>,
    /// When that was.
    #[serde(with = "crate::wire_time::optional", default)]
    pub at: Option<Timestamp>,
    /// What waits in it for a person: a decision, an answer.
    pub waits: Option<String>,
}

/// A message that was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundMessage {
    /// The channel's id.
    pub channel: String,
    /// The channel's name.
    pub channel_name: String,
    /// It.
    pub id: String,
    /// The root of its thread.
    pub thread: Option<String>,
    /// Who wrote it.
    pub by: String,
    /// What it says, shortened.
    pub text: String,
    /// When it was written.
    #[serde(with = "crate::wire_time")]
    pub at: Timestamp,
}

/// What an open page is told of the chat. What is absent has not changed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatNews {
    /// The channel.
    pub channel: String,
    /// A message that is new, or changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<Row>,
    /// Whether it was written just now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub new: bool,
    /// A message that is gone for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<String>,
    /// Who begins to type, or stops.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typing: Option<(ChatUser, bool)>,
    /// The thread somebody types in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
}

/// What somebody does to a channel or a message. One flat record: it is a form as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Changes the words of an own message.
    Edit,
    /// Deletes an own message.
    Delete,
    /// Gives a reaction, or takes it back.
    React,
    /// Pins a message.
    Pin,
    /// Takes the pin off.
    Unpin,
    /// Has read everything.
    Read,
    /// Makes it unread from a message on.
    Unread,
    /// Begins to type.
    TypingStart,
    /// Stops typing.
    TypingStop,
    /// Comes in.
    Join,
}

/// A message to be sent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// Its id, chosen where it is written: sent twice, it is one message.
    pub id: String,
    /// What it says.
    pub text: String,
    /// The thread it replies in.
    pub thread: Option<String>,
    /// The message it quotes.
    pub quoted: Option<String>,
    /// Files that were taken in before, as the server described them.
    pub files: Vec<BTreeMap<String, String>>,
}

/// Reactions offered, and what they are called.
pub const REACTIONS: [(&str, &str); 6] =
    [("👍", "Agree"), ("👎", "Disagree"), ("✅", "Done"), ("👀", "Looking"), ("🎉", "Celebrate"), ("❤️", "Thanks")];

/// What a reaction is called. The engine puts one of its own under what it has done.
pub fn reaction_name(kind: &str) -> &str {
    let kind = if kind == "white_check_mark" { "✅" } else { kind };
    REACTIONS.iter().find(|(known, _)| *known == kind).map_or(kind, |(_, name)| name)
}

/// The first line of a text, shortened, without marks of Markdown at its edges, and without those of words in bold and of code.
pub fn excerpt(text: &str, chars_max: usize) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let line = line.trim_start_matches(['#', '>', '-', '*', ' ']).replace("**", "").replace('`', "");
    if line.chars().count() <= chars_max {
        return line;
    }
    let cut: String = line.chars().take(chars_max.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_one_line_that_fits() {
        assert_eq!(excerpt("\n## Title here\nmore", 40), "Title here");
        assert_eq!(excerpt("one two three", 8), "one two…");
        assert_eq!(excerpt("It is **fine**, see `green.css`", 80), "It is fine, see green.css");
        assert_eq!(excerpt("", 8), "");
    }

    #[test]
    fn a_tag_of_a_newer_server_is_read_as_far_as_it_is_known() {
        let text = r#"{"v":1,"kind":"approval_request","task_id":"00000000-0000-0000-0000-000000000004","new":[1],"ref":{"channel_id":"c"}}"#;
        let tag: Tag = serde_json::from_str(text).expect("read");
        assert_eq!(tag.kind, "approval_request");
        assert!(tag.task_id.is_some() && tag.checkpoint_id.is_none());
        assert_eq!(tag.elsewhere.expect("a reference").channel_id, "c");
    }
}
