//! What is asked, and the answers that are more than one object.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Channel, Custom, Member, Message, Reaction, Read, Vote, list};

/// Who acts, where the application itself asks. With a user's token it is the user.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Acting {
    /// By id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// By an object that has the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<UserRef>,
}

/// An object of which the id counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UserRef {
    /// The id.
    pub id: String,
}

/// A message to be sent, or what it shall be from now on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageRequest {
    /// The id, if the client chooses it: then sending again is refused as a repeat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The text.
    pub text: String,
    /// `system` or nothing.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Who writes.
    #[serde(flatten)]
    pub acting: Acting,
    /// What hangs on it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub attachments: Vec<Value>,
    /// Ids of users named in it.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub mentioned_users: Vec<Value>,
    /// The root of the thread it replies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<String>,
    /// A reply that stands in the channel as well.
    pub show_in_channel: bool,
    /// The message it quotes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quoted_message_id: Option<String>,
    /// The poll it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll_id: Option<String>,
    /// Never unread.
    pub silent: bool,
    /// Pinned from the beginning.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pinned: Option<bool>,
    /// When the pin comes off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pin_expires: Option<Timestamp>,
    /// What the client adds.
    #[serde(flatten)]
    pub custom: Custom,
}

impl MessageRequest {
    /// A text by somebody.
    pub fn text(user: impl Into<String>, text: impl Into<String>) -> Self {
        let acting = Acting { user_id: Some(user.into()), user: None };
        Self { text: text.into(), acting, ..Self::default() }
    }
}

/// A change of some fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Patch {
    /// What they shall be; `a.b` is the field b within a.
    pub set: Custom,
    /// Those that go.
    #[serde(deserialize_with = "list")]
    pub unset: Vec<String>,
    /// Who changes it.
    #[serde(flatten)]
    pub acting: Acting,
}

/// A key of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SortKey {
    /// By what.
    pub field: String,
    /// 1: the least first; −1: the greatest first.
    #[serde(default)]
    pub direction: i32,
}

/// A list that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    /// Which.
    pub filter_conditions: Custom,
    /// In which order.
    #[serde(deserialize_with = "list")]
    pub sort: Vec<SortKey>,
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// After how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<i64>,
    /// As who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Deactivated users too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub include_deactivated_users: bool,
    /// Messages for each channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_limit: Option<i64>,
    /// Members for each channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_limit: Option<i64>,
    /// Words to search for (search only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Which messages (search only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_filter_conditions: Option<Custom>,
    /// The type of the channel (members only).
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The id of the channel (members only).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// Which messages of a list: by id or moment, or the newest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MessageWindow {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Before this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_lt: Option<String>,
    /// Up to this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_lte: Option<String>,
    /// After this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_gt: Option<String>,
    /// From this message on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_gte: Option<String>,
    /// Before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_before: Option<Timestamp>,
    /// After this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at_after: Option<Timestamp>,
}

/// What a channel shall be, when it is got or made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelData {
    /// Who makes it; the application itself has to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by_id: Option<String>,
    /// The same by an object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_by: Option<UserRef>,
    /// Ids, or objects with `user_id` and `channel_role`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub members: Vec<Value>,
    /// Nobody writes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frozen: Option<bool>,
    /// Nobody does anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// The team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What the client adds.
    #[serde(flatten)]
    pub custom: Custom,
}

/// Get a channel, or make it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelQuery {
    /// What it shall be if it is made.
    pub data: ChannelData,
    /// Whether messages and members are wanted too.
    pub state: bool,
    /// Which messages.
    pub messages: MessageWindow,
    /// Which members.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<Window>,
    /// As who.
    #[serde(flatten)]
    pub acting: Acting,
}

/// Part of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Window {
    /// How many.
    pub limit: Option<i64>,
    /// After how many.
    pub offset: Option<i64>,
}

/// A change of a channel: of its data (all of them, if given) and of its members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelUpdate {
    /// What it shall be from now on; custom fields that are not here go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<ChannelData>,
    /// Members that come: ids or objects.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub add_members: Vec<Value>,
    /// Members that go.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub remove_members: Vec<String>,
    /// Members that become moderators.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub add_moderators: Vec<String>,
    /// Moderators that become plain members.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub demote_moderators: Vec<String>,
    /// Members that get roles: objects with `user_id` and `channel_role`.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "list")]
    pub assign_roles: Vec<Value>,
    /// Seconds between two messages of a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<i32>,
    /// A message that goes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageRequest>,
    /// Who changes it.
    #[serde(flatten)]
    pub acting: Acting,
}

/// A channel with what is in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelState {
    /// The channel.
    pub channel: Channel,
    /// Its messages, the oldest first.
    #[serde(default, deserialize_with = "list")]
    pub messages: Vec<Message>,
    /// Its members.
    #[serde(default, deserialize_with = "list")]
    pub members: Vec<Member>,
    /// How far they have read.
    #[serde(default, deserialize_with = "list")]
    pub read: Vec<Read>,
    /// Messages that are pinned now.
    #[serde(default, deserialize_with = "list")]
    pub pinned_messages: Vec<Message>,
}

/// A reaction that is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SendReaction {
    /// It.
    pub reaction: Reaction,
    /// The user's other reactions to the message go.
    #[serde(default)]
    pub enforce_unique: bool,
}

/// A vote that is cast.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CastVote {
    /// It.
    pub vote: Vote,
    /// Who votes.
    #[serde(flatten)]
    pub acting: Acting,
}

/// Many users to be deleted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeleteUsers {
    /// Which.
    pub user_ids: Vec<String>,
    /// `soft` or `hard`.
    pub user: Option<String>,
    /// What becomes of their messages: `soft` or `hard`.
    pub messages: Option<String>,
}

/// What a channel type can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChannelTypeRequest {
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Names of its commands; `all` is every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commands: Option<Vec<String>>,
    /// Role → names of permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grants: Option<BTreeMap<String, Vec<String>>>,
    /// Features and limits.
    #[serde(flatten)]
    pub config: Custom,
}

/// A slash command.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CommandRequest {
    /// Its name, without the slash.
    pub name: String,
    /// What it does.
    pub description: String,
    /// What is written behind it.
    pub args: String,
    /// The group it belongs to.
    pub set: String,
}
