//! Files: given to the chat, and fetched from where it keeps them.

use serde::Deserialize;

use super::{ATTEMPT_MAX, CLIENT, ChatError, Client, HOSTED_URL, part};
use crate::chat::wire::ErrorBody;
use crate::clock;

/// Where the hosted service keeps files.
const HOSTED_FILES: &str = ".stream-io-cdn.com";

#[derive(Deserialize)]
struct Kept {
    file: String,
}

impl Client {
    /// Gives the chat a file for a channel; gives the link it is kept under. It is not tried again: what is lost is a file nobody
    /// refers to.
    pub async fn upload(
        &self,
        kind: &str,
        id: &str,
        user: &str,
        name: &str,
        image: bool,
        content: &[u8],
    ) -> Result<String, ChatError> {
        let boundary = format!("devsquad-{}", clock::fresh_id().simple());
        let what = if image { "image" } else { "file" };
        let lost = |error: reqwest::Error| ChatError::Deadline(ATTEMPT_MAX, error.without_url().to_string());
        let answer = self
            .http
            .post(format!("{}/channels/{}/{}/{what}", self.base, part(kind), part(id)))
            .query(&[("api_key", &self.keys.api_key)])
            .header("authorization", &self.token)
            .header("stream-auth-type", "jwt")
            .header("x-stream-client", CLIENT)
            .header("content-type", format!("multipart/form-data; boundary={boundary}"))
            .body(form(&boundary, user, name, content))
            .send()
            .await
            .map_err(lost)?;
        let ok = answer.status().is_success();
        let body = answer.bytes().await.map_err(lost)?;
        if !ok {
            let refused = serde_json::from_slice::<ErrorBody>(&body);
            return Err(refused.map_or_else(|_| ChatError::Garbled("it refused a file".to_owned()), ChatError::Refused));
        }
        let kept: Kept = serde_json::from_slice(&body).map_err(|error| ChatError::Garbled(error.to_string()))?;
        Ok(kept.file)
    }

    /// Fetches a file from where the chat keeps it. Nothing else is fetched, whatever a message says.
    pub async fn fetch_file(&self, link: &str) -> Result<reqwest::Response, ChatError> {
        let Some(url) = kept_at(&self.base, link) else {
            return Err(ChatError::Garbled("a file is not kept where the chat keeps its files".to_owned()));
        };
        let answer = self.http.get(url).send().await;
        answer
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| ChatError::Deadline(ATTEMPT_MAX, error.without_url().to_string()))
    }
}

/// Where a link really leads: to our own server by the way we reach it, or to the hosted service's files.
fn kept_at(base: &str, link: &str) -> Option<String> {
    if base == HOSTED_URL {
        let host = link.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
        let plain = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
        return (plain && host.ends_with(HOSTED_FILES)).then(|| link.to_owned());
    }
    let (_, rest) = link.split_once("/files/")?;
    Some(format!("{base}/files/{rest}"))
}

fn form(boundary: &str, user: &str, name: &str, content: &[u8]) -> Vec<u8> {
    let name: String = name.chars().map(|c| if c.is_control() || matches!(c, '"' | '\\') { '_' } else { c }).collect();
    let user = serde_json::json!({ "id": user });
    let mut form = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"user\"\r\n\r\n{user}\r\n--{boundary}\r\n\
         content-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\ncontent-type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    form.extend_from_slice(content);
    form.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_fetched_from_the_chat_and_nowhere_else() {
        let own = "http://127.0.0.1:3000/chat";
        assert_eq!(
            kept_at(own, "https://squad.example/chat/files/1/a.png?sig=x").as_deref(),
            Some("http://127.0.0.1:3000/chat/files/1/a.png?sig=x")
        );
        assert_eq!(kept_at(own, "http://169.254.169.254/latest"), None);
        assert!(kept_at(HOSTED_URL, "https://us-east.stream-io-cdn.com/1/a.png").is_some());
        for elsewhere in [
            "http://us-east.stream-io-cdn.com/a",
            "https://evil.example/.stream-io-cdn.com",
            "https://a@b.stream-io-cdn.com/",
        ] {
            assert_eq!(kept_at(HOSTED_URL, elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn a_name_cannot_leave_its_line() {
        let form = String::from_utf8(form("b", "person-1", "a\"\r\nx.png", b"1")).expect("text");
        assert!(form.contains("filename=\"a___x.png\""), "{form}");
    }
}
