//! Messages, and what hangs on them: threads, reactions, pins, polls.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::chat::client::ChatError;
use server::chat::wire::{
    CastVote, ChannelTypeRequest, MessageRequest, MessageWindow, Poll, PollOption, Query, Reaction, SendReaction, Vote,
};
use server::clock;

use super::{Stand, code, made_by, whole};

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_id_is_the_same_message_or_an_error() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    let mut message = MessageRequest { id: Some("event-1".into()), ..MessageRequest::text("ada", "Done.") };
    message.custom.insert("devsquad".into(), json!({"v": 1, "event_id": "e1"}));
    let first = stand.client.send_message("messaging", "general", &message).await.expect("sent");
    assert_eq!(first.custom["devsquad"]["event_id"], "e1", "custom data are inlined");
    let second = stand.client.send_message("messaging", "general", &message).await.expect("sent again");
    assert_eq!(first.created_at, second.created_at);
    let (status, body) =
        stand.as_server("POST", "channels/messaging/general/message", json!({"message": message})).await;
    assert_eq!((status, body["code"].as_i64()), (400, Some(4)));
    assert!(body["message"].as_str().is_some_and(|text| text.contains("already exists")), "{body}");
    message.text = "Not done.".into();
    let other = stand.client.send_message("messaging", "general", &message).await;
    assert!(matches!(other, Err(ChatError::Conflict { field: "text", .. })), "{other:?}");
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert_eq!(state.messages.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_answered_to_a_message_is_what_is_read_of_it() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "root", "Hello").await;
    stand
        .client
        .create_poll(&Poll { id: "p".into(), name: "Tea?".into(), ..Poll::default() }, "ada")
        .await
        .expect("a poll");
    for message in [
        json!({"id": "plain", "text": "**Hi** /giphy", "user_id": "ada"}),
        json!({"id": "reply", "text": "Yes", "user_id": "bob", "parent_id": "root", "silent": true}),
        json!({"id": "both", "text": "", "user_id": "bob", "parent_id": "root", "show_in_channel": true, "mood": {"a": null},
            "mentioned_users": ["ada", "cyd"], "attachments": [{"type": "file", "title": "x"}]}),
        json!({"id": "quote", "text": "This", "user_id": "ada", "quoted_message_id": "root"}),
        json!({"id": "poll", "text": "", "user_id": "ada", "poll_id": "p"}),
        json!({"id": "pinned", "text": "Here", "user_id": "ada", "pinned": true}),
    ] {
        let id = message["id"].as_str().expect("an id").to_owned();
        let (status, sent) =
            stand.as_server("POST", "channels/messaging/general/message", json!({ "message": message })).await;
        assert_eq!(status, 201, "{sent}");
        let (_, mut read) = stand.as_server("GET", &format!("messages/{id}"), Value::Null).await;
        read["message"].as_object_mut().expect("a message").remove("channel");
        assert_eq!(sent["message"], read["message"], "{id}");
        assert_eq!(sent["message"]["user"]["id"], message["user_id"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_keep_to_their_limits() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let send = async |message: Value| {
        let (status, body) =
            stand.as_server("POST", "channels/messaging/general/message", json!({"message": message})).await;
        (status, body["code"].as_i64())
    };
    assert_eq!(send(json!({"user_id": "ada", "text": "x".repeat(5000)})).await, (201, None));
    assert_eq!(send(json!({"user_id": "ada", "text": "x".repeat(5001)})).await, (400, Some(20)));
    assert_eq!(send(json!({"text": "by nobody"})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": ""})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": "a\u{0}b"})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": "t", "attachments": vec![json!({}); 31]})).await, (400, Some(4)));
    assert_eq!(send(json!({"user_id": "ada", "text": "t", "data": "x".repeat(6000)})).await, (413, Some(22)));
    assert_eq!(send(json!({"user_id": "ada", "text": "t", "id": "x".repeat(256)})).await, (400, Some(4)));
    let huge = send(json!({"user_id": "ada", "text": "t", "data": "x".repeat(2_000_000)})).await;
    assert_eq!(huge, (413, Some(22)), "a body");
    let longer = ChannelTypeRequest {
        name: Some("project".into()),
        config: json!({"max_message_length": 20_001}).as_object().cloned().expect("fields"),
        ..ChannelTypeRequest::default()
    };
    assert_eq!(code(&stand.client.create_channel_type(&longer).await.expect_err("too long")), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn threads_are_one_level_deep() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "root", "Who tests it?").await;
    let reply = |id: &str, parent: &str, shown: bool| MessageRequest {
        id: Some(id.into()),
        parent_id: Some(parent.into()),
        show_in_channel: shown,
        ..MessageRequest::text("bob", id)
    };
    let first = stand.client.send_message("messaging", "general", &reply("r1", "root", false)).await.expect("a reply");
    assert_eq!((first.kind.as_str(), first.parent_id.as_deref()), ("reply", Some("root")));
    stand.client.send_message("messaging", "general", &reply("r2", "root", true)).await.expect("a reply");
    let deeper = stand.client.send_message("messaging", "general", &reply("r3", "r1", false)).await;
    assert_eq!(code(&deeper.expect_err("a reply of a reply")), 4);
    let ids = |messages: Vec<server::chat::wire::Message>| messages.into_iter().map(|m| m.id).collect::<Vec<_>>();
    let replies = stand.client.replies("root", &MessageWindow::default()).await.expect("replies");
    assert_eq!(ids(replies), ["r1", "r2"]);
    let after = MessageWindow { id_gt: Some("r1".into()), limit: Some(10), ..MessageWindow::default() };
    assert_eq!(ids(stand.client.replies("root", &after).await.expect("replies")), ["r2"]);
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert_eq!(state.messages[0].reply_count, 2);
    assert_eq!(ids(state.messages), ["root", "r2"], "a reply stands in the channel only if it is shown there");
    let threads = stand.client.threads("bob", 10).await.expect("threads");
    assert_eq!((threads.len(), threads[0].reply_count, threads[0].latest_replies.len()), (1, 2, 2));
    assert_eq!(stand.client.thread("root").await.expect("the thread").parent_message_id, "root");
}

#[tokio::test(flavor = "multi_thread")]
async fn reactions_are_one_of_a_type_and_can_replace_each_other() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m", "Shall we?").await;
    let react = async |kind: &str, user: &str, enforce_unique: bool| {
        let reaction = Reaction { kind: kind.into(), user_id: user.into(), ..Reaction::default() };
        stand.client.send_reaction("m", &SendReaction { reaction, enforce_unique }).await.expect("a reaction")
    };
    react("👍", "bob", false).await;
    react("👍", "bob", false).await;
    react("eyes", "bob", false).await;
    react("👍", "ada", false).await;
    let counts = stand.client.message("m").await.expect("it").reaction_counts.expect("counts");
    assert_eq!((counts.get("👍"), counts.get("eyes")), (Some(&2), Some(&1)));
    react("👎", "bob", true).await;
    let counts = stand.client.message("m").await.expect("it").reaction_counts.expect("counts");
    assert_eq!((counts.get("👍"), counts.get("eyes"), counts.get("👎")), (Some(&1), None, Some(&1)));
    stand.client.delete_reaction("m", "👎", "bob").await.expect("taken away");
    assert_eq!(code(&stand.client.delete_reaction("m", "👎", "bob").await.expect_err("twice")), 16);
    assert_eq!(stand.client.reactions("m", 10).await.expect("reactions").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pin_comes_off_by_itself() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    stand.say("ada", "m", "The plan").await;
    assert!(stand.client.pin_message("m", "ada", None).await.expect("pinned").pinned);
    assert!(!stand.client.unpin_message("m", "ada").await.expect("off").pinned);
    let past = stand.client.pin_message("m", "ada", Some(clock::now() - SignedDuration::from_secs(1))).await;
    assert_eq!(code(&past.expect_err("in the past")), 4);
    let soon: Timestamp = clock::now() + SignedDuration::from_millis(600);
    assert!(stand.client.pin_message("m", "ada", Some(soon)).await.expect("pinned").pinned);
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert_eq!(state.pinned_messages.len(), 1);
    while clock::now() <= soon {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let state = stand.client.channel("messaging", "general", &whole()).await.expect("a channel");
    assert!(state.pinned_messages.is_empty() && !state.messages[0].pinned, "its time is over");
}

#[tokio::test(flavor = "multi_thread")]
async fn words_find_messages_in_the_channels_named() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.client.channel("messaging", "other", &made_by("ada", &["ada"])).await.expect("a channel");
    stand.say("ada", "m1", "The build of the parser is red").await;
    stand.say("bob", "m2", "Parsers are fun").await;
    let elsewhere = MessageRequest { id: Some("m3".into()), ..MessageRequest::text("ada", "the parser again") };
    stand.client.send_message("messaging", "other", &elsewhere).await.expect("sent");
    let search = async |filter: Value, words: &str| -> Vec<String> {
        let filter_conditions = filter.as_object().cloned().expect("a filter");
        let query = Query { filter_conditions, query: Some(words.into()), ..Query::default() };
        stand.client.search(&query).await.expect("found").into_iter().map(|m| m.id).collect()
    };
    assert_eq!(search(json!({"cid": "messaging:general"}), "PARSER build").await, ["m1"]);
    assert_eq!(search(json!({"members": {"$in": ["ada"]}}), "parser").await, ["m3", "m1"]);
    stand.client.delete_message("m1", false).await.expect("deleted");
    assert!(search(json!({"cid": "messaging:general"}), "parser").await.is_empty());
    let nothing = Query { query: Some("x".into()), ..Query::default() };
    assert_eq!(code(&stand.client.search(&nothing).await.expect_err("where?")), 4);
    let path =
        "search?payload=%7B%22filter_conditions%22%3A%7B%22type%22%3A%22messaging%22%7D%2C%22query%22%3A%22again%22%7D";
    let (_, found) = stand.as_user("bob", "GET", path, Value::Null).await;
    assert_eq!(found["results"], json!([]), "bob does not see the other channel");
}

#[tokio::test(flavor = "multi_thread")]
async fn polls_count_one_vote_for_each_user_where_they_say_so() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    let option = |id: &str| PollOption { id: id.into(), text: id.into(), ..PollOption::default() };
    let poll = Poll {
        id: "p".into(),
        name: "Ship it?".into(),
        options: vec![option("yes"), option("no")],
        enforce_unique_vote: true,
        ..Poll::default()
    };
    let poll = stand.client.create_poll(&poll, "ada").await.expect("a poll");
    assert_eq!(poll.options.len(), 2);
    let carries =
        MessageRequest { id: Some("m".into()), poll_id: Some("p".into()), ..MessageRequest::text("ada", "Vote") };
    stand.client.send_message("messaging", "general", &carries).await.expect("sent");
    let vote = async |user: &str, option: &str| {
        let vote = Vote { option_id: Some(option.into()), ..Vote::default() };
        let acting = MessageRequest::text(user, "").acting;
        stand.client.vote("m", "p", &CastVote { vote, acting }).await
    };
    vote("ada", "yes").await.expect("a vote");
    vote("bob", "yes").await.expect("a vote");
    vote("bob", "no").await.expect("another vote");
    let poll = stand.client.message("m").await.expect("it").poll.expect("its poll");
    assert_eq!((poll.vote_counts_by_option.get("yes"), poll.vote_counts_by_option.get("no")), (Some(&1), Some(&1)));
    assert_eq!(code(&vote("bob", "perhaps").await.expect_err("no such option")), 4);
    assert!(stand.client.close_poll("p").await.expect("closed").is_closed);
    assert_eq!(code(&vote("ada", "no").await.expect_err("closed")), 17);
}

#[tokio::test(flavor = "multi_thread")]
async fn deleting_is_soft_or_hard() {
    let stand = Stand::new().await;
    stand.general(&["ada", "bob"]).await;
    stand.say("ada", "m1", "secret").await;
    stand.say("bob", "m2", "mine").await;
    let soft = stand.client.delete_message("m1", false).await.expect("deleted");
    assert_eq!((soft.kind.as_str(), soft.deleted_at.is_some()), ("deleted", true));
    let (_, seen) = stand.as_user("bob", "GET", "messages/m1", Value::Null).await;
    assert_eq!((seen["message"]["type"].as_str(), seen["message"]["text"].as_str()), (Some("deleted"), Some("")));
    stand.client.delete_message("m1", true).await.expect("deleted");
    assert_eq!(code(&stand.client.message("m1").await.expect_err("gone")), 16);
    let users = serde_json::from_value(json!({"user_ids": ["bob"], "user": "hard", "messages": "hard"})).expect("it");
    let task = stand.client.delete_users(&users).await.expect("a task");
    assert_eq!(stand.client.task(&task).await.expect("the task")["status"], "completed");
    assert_eq!(code(&stand.client.message("m2").await.expect_err("gone with its author")), 16);
    stand.say("ada", "m3", "left over").await;
    stand.client.truncate_channel("messaging", "general", true).await.expect("emptied");
    assert!(stand.client.channel("messaging", "general", &whole()).await.expect("it").messages.is_empty());
}
