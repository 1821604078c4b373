//! The least a spread can cost: one loop that writes an event's bytes to one socket after the other, in a process of its own.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::bench::report::say;
use crate::bench::rig::open_files_max;

/// How long its process may take to say where it listens.
const START_MAX: Duration = Duration::from_secs(10);
/// Bytes of an event.
const EVENT_BYTES_MAX: usize = 64 * 1_024;

/// The bare loop's process; it is gone with this.
pub struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    /// Starts one; it listens when this returns.
    pub async fn start() -> anyhow::Result<Process> {
        let program = std::env::current_exe().context("looking for this program")?;
        let mut command = Command::new(program);
        command.args(["bench", "fan-out-floor"]).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().context("starting the bare loop")?;
        let said = child.stdout.take().context("the bare loop has no voice")?;
        let mut process = Process { child, address: SocketAddr::from(([127, 0, 0, 1], 0)) };
        let mut lines = BufReader::new(tokio::process::ChildStdout::from_std(said)?).lines();
        let line = tokio::time::timeout(START_MAX, lines.next_line()).await.context("the bare loop says nothing")??;
        process.address = line.context("the bare loop ended")?.parse().context("the bare loop's address")?;
        Ok(process)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It has ended already when everybody hung up.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bare loop: whoever asks with GET listens from then on; the first who posts is heard by all of them, until they hang up.
pub async fn run() -> anyhow::Result<i32> {
    open_files_max();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(&listener.local_addr()?.to_string());
    let mut listeners = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let mut received = Vec::with_capacity(1_024);
        let head = head(&mut stream, &mut received).await?;
        if !received.starts_with(b"GET") {
            spread(stream, received, head, listeners).await?;
            return Ok(0);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n").await?;
        listeners.push(stream);
    }
}

async fn spread(
    mut from: TcpStream,
    mut received: Vec<u8>,
    mut head: usize,
    mut listeners: Vec<TcpStream>,
) -> anyhow::Result<()> {
    let mut event = Vec::with_capacity(1_024);
    for nth in 1_u64.. {
        let length = length(&received[..head])?;
        while received.len() < head + length {
            ensure!(from.read_buf(&mut received).await? > 0, "a body without an end");
        }
        event.clear();
        event.extend_from_slice(format!("id: {nth}\ndata: ").as_bytes());
        event.extend_from_slice(&received[head..head + length]);
        event.extend_from_slice(b"\n\n");
        for listener in &mut listeners {
            listener.write_all(&event).await?;
        }
        from.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        received.drain(..head + length);
        head = match self::head(&mut from, &mut received).await {
            Ok(head) => head,
            // The one who posts has hung up.
            Err(_) => return Ok(()),
        };
    }
    Ok(())
}

/// Reads a request's head; gives how long it is.
async fn head(stream: &mut TcpStream, received: &mut Vec<u8>) -> anyhow::Result<usize> {
    loop {
        if let Some(at) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            return Ok(at + 4);
        }
        ensure!(received.len() < EVENT_BYTES_MAX, "a head without an end");
        ensure!(stream.read_buf(received).await? > 0, "nobody there any more");
    }
}

fn length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let said = head.lines().filter_map(|line| line.split_once(':'));
    let mut length = said.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.next().context("a body without a length")?.1.trim().parse()?;
    ensure!(length <= EVENT_BYTES_MAX, "an event of {length} bytes");
    Ok(length)
}
