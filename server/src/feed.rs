//! The journal as server-sent events: what was missed first, then what happens.
//!
//! One subscription is made before the journal is read, so that nothing falls between the two. An event's JSON is made once and
//! shared by all who listen: programs hear whole events, pages what changes on them (`News`). Who falls too far behind is told to read anew (`reset`) instead of being kept waiting for.
//!
//! ```text
//! event: hello            id: 42                        event: reset
//! data: {"seq":41}        data: {"seq":42,"id":…}       data: {"seq":97}
//! ```

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use bytes::{Bytes, BytesMut};
use devsquad::id::{OrganizationId, WorkflowId};
use futures::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::engine::{Engine, EngineError, Published, Subscription, news, on_stream};
use crate::store::{Store, Tenant, journal};

/// Missed events told one by one; who missed more reads the page anew, which is cheaper for both.
pub const REPLAY_MAX: usize = 2_000;
/// Bytes of events that are written at once to a listener who has fallen behind: a write costs more than what is written.
const PIECE_BYTES_MAX: usize = 64 * 1_024;
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
    /// Asked every few seconds.
    pub still_allowed: StillAllowed,
}

/// A stream of events as the answer to a request.
pub async fn respond(engine: &Engine, store: &Store, listen: Listen) -> Result<Response, EngineError> {
    let subscription = engine.subscribe(listen.organization).await?;
    let missed = missed(store, &listen, subscription.head).await?;
    Ok(as_stream(Feed::new(subscription, missed, listen).pieces()))
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

/// One listener's end of the stream. The connection itself takes the pieces from it: no task and no queue stands between, and a
/// connection that is not read falls behind in the engine's channel, which is shared.
struct Feed {
    receiver: Receiver<Arc<[Published]>>,
    /// What is made and not yet taken.
    waiting: VecDeque<Bytes>,
    /// The last durable event told, or passed over because it was told before.
    last: u64,
    workflow: Option<WorkflowId>,
    form: Form,
    keep_alive: Interval,
    recheck: Interval,
    still_allowed: StillAllowed,
    /// The answer to it that is waited for.
    asked: Option<Pin<Box<dyn Future<Output = bool> + Send>>>,
}

impl Feed {
    fn new(subscription: Subscription, missed: Missed, listen: Listen) -> Feed {
        let Subscription { head, receiver } = subscription;
        let mut waiting = VecDeque::from([control("hello", head)]);
        let mut last = head;
        match missed {
            Missed::TooMany => waiting.push_back(control("reset", head)),
            Missed::Events(events) => {
                for (seq, json) in events {
                    waiting.push_back(on_stream(seq, &json));
                    last = last.max(seq);
                }
            }
        }
        let every = |period| {
            let mut interval = interval_at(Instant::now() + period, period);
            interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
            interval
        };
        Feed {
            receiver,
            waiting,
            last,
            workflow: listen.workflow,
            form: listen.form,
            keep_alive: every(KEEP_ALIVE),
            recheck: every(RECHECK),
            still_allowed: listen.still_allowed,
            asked: None,
        }
    }

    fn pieces(self) -> impl Stream<Item = Result<Bytes, Infallible>> + Send {
        stream::unfold(self, |mut feed| async move { feed.next().await.map(|piece| (Ok(piece), feed)) })
    }

    /// The next piece; nothing when the listener may listen no longer.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(piece) = self.taken() {
                return Some(piece);
            }
            tokio::select! {
                _ = self.keep_alive.tick() => return Some(Bytes::from_static(b":\n\n")),
                // Events do not wait for the answer.
                _ = self.recheck.tick(), if self.asked.is_none() => self.asked = Some((self.still_allowed)()),
                allowed = answered(&mut self.asked) => {
                    self.asked = None;
                    if !allowed {
                        return None;
                    }
                }
                tick = self.receiver.recv() => match tick {
                    Ok(events) => {
                        self.tick(&events);
                        self.catch_up();
                    }
                    Err(RecvError::Lagged(_)) => self.waiting.push_back(control("reset", self.last)),
                    // The organization's loop has ended; the browser asks again, and finds the next one.
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// What waits, as one piece: each write of one costs as much as many events do.
    fn taken(&mut self) -> Option<Bytes> {
        let first = self.waiting.pop_front()?;
        if self.waiting.is_empty() {
            return Some(first);
        }
        let mut piece = BytesMut::from(first);
        while piece.len() < PIECE_BYTES_MAX
            && let Some(next) = self.waiting.pop_front()
        {
            piece.extend_from_slice(&next);
        }
        Some(piece.freeze())
    }

    /// Takes what has come since the connection was last asked for more.
    fn catch_up(&mut self) {
        let waiting = |feed: &Feed| feed.waiting.iter().map(Bytes::len).sum::<usize>();
        while waiting(self) < PIECE_BYTES_MAX {
            match self.receiver.try_recv() {
                Ok(events) => self.tick(&events),
                Err(TryRecvError::Lagged(_)) => self.waiting.push_back(control("reset", self.last)),
                // That it is closed is heard with the next look.
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn tick(&mut self, events: &[Published]) {
        for published in events {
            let seq = published.event.seq;
            let told_before = seq != 0 && seq <= self.last;
            let of_another = self.workflow.is_some() && published.event.change.workflow() != self.workflow;
            if !told_before && !of_another {
                self.waiting.push_back(match self.form {
                    Form::Event => published.whole(),
                    Form::News => published.news(),
                });
            }
            self.last = self.last.max(seq);
        }
    }
}

/// The answer, once it is there; never where nothing was asked.
async fn answered(asked: &mut Option<Pin<Box<dyn Future<Output = bool> + Send>>>) -> bool {
    match asked {
        Some(answer) => answer.await,
        None => std::future::pending().await,
    }
}

fn control(name: &str, seq: u64) -> Bytes {
    Bytes::from(format!("event: {name}\ndata: {{\"seq\":{seq}}}\n\n"))
}

#[cfg(test)]
mod tests {
    use devsquad::id::{EventId, WorkflowId};
    use devsquad::{Actor, Change, Event};
    use tokio::sync::broadcast;
    use uuid::Uuid;

    use super::*;
    use crate::clock;

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

    async fn pieces(
        head: u64,
        workflow: Option<u128>,
        missed: Missed,
        ticks: Vec<Vec<Published>>,
        channel: usize,
    ) -> Vec<String> {
        let (live, receiver) = broadcast::channel::<Arc<[Published]>>(channel);
        for tick in ticks {
            live.send(tick.into()).expect("a receiver");
        }
        drop(live);
        let listen = Listen {
            form: Form::Event,
            organization: OrganizationId(Uuid::from_u128(1)),
            workflow: workflow.map(|id| WorkflowId(Uuid::from_u128(id))),
            after: None,
            still_allowed: Box::new(|| Box::pin(async { true })),
        };
        let mut feed = Feed::new(Subscription { head, receiver }, missed, listen);
        let mut pieces = Vec::new();
        while let Some(piece) = feed.next().await {
            pieces.push(String::from_utf8(piece.to_vec()).expect("text"));
        }
        pieces
    }

    async fn told(
        head: u64,
        workflow: Option<u128>,
        missed: Missed,
        ticks: Vec<Vec<Published>>,
        channel: usize,
    ) -> String {
        pieces(head, workflow, missed, ticks, channel).await.concat()
    }

    #[tokio::test]
    async fn what_waits_is_written_at_once_in_its_order() {
        let ticks = (1..=9).map(|seq| vec![published(seq, 1)]).collect();
        let pieces = pieces(0, None, Missed::Events(Vec::new()), ticks, 16).await;
        let told: String = (1..=9).map(|seq| format!("id: {seq}\ndata: {{\"seq\":{seq}}}\n\n")).collect();
        assert_eq!(pieces, ["event: hello\ndata: {\"seq\":0}\n\n".to_owned(), told]);
    }

    #[tokio::test]
    async fn what_was_missed_comes_first_and_nothing_twice() {
        let missed = Missed::Events(vec![(4, Bytes::from_static(b"{}")), (6, Bytes::from_static(b"{}"))]);
        let text = told(
            5,
            None,
            missed,
            vec![vec![published(5, 1), published(6, 1), published(7, 1)], vec![published(0, 1)]],
            8,
        )
        .await;
        assert_eq!(
            text,
            "event: hello\ndata: {\"seq\":5}\n\nid: 4\ndata: {}\n\nid: 6\ndata: {}\n\nid: 7\ndata: {\"seq\":7}\n\ndata: {\"seq\":0}\n\n"
        );
    }

    #[tokio::test]
    async fn one_workflow_hears_its_own_events_only() {
        let text = told(0, Some(2), Missed::Events(Vec::new()), vec![vec![published(1, 1), published(2, 2)]], 8).await;
        assert!(!text.contains("id: 1\n") && text.contains("id: 2\n"), "{text}");
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_to_read_anew() {
        let ticks = (1..=9).map(|seq| vec![published(seq, 1)]).collect();
        let text = told(0, None, Missed::Events(Vec::new()), ticks, 4).await;
        assert!(text.contains("event: reset\n"), "{text}");
        assert!(text.contains("id: 9\n"), "{text}");
        let text = told(0, None, Missed::TooMany, Vec::new(), 4).await;
        assert_eq!(text, "event: hello\ndata: {\"seq\":0}\n\nevent: reset\ndata: {\"seq\":0}\n\n");
    }
}
