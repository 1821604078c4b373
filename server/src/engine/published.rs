//! A committed event as it goes out on a stream: encoded once, however many listen.

use std::sync::OnceLock;

use bytes::Bytes;
use devsquad::Event;
use devsquad::view::News;

/// A committed event, encoded once for all subscribers.
#[derive(Debug)]
pub struct Published {
    /// What happened.
    pub event: Event,
    json: Bytes,
    whole: OnceLock<Bytes>,
    news: OnceLock<Bytes>,
}

impl Published {
    /// An event with its JSON.
    pub fn new(event: Event, json: impl Into<Bytes>) -> Published {
        Published { event, json: json.into(), whole: OnceLock::new(), news: OnceLock::new() }
    }

    /// How much there is of it.
    pub fn bytes(&self) -> usize {
        self.json.len()
    }

    /// The whole event, on a stream; made when the first asks.
    pub fn whole(&self) -> Bytes {
        self.whole.get_or_init(|| on_stream(self.event.seq, &self.json)).clone()
    }

    /// What open pages are told of it, on a stream; made when the first of them asks.
    pub fn news(&self) -> Bytes {
        self.news.get_or_init(|| on_stream(self.event.seq, &news(&self.event))).clone()
    }
}

/// What open pages are told of an event, as JSON.
pub fn news(event: &Event) -> Bytes {
    match serde_json::to_vec(&News::of(event)) {
        Ok(json) => json.into(),
        Err(error) => {
            tracing::error!(%error, seq = event.seq, "an event cannot be told to the pages");
            Bytes::from(format!("{{\"seq\":{}}}", event.seq))
        }
    }
}

/// The JSON of an event as a server-sent event. In one piece: pieces reach the socket one by one.
pub fn on_stream(seq: u64, json: &[u8]) -> Bytes {
    let head = match seq {
        0 => "data: ".to_owned(),
        seq => format!("id: {seq}\ndata: "),
    };
    Bytes::from([head.as_bytes(), json, b"\n\n"].concat())
}
