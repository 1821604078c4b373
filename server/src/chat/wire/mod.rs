//! What travels, in both directions: objects of the chat, requests, errors, events.
//!
//! Custom data stand beside the named fields of an object (`custom`, flattened). What a newer server says more than is named here ends
//! up there too, and is ignored. Moments are RFC 3339.

mod requests;

pub use requests::*;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// What a client added to an object.
pub type Custom = Map<String, Value>;

/// A list that may be missing or null.
fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    /// `[a-z0-9@_-]`, 255 characters at most.
    pub id: String,
    /// The role in the whole application: `user`, `admin`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Teams it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub teams: Option<Vec<String>>,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When it stopped acting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deactivated_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Tokens issued before do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoke_tokens_issued_before: Option<Timestamp>,
    /// Name, image, and everything else.
    #[serde(flatten)]
    pub custom: Custom,
}

impl User {
    /// A user of that id and name.
    pub fn named(id: impl Into<String>, name: impl Into<String>) -> Self {
        let custom = Custom::from_iter([("name".to_owned(), Value::String(name.into()))]);
        Self { id: id.into(), custom, ..Self::default() }
    }
}

/// A channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// The id within its type.
    pub id: String,
    /// The type.
    #[serde(rename = "type")]
    pub kind: String,
    /// `type:id`.
    pub cid: String,
    /// Who made it.
    #[serde(default)]
    pub created_by: Option<User>,
    /// Nobody writes.
    #[serde(default)]
    pub frozen: bool,
    /// How many members it has.
    #[serde(default)]
    pub member_count: u64,
    /// When it was made.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// When the newest message came.
    #[serde(default)]
    pub last_message_at: Option<Timestamp>,
    /// What clients added.
    #[serde(flatten)]
    pub custom: Custom,
}

/// A member of a channel.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Who.
    #[serde(default)]
    pub user_id: String,
    /// Who, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// `channel_member`, `channel_moderator`, or a role clients made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_role: Option<String>,
    /// What clients added.
    #[serde(flatten)]
    pub custom: Custom,
}

/// How far a member has read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Read {
    /// Who.
    pub user: User,
    /// What came before is read.
    pub last_read: Timestamp,
    /// Messages after it, without own, silent and deleted ones.
    pub unread_messages: u64,
}

/// A message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// 255 characters at most.
    pub id: String,
    /// The channel: `type:id`.
    #[serde(default)]
    pub cid: String,
    /// `regular`, `reply`, `system`, `deleted`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The text.
    #[serde(default)]
    pub text: String,
    /// The author.
    #[serde(default)]
    pub user: Option<User>,
    /// What hangs on it.
    #[serde(default, deserialize_with = "list")]
    pub attachments: Vec<Value>,
    /// Users named in it.
    #[serde(default, deserialize_with = "list")]
    pub mentioned_users: Vec<User>,
    /// The root of its thread.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// The message it quotes.
    #[serde(default)]
    pub quoted_message_id: Option<String>,
    /// Replies in its thread.
    #[serde(default)]
    pub reply_count: u64,
    /// Never unread.
    #[serde(default)]
    pub silent: bool,
    /// Pinned now.
    #[serde(default)]
    pub pinned: bool,
    /// When the pin comes off by itself.
    #[serde(default)]
    pub pin_expires: Option<Timestamp>,
    /// Reactions by type.
    #[serde(default)]
    pub reaction_counts: Option<BTreeMap<String, u64>>,
    /// Reactions of who asks.
    #[serde(default, deserialize_with = "list")]
    pub own_reactions: Vec<Reaction>,
    /// The newest reactions.
    #[serde(default, deserialize_with = "list")]
    pub latest_reactions: Vec<Reaction>,
    /// The poll it carries.
    #[serde(default)]
    pub poll: Option<Poll>,
    /// When it was written.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(default)]
    pub deleted_at: Option<Timestamp>,
    /// What clients added.
    #[serde(flatten)]
    pub custom: Custom,
}

/// A reaction to a message.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reaction {
    /// The message.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message_id: String,
    /// Who.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_id: String,
    /// Who, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// `like`, `👍`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// What it counts; 1 if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<i32>,
    /// What clients added.
    #[serde(flatten)]
    pub custom: Custom,
}

/// A thread: a message with replies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// The channel: `type:id`.
    pub channel_cid: String,
    /// The message it hangs on.
    pub parent_message_id: String,
    /// That message.
    #[serde(default)]
    pub parent_message: Option<Message>,
    /// How many replies.
    #[serde(default)]
    pub reply_count: u64,
    /// What it is called.
    #[serde(default)]
    pub title: String,
    /// The newest replies.
    #[serde(default, deserialize_with = "list")]
    pub latest_replies: Vec<Message>,
    /// The rest.
    #[serde(flatten)]
    pub rest: Custom,
}

/// A poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Poll {
    /// Its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The question.
    pub name: String,
    /// More about it.
    #[serde(default)]
    pub description: String,
    /// What can be voted for.
    #[serde(default, deserialize_with = "list")]
    pub options: Vec<PollOption>,
    /// One vote for each user; a new one replaces it.
    #[serde(default)]
    pub enforce_unique_vote: bool,
    /// Votes are taken no more.
    #[serde(default)]
    pub is_closed: bool,
    /// Votes by option.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub vote_counts_by_option: BTreeMap<String, u64>,
    /// Votes in all.
    #[serde(default)]
    pub vote_count: u64,
    /// The rest, custom fields among it.
    #[serde(flatten)]
    pub custom: Custom,
}

/// An option of a poll.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PollOption {
    /// Its id; the server makes one if none is given.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// What it says.
    pub text: String,
    /// What clients added.
    #[serde(flatten)]
    pub custom: Custom,
}

/// A vote.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    /// Its id.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// The option it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option_id: Option<String>,
    /// An answer in words instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_text: Option<String>,
    /// Who voted, unless the poll is anonymous.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// What happened, as a webhook tells it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// `message.new`, …; unknown ones are kept.
    #[serde(rename = "type")]
    pub kind: String,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The channel: `type:id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cid: Option<String>,
    /// Its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_type: Option<String>,
    /// Its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel_id: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<User>,
    /// The message it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// The rest.
    #[serde(flatten)]
    pub rest: Custom,
}

/// What every refusal says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// The number of the kind.
    pub code: i32,
    /// In words.
    pub message: String,
    /// The HTTP status.
    #[serde(rename = "StatusCode")]
    pub status: u16,
    /// How long it took.
    #[serde(default)]
    pub duration: String,
    /// Where to read more.
    #[serde(default)]
    pub more_info: String,
    /// Further numbers.
    #[serde(default, deserialize_with = "list")]
    pub details: Vec<i64>,
}
