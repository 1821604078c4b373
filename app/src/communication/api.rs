//! Server functions of the chat. Each asks the one port, and draws what it gave: a message comes to the browser as HTML.
#![expect(missing_docs, reason = "the macro makes a struct of each function whose fields are the arguments")]

use devsquad::id::AgentId;
use devsquad::view::chat::{Act, ChannelPage, ChannelView, FoundMessage, Row, RowsPage, ThreadView};
#[cfg(feature = "ssr")]
use devsquad::view::chat::{Draft, MessageView, Which};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::backend::{Backend, backend};
use crate::error::Failure;

/// The form a message is sent with.
pub const FORM: &str = "message";

/// The form that leads to a conversation with an agent.
pub const TALK: &str = "talk";

/// One page of the channels.
#[server(output = crate::wire::Json)]
pub async fn load_channels(archived: Option<bool>, text: String, page: u32) -> Result<ChannelPage, Failure> {
    backend()?.channels(archived, text, page).await
}

/// A channel and the messages it opens with: the newest, or those around one.
#[server(output = crate::wire::Json)]
pub async fn load_room(channel: String, message: String) -> Result<(ChannelView, RowsPage), Failure> {
    let backend = backend()?;
    let view = backend.channel(channel.clone()).await?;
    let which = if message.is_empty() { Which::Newest } else { Which::Around(message) };
    let rows = match backend.messages(channel.clone(), None, which).await {
        // The message of the link is gone, or stands in a thread.
        Err(failure) if failure.is_not_found() => backend.messages(channel, None, Which::Newest).await?,
        rows => rows?,
    };
    Ok((view, drawn(&*backend, rows)))
}

/// A channel as it is now, without its messages.
#[server(output = crate::wire::Json)]
pub async fn load_channel(channel: String) -> Result<ChannelView, Failure> {
    backend()?.channel(channel).await
}

/// Goes to the channel in which this person and an agent talk.
#[server(output = crate::wire::Json)]
pub async fn talk_to(agent: AgentId) -> Result<(), Failure> {
    use crate::ui::flash;
    let opened = async { backend()?.talk_to(agent).await };
    let opened = opened.await;
    let channel = opened.clone().unwrap_or_default();
    flash::answer(TALK, flash::Fields::new(), opened.map(drop))?;
    leptos_axum::redirect(&super::channel_href(&channel));
    Ok(())
}

/// Which messages. The words of [`Which`], without their ids: those are sent beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// The newest.
    Newest,
    /// Before a message.
    Before,
    /// After a message.
    After,
    /// Around a message.
    Around,
    /// Those of these ids, separated by spaces.
    These,
}

/// Messages of a channel, or of a thread in it.
#[server(output = crate::wire::Json)]
pub async fn load_rows(channel: String, thread: String, rows: Rows, of: String) -> Result<RowsPage, Failure> {
    let backend = backend()?;
    let which = match rows {
        Rows::Newest => Which::Newest,
        Rows::Before => Which::Before(of),
        Rows::After => Which::After(of),
        Rows::Around => Which::Around(of),
        Rows::These => {
            let ids = of.split(' ').map(str::to_owned).collect();
            let messages = backend.messages_of(channel, ids).await?;
            let rows = devsquad::view::chat::Part { messages, older: false, newer: false };
            return Ok(drawn(&*backend, rows));
        }
    };
    let thread = Some(thread).filter(|thread| !thread.is_empty());
    let rows = match backend.messages(channel.clone(), thread.clone(), which).await {
        Err(failure) if failure.is_not_found() && rows == Rows::Around => {
            backend.messages(channel, thread, Which::Newest).await?
        }
        rows => rows?,
    };
    Ok(drawn(&*backend, rows))
}

/// Says something. `files` is what our own door said of each, as a list in JSON.
#[server(output = crate::wire::Json)]
pub async fn say(
    channel: String,
    #[server(default)] text: String,
    #[server(default)] thread: String,
    #[server(default)] quoted: String,
    #[server(default)] id: String,
    #[server(default)] files: String,
) -> Result<Row, Failure> {
    use crate::ui::flash;
    let given = flash::fields([("text", &text), ("thread", &thread)]);
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let files = if files.is_empty() { Ok(Vec::new()) } else { serde_json::from_str(&files) };
    let said = async {
        let files = files.map_err(|_| Failure::unavailable("The list of files cannot be read."))?;
        let draft = Draft { id, text, thread: some(thread), quoted: some(quoted), files };
        let backend = backend()?;
        let said = backend.say(channel, draft).await?;
        Ok(drawn_one(&*backend, &said))
    };
    flash::answer(FORM, given, said.await)
}

/// Does something to a channel or to a message in it; gives the message as it is then.
#[server(output = crate::wire::Json)]
pub async fn act_on(
    channel: String,
    act: Act,
    #[server(default)] message: String,
    #[server(default)] text: String,
) -> Result<Option<Row>, Failure> {
    let backend = backend()?;
    let message = backend.act(channel, act, message, text).await?;
    Ok(message.map(|message| drawn_one(&*backend, &message)))
}

/// Threads that wait for this person, and those they take part in.
#[server(output = crate::wire::Json)]
pub async fn load_threads() -> Result<Vec<ThreadView>, Failure> {
    backend()?.threads().await
}

/// Messages with all these words; in all channels if none is named.
#[server(output = crate::wire::Json)]
pub async fn search(#[server(default)] channel: String, words: String) -> Result<Vec<FoundMessage>, Failure> {
    backend()?.search(Some(channel).filter(|channel| !channel.is_empty()), words).await
}

/// How many messages this person has not read. While the chat is away: none, for a badge is no place to say so.
#[server(output = crate::wire::Json)]
pub async fn count_unread() -> Result<u32, Failure> {
    Ok(backend()?.unread().await.unwrap_or_default())
}

#[cfg(feature = "ssr")]
fn drawn(backend: &dyn Backend, part: devsquad::view::chat::Part) -> RowsPage {
    let rows = part.messages.iter().map(|message| drawn_one(backend, message)).collect();
    RowsPage { rows, older: part.older, newer: part.newer }
}

#[cfg(feature = "ssr")]
fn drawn_one(backend: &dyn Backend, message: &MessageView) -> Row {
    let (me, role) = match backend.session() {
        Some(session) => (format!("person-{}", session.user), session.role),
        None => (String::new(), devsquad::Role::Viewer),
    };
    super::draw::row(message, &me, role)
}
