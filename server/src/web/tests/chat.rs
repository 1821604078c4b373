//! The chat, as a page finds it when it is away: our own side of it stays.

use app::backend::Backend as _;
use app::error::Failure;
use axum::http::{Method, StatusCode};
use devsquad::view::chat::{Act, Draft, Which};

use super::browser::Squad;
use super::pages::backend;

#[tokio::test]
async fn a_channel_nobody_here_has_does_not_exist_whatever_its_id() {
    let squad = Squad::new().await;
    let web = backend(&squad, Method::POST).await;
    let missing = |failure: Failure| failure.is_not_found();
    let other = || "workflow-00000000-0000-0000-0000-000000000001".to_owned();
    assert!(web.channel(other()).await.is_err_and(missing));
    assert!(web.messages(other(), None, Which::Newest).await.is_err_and(missing));
    assert!(web.messages_of(other(), vec!["m".into()]).await.is_err_and(missing));
    let draft = Draft { text: "hello".into(), ..Draft::default() };
    assert!(web.say(other(), draft).await.is_err_and(missing));
    for act in [Act::Edit, Act::Delete, Act::React, Act::Pin, Act::Read, Act::Unread, Act::TypingStart, Act::Join] {
        assert!(web.act(other(), act, "m".into(), "x".into()).await.is_err_and(missing), "{act:?}");
    }
    assert!(web.search(Some(other()), "words".into()).await.is_err_and(missing));
}

#[tokio::test]
async fn reading_says_nothing_in_a_channel() {
    let squad = Squad::new().await;
    let web = backend(&squad, Method::GET).await;
    let draft = Draft { text: "hello".into(), ..Draft::default() };
    assert!(matches!(web.say("x".into(), draft).await, Err(Failure::Unavailable { .. })));
    let acted = web.act("x".into(), Act::Delete, "m".into(), String::new()).await;
    assert!(matches!(acted, Err(Failure::Unavailable { .. })));
    // Without a channel there is nothing to ask the chat about.
    assert_eq!(web.channels(None, String::new(), 0).await.expect("a list").total, 0);
}

#[tokio::test]
async fn strangers_hear_nothing_and_get_no_files() {
    let squad = Squad::new().await;
    let mut stranger = squad.browser();
    for path in ["/live/chat", "/live/chat?channel=x", "/chat-files/m/0"] {
        assert_eq!(stranger.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    let mut owner = squad.owner().await;
    assert_eq!(owner.get("/live/chat?channel=x").await.status, StatusCode::NOT_FOUND);
}
