//! The line between a server and its chat, which can be cut and can be bad.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Bytes of a request that are handed on.
const BODY_BYTES_MAX: usize = 16 * 1_024 * 1_024;
/// How long a slow answer takes.
const SLOW: Duration = Duration::from_millis(400);
/// Seconds until a refusal says that the next window begins.
const WINDOW_S: i64 = 1;

/// What may become of a call. Each comes with one call in ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// 500, and nothing was done.
    Failed,
    /// 429 with the second at which the next window begins, and nothing was done.
    TooMany,
    /// Done, and answered late.
    Slow,
    /// Done, and answered with 500.
    StoredThenFailed,
}

const FAULTS: [Fault; 4] = [Fault::Failed, Fault::TooMany, Fault::Slow, Fault::StoredThenFailed];

/// A line; it is whole until it is told otherwise.
pub struct Line {
    address: SocketAddr,
    wire: Arc<Wire>,
    open: Option<(CancellationToken, JoinHandle<()>)>,
}

struct Wire {
    to: String,
    client: reqwest::Client,
    bad: AtomicBool,
    chance: Mutex<StdRng>,
    calls: AtomicU64,
    met: [AtomicU64; FAULTS.len()],
}

impl Line {
    /// A line to the chat at this address. The same seed deals the same faults to the calls that come, one after the other.
    pub async fn to(chat: String, seed: u64) -> Line {
        let wire = Wire {
            to: chat,
            client: reqwest::Client::new(),
            bad: AtomicBool::new(false),
            chance: Mutex::new(StdRng::seed_from_u64(seed)),
            calls: AtomicU64::new(0),
            met: Default::default(),
        };
        let mut line = Line { address: SocketAddr::from(([127, 0, 0, 1], 0)), wire: Arc::new(wire), open: None };
        line.mend().await;
        line
    }

    /// Where it begins.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts it: nobody listens at its address.
    pub async fn cut(&mut self) {
        if let Some((stop, served)) = self.open.take() {
            stop.cancel();
            served.await.expect("the line ends");
        }
    }

    /// Makes it whole again, at the same address.
    pub async fn mend(&mut self) {
        let listener = TcpListener::bind(self.address).await.expect("the line's address");
        self.address = listener.local_addr().expect("an address");
        let (stop, router) = (CancellationToken::new(), Router::new().fallback(pass).with_state(self.wire.clone()));
        let stopped = stop.clone();
        let served = tokio::spawn(async move {
            let serving = axum::serve(listener, router).with_graceful_shutdown(stopped.cancelled_owned());
            serving.await.expect("the line is served");
        });
        self.open = Some((stop, served));
    }

    /// Has it deal faults, or no longer.
    pub fn set_bad(&self, bad: bool) {
        self.wire.bad.store(bad, Ordering::Release);
    }

    /// How often each fault was met, and of how many calls.
    pub fn met(&self) -> (Vec<(Fault, u64)>, u64) {
        let met = FAULTS.into_iter().zip(&self.wire.met).map(|(fault, count)| (fault, count.load(Ordering::Acquire)));
        (met.collect(), self.wire.calls.load(Ordering::Acquire))
    }
}

impl Wire {
    fn fault(&self) -> Option<Fault> {
        self.calls.fetch_add(1, Ordering::AcqRel);
        let drawn = self.chance.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..10);
        let fault = FAULTS.get(drawn).copied().filter(|_| self.bad.load(Ordering::Acquire))?;
        self.met[drawn].fetch_add(1, Ordering::AcqRel);
        Some(fault)
    }
}

async fn pass(State(wire): State<Arc<Wire>>, request: Request) -> Response<Body> {
    let fault = wire.fault();
    match fault {
        Some(Fault::Failed) => return answer(500, &HeaderMap::new(), "the line says: failed"),
        Some(Fault::TooMany) => {
            let mut headers = HeaderMap::new();
            let reset = server::clock::now().as_second() + WINDOW_S;
            headers.insert("x-ratelimit-limit", 10.into());
            headers.insert("x-ratelimit-remaining", 0.into());
            headers.insert("x-ratelimit-reset", reset.into());
            return answer(429, &headers, "the line says: too many");
        }
        Some(Fault::Slow) => tokio::time::sleep(SLOW).await,
        Some(Fault::StoredThenFailed) | None => {}
    }
    let done = hand_on(&wire, request).await;
    match (done, fault) {
        (_, Some(Fault::StoredThenFailed)) => answer(500, &HeaderMap::new(), "the line says: failed, but it was done"),
        (Ok((status, headers, body)), _) => answer(status, &headers, body),
        (Err(error), _) => answer(502, &HeaderMap::new(), error.to_string()),
    }
}

async fn hand_on(wire: &Wire, request: Request) -> Result<(u16, HeaderMap, bytes::Bytes), reqwest::Error> {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = parts.headers;
    for own in ["host", "content-length", "transfer-encoding", "connection"] {
        headers.remove(own);
    }
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    let done =
        wire.client.request(parts.method, format!("{}{path}", wire.to)).headers(headers).body(body).send().await?;
    let (status, headers) = (done.status().as_u16(), done.headers().clone());
    Ok((status, headers, done.bytes().await?))
}

fn answer(status: u16, headers: &HeaderMap, body: impl Into<Body>) -> Response<Body> {
    let mut answer = Response::builder().status(status).body(body.into()).expect("an answer");
    let about = headers.iter().filter(|(name, _)| name.as_str().starts_with("x-") || *name == "content-type");
    answer.headers_mut().extend(about.map(|(name, value)| (name.clone(), value.clone())));
    answer
}
