//! The journal as server-sent events: what was missed first, then what happens.
//!
//! Where the ticks begin is noted before the journal is read, so that nothing falls between the two. An event's JSON is made once and
//! shared by all who listen: programs hear whole events, pages what changes on them (`News`). Who falls too far behind is told to read anew (`reset`) instead of being kept waiting for.
//!
//! ```text
//! event: hello            id: 42                        event: reset
//! data: {"seq":41}        data: {"seq":42,"id":…}       data: {"seq":97}
//! ```

mod listener;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use devsquad::id::{OrganizationId, WorkflowId};
use futures::stream::Stream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::connection::Line;
use crate::engine::live::{Live, Place};
use crate::engine::{Engine, EngineError, news, on_stream};
use crate::store::{Store, Tenant, journal};
use listener::{Given, Listener};

/// Missed events told one by one; who missed more reads the page anew, which is cheaper for both.
pub const REPLAY_MAX: usize = 2_000;
/// How often a line is sent that says nothing: proxies close what is silent for a minute.
pub const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often it is asked whether the listener may still listen. Revoking counts within this time.
pub const RECHECK: Duration = Duration::from_secs(4);

/// Asks whether the listener may still listen.
pub type StillAllowed = Box<dyn Fn() -> Pin<Box<dyn Future<Output = bool> + Send>> + Send + Sync>;

/// In which form somebody hears of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Whole, as the journal has it.
    Event,
    /// As `devsquad::view::News`.
    News,
}

/// What somebody listens to.
pub struct Listen {
    /// In which form.
    pub form: Form,
    /// In which organization.
    pub organization: OrganizationId,
    /// Only one workflow's events.
    pub workflow: Option<WorkflowId>,
    /// The last event the listener has; nothing is told again when it is not known.
    pub after: Option<u64>,
    /// The connection under the answer, where one can write to it.
    pub line: Option<Line>,
    /// Asked every few seconds.
    pub still_allowed: StillAllowed,
}

/// A stream of events as the answer to a request.
pub async fn respond(engine: &Engine, store: &Store, listen: Listen) -> Result<Response, EngineError> {
    let live = engine.live(listen.organization).await?;
    let (next, head) = (live.next(), live.head());
    let missed = missed(store, &listen, head).await?;
    Ok(as_stream(Feed::new(live, next, head, missed, listen)))
}

/// What comes here as an answer that goes on: nobody between keeps it or gathers it.
pub fn as_stream(pieces: impl Stream<Item = Result<Bytes, Infallible>> + Send + 'static) -> Response {
    let mut response = Body::from_stream(pieces).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// What the listener missed.
enum Missed {
    /// These events, in order, with their numbers.
    Events(Vec<(u64, Bytes)>),
    /// Too many, or the listener knows events that never were (the database was restored to an earlier time).
    TooMany,
}

async fn missed(store: &Store, listen: &Listen, head: u64) -> Result<Missed, EngineError> {
    let Some(after) = listen.after else { return Ok(Missed::Events(Vec::new())) };
    if after > head {
        return Ok(Missed::TooMany);
    }
    let unreadable = |error: anyhow::Error| {
        tracing::error!(error = format!("{error:#}"), "the journal cannot be read for a listener");
        EngineError::Unavailable("The journal cannot be read now.".to_owned())
    };
    let mut tx =
        store.begin_read(&Tenant::system(listen.organization.0)).await.map_err(|error| unreadable(error.into()))?;
    let limit = i64::try_from(REPLAY_MAX + 1).unwrap_or(i64::MAX);
    let events = match listen.workflow {
        Some(workflow) => journal::read_workflow(&mut tx, workflow, after, limit).await,
        None => journal::read_after(&mut tx, after, limit).await,
    };
    let events = events.map_err(unreadable)?;
    if events.len() > REPLAY_MAX {
        return Ok(Missed::TooMany);
    }
    let encoded = events.iter().map(|event| match listen.form {
        Form::Event => Ok((event.seq, Bytes::from(serde_json::to_vec(event)?))),
        Form::News => Ok((event.seq, news(event))),
    });
    encoded.collect::<anyhow::Result<_>>().map(Missed::Events).map_err(unreadable)
}

/// One listener's end of the stream. Mostly nobody asks it for anything: what comes is written straight to the connection
/// (`Listener::hear`). Where that cannot be, the connection is woken and takes what there is from here. No task and no queue stands
/// between; a connection that is not read falls behind in what the engine keeps for all.
struct Feed {
    live: Arc<Live>,
    listener: Arc<Listener>,
    /// Taken when the connection first asks: before, the head of the answer is not written.
    place: Option<Place>,
    keep_alive: Interval,
    recheck: Interval,
    still_allowed: StillAllowed,
    /// The answer to it that is waited for.
    asked: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl Feed {
    /// `next` is the position from which on ticks are told; whatever came before it is in `head` and `missed`.
    fn new(live: Arc<Live>, next: u64, head: u64, missed: Missed, listen: Listen) -> Feed {
        let mut waiting = vec![control("hello", head)];
        let mut last = head;
        match missed {
            Missed::TooMany => waiting.push(control("reset", head)),
            Missed::Events(events) => {
                for (seq, json) in events {
                    waiting.push(on_stream(seq, &json));
                    last = last.max(seq);
                }
            }
        }
        let every = |period| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        let Listen { form, workflow, line, still_allowed, .. } = listen;
        Feed {
            live,
            listener: Arc::new(Listener::new(form, workflow, line, next, last, waiting)),
            place: None,
            keep_alive: every(KEEP_ALIVE),
            recheck: every(RECHECK),
            still_allowed,
            asked: None,
        }
    }

    /// Whether the listener may listen no longer. It is asked now and then, and events do not wait for the answer.
    fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        loop {
            match &mut self.asked {
                Some(answer) => match answer.as_mut().poll(context) {
                    Poll::Ready(true) => self.asked = None,
                    Poll::Ready(false) => return true,
                    Poll::Pending => return false,
                },
                None if self.recheck.poll_tick(context).is_ready() => self.asked = Some((self.still_allowed)()),
                None => return false,
            }
        }
    }
}

impl Stream for Feed {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let feed = &mut *self;
        if feed.place.is_none() {
            feed.place = Some(feed.live.join(feed.listener.clone()));
        }
        let over = feed.is_over(context);
        match feed.listener.take(&feed.live, context, over) {
            Given::Piece(piece) => Poll::Ready(Some(Ok(piece))),
            Given::End => Poll::Ready(None),
            Given::NotYet if feed.keep_alive.poll_tick(context).is_ready() => {
                feed.listener.hand_over();
                Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))))
            }
            Given::NotYet => Poll::Pending,
        }
    }
}

fn control(name: &str, seq: u64) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {{\"seq\":{seq}}}\n\n"))
}

#[cfg(test)]
mod tests {
    use axum::extract::State;
    use devsquad::id::{EventId, WorkflowId};
    use devsquad::{Actor, Change, Event};
    use futures::{StreamExt as _, TryStreamExt as _};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpSocket, TcpStream};
    use uuid::Uuid;

    use super::*;
    use crate::clock;
    use crate::connection::{Connections, Peer};
    use crate::engine::Published;
    use crate::engine::live::{BYTES_BEHIND_MAX, TICKS_BEHIND_MAX};

    fn published(seq: u64, workflow: u128) -> Published {
        let event = Event {
            seq,
            id: EventId(Uuid::from_u128(u128::from(seq))),
            at: clock::now(),
            actor: Actor::System,
            change: Change::WorkflowResumed { workflow: WorkflowId(Uuid::from_u128(workflow)) },
        };
        Published::new(event, format!("{{\"seq\":{seq}}}"))
    }

    /// What a connection without a line is given, piece by piece.
    async fn pieces(head: u64, workflow: Option<u128>, missed: Missed, ticks: Vec<Vec<Published>>) -> Vec<String> {
        let live = Live::new(head);
        let feed = feed(&live, workflow, missed, None);
        for tick in ticks {
            live.publish(head, tick.into());
        }
        live.end();
        feed.map(|piece| piece.map(|bytes| String::from_utf8(bytes.to_vec()).expect("text")))
            .try_collect()
            .await
            .unwrap_or_else(|never| match never {})
    }

    fn feed(live: &Arc<Live>, workflow: Option<u128>, missed: Missed, line: Option<Line>) -> Feed {
        let listen = Listen {
            form: Form::Event,
            organization: OrganizationId(Uuid::from_u128(1)),
            workflow: workflow.map(|id| WorkflowId(Uuid::from_u128(id))),
            after: None,
            line,
            still_allowed: Box::new(|| Box::pin(async { true })),
        };
        Feed::new(live.clone(), live.next(), live.head(), missed, listen)
    }

    async fn told(head: u64, workflow: Option<u128>, missed: Missed, ticks: Vec<Vec<Published>>) -> String {
        pieces(head, workflow, missed, ticks).await.concat()
    }

    #[tokio::test]
    async fn what_waits_is_written_at_once_in_its_order() {
        let ticks = (1..=9).map(|seq| vec![published(seq, 1)]).collect();
        let pieces = pieces(0, None, Missed::Events(Vec::new()), ticks).await;
        let told: String = (1..=9).map(|seq| format!("id: {seq}\ndata: {{\"seq\":{seq}}}\n\n")).collect();
        assert_eq!(pieces, [format!("event: hello\ndata: {{\"seq\":0}}\n\n{told}")]);
    }

    #[tokio::test]
    async fn what_was_missed_comes_first_and_nothing_twice() {
        let missed = Missed::Events(vec![(4, Bytes::from_static(b"{}")), (6, Bytes::from_static(b"{}"))]);
        let text =
            told(5, None, missed, vec![vec![published(5, 1), published(6, 1), published(7, 1)], vec![published(0, 1)]])
                .await;
        assert_eq!(
            text,
            "event: hello\ndata: {\"seq\":5}\n\nid: 4\ndata: {}\n\nid: 6\ndata: {}\n\nid: 7\ndata: {\"seq\":7}\n\ndata: {\"seq\":0}\n\n"
        );
    }

    #[tokio::test]
    async fn one_workflow_hears_its_own_events_only() {
        let text = told(0, Some(2), Missed::Events(Vec::new()), vec![vec![published(1, 1), published(2, 2)]]).await;
        assert!(!text.contains("id: 1\n") && text.contains("id: 2\n"), "{text}");
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_to_read_anew() {
        let more_than_is_kept = TICKS_BEHIND_MAX as u64 + 1;
        let ticks = (1..=more_than_is_kept).map(|seq| vec![published(seq, 1)]).collect();
        let text = told(0, None, Missed::Events(Vec::new()), ticks).await;
        assert_eq!(text, "event: hello\ndata: {\"seq\":0}\n\nevent: reset\ndata: {\"seq\":0}\n\n");
        let text = told(0, None, Missed::TooMany, Vec::new()).await;
        assert_eq!(text, "event: hello\ndata: {\"seq\":0}\n\nevent: reset\ndata: {\"seq\":0}\n\n");
    }

    /// A server that answers with a feed each, and connections to it that have read the greeting.
    async fn connected(live: &Arc<Live>, count: usize) -> Vec<TcpStream> {
        async fn answer(State(live): State<Arc<Live>>, line: Option<Line>) -> Response {
            assert!(line.is_some(), "the answer could not be written past hyper");
            as_stream(feed(&live, None, Missed::Events(Vec::new()), line))
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let router = axum::Router::new().route("/", axum::routing::get(answer)).with_state(live.clone());
        let service = router.into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move { axum::serve(Connections(listener), service).await });
        let mut clients = Vec::new();
        for _ in 0..count {
            let socket = TcpSocket::new_v4().expect("a socket");
            // Little room, so that whoever is slow is written to by halves.
            socket.set_recv_buffer_size(16 * 1_024).expect("a small buffer");
            let mut client = socket.connect(address).await.expect("a connection");
            client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.expect("sent");
            let mut greeting = Vec::new();
            while !greeting.ends_with(b"}\n\n\r\n") {
                assert!(client.read_buf(&mut greeting).await.expect("a greeting") > 0);
            }
            clients.push(client);
        }
        clients
    }

    /// Reads chunks up to the end of the answer, some bytes at a time, and gives what was in them.
    async fn read_out(mut client: TcpStream, at_a_time: usize, pause: Duration) -> String {
        let (mut text, mut bytes, mut some) = (Vec::new(), Vec::new(), vec![0; at_a_time]);
        loop {
            let count = client.read(&mut some).await.expect("bytes");
            assert!(count > 0, "the answer has no end: {}", String::from_utf8_lossy(&bytes));
            bytes.extend_from_slice(&some[..count]);
            while let Some(at) = bytes.windows(2).position(|window| window == b"\r\n") {
                let size = std::str::from_utf8(&bytes[..at]).expect("a size in hexadecimal");
                let size = usize::from_str_radix(size, 16).expect("a size in hexadecimal");
                if bytes.len() < at + 2 + size + 2 {
                    break;
                }
                if size == 0 {
                    return String::from_utf8(text).expect("text");
                }
                text.extend_from_slice(&bytes[at + 2..at + 2 + size]);
                assert_eq!(&bytes[at + 2 + size..at + 2 + size + 2], b"\r\n");
                bytes.drain(..at + 2 + size + 2);
            }
            tokio::time::sleep(pause).await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn fast_and_slow_readers_get_everything_in_order() {
        const TICKS: u64 = 600;
        let live = Live::new(0);
        let mut clients = connected(&live, 40).await;
        let slow = clients.pop().expect("a client");
        let fast: Vec<_> = clients.into_iter().map(|one| tokio::spawn(read_out(one, 65_536, Duration::ZERO))).collect();
        let slow = tokio::spawn(read_out(slow, 262_144, Duration::from_millis(5)));
        let spread = tokio::spawn(live.clone().spread());
        // More than the buffers of a connection hold, and less than is kept.
        let filling = "x".repeat(BYTES_BEHIND_MAX / TICKS as usize - 1_000);
        for seq in 1..=TICKS {
            let mut tick = published(seq, 1);
            tick = Published::new(tick.event, format!("{{\"seq\":{seq},\"x\":\"{filling}\"}}"));
            live.publish(seq, Arc::from([tick]));
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        live.end();
        spread.await.expect("everybody was told");
        let whole: String =
            (1..=TICKS).map(|seq| format!("id: {seq}\ndata: {{\"seq\":{seq},\"x\":\"{filling}\"}}\n\n")).collect();
        for (nth, reader) in fast.into_iter().chain([slow]).enumerate() {
            assert!(reader.await.expect("read") == whole, "reader {nth} did not get what was told");
        }
    }
}
