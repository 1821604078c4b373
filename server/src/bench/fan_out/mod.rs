//! From an event to the last of many open pages, and what a delivery costs; beside a bare loop that writes the same bytes to as many
//! sockets, and beside others who do this for a living.
//!
//! A page is a connection to `/live`, signed in with a session of its own. Every tenth of a second a workflow is paused: one event. The
//! time runs from before the request is written until the last page has read it. The peers are given the event's own text to spread.

mod audience;
pub mod floor;
mod peers;

use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use devsquad::id::OrganizationId;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use super::report::{Gates, Table, say, say_machine, whole};
use super::rig::Rig;
use super::stats::Times;
use super::wire::Wire;
use super::{Common, cpu, dags};
use crate::clock;
use crate::config::Config;
use crate::engine::news;
use crate::store::{Store, StoreOptions, organizations};
use audience::{Audience, Greeting};

/// How many pages, and what 99 of 100 events may take to the last of them.
const GATES_MS: [(usize, f64); 2] = [(500, 15.0), (5_000, 120.0)];
/// How much longer than the bare loop it may take.
const TIMES_THE_FLOOR_MAX: f64 = 1.5;
/// Events before those that count: buffers grow, pages settle.
const WARM_UP: usize = 5;
/// How long the last events may be on their way.
const ARRIVE_MAX: Duration = Duration::from_secs(10);
/// How long the chat has to have been told nothing more, and how long that may take: at least, and for each workflow.
const SETTLED_AFTER: Duration = Duration::from_secs(3);
const SETTLE_MAX: Duration = Duration::from_secs(120);
const SETTLE_EACH_MAX: Duration = Duration::from_millis(30);
/// Sessions made at the same time.
const AT_ONCE: usize = 8;
/// Connections that create the workflows.
const CREATORS: usize = 4;
/// Connections that ask for the events of a burst: each waits until its last one is on the disk.
const BURSTERS: usize = 16;
/// How long the events of a burst may be on their way.
const BURST_ARRIVES_MAX: Duration = Duration::from_secs(60);

/// From an event to the last of many open pages.
#[derive(Args, Clone, Debug)]
pub struct FanOut {
    /// Pages that are open, one stage after the other.
    #[arg(long, value_delimiter = ',', default_values_t = [500, 5_000, 9_500])]
    subscribers: Vec<usize>,
    /// Events that are counted in each stage.
    #[arg(long, default_value_t = 100)]
    events: usize,
    /// From one event to the next.
    #[arg(long, default_value_t = 100)]
    every_ms: u64,
    /// Events a second in a burst to the pages of the first stage; 0 leaves it out.
    #[arg(long, default_value_t = 1_000)]
    burst: u32,
    /// How long the burst is.
    #[arg(long, default_value_t = 10)]
    burst_s: u32,
    /// Leave the peers out.
    #[arg(long)]
    no_peers: bool,
    #[command(flatten)]
    common: Common,
}

/// Somebody who spreads events, and how to have one spread.
struct Spreader {
    name: &'static str,
    /// The processes whose time it is, each with its children.
    processes: Vec<u32>,
    wire: Wire,
    /// What the nth event asks for: a path and a body.
    posts: Vec<(String, Vec<u8>)>,
    token: String,
}

/// What a stage came to.
struct Spread {
    last: Times,
    lost: u64,
    cpu_us: f64,
}

impl FanOut {
    /// Runs it.
    pub async fn run(self, config: &Config) -> anyhow::Result<i32> {
        ensure!(self.events > 0 && self.subscribers.iter().all(|count| *count > 0), "there is nothing to do");
        say(&format!("fan-out: {} events, one each {} ms", self.events, self.every_ms));
        say_machine();
        let rig = Rig::start(config, &self.common).await?;
        let heads =
            ["pages", "who", "p50 ms", "p99 ms", "max ms", "CPU µs/delivery", "lost", "p50 ÷ floor", "p99 ÷ floor"];
        let mut table = Table::new(&heads);
        let mut results = Vec::new();
        for count in &self.subscribers {
            let (text, ours) = self.ours(&rig, *count).await.with_context(|| format!("{count} pages"))?;
            let floor = self.floor(&text, *count).await.context("the bare loop")?;
            table.row(cells(*count, "bare loop", &floor, &floor));
            table.row(cells(*count, "ours", &ours, &floor));
            for peer in if self.no_peers { &[][..] } else { &peers::ALL[..] } {
                match self.peer(*peer, &text, *count).await {
                    Ok(Some(spread)) => table.row(cells(*count, peer.name(), &spread, &floor)),
                    Ok(None) => say(&format!("{} is not here: left out", peer.name())),
                    Err(error) => say(&format!("{} did not do it: {error:#}", peer.name())),
                }
            }
            results.push((*count, ours, floor));
        }
        let burst = match self.subscribers.first() {
            Some(count) if self.burst > 0 => Some(self.burst(&rig, *count).await.context("the burst")?),
            _ => None,
        };
        table.say();
        let mut gates = Gates::default();
        for (count, ours, floor) in results {
            let (p99, bare) = (ours.last.quantile_ms(0.99), floor.last.quantile_ms(0.99));
            if let Some((_, gate)) = GATES_MS.iter().find(|(pages, _)| *pages == count) {
                gates.check(p99 <= *gate, &format!("{count} pages: p99 {p99:.1} ms, at most {gate:.0} ms"));
            }
            let times = p99 / bare;
            let bound = format!("{count} pages: {times:.2} times the bare loop, at most {TIMES_THE_FLOOR_MAX}");
            gates.check(times <= TIMES_THE_FLOOR_MAX, &bound);
            gates.check(ours.lost == 0, &format!("{count} pages: {} deliveries lost", ours.lost));
        }
        if let Some(lost) = burst {
            gates.check(lost == 0, &format!("a burst of {} events a second: {lost} deliveries lost", self.burst));
        }
        let holds = rig.verify().await?;
        gates.check(holds, "every invariant holds");
        Ok(gates.exit_code(self.common.gate))
    }

    /// Our own `/live`. Gives the text of an event as well, with which the others are measured.
    async fn ours(&self, rig: &Rig, count: usize) -> anyhow::Result<(String, Spread)> {
        let definition = dags::chain(0, 1);
        let workflows = dags::create(rig, vec![definition; WARM_UP + self.events], CREATORS).await?;
        let marks: Vec<String> = workflows.iter().map(|creation| creation.id.clone()).collect();
        settle(rig, marks.len()).await?;
        let audience = Self::pages(rig, count, &marks).await?;
        let posts = marks.iter().map(|id| pause(id));
        let spreader = Spreader {
            name: "ours",
            processes: rig.processes(),
            wire: rig.wire().await?,
            posts: posts.collect(),
            token: rig.token().to_owned(),
        };
        let spread = self.spread(spreader, &audience).await?;
        let id = marks.last().context("no event")?;
        let events: Value =
            rig.wire().await?.get(&format!("/api/v1/workflows/{id}/events"), rig.token()).await?.json()?;
        let event = events["events"].as_array().and_then(|events| events.last()).context("no event was kept")?;
        let text = news(&serde_json::from_value(event.clone()).context("an event nobody can read")?);
        Ok((String::from_utf8(text.to_vec())?, spread))
    }

    /// Many events a second to the pages, for a while; gives how many deliveries are lost.
    async fn burst(&self, rig: &Rig, count: usize) -> anyhow::Result<u64> {
        let events = (self.burst * self.burst_s) as usize;
        let workflows = dags::create(rig, vec![dags::chain(0, 1); events], CREATORS).await?;
        let marks: Vec<String> = workflows.into_iter().map(|creation| creation.id).collect();
        settle(rig, marks.len()).await?;
        let audience = Self::pages(rig, count, &marks).await?;
        let used = || rig.processes().iter().map(|id| cpu::used_by_family_s(*id)).sum::<f64>();
        let (began, before) = (clock::instant(), used());
        let mut lanes = Vec::new();
        for lane in 0..BURSTERS {
            let (mut wire, token) = (rig.wire().await?, rig.token().to_owned());
            let mine: Vec<(usize, String)> = marks.iter().cloned().enumerate().skip(lane).step_by(BURSTERS).collect();
            let every = Duration::from_secs(1) / self.burst;
            lanes.push(tokio::spawn(async move {
                let mut sent = Vec::with_capacity(mine.len());
                for (nth, id) in mine {
                    tokio::time::sleep_until((began + every * nth as u32).into()).await;
                    sent.push((nth, clock::instant()));
                    let (path, body) = pause(&id);
                    let answer = wire.post(&path, &token, &body).await?;
                    ensure!((200..300).contains(&answer.status), "we answered {answer:?}");
                }
                Ok(sent)
            }));
        }
        let mut sent = Vec::with_capacity(events);
        for lane in lanes {
            sent.extend(lane.await??);
        }
        let took_s = began.elapsed().as_secs_f64();
        audience.hear_out(BURST_ARRIVES_MAX).await;
        let lost = audience.missing();
        sent.sort_unstable();
        let sent: Vec<_> = sent.into_iter().map(|(_, at)| at).collect();
        let last = Times::new(audience.last_heard(&sent).into_iter().flatten().collect());
        let deliveries = events as f64 * count as f64 - lost as f64;
        say(&format!(
            "burst: {events} events in {took_s:.1} s to {count} pages: to the last page p50 {:.0} ms, p99 {:.0} ms; {:.1} CPU µs/delivery; lost {lost}",
            last.quantile_ms(0.5),
            last.quantile_ms(0.99),
            (used() - before) * 1e6 / deliveries,
        ));
        Ok(lost)
    }

    /// Open pages, each with a session of its own.
    async fn pages(rig: &Rig, count: usize, marks: &[String]) -> anyhow::Result<Audience> {
        let requests = sessions(rig, count).await?.into_iter().map(|cookie| {
            format!("GET /live HTTP/1.1\r\nhost: {}\r\ncookie: devsquad={cookie}\r\n\r\n", rig.address()).into_bytes()
        });
        Audience::gather(rig.address(), requests.collect(), Greeting::EventStream { hello: true }, marks).await
    }

    async fn floor(&self, text: &str, count: usize) -> anyhow::Result<Spread> {
        let floor = floor::Process::start().await?;
        let (marks, posts) = self.copies(text)?;
        let request = b"GET / HTTP/1.1\r\nhost: floor\r\n\r\n".to_vec();
        let greeting = Greeting::EventStream { hello: false };
        let audience = Audience::gather(floor.address(), vec![request; count], greeting, &marks).await?;
        let spreader = Spreader {
            name: "the bare loop",
            processes: vec![floor.process()],
            wire: Wire::connect(floor.address(), false).await?,
            posts: posts.into_iter().map(|post| ("/".to_owned(), post)).collect(),
            token: String::new(),
        };
        self.spread(spreader, &audience).await
    }

    async fn peer(&self, peer: peers::Peer, text: &str, count: usize) -> anyhow::Result<Option<Spread>> {
        let Some(running) = peers::Running::start(peer).await? else { return Ok(None) };
        let (marks, posts) = self.copies(text)?;
        let requests = vec![running.request(); count];
        let audience = Audience::gather(running.address(), requests, running.greeting(), &marks).await?;
        let spreader = Spreader {
            name: peer.name(),
            processes: vec![running.process()],
            wire: Wire::connect(running.address(), false).await?,
            posts: posts.into_iter().map(|post| ("/pub".to_owned(), post)).collect(),
            token: String::new(),
        };
        self.spread(spreader, &audience).await.map(Some)
    }

    /// As many events as ours had, each the sample with a mark of its own.
    fn copies(&self, text: &str) -> anyhow::Result<(Vec<String>, Vec<Vec<u8>>)> {
        let old = audience::mark_in(text.as_bytes()).context("an event without a workflow")?;
        let old = String::from_utf8(old.to_vec())?;
        let marks: Vec<String> = (0..WARM_UP + self.events).map(|_| clock::fresh_id().to_string()).collect();
        let posts = marks.iter().map(|mark| text.replace(&old, mark).into_bytes()).collect();
        Ok((marks, posts))
    }

    /// Has everything spread, one event after the other at its time.
    async fn spread(&self, mut spreader: Spreader, audience: &Audience) -> anyhow::Result<Spread> {
        let mut ticks = tokio::time::interval(Duration::from_millis(self.every_ms));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let used = |spreader: &Spreader| spreader.processes.iter().map(|id| cpu::used_by_family_s(*id)).sum::<f64>();
        let (mut sent, mut before) = (Vec::with_capacity(spreader.posts.len()), 0.0);
        for (nth, (path, body)) in std::mem::take(&mut spreader.posts).into_iter().enumerate() {
            ticks.tick().await;
            if nth == WARM_UP {
                before = used(&spreader);
            }
            sent.push(clock::instant());
            let answer = spreader.wire.post(&path, &spreader.token, &body).await?;
            ensure!((200..300).contains(&answer.status), "{} answered {answer:?}", spreader.name);
        }
        audience.hear_out(ARRIVE_MAX).await;
        let deliveries = self.events as f64 * audience.len() as f64;
        let cpu_us = (used(&spreader) - before) * 1e6 / deliveries;
        let last = audience.last_heard(&sent).into_iter().skip(WARM_UP).flatten().collect();
        Ok(Spread { last: Times::new(last), lost: audience.missing(), cpu_us })
    }
}

/// What asks for the event of a workflow: a path and a body.
fn pause(id: &str) -> (String, Vec<u8>) {
    (format!("/api/v1/workflows/{id}/pause"), json!({ "reason": "a measurement" }).to_string().into_bytes())
}

fn cells(count: usize, who: &str, spread: &Spread, floor: &Spread) -> Vec<String> {
    let mut cells = vec![whole(count as f64), who.to_owned()];
    cells.extend([0.5, 0.99, 1.0].map(|q| format!("{:.2}", spread.last.quantile_ms(q))));
    cells.extend([format!("{:.1}", spread.cpu_us), spread.lost.to_string()]);
    cells.extend([0.5, 0.99].map(|q| format!("{:.2}", spread.last.quantile_ms(q) / floor.last.quantile_ms(q))));
    cells
}

/// Waits until the chat has been told of the workflows: that is work of the same process, and no delivery.
async fn settle(rig: &Rig, workflows: usize) -> anyhow::Result<()> {
    let most = SETTLE_MAX + SETTLE_EACH_MAX * u32::try_from(workflows)?;
    let (began, mut before) = (clock::instant(), rig.metrics().await?);
    loop {
        tokio::time::sleep(SETTLED_AFTER).await;
        let now = rig.metrics().await?;
        if now.grown(&before, "devsquad_messenger_seq") == 0.0 {
            return Ok(());
        }
        ensure!(began.elapsed() < most, "the chat is still told of the workflows");
        before = now;
    }
}

/// A session of the owner's for each page.
async fn sessions(rig: &Rig, count: usize) -> anyhow::Result<Vec<String>> {
    let store = Store::open(StoreOptions::of_running(rig.data_dir())?.connections_max(AT_ONCE as u32)).await?;
    let ids = organizations::ids(&mut store.begin_worker().await?).await?;
    let organization = OrganizationId(*ids.first().context("no organization")?);
    let (owner, _) = store.owners(organization).await?.into_iter().next().context("no owner")?;
    let made = stream::iter(0..count).map(|_| async {
        let session = store.start_session(owner, organization, "bench", clock::now()).await?;
        anyhow::Ok(session.context("no session was made")?.reveal().to_owned())
    });
    let sessions = made.buffer_unordered(AT_ONCE).try_collect().await?;
    store.close().await;
    Ok(sessions)
}
