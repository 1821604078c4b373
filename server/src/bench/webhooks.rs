//! How long the door of webhooks takes to refuse what it must, and what that costs: a stranger can ask for it as often as they like.

use std::io::Write as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::Args;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Common;
use super::report::{Gates, Table, say, say_machine, whole};
use super::rig::Rig;
use super::stats::Times;
use crate::chat::keys::Keys;
use crate::chat::token::sign_body;
use crate::clock;
use crate::config::Config;
use crate::listener::PATH;

/// What a refusal may take.
const REFUSAL_MS_MAX: f64 = 50.0;
/// Bytes of the body nobody wants, and of the bomb unpacked.
const HUGE_BYTES: usize = 100 * 1_024 * 1_024;
/// Bytes written at a time.
const PIECE_BYTES: usize = 64 * 1_024;
/// How long one attempt may take before it counts as stuck.
const ATTEMPT_MAX: Duration = Duration::from_secs(30);

/// Refusals at the door of webhooks.
#[derive(Args, Clone, Debug)]
pub struct Webhooks {
    /// Attempts of each kind, one after the other, each on a connection of its own.
    #[arg(long, default_value_t = 200)]
    attempts: usize,
    #[command(flatten)]
    common: Common,
}

/// One kind of request, and how it has to be answered.
struct Case {
    name: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Body,
    status: u16,
}

enum Body {
    /// With its length.
    Whole(Vec<u8>),
    /// So many bytes, said before.
    Announced(usize),
    /// So many bytes, in pieces, without a word of how many.
    Chunked(usize),
}

/// What an attempt came to.
struct Refused {
    status: u16,
    took: Duration,
    /// Bytes of the body that were written until the answer was there.
    taken: usize,
}

impl Webhooks {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        ensure!(self.attempts > 0, "there is nothing to do");
        say(&format!("webhooks: {} attempts of each kind", self.attempts));
        say_machine();
        let rig = Rig::start(config, &self.common).await?;
        let keys = Keys::of_data_dir(rig.data_dir())?;
        let event = event(&rig).await?;
        let cases = cases(&keys, &event)?;
        let mut table = Table::new(&["what", "answer", "p50 ms", "p99 ms", "max ms", "server µs", "most bytes taken"]);
        let mut gates = Gates::default();
        let mut verdicts = Vec::new();
        // What is replayed has come once, and was taken.
        let first = attempt(rig.address(), &cases[0]).await?;
        ensure!(first.status == 200, "a good webhook was answered {}", first.status);
        let before = inbox(&rig).await?;
        ensure!(before > 0, "the webhook that is to be replayed was not written down");
        for case in &cases {
            let cpu = rig.cpu();
            let (mut times, mut taken) = (Vec::with_capacity(self.attempts), 0);
            for _ in 0..self.attempts {
                let refused = attempt(rig.address(), case).await.with_context(|| case.name.to_owned())?;
                ensure!(refused.status == case.status, "{}: answered {}", case.name, refused.status);
                times.push(refused.took);
                taken = taken.max(refused.taken);
            }
            let (times, used) = (Times::new(times), rig.cpu().since(cpu));
            let mut cells = vec![case.name.to_owned(), case.status.to_string()];
            cells.extend([0.5, 0.99, 1.0].map(|q| format!("{:.2}", times.quantile_ms(q))));
            cells.extend([whole(used.server * 1e6 / self.attempts as f64), whole(taken as f64)]);
            table.row(cells);
            verdicts.push((case.name, times.quantile_ms(0.99)));
        }
        table.say();
        for (name, p99) in verdicts {
            gates.check(p99 <= REFUSAL_MS_MAX, &format!("{name}: p99 {p99:.2} ms, at most {REFUSAL_MS_MAX:.0} ms"));
        }
        gates.check(inbox(&rig).await? == before, "nothing of it was written down");
        let holds = rig.verify().await?;
        gates.check(holds, "every invariant holds");
        Ok(gates.exit_code(self.common.gate))
    }
}

/// A message of the owner in a workflow's channel, as the chat would report it.
async fn event(rig: &Rig) -> anyhow::Result<Vec<u8>> {
    let mut cluster = PgConnection::connect_with(&rig.cluster()?).await?;
    let looking = clock::instant();
    // The messenger makes the first channels a moment after the start.
    let (channel, owner) = loop {
        let found: Option<(String, uuid::Uuid)> = sqlx::query_as(
            "SELECT c.channel_id, u.id FROM stream_chat_integration c CROSS JOIN users u
             WHERE u.email = 'owner@localhost' ORDER BY 1 LIMIT 1",
        )
        .fetch_optional(&mut cluster)
        .await?;
        if let Some(found) = found {
            break found;
        }
        ensure!(looking.elapsed() < ATTEMPT_MAX, "no channel was made");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    cluster.close().await?;
    let kind = crate::chat::check::CHANNEL_TYPE;
    let user = json!({ "id": format!("person-{owner}") });
    let message = json!({
        "id": clock::fresh_id(), "text": "Good morning.", "type": "regular", "user": user, "cid": format!("{kind}:{channel}"),
    });
    let event = json!({
        "type": "message.new", "created_at": clock::now(), "channel_type": kind, "channel_id": channel,
        "cid": format!("{kind}:{channel}"), "user": user, "message": message,
    });
    Ok(event.to_string().into_bytes())
}

/// What was written down so far.
async fn inbox(rig: &Rig) -> anyhow::Result<i64> {
    let mut cluster = PgConnection::connect_with(&rig.cluster()?).await?;
    let count = sqlx::query_scalar("SELECT count(*) FROM chat_inbox").fetch_one(&mut cluster).await?;
    cluster.close().await?;
    Ok(count)
}

fn cases(keys: &Keys, event: &[u8]) -> anyhow::Result<Vec<Case>> {
    let key = ("x-api-key", keys.api_key.clone());
    let good = ("x-signature", sign_body(keys.secret(), event));
    let bad = ("x-signature", sign_body("another secret", event));
    let signed = vec![key.clone(), good.clone()];
    let mut bomb = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..HUGE_BYTES / PIECE_BYTES {
        bomb.write_all(&vec![b' '; PIECE_BYTES]).context("packing the bomb")?;
    }
    let bomb = bomb.finish().context("packing the bomb")?;
    let mut packed = signed.clone();
    packed.push(("content-encoding", "gzip".to_owned()));
    let case = |name, headers, body, status| Case { name, headers, body, status };
    Ok(vec![
        case("a replay under another id", signed.clone(), Body::Whole(event.to_vec()), 200),
        case("a bad signature", vec![key.clone(), bad], Body::Whole(event.to_vec()), 401),
        case("a strange key", vec![("x-api-key", "stranger".to_owned()), good], Body::Announced(HUGE_BYTES), 401),
        case("100 MB, announced", signed.clone(), Body::Announced(HUGE_BYTES), 413),
        case("100 MB, in pieces", signed, Body::Chunked(HUGE_BYTES), 413),
        case("a gzip bomb of 100 MB", packed, Body::Whole(bomb), 413),
    ])
}

/// Connects, asks, and takes the time to the first line of the answer. A body nobody reads is written until then and no further.
async fn attempt(address: SocketAddr, case: &Case) -> anyhow::Result<Refused> {
    let mut head = format!("POST {PATH} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n");
    for (name, value) in &case.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("x-webhook-id: {}\r\n", clock::fresh_id()));
    head.push_str(&match &case.body {
        Body::Whole(body) => format!("content-length: {}\r\n\r\n", body.len()),
        Body::Announced(length) => format!("content-length: {length}\r\n\r\n"),
        Body::Chunked(_) => "transfer-encoding: chunked\r\n\r\n".to_owned(),
    });
    let began = clock::instant();
    let exchange = async {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (mut from, mut to) = stream.into_split();
        to.write_all(head.as_bytes()).await?;
        let mut taken = 0;
        let answer = status(&mut from);
        tokio::pin!(answer);
        let writing = write(&mut to, &case.body, &mut taken);
        let answered = tokio::select! {
            answered = &mut answer => Some(answered),
            // A door that closes on the rest of a body is no error: its answer was sent before.
            _ = writing => None,
        };
        let (status, at) = match answered {
            Some(answered) => answered?,
            None => answer.await?,
        };
        anyhow::Ok(Refused { status, took: at.duration_since(began), taken })
    };
    tokio::time::timeout(ATTEMPT_MAX, exchange).await.context("no answer in time")?
}

async fn write(to: &mut (impl AsyncWrite + Unpin), body: &Body, taken: &mut usize) -> std::io::Result<()> {
    let piece = vec![b' '; PIECE_BYTES];
    match body {
        Body::Whole(body) => {
            to.write_all(body).await?;
            *taken = body.len();
        }
        Body::Announced(length) => {
            while *taken < *length {
                to.write_all(&piece).await?;
                *taken += piece.len();
            }
        }
        Body::Chunked(length) => {
            while *taken < *length {
                to.write_all(format!("{PIECE_BYTES:x}\r\n").as_bytes()).await?;
                to.write_all(&piece).await?;
                to.write_all(b"\r\n").await?;
                *taken += piece.len();
            }
            to.write_all(b"0\r\n\r\n").await?;
        }
    }
    Ok(())
}

/// The status of the answer, and when its first line was there.
async fn status(from: &mut (impl AsyncRead + Unpin)) -> anyhow::Result<(u16, Instant)> {
    let mut received = Vec::with_capacity(512);
    while !received.contains(&b'\n') {
        let count = from.read_buf(&mut received).await.context("reading the answer")?;
        ensure!(count > 0, "the door closed without an answer");
    }
    let at = clock::instant();
    let line = String::from_utf8_lossy(&received).into_owned();
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.with_context(|| format!("an answer without a status: {line}"))?, at))
}
