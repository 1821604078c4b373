//! What is said in a channel of many members: from the request to its answer, and to the last member who hears of it.
//!
//! Members write at a fixed rate, react and read, all through our own client against the embedded server. What happens reaches the
//! members as it reaches open pages: as a signed webhook, and from there to everybody who listens (`listener::Heard`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use clap::Args;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use super::Common;
use super::chat_server::ChatServer;
use super::floor;
use super::report::{Gates, Table, say, say_machine, whole};
use super::stats::Times;
use crate::chat::check::{CHANNEL_TYPE, check};
use crate::chat::client::Client;
use crate::chat::keys::Keys;
use crate::chat::token::is_signed;
use crate::chat::wire::{ChannelData, ChannelQuery, Event, MessageRequest, Reaction, SendReaction, User};
use crate::clock;
use crate::config::Config;
use crate::listener::Heard;

/// What sending may take in the middle, and the last of 500 members may wait.
const SEND_P50_MS_MAX: f64 = 3.0;
const LAST_MS_MAX: f64 = 20.0;
const GATED_MEMBERS: usize = 500;
/// One message in so many is reacted to; each is read by somebody.
const REACTED: usize = 4;
/// Messages before those that count.
const WARM_UP: usize = 20;
/// Users and members in one call.
const IN_A_CALL_MAX: usize = 100;
/// Rounds of the floor.
const FLOOR_ROUNDS: usize = 300;
/// How long the last messages may be on their way.
const ARRIVE_MAX: Duration = Duration::from_secs(10);
const CHANNEL: &str = "bench";

/// What is said in a channel of many members.
#[derive(Args, Clone, Debug)]
pub struct ChatLoad {
    /// Members of the channel, all of them listening.
    #[arg(long, default_value_t = 500)]
    members: usize,
    /// Messages a second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// Seconds that are counted.
    #[arg(long, default_value_t = 15)]
    seconds: u32,
    #[command(flatten)]
    common: Common,
}

/// When each message was sent, and who has heard of it.
#[derive(Default)]
struct Notes {
    sent: Mutex<HashMap<String, (usize, Instant)>>,
    /// For each message: how many members have it, and when the last of them had it, in nanoseconds after it was sent.
    heard: Vec<(AtomicU64, AtomicU64)>,
}

/// What the webhooks are received with.
#[derive(Clone)]
struct Door {
    keys: Keys,
    heard: Heard,
}

impl ChatLoad {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        ensure!(self.members > 0 && self.rate > 0 && self.seconds > 0, "there is nothing to do");
        say(&format!(
            "chat: {} members, {} messages/s for {} s, seed {}",
            self.members, self.rate, self.seconds, self.common.seed
        ));
        say_machine();
        super::rig::open_files_max();
        let chat = ChatServer::start(config, &self.common).await?;
        let client = chat.client()?;
        let heard = Heard::default();
        let webhook = receive(Door { keys: chat.keys()?, heard: heard.clone() }).await?;
        check(&client, Some(&webhook)).await.context("setting the chat up")?;
        self.fill(&client).await.context("filling the channel")?;
        let bare = floor::durable_round_trips(&std::env::temp_dir(), FLOOR_ROUNDS).await?;

        let count = WARM_UP + (self.rate * self.seconds) as usize;
        let notes = Notes { heard: (0..count).map(|_| Default::default()).collect(), ..Notes::default() };
        let notes = Arc::new(notes);
        let mut members = JoinSet::new();
        for _ in 0..self.members {
            members.spawn(listen(heard.subscribe(), notes.clone()));
        }
        let before = chat.cpu();
        let (sends, others) = self.talk(&client, &notes, count).await?;
        let missing = arrived(&notes, self.members as u64).await;
        let used = chat.cpu().since(before);

        let last = notes.heard.iter().skip(WARM_UP).map(|(_, ns)| Duration::from_nanos(ns.load(Ordering::Acquire)));
        let (last, sends, others) = (Times::new(last.collect()), Times::new(sends), Times::new(others));
        let mut table = Table::new(&["what", "count", "p50 ms", "p99 ms", "max ms", "p50 ÷ floor"]);
        for (what, times) in [
            ("floor: written through, and a round trip", &bare),
            ("send → 201", &sends),
            ("reaction or read → 201", &others),
            ("send → last member", &last),
        ] {
            let mut cells = vec![what.to_owned(), whole(times.len() as f64)];
            cells.extend([0.5, 0.99, 1.0].map(|q| format!("{:.2}", times.quantile_ms(q))));
            cells.push(format!("{:.1}", times.quantile_ms(0.5) / bare.quantile_ms(0.5)));
            table.row(cells);
        }
        table.say();
        say(&used.per(count as u64, "message with its reactions and reads"));
        let mut gates = Gates::default();
        let p50 = sends.quantile_ms(0.5);
        gates.check(p50 <= SEND_P50_MS_MAX, &format!("sending: p50 {p50:.2} ms, at most {SEND_P50_MS_MAX:.0} ms"));
        if self.members == GATED_MEMBERS {
            let p50 = last.quantile_ms(0.5);
            let bound = format!("to the last of {GATED_MEMBERS}: p50 {p50:.2} ms, at most {LAST_MS_MAX:.0} ms");
            gates.check(p50 <= LAST_MS_MAX, &bound);
        }
        gates.check(missing == 0, &format!("{missing} deliveries lost"));
        Ok(gates.exit_code(self.common.gate))
    }

    async fn fill(&self, client: &Client) -> anyhow::Result<()> {
        let ids: Vec<String> = (0..self.members).map(user).collect();
        let data = ChannelData { created_by_id: Some(user(0)), ..ChannelData::default() };
        for some in ids.chunks(IN_A_CALL_MAX) {
            let users: Vec<User> = some.iter().map(|id| User { id: id.clone(), ..User::default() }).collect();
            client.upsert_users(&users).await?;
        }
        client.channel(CHANNEL_TYPE, CHANNEL, &ChannelQuery { data, ..ChannelQuery::default() }).await?;
        for some in ids.chunks(IN_A_CALL_MAX) {
            let some: Vec<_> = some.iter().map(|id| json!(id)).collect();
            client.add_members(CHANNEL_TYPE, CHANNEL, &some).await?;
        }
        Ok(())
    }

    /// Has members write at the rate, whatever the answers take. Gives how long sending took, and how long the rest.
    async fn talk(
        &self,
        client: &Client,
        notes: &Arc<Notes>,
        count: usize,
    ) -> anyhow::Result<(Vec<Duration>, Vec<Duration>)> {
        let mut chance = StdRng::seed_from_u64(self.common.seed);
        let mut ticks = tokio::time::interval(Duration::from_secs(1) / self.rate);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut said = JoinSet::new();
        for nth in 0..count {
            ticks.tick().await;
            let (author, reader) = (chance.random_range(0..self.members), chance.random_range(0..self.members));
            said.spawn(say_one(client.clone(), notes.clone(), nth, user(author), user(reader)));
        }
        let (mut sends, mut others) = (Vec::new(), Vec::new());
        while let Some(one) = said.join_next().await {
            let (nth, send, rest) = one??;
            if nth >= WARM_UP {
                sends.push(send);
                others.extend(rest);
            }
        }
        Ok((sends, others))
    }
}

fn user(nth: usize) -> String {
    format!("member-{nth}")
}

/// One message, perhaps a reaction to it, and somebody who has read so far.
async fn say_one(
    client: Client,
    notes: Arc<Notes>,
    nth: usize,
    author: String,
    reader: String,
) -> anyhow::Result<(usize, Duration, Vec<Duration>)> {
    let id = clock::fresh_id().to_string();
    let text = format!("Message {nth}: the tests of the login form pass, the review can begin.");
    let message = MessageRequest { id: Some(id.clone()), ..MessageRequest::text(author, text) };
    let sent = clock::instant();
    notes.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), (nth, sent));
    client.send_message(CHANNEL_TYPE, CHANNEL, &message).await?;
    let (send, mut rest) = (sent.elapsed(), Vec::new());
    if nth.is_multiple_of(REACTED) {
        let reaction = Reaction { kind: "thumbsup".to_owned(), user_id: reader.clone(), ..Reaction::default() };
        let began = clock::instant();
        client.send_reaction(&id, &SendReaction { reaction, enforce_unique: false }).await?;
        rest.push(began.elapsed());
    }
    let began = clock::instant();
    client.mark_read(CHANNEL_TYPE, CHANNEL, &reader, None).await?;
    rest.push(began.elapsed());
    Ok((nth, send, rest))
}

/// One member: notes when a message is there.
async fn listen(mut events: tokio::sync::broadcast::Receiver<Arc<Event>>, notes: Arc<Notes>) {
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let Some(message) = event.message.as_ref().filter(|_| event.kind == "message.new") else { continue };
        let sent = notes.sent.lock().unwrap_or_else(PoisonError::into_inner).get(&message.id).copied();
        if let Some((nth, sent)) = sent {
            let ns = u64::try_from(sent.elapsed().as_nanos()).unwrap_or(u64::MAX);
            notes.heard[nth].1.fetch_max(ns, Ordering::AcqRel);
            notes.heard[nth].0.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// Waits until every member has heard of everything; gives how many deliveries are missing.
async fn arrived(notes: &Notes, members: u64) -> u64 {
    let started = clock::instant();
    loop {
        let missing: u64 =
            notes.heard.iter().map(|(count, _)| members.saturating_sub(count.load(Ordering::Acquire))).sum();
        if missing == 0 || started.elapsed() > ARRIVE_MAX {
            return missing;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Receives webhooks as the door does, for as long as this process runs. Gives the address.
async fn receive(door: Door) -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/webhook", listener.local_addr()?);
    let router = Router::new().route("/webhook", post(hear)).with_state(door);
    tokio::spawn(async move { axum::serve(listener, router).await });
    Ok(url)
}

async fn hear(State(door): State<Door>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !is_signed(door.keys.secret(), &body, signature) {
        return StatusCode::UNAUTHORIZED;
    }
    match serde_json::from_slice::<Event>(&body) {
        Ok(event) => {
            door.heard.say(event);
            StatusCode::OK
        }
        Err(_) => StatusCode::BAD_REQUEST,
    }
}
