//! `/artifacts/{id}`: a file an attempt handed in. What agents made is never opened as a page of ours.

use axum::Router;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use uuid::Uuid;

use super::App;
use super::session::Visitor;
use crate::problem::Problem;
use crate::store::pages::artifacts::{self, Download};

/// Even opened by itself it runs no script, loads nothing and has no origin.
pub(super) const SANDBOX: &str = "sandbox; default-src 'none'; style-src 'none'; frame-ancestors 'none'";
/// Media types a browser may show in place: it executes none of them.
const SHOWN: [&str; 6] = ["text/plain", "text/markdown", "application/json", "image/png", "image/jpeg", "image/webp"];

/// The route.
pub fn routes() -> Router<App> {
    Router::new().route("/artifacts/{id}", get(download))
}

async fn download(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<Uuid>,
) -> Result<Response, Problem> {
    let who = visitor.0.ok_or_else(|| Problem::unauthorized("You are signed out."))?;
    let busy = |_| Problem::unavailable("Too many files are being handed out.");
    let _turn = app.limits().downloads.acquire().await.map_err(busy)?;
    let mut tx = app.store.begin_read(&who.tenant()).await?;
    let found = artifacts::download(&mut tx, id).await?;
    found.map(answer).ok_or_else(|| Problem::not_found("There is no such file in this organization."))
}

fn answer(file: Download) -> Response {
    let essence = file.media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let (shown, media_type) = match SHOWN.iter().find(|shown| **shown == essence) {
        // Markdown is text to a browser; as such it shows it instead of saving it.
        Some(&"text/plain" | &"text/markdown") => ("inline", "text/plain; charset=utf-8"),
        Some(media_type) => ("inline", *media_type),
        None => ("attachment", "application/octet-stream"),
    };
    let mut response = file.content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(SANDBOX));
    headers.insert(HeaderName::from_static("x-download-options"), HeaderValue::from_static("noopen"));
    if let Ok(value) = HeaderValue::from_str(&format!("{shown}; {}", file_name(&file.name))) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The parameters of a `Content-Disposition` (RFC 6266): the name as it is, and in ASCII for who cannot read that.
pub(super) fn file_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().filter(|base| !base.is_empty()).unwrap_or("file");
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ') { c } else { '_' };
    let ascii: String = base.chars().map(plain).collect();
    let exact = base.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    });
    format!("filename=\"{ascii}\"; filename*=UTF-8''{exact}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, media_type: &str) -> Response {
        answer(Download { name: name.into(), media_type: media_type.into(), content: b"<script>".to_vec() })
    }

    #[test]
    fn what_could_run_is_saved_and_not_shown() {
        for media_type in
            ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript", "nonsense"]
        {
            let response = file("x", media_type);
            assert_eq!(response.headers()[header::CONTENT_TYPE], "application/octet-stream", "{media_type}");
            assert!(response.headers()[header::CONTENT_DISPOSITION].to_str().expect("text").starts_with("attachment"));
            assert!(response.headers()[header::CONTENT_SECURITY_POLICY].to_str().expect("text").starts_with("sandbox"));
        }
        assert_eq!(file("x", "Text/Markdown; charset=x").headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        assert_eq!(file_name("../a \"b\".md"), "filename=\"a _b_.md\"; filename*=UTF-8''a%20%22b%22.md");
        assert_eq!(
            file_name("отчёт\r\n"),
            "filename=\"_______\"; filename*=UTF-8''%D0%BE%D1%82%D1%87%D1%91%D1%82%0D%0A"
        );
        assert_eq!(file_name("dir/"), "filename=\"file\"; filename*=UTF-8''file");
    }
}
