//! Files that hang on messages: kept in the data directory, fetched by links that are signed.

use std::path::PathBuf;

use axum::body::Body;
use axum::extract::{FromRequest as _, Multipart, Path, Query as Parameters, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Chat;
use super::answer::{Fault, Outcome};
use super::call::Call;
use super::channels::cid;
use crate::chat::token;
use crate::clock;

/// Bytes of an upload: it passes through memory.
const UPLOAD_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Media types that count as images.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// `POST /channels/{type}/{id}/file`
pub async fn file(
    State(chat): State<Chat>,
    Path(place): Path<(String, String)>,
    call: Call,
    request: Request,
) -> Outcome {
    keep(chat, place, call, request, false).await
}

/// `POST /channels/{type}/{id}/image`
pub async fn image(
    State(chat): State<Chat>,
    Path(place): Path<(String, String)>,
    call: Call,
    request: Request,
) -> Outcome {
    keep(chat, place, call, request, true).await
}

async fn keep(chat: Chat, (kind, id): (String, String), mut call: Call, request: Request, image: bool) -> Outcome {
    let place = call.place(&cid(&kind, &id)).await?;
    call.require(&place, "upload-attachment", false)?;
    if !place.has("uploads") {
        return Err(Fault::not_allowed(format!("{} takes no files", place.cid)));
    }
    // The transaction ends here: an upload can be slow, and changes nothing in the database.
    drop(call);
    let (name, content) = read(request).await?;
    let media = mime_guess::from_path(&name).first_or_octet_stream();
    if image && !IMAGES.contains(&media.essence_str()) {
        return Err(Fault::input(format!("{name} is no image: png, jpeg, gif and webp are")));
    }
    let id = clock::fresh_id();
    let path = path_of(&chat, id);
    let written = async {
        tokio::fs::create_dir_all(&chat.options.uploads).await?;
        tokio::fs::write(&path, &content).await
    };
    written.await.map_err(|error| {
        tracing::error!(%error, "an upload cannot be kept");
        Fault::new(-1, "The file cannot be kept now.")
    })?;
    let signature = signature(&chat, id, &name);
    Ok(super::answer::Answer(json!({ "file": format!("{}/files/{id}/{name}?sig={signature}", chat.options.url) })))
}

/// The field `file` of the form: its name, made harmless, and its content.
async fn read(request: Request) -> Result<(String, Vec<u8>), Fault> {
    let bad =
        |error: axum::extract::multipart::MultipartError| Fault::input(format!("The form cannot be read: {error}"));
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| Fault::input("A file is sent as multipart/form-data"))?;
    while let Some(mut field) = form.next_field().await.map_err(bad)? {
        if field.name() != Some("file") {
            continue;
        }
        let name = harmless(field.file_name().unwrap_or_default());
        let mut content = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(bad)? {
            if content.len() + chunk.len() > UPLOAD_BYTES_MAX {
                return Err(Fault::too_big(format!("A file has {UPLOAD_BYTES_MAX} bytes at most")));
            }
            content.extend_from_slice(&chunk);
        }
        return Ok((name, content));
    }
    Err(Fault::input("The form has no field named file"))
}

/// A name that can stand in a link: its last 100 characters, those that need no escaping.
fn harmless(name: &str) -> String {
    let fits = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let kept: Vec<char> = name.chars().filter(fits).collect();
    let kept: String = kept[kept.len().saturating_sub(100)..].iter().collect();
    let kept = kept.trim_start_matches('.');
    if kept.is_empty() { "file".to_owned() } else { kept.to_owned() }
}

fn path_of(chat: &Chat, id: Uuid) -> PathBuf {
    chat.options.uploads.join(id.to_string())
}

fn signature(chat: &Chat, id: Uuid, name: &str) -> String {
    token::sign_body(chat.options.keys.secret(), format!("file {id} {name}").as_bytes())
}

/// The link that was given for it.
#[derive(Deserialize)]
pub struct Link {
    url: String,
}

/// `DELETE /channels/{type}/{id}/file`. Links do not say whose they are: only the application itself removes.
pub async fn remove(
    State(chat): State<Chat>,
    Path((kind, id)): Path<(String, String)>,
    mut call: Call,
    Parameters(link): Parameters<Link>,
) -> Outcome {
    call.server_only()?;
    call.place(&cid(&kind, &id)).await?;
    let found = link.url.split("/files/").nth(1).and_then(|rest| rest.split('/').next()).and_then(|id| id.parse().ok());
    let found: Uuid = found.ok_or_else(|| Fault::input("url is not a link to a file of this server"))?;
    match tokio::fs::remove_file(path_of(&chat, found)).await {
        Ok(()) => call.answer(json!({})).await,
        Err(_) => Err(Fault::missing("There is no such file")),
    }
}

/// Proves that this server gave the link.
#[derive(Deserialize)]
pub struct Signed {
    #[serde(default)]
    sig: String,
}

/// `GET /files/{id}/{name}`: whoever has the link. It is never shown as a page of ours.
pub async fn download(
    State(chat): State<Chat>,
    Path((id, name)): Path<(Uuid, String)>,
    Parameters(Signed { sig }): Parameters<Signed>,
) -> Response {
    let signed = format!("file {id} {name}");
    if !token::is_signed(chat.options.keys.secret(), signed.as_bytes(), &sig) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let Ok(file) = tokio::fs::File::open(path_of(&chat, id)).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let media = mime_guess::from_path(&name).first_or_octet_stream();
    let is_image = IMAGES.contains(&media.essence_str());
    let shown = if is_image { media.essence_str() } else { "application/octet-stream" };
    let mut response = Body::from_stream(tokio_util::io::ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    if let Ok(shown) = HeaderValue::from_str(shown) {
        headers.insert(header::CONTENT_TYPE, shown);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    let disposition = if is_image { "inline" } else { "attachment" };
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    response
}
