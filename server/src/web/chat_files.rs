//! `/chat-files/…`: files on messages, given and fetched through us: the chat may be out of the browser's reach, and only we know who may
//! read which channel.

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Extension, Multipart, Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use devsquad::messaging::user::user_of_person;
use serde_json::{Value, json};

use super::App;
use super::artifacts::{SANDBOX, file_name};
use super::backend::chat::views::link;
use super::session::{self, Visitor, Who};
use crate::chat::client::ChatError;
use crate::problem::Problem;
use crate::store::pages::chat::{self, ChannelRow};

/// Bytes of a file: it passes through memory on its way to the chat, which takes no bigger one.
const FILE_BYTES_MAX: usize = 20 * 1024 * 1024;
/// What stands around a file in a form.
const FORM_BYTES_MAX: usize = 64 * 1024;
/// Pictures: by the ends of their names, and what they are.
const PICTURES: [(&str, &str); 5] = [
    (".png", "image/png"),
    (".jpg", "image/jpeg"),
    (".jpeg", "image/jpeg"),
    (".gif", "image/gif"),
    (".webp", "image/webp"),
];
/// A file does not change; only who asked for it keeps it.
const KEPT: HeaderValue = HeaderValue::from_static("private, max-age=3600");

/// The routes. They have limits of their own: a file is bigger than a form, and takes longer.
pub fn routes(app: &App) -> Router<App> {
    Router::new()
        .route("/chat-files/{channel}", post(give))
        .route("/chat-files/{message}/{nth}", get(fetch))
        .layer(DefaultBodyLimit::max(FILE_BYTES_MAX + FORM_BYTES_MAX))
        .layer(from_fn_with_state(app.clone(), session::load))
}

fn who(visitor: Visitor) -> Result<std::sync::Arc<Who>, Problem> {
    visitor.0.ok_or_else(|| Problem::unauthorized("You are signed out."))
}

async fn channel(app: &App, who: &Who, id: &str) -> Result<ChannelRow, Problem> {
    let mut tx = app.store.begin_read(&who.tenant()).await?;
    let found = chat::channel(&mut tx, id).await?;
    found.ok_or_else(|| Problem::not_found("There is no such channel in this organization."))
}

/// Takes a file for a message that is being written.
async fn give(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
    mut form: Multipart,
) -> Result<Json<Value>, Problem> {
    let who = who(visitor)?;
    let row = channel(&app, &who, &id).await?;
    let busy = |_| Problem::unavailable("Too many files are on their way.");
    let _turn = app.limits().downloads.acquire().await.map_err(busy)?;
    let unread = |_| Problem::fault("/file", "cannot be read, or is bigger than 20 MB");
    while let Some(field) = form.next_field().await.map_err(unread)? {
        if field.name() != Some("file") {
            continue;
        }
        let name: String = field.file_name().unwrap_or("file").chars().filter(|c| !c.is_control()).take(120).collect();
        let content = field.bytes().await.map_err(unread)?;
        if content.len() > FILE_BYTES_MAX {
            return Err(Problem::fault("/file", "is bigger than 20 MB"));
        }
        let media = picture(&name);
        let me = user_of_person(who.signed_in.user);
        let url = app.chat.upload(&row.kind, &row.id, &me, &name, media.is_some(), &content).await;
        return Ok(Json(json!({
            "kind": if media.is_some() { "image" } else { "file" },
            "url": url.map_err(|error| refused(&error))?, "name": name, "size": content.len(),
            "media": media.unwrap_or("application/octet-stream"),
        })));
    }
    Err(Problem::fault("/file", "is missing"))
}

fn refused(error: &ChatError) -> Problem {
    match error {
        ChatError::Refused(body) if (400..500).contains(&body.status) => Problem::fault("/file", body.message.clone()),
        error => {
            tracing::warn!(%error, "a file cannot be given to the chat");
            Problem::unavailable("The chat does not take files now. Try again in a moment.")
        }
    }
}

/// What kind of picture it is, if it is one that browsers show.
fn picture(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    PICTURES.iter().find(|(end, _)| name.ends_with(end)).map(|(_, media)| *media)
}

/// Hands out a file on a message of a channel this person may read.
async fn fetch(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path((message, nth)): Path<(String, usize)>,
) -> Result<Response, Problem> {
    let who = who(visitor)?;
    let missing = || Problem::not_found("There is no such file.");
    let message = app.chat.message(&message).await.map_err(|error| match error {
        ChatError::Refused(body) if body.status == 404 => missing(),
        error => refused(&error),
    })?;
    let (_, id) = message.cid.split_once(':').ok_or_else(missing)?;
    channel(&app, &who, id).await?;
    let attachment = message.attachments.get(nth).filter(|_| message.deleted_at.is_none()).ok_or_else(missing)?;
    let file = app.chat.fetch_file(link(attachment).ok_or_else(missing)?).await.map_err(|error| refused(&error))?;
    let name = attachment["title"].as_str().unwrap_or("file").to_owned();
    let media = picture(&name).filter(|_| attachment["type"] == "image");
    let mut response = Body::from_stream(file.bytes_stream()).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, KEPT);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media.unwrap_or("application/octet-stream")));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen"));
    let shown = if media.is_some() { "inline" } else { "attachment" };
    if let Ok(value) = HeaderValue::from_str(&format!("{shown}; {}", file_name(&name))) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}
