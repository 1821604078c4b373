//! Who listens: many connections that note when each event is there, and do nothing else, for they share their cores with the server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::clock;

/// What stands before the id of a workflow in an event's text.
const BEFORE_MARK: &[u8] = b"\"workflow\":\"";
/// Characters of an id.
const MARK_BYTES: usize = 36;
/// Connections made at the same time: a listener's backlog has some hundred places.
const AT_ONCE: usize = 64;
/// Bytes read at a time.
const READ_BYTES: usize = 8 * 1_024;
/// Bytes of a greeting.
const GREETING_BYTES_MAX: usize = 16 * 1_024;
/// How long one may take.
const GREETING_MAX: Duration = Duration::from_secs(30);

/// How a connection becomes one that listens.
#[derive(Clone, Copy, Debug)]
pub enum Greeting {
    /// A request; the head of the answer, and its first event where it says hello.
    EventStream {
        /// Whether it does.
        hello: bool,
    },
    /// A WebSocket, and on it the opening words of socket.io.
    SocketIo,
}

/// Everybody who listens.
pub struct Audience {
    count: usize,
    notes: Arc<Notes>,
    _listening: JoinSet<()>,
}

/// What they note together.
struct Notes {
    began: Instant,
    nth: HashMap<[u8; MARK_BYTES], usize>,
    /// For each event: how many have it, and when the last of them had it, in nanoseconds since `began`.
    heard: Vec<(AtomicU64, AtomicU64)>,
}

impl Audience {
    /// Connects one for each request, and returns when all of them listen. `marks` are the ids in the events to come.
    pub async fn gather(
        address: SocketAddr,
        requests: Vec<Vec<u8>>,
        greeting: Greeting,
        marks: &[String],
    ) -> anyhow::Result<Audience> {
        let nth = marks.iter().enumerate().map(|(nth, mark)| Ok((mark.as_bytes().try_into()?, nth)));
        let nth = nth.collect::<anyhow::Result<HashMap<_, _>>>().context("a mark that is no id")?;
        let heard = marks.iter().map(|_| Default::default()).collect();
        let notes = Arc::new(Notes { began: clock::instant(), nth, heard });
        let count = requests.len();
        let greeted = stream::iter(requests).map(|request| async move {
            let greeted = tokio::time::timeout(GREETING_MAX, greet(address, &request, greeting));
            greeted.await.context("no greeting in time")?
        });
        let streams: Vec<TcpStream> = greeted.buffer_unordered(AT_ONCE).try_collect().await?;
        let mut listening = JoinSet::new();
        for stream in streams {
            listening.spawn(listen(stream, notes.clone()));
        }
        Ok(Audience { count, notes, _listening: listening })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Deliveries that have not come.
    pub fn missing(&self) -> u64 {
        let all = self.count as u64;
        self.notes.heard.iter().map(|(count, _)| all.saturating_sub(count.load(Ordering::Acquire))).sum()
    }

    /// Waits until nothing is missing, or that long.
    pub async fn hear_out(&self, most: Duration) {
        let waiting = clock::instant();
        while self.missing() > 0 && waiting.elapsed() < most {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// For each event, sent at these moments, how long it took to the last who has it; nothing when nobody has.
    pub fn last_heard(&self, sent: &[Instant]) -> Vec<Option<Duration>> {
        let heard = self.notes.heard.iter().zip(sent).map(|((count, last), sent)| {
            let at = self.notes.began + Duration::from_nanos(last.load(Ordering::Acquire));
            (count.load(Ordering::Acquire) > 0).then(|| at.saturating_duration_since(*sent))
        });
        heard.collect()
    }
}

/// The id in an event's text.
pub fn mark_in(text: &[u8]) -> Option<&[u8]> {
    let at = find(text, BEFORE_MARK)? + BEFORE_MARK.len();
    text.get(at..at + MARK_BYTES)
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

impl Notes {
    /// Notes what stands in these bytes; gives how many of them need not be looked at again.
    fn note(&self, bytes: &[u8], known: &mut [bool]) -> usize {
        let mut done = 0;
        while let Some(at) = find(&bytes[done..], BEFORE_MARK) {
            let from = done + at + BEFORE_MARK.len();
            let Some(mark) = bytes.get(from..from + MARK_BYTES) else { return done + at };
            let nth = <&[u8; MARK_BYTES]>::try_from(mark).ok().and_then(|mark| self.nth.get(mark)).copied();
            // A second event of the same workflow is none that was sent.
            if let Some(nth) = nth.filter(|nth| !std::mem::replace(&mut known[*nth], true)) {
                let ns = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
                self.heard[nth].1.fetch_max(ns, Ordering::AcqRel);
                self.heard[nth].0.fetch_add(1, Ordering::AcqRel);
            }
            done = from + MARK_BYTES;
        }
        done.max(bytes.len().saturating_sub(BEFORE_MARK.len()))
    }
}

async fn listen(mut stream: TcpStream, notes: Arc<Notes>) {
    let (mut bytes, mut known) = (Vec::with_capacity(READ_BYTES), vec![false; notes.heard.len()]);
    while stream.read_buf(&mut bytes).await.is_ok_and(|count| count > 0) {
        let done = notes.note(&bytes, &mut known);
        bytes.drain(..done);
    }
}

async fn greet(address: SocketAddr, request: &[u8], greeting: Greeting) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    stream.write_all(request).await?;
    match greeting {
        Greeting::EventStream { hello } => {
            let head = until(&mut stream, if hello { b"event: hello" } else { b"\r\n\r\n" }).await?;
            ensure!(head.starts_with(b"HTTP/1.1 200"), "answered {}", String::from_utf8_lossy(&head));
        }
        Greeting::SocketIo => {
            until(&mut stream, b"\"sid\":").await?;
            // "40" in a masked frame of text: the namespace is entered.
            stream.write_all(&[0x81, 0x82, 0, 0, 0, 0, b'4', b'0']).await?;
            until(&mut stream, b"40{\"sid\":").await?;
        }
    }
    Ok(stream)
}

async fn until(stream: &mut TcpStream, wanted: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut received = Vec::with_capacity(1_024);
    while find(&received, wanted).is_none() {
        ensure!(received.len() < GREETING_BYTES_MAX, "a greeting without an end");
        let count = stream.read_buf(&mut received).await?;
        ensure!(count > 0, "closed instead of greeting: {}", String::from_utf8_lossy(&received));
    }
    Ok(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_however_its_bytes_come() {
        let mark = clock::fresh_id().to_string();
        let key = mark.as_bytes().try_into().expect("an id");
        let notes = Notes { began: clock::instant(), nth: HashMap::from([(key, 0)]), heard: vec![Default::default()] };
        let text = format!("id: 7\ndata: {{\"workflow\":\"{mark}\"}}\n\n").repeat(2);
        let (mut bytes, mut known) = (Vec::new(), [false]);
        for byte in text.bytes() {
            bytes.push(byte);
            let done = notes.note(&bytes, &mut known);
            bytes.drain(..done);
        }
        assert_eq!(notes.heard[0].0.load(Ordering::Acquire), 1);
        assert_eq!(mark_in(text.as_bytes()), Some(mark.as_bytes()));
    }
}
