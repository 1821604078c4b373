//! One keep-alive connection of an agent or a script, with as little as HTTP/1.1 asks for.
//!
//! The load shares its cores with the server: a general client would take as much of them as the server it measures. And the moment
//! the last byte of an answer arrives is noted here, before anybody reads what it says.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context as _, bail, ensure};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::clock;

/// Bytes of an answer's head: ours have a few hundred.
const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// Bytes of an answer's body: 64 leases with inputs are far below.
const BODY_BYTES_MAX: usize = 64 * 1_024 * 1_024;

/// A connection.
pub struct Wire {
    stream: TcpStream,
    address: SocketAddr,
    request: Vec<u8>,
    received: Vec<u8>,
    keys: bool,
}

/// An answer.
#[derive(Debug)]
pub struct Received {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: Vec<u8>,
    /// When its last byte was there.
    pub at: Instant,
}

impl Received {
    /// The body, read; what is no success is an error with the server's words.
    pub fn json<T: DeserializeOwned>(&self) -> anyhow::Result<T> {
        let text = || String::from_utf8_lossy(&self.body).into_owned();
        ensure!((200..300).contains(&self.status), "the server answered {}: {}", self.status, text());
        serde_json::from_slice(&self.body).with_context(|| format!("an unexpected answer: {}", text()))
    }
}

impl Wire {
    /// Connects. With `keys`, every POST carries an idempotency key of its own.
    pub async fn connect(address: SocketAddr, keys: bool) -> anyhow::Result<Wire> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream, address, request: Vec::with_capacity(1_024), received: Vec::with_capacity(4_096), keys })
    }

    /// Asks for something.
    pub async fn get(&mut self, path: &str, token: &str) -> anyhow::Result<Received> {
        self.request.clear();
        write!(self.request, "GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\r\n", self.address)?;
        self.exchange().await
    }

    /// Sends a JSON body.
    pub async fn post(&mut self, path: &str, token: &str, body: &[u8]) -> anyhow::Result<Received> {
        self.request.clear();
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n",
            self.address,
            body.len()
        )?;
        if self.keys {
            write!(self.request, "idempotency-key: {}\r\n", clock::fresh_id())?;
        }
        self.request.extend_from_slice(b"\r\n");
        self.request.extend_from_slice(body);
        self.exchange().await
    }

    async fn exchange(&mut self) -> anyhow::Result<Received> {
        self.stream.write_all(&self.request).await.context("sending a request")?;
        self.received.clear();
        let head = loop {
            if let Some(at) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            ensure!(self.received.len() < HEAD_BYTES_MAX, "the head of an answer has no end");
            self.more().await?;
        };
        let (status, length) = parse_head(&self.received[..head])?;
        while self.received.len() < head + length {
            self.more().await?;
        }
        Ok(Received { status, body: self.received[head..head + length].to_vec(), at: clock::instant() })
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        let count = self.stream.read_buf(&mut self.received).await.context("reading an answer")?;
        ensure!(count > 0, "the server closed the connection");
        Ok(())
    }
}

/// The status of an answer, and how many bytes follow its head.
fn parse_head(head: &[u8]) -> anyhow::Result<(u16, usize)> {
    let text = std::str::from_utf8(head).context("the head of an answer is no text")?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let status = status.context("an answer without a status")?;
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    match length {
        Some(length) if length <= BODY_BYTES_MAX => Ok((status, length)),
        Some(length) => bail!("an answer of {length} bytes"),
        None => bail!("an answer without a length: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_status_and_length() {
        let head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 17\r\n\r\n";
        assert_eq!(parse_head(head).expect("a head"), (201, 17));
        assert!(parse_head(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
        assert!(parse_head(b"nonsense\r\n\r\n").is_err());
    }
}
