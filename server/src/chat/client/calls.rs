//! The calls, noun by noun.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{ChatError, Client, part};
use crate::chat::wire::{
    CastVote, Channel, ChannelQuery, ChannelState, ChannelTypeRequest, ChannelUpdate, CommandRequest, Custom,
    DeleteUsers, Member, Message, MessageRequest, MessageWindow, Patch, Poll, Query, Reaction, SendReaction, Thread,
    User, Vote,
};
use crate::clock;

/// The number of a refusal of what is not valid; a repeated id is one.
const INPUT: i32 = 4;

type Got<T> = Result<T, ChatError>;

/// Declares the envelope in which an answer comes.
macro_rules! envelope {
    ($name:ident { $field:ident : $of:ty }) => {
        #[derive(Deserialize)]
        struct $name {
            $field: $of,
        }
    };
}

envelope!(UsersById { users: std::collections::BTreeMap<String, User> });
envelope!(Users { users: Vec<User> });
envelope!(OneUser { user: User });
envelope!(OneChannel { channel: Channel });
envelope!(Channels { channels: Vec<ChannelState> });
envelope!(Members { members: Vec<Member> });
envelope!(OneMessage { message: Message });
envelope!(Messages { messages: Vec<Message> });
envelope!(Found { results: Vec<OneMessage> });
envelope!(OneReaction { reaction: Reaction });
envelope!(Reactions { reactions: Vec<Reaction> });
envelope!(Threads { threads: Vec<Thread> });
envelope!(OneThread { thread: Thread });
envelope!(OnePoll { poll: Poll });
envelope!(OneVote { vote: Vote });
envelope!(OneTask { task_id: String });
envelope!(Types { channel_types: Map<String, Value> });
envelope!(Commands { commands: Vec<Value> });
envelope!(Roles { roles: Vec<Value> });
envelope!(App { app: Value });
envelope!(OneEvent { event: Value });

fn channel(kind: &str, id: &str, rest: &str) -> String {
    format!("channels/{}/{}{rest}", part(kind), part(id))
}

fn payload(query: &Query) -> [(&'static str, String); 1] {
    [("payload", serde_json::to_string(query).unwrap_or_default())]
}

fn window(wanted: &MessageWindow) -> Vec<(&'static str, String)> {
    let MessageWindow { limit, id_lt, id_lte, id_gt, id_gte, created_at_before, created_at_after } = wanted;
    let mut parameters = Vec::new();
    parameters.extend(limit.map(|limit| ("limit", limit.to_string())));
    for (name, id) in [("id_lt", id_lt), ("id_lte", id_lte), ("id_gt", id_gt), ("id_gte", id_gte)] {
        parameters.extend(id.clone().map(|id| (name, id)));
    }
    for (name, at) in [("created_at_before", created_at_before), ("created_at_after", created_at_after)] {
        parameters.extend(at.map(|at| (name, at.to_string())));
    }
    parameters
}

/// Users.
impl Client {
    /// Makes or replaces up to 100 users.
    pub async fn upsert_users(&self, users: &[User]) -> Got<Vec<User>> {
        let by_id: Map<String, Value> = users.iter().map(|user| (user.id.clone(), json!(user))).collect();
        let answer: UsersById = self.post("POST users", "users".into(), &json!({ "users": by_id })).await?;
        Ok(answer.users.into_values().collect())
    }

    /// Changes some fields of a user.
    pub async fn patch_user(&self, id: &str, set: &Custom, unset: &[&str]) -> Got<User> {
        let body = json!({ "users": [{ "id": id, "set": set, "unset": unset }] });
        let mut answer: UsersById = self.send(Method::PATCH, "PATCH users", "users".into(), &body).await?;
        answer.users.remove(id).ok_or_else(|| ChatError::Garbled(format!("the user {id} is missing")))
    }

    /// Tokens of a user that were issued before do not count any more.
    pub async fn revoke_user_tokens(&self, id: &str, before: jiff::Timestamp) -> Got<User> {
        let set = Custom::from_iter([("revoke_tokens_issued_before".to_owned(), json!(before))]);
        self.patch_user(id, &set, &[]).await
    }

    /// Users a filter fits.
    pub async fn query_users(&self, query: &Query) -> Got<Vec<User>> {
        let answer: Users = self.get("GET users", "users".into(), &payload(query)).await?;
        Ok(answer.users)
    }

    /// The user cannot act until it is reactivated.
    pub async fn deactivate_user(&self, id: &str) -> Got<User> {
        let path = format!("users/{}/deactivate", part(id));
        Ok(self.post::<OneUser>("POST users/deactivate", path, &json!({})).await?.user)
    }

    /// The user can act again.
    pub async fn reactivate_user(&self, id: &str) -> Got<User> {
        let path = format!("users/{}/reactivate", part(id));
        Ok(self.post::<OneUser>("POST users/reactivate", path, &json!({})).await?.user)
    }

    /// Deletes users; gives the id of the task.
    pub async fn delete_users(&self, wanted: &DeleteUsers) -> Got<String> {
        Ok(self.post::<OneTask>("POST users/delete", "users/delete".into(), wanted).await?.task_id)
    }

    /// What a user has not read: `{channels: [{channel_id, unread_count, last_read}], total_unread_count}`.
    pub async fn unread(&self, user: &str) -> Got<Value> {
        self.get("GET unread", "unread".into(), &[("user_id", user.to_owned())]).await
    }
}

/// Channels and members.
impl Client {
    /// Gets a channel, or makes it.
    pub async fn channel(&self, kind: &str, id: &str, query: &ChannelQuery) -> Got<ChannelState> {
        self.post("POST channels/query", channel(kind, id, "/query"), query).await
    }

    /// The one channel of exactly these members.
    pub async fn distinct_channel(&self, kind: &str, query: &ChannelQuery) -> Got<ChannelState> {
        self.post("POST channels/query", format!("channels/{}/query", part(kind)), query).await
    }

    /// Channels a filter fits.
    pub async fn query_channels(&self, query: &Query) -> Got<Vec<ChannelState>> {
        let mut body = json!(query);
        body["state"] = json!(true);
        Ok(self.post::<Channels>("POST channels", "channels".into(), &body).await?.channels)
    }

    /// Changes a channel's data, all of them, and its members.
    pub async fn update_channel(&self, kind: &str, id: &str, update: &ChannelUpdate) -> Got<Channel> {
        Ok(self.post::<OneChannel>("POST channels/update", channel(kind, id, ""), update).await?.channel)
    }

    /// Changes some fields of a channel.
    pub async fn patch_channel(&self, kind: &str, id: &str, patch: &Patch) -> Got<Channel> {
        let path = channel(kind, id, "");
        Ok(self.send::<OneChannel>(Method::PATCH, "PATCH channels", path, patch).await?.channel)
    }

    /// Adds members: ids, or objects with `user_id` and `channel_role`.
    pub async fn add_members(&self, kind: &str, id: &str, members: &[Value]) -> Got<Channel> {
        let update = ChannelUpdate { add_members: members.to_vec(), ..ChannelUpdate::default() };
        self.update_channel(kind, id, &update).await
    }

    /// Removes members.
    pub async fn remove_members(&self, kind: &str, id: &str, members: &[&str]) -> Got<Channel> {
        let remove_members = members.iter().map(|id| (*id).to_owned()).collect();
        self.update_channel(kind, id, &ChannelUpdate { remove_members, ..ChannelUpdate::default() }).await
    }

    /// Members of a channel a filter fits.
    pub async fn query_members(&self, kind: &str, id: &str, query: &Query) -> Got<Vec<Member>> {
        let query = Query { kind: Some(kind.to_owned()), id: Some(id.to_owned()), ..query.clone() };
        Ok(self.get::<Members>("GET members", "members".into(), &payload(&query)).await?.members)
    }

    /// Removes every message; with `hard`, for good.
    pub async fn truncate_channel(&self, kind: &str, id: &str, hard: bool) -> Got<Channel> {
        let body = json!({ "hard_delete": hard });
        Ok(self.post::<OneChannel>("POST channels/truncate", channel(kind, id, "/truncate"), &body).await?.channel)
    }

    /// Hides a channel from a member until something new is in it.
    pub async fn hide_channel(&self, kind: &str, id: &str, user: &str, clear_history: bool) -> Got<()> {
        let body = json!({ "user_id": user, "clear_history": clear_history });
        self.post::<Value>("POST channels/hide", channel(kind, id, "/hide"), &body).await.map(drop)
    }

    /// Shows a hidden channel again.
    pub async fn show_channel(&self, kind: &str, id: &str, user: &str) -> Got<()> {
        self.post::<Value>("POST channels/show", channel(kind, id, "/show"), &json!({ "user_id": user }))
            .await
            .map(drop)
    }

    /// Deletes a channel; with `hard`, for good.
    pub async fn delete_channel(&self, kind: &str, id: &str, hard: bool) -> Got<Channel> {
        let hard = [("hard_delete", hard.to_string())];
        Ok(self.delete::<OneChannel>("DELETE channels", channel(kind, id, ""), &hard).await?.channel)
    }

    /// Sends an event that leaves no trace: `{type, user_id, …}`.
    pub async fn send_event(&self, kind: &str, id: &str, event: &Value) -> Got<Value> {
        let body = json!({ "event": event });
        Ok(self.post::<OneEvent>("POST channels/event", channel(kind, id, "/event"), &body).await?.event)
    }

    /// A user has read a channel: up to a message, or all of it.
    pub async fn mark_read(&self, kind: &str, id: &str, user: &str, message: Option<&str>) -> Got<()> {
        let mut body = json!({ "user_id": user });
        if let Some(message) = message {
            body["message_id"] = json!(message);
        }
        self.post::<Value>("POST channels/read", channel(kind, id, "/read"), &body).await.map(drop)
    }

    /// A channel is unread for a user from a message on.
    pub async fn mark_unread(&self, kind: &str, id: &str, user: &str, message: &str) -> Got<()> {
        let body = json!({ "user_id": user, "message_id": message });
        self.post::<Value>("POST channels/unread", channel(kind, id, "/unread"), &body).await.map(drop)
    }
}

/// Messages, reactions, threads.
impl Client {
    /// Sends a message. It gets an id here if it has none, so that a repeat after a broken answer does not make two of it. If one of
    /// that id is there already, it is read back and compared, and only another content is an error.
    pub async fn send_message(&self, kind: &str, id: &str, message: &MessageRequest) -> Got<Message> {
        let known = message.id.clone().unwrap_or_else(|| clock::fresh_id().to_string());
        let message = MessageRequest { id: Some(known.clone()), ..message.clone() };
        let body = json!({ "message": message });
        let sent = self.post::<OneMessage>("POST channels/message", channel(kind, id, "/message"), &body).await;
        match sent {
            Ok(sent) => Ok(sent.message),
            Err(refused) if is_repeat(&refused) => same(self.message(&known).await?, &format!("{kind}:{id}"), &message),
            Err(error) => Err(error),
        }
    }

    /// Messages of a channel that is there, the oldest first. The replies in its threads are not among them.
    pub async fn messages(&self, kind: &str, id: &str, wanted: &MessageWindow) -> Got<Vec<Message>> {
        let query = ChannelQuery { state: true, messages: wanted.clone(), ..ChannelQuery::default() };
        Ok(self.channel(kind, id, &query).await?.messages)
    }

    /// A message.
    pub async fn message(&self, id: &str) -> Got<Message> {
        Ok(self.get::<OneMessage>("GET messages", format!("messages/{}", part(id)), &[]).await?.message)
    }

    /// Replaces what a message says.
    pub async fn update_message(&self, id: &str, message: &MessageRequest) -> Got<Message> {
        let body = json!({ "message": message });
        Ok(self.post::<OneMessage>("POST messages", format!("messages/{}", part(id)), &body).await?.message)
    }

    /// Changes some fields of a message.
    pub async fn patch_message(&self, id: &str, patch: &Patch) -> Got<Message> {
        let path = format!("messages/{}", part(id));
        Ok(self.send::<OneMessage>(Method::PUT, "PUT messages", path, patch).await?.message)
    }

    /// Pins a message, until then or for good.
    pub async fn pin_message(&self, id: &str, user: &str, until: Option<jiff::Timestamp>) -> Got<Message> {
        let mut patch = Patch::default();
        patch.set.insert("pinned".to_owned(), json!(true));
        patch.set.insert("pin_expires".to_owned(), json!(until));
        patch.acting.user_id = Some(user.to_owned());
        self.patch_message(id, &patch).await
    }

    /// Takes the pin off.
    pub async fn unpin_message(&self, id: &str, user: &str) -> Got<Message> {
        let mut patch = Patch::default();
        patch.set.insert("pinned".to_owned(), json!(false));
        patch.acting.user_id = Some(user.to_owned());
        self.patch_message(id, &patch).await
    }

    /// Deletes a message; with `hard`, for good.
    pub async fn delete_message(&self, id: &str, hard: bool) -> Got<Message> {
        let hard = if hard { vec![("hard", "true".to_owned())] } else { Vec::new() };
        Ok(self.delete::<OneMessage>("DELETE messages", format!("messages/{}", part(id)), &hard).await?.message)
    }

    /// Replies in a thread, the oldest first.
    pub async fn replies(&self, id: &str, wanted: &MessageWindow) -> Got<Vec<Message>> {
        let path = format!("messages/{}/replies", part(id));
        Ok(self.get::<Messages>("GET messages/replies", path, &window(wanted)).await?.messages)
    }

    /// Messages with all the words of `query`, or that fit `message_filter_conditions`; the newest first.
    pub async fn search(&self, query: &Query) -> Got<Vec<Message>> {
        let found: Found = self.get("GET search", "search".into(), &payload(query)).await?;
        Ok(found.results.into_iter().map(|found| found.message).collect())
    }

    /// Sets a reaction of a user.
    pub async fn send_reaction(&self, id: &str, reaction: &SendReaction) -> Got<Reaction> {
        let path = format!("messages/{}/reaction", part(id));
        Ok(self.post::<OneReaction>("POST messages/reaction", path, reaction).await?.reaction)
    }

    /// Takes a reaction of a user away.
    pub async fn delete_reaction(&self, id: &str, kind: &str, user: &str) -> Got<Reaction> {
        let path = format!("messages/{}/reaction/{}", part(id), part(kind));
        let whose = [("user_id", user.to_owned())];
        Ok(self.delete::<OneReaction>("DELETE messages/reaction", path, &whose).await?.reaction)
    }

    /// Reactions to a message, the newest first.
    pub async fn reactions(&self, id: &str, limit: i64) -> Got<Vec<Reaction>> {
        let path = format!("messages/{}/reactions", part(id));
        let limit = [("limit", limit.to_string())];
        Ok(self.get::<Reactions>("GET messages/reactions", path, &limit).await?.reactions)
    }

    /// Threads a user takes part in, the one with the newest reply first.
    pub async fn threads(&self, user: &str, limit: i64) -> Got<Vec<Thread>> {
        let body = json!({ "user_id": user, "limit": limit });
        Ok(self.post::<Threads>("POST threads", "threads".into(), &body).await?.threads)
    }

    /// The thread of a message.
    pub async fn thread(&self, id: &str) -> Got<Thread> {
        Ok(self.get::<OneThread>("GET threads", format!("threads/{}", part(id)), &[]).await?.thread)
    }
}

/// Polls.
impl Client {
    /// Makes a poll in the name of a user. It gets an id here if it has none; one of that id that is there counts as made.
    pub async fn create_poll(&self, poll: &Poll, user: &str) -> Got<Poll> {
        let id = if poll.id.is_empty() { clock::fresh_id().to_string() } else { poll.id.clone() };
        let mut body = json!(poll);
        body["id"] = json!(id);
        body["user_id"] = json!(user);
        match self.post::<OnePoll>("POST polls", "polls".into(), &body).await {
            Ok(made) => Ok(made.poll),
            Err(refused) if is_repeat(&refused) => self.poll(&id).await,
            Err(error) => Err(error),
        }
    }

    /// A poll.
    pub async fn poll(&self, id: &str) -> Got<Poll> {
        Ok(self.get::<OnePoll>("GET polls", format!("polls/{}", part(id)), &[]).await?.poll)
    }

    /// Takes votes no more.
    pub async fn close_poll(&self, id: &str) -> Got<Poll> {
        let body = json!({ "set": { "is_closed": true } });
        Ok(self.send::<OnePoll>(Method::PATCH, "PATCH polls", format!("polls/{}", part(id)), &body).await?.poll)
    }

    /// Votes in the poll a message carries.
    pub async fn vote(&self, message: &str, poll: &str, vote: &CastVote) -> Got<Vote> {
        let path = format!("messages/{}/polls/{}/vote", part(message), part(poll));
        Ok(self.post::<OneVote>("POST polls/vote", path, vote).await?.vote)
    }
}

/// Settings of the application.
impl Client {
    /// All of them.
    pub async fn app(&self) -> Got<Value> {
        Ok(self.get::<App>("GET app", "app".into(), &[]).await?.app)
    }

    /// Changes those that are named.
    pub async fn patch_app(&self, changes: &Value) -> Got<()> {
        self.send::<Value>(Method::PATCH, "PATCH app", "app".into(), changes).await.map(drop)
    }

    /// Channel types by name.
    pub async fn channel_types(&self) -> Got<Map<String, Value>> {
        Ok(self.get::<Types>("GET channeltypes", "channeltypes".into(), &[]).await?.channel_types)
    }

    /// Makes a channel type.
    pub async fn create_channel_type(&self, wanted: &ChannelTypeRequest) -> Got<Value> {
        self.post("POST channeltypes", "channeltypes".into(), wanted).await
    }

    /// Changes a channel type.
    pub async fn update_channel_type(&self, name: &str, wanted: &ChannelTypeRequest) -> Got<Value> {
        self.send(Method::PUT, "PUT channeltypes", format!("channeltypes/{}", part(name)), wanted).await
    }

    /// Commands.
    pub async fn commands(&self) -> Got<Vec<Value>> {
        Ok(self.get::<Commands>("GET commands", "commands".into(), &[]).await?.commands)
    }

    /// Makes a command.
    pub async fn create_command(&self, command: &CommandRequest) -> Got<()> {
        self.post::<Value>("POST commands", "commands".into(), command).await.map(drop)
    }

    /// Roles.
    pub async fn roles(&self) -> Got<Vec<Value>> {
        Ok(self.get::<Roles>("GET roles", "roles".into(), &[]).await?.roles)
    }

    /// Makes a role.
    pub async fn create_role(&self, name: &str) -> Got<()> {
        self.post::<Value>("POST roles", "roles".into(), &json!({ "name": name })).await.map(drop)
    }

    /// How far a task is: `{task_id, status, result}`.
    pub async fn task(&self, id: &str) -> Got<Value> {
        self.get("GET tasks", format!("tasks/{}", part(id)), &[]).await
    }
}

fn is_repeat(refused: &ChatError) -> bool {
    matches!(refused, ChatError::Refused(body) if body.code == INPUT && body.message.contains("already exists"))
}

/// The message that is there, if it says what was sent.
fn same(there: Message, cid: &str, sent: &MessageRequest) -> Got<Message> {
    let by = sent.acting.user_id.as_ref().or(sent.acting.user.as_ref().map(|user| &user.id));
    let custom = sent.custom.iter().all(|(name, value)| there.custom.get(name) == Some(value));
    let field = match () {
        () if there.cid != cid => "cid",
        () if there.text != sent.text => "text",
        () if there.parent_id != sent.parent_id => "parent_id",
        () if by.is_some() && there.user.as_ref().map(|user| &user.id) != by => "user",
        () if there.attachments.len() != sent.attachments.len() => "attachments",
        () if !custom => "custom",
        () => return Ok(there),
    };
    Err(ChatError::Conflict { id: there.id, field })
}
