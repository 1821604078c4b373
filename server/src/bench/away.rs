//! One outage as it happens: workflows under way all the time, the chat there for a while and then away for as long; and what was not
//! told meanwhile is told when it is back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::chat_server::ChatServer;
use super::dags;
use super::report::{say, whole};
use super::rig::Rig;
use super::wire::Wire;
use crate::clock;
use crate::store::embedded;

/// How long a claim waits for a task; agents that find none look whether all is over.
const CLAIM_WAIT_MS: u64 = 500;
/// Statements are prepared, connections made, channels opened, before anything counts.
const WARM_UP: Duration = Duration::from_secs(5);
/// Connections that create the first workflows.
const CREATORS: usize = 4;
/// How long the rest of the work may take, and the backlog: a slow machine tells a hundred messages a second.
const END_MAX: Duration = Duration::from_secs(600);
const DRAIN_MAX: Duration = Duration::from_secs(3_600);
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is to be seen.
#[derive(Clone, Copy, Debug)]
pub struct Away {
    /// Workflows under way at every moment.
    pub workflows: usize,
    /// How long the chat is there, and then away.
    pub stretch: Duration,
    /// Tasks in one claim and in one batch of completions.
    pub batch: u32,
    /// How long an agent works on a batch.
    pub hold: Duration,
    /// Where chance begins.
    pub seed: u64,
}

/// What was seen.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Tasks a second while the chat could be reached.
    pub with: f64,
    /// Tasks a second while it could not.
    pub without: f64,
}

#[derive(Deserialize)]
struct Claimed {
    leases: Vec<Lease>,
}

#[derive(Deserialize)]
struct Lease {
    attempt_id: String,
    workflow_id: String,
    fence: u64,
}

#[derive(Deserialize)]
struct Results {
    results: Vec<Value>,
}

/// The work under way.
struct Load {
    batch: u32,
    hold: Duration,
    over: AtomicBool,
    done: AtomicU64,
    /// Tasks that are left, of each workflow that was begun.
    left: Mutex<HashMap<String, usize>>,
    /// Rung when a workflow's last task was done.
    ended: mpsc::UnboundedSender<()>,
}

impl Away {
    /// Has the agents of these tokens work all the time. Says how it went, and gives what counts.
    pub async fn run(self, rig: &Rig, chat: &ChatServer, tokens: &[String]) -> anyhow::Result<Seen> {
        let (ended, ends) = mpsc::unbounded_channel();
        let load = Arc::new(Load {
            batch: self.batch,
            hold: self.hold,
            over: AtomicBool::new(false),
            done: AtomicU64::new(0),
            left: Mutex::default(),
            ended,
        });
        dags::create(rig, dags::layered(self.seed, self.workflows), CREATORS).await?;
        let mut squad = JoinSet::new();
        for token in tokens {
            squad.spawn(work(load.clone(), rig.wire().await?, token.clone()));
        }
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let wire = rig.wire().await?;
        let feeding = tokio::spawn(feed(wire, rig.token().to_owned(), self, ends, stopped));

        let mut journal = Journal::of(rig, chat).await?;
        tokio::time::sleep(WARM_UP).await;
        let with = self.stretch(&load).await;
        let before = journal.behind().await?;
        chat.stall();
        let without = self.stretch(&load).await;
        chat.wake();
        let woken = clock::instant();
        let (behind, there) = (journal.behind().await?, journal.messages().await?);
        say(&format!(
            "the chat was {} events behind when it went, and {} when it came back",
            whole(before as f64),
            whole(behind as f64)
        ));

        // What is under way is brought to its end, and told as well.
        let _ = stop.send(());
        let begun = feeding.await??;
        while load.done.load(Ordering::Acquire) < (begun * dags::LAYERED_TASKS) as u64 {
            ensure!(woken.elapsed() < self.stretch + END_MAX, "the work does not come to its end");
            if let Some(one) = squad.try_join_next() {
                one??;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        load.over.store(true, Ordering::Release);
        while let Some(one) = squad.join_next().await {
            one??;
        }
        while journal.behind().await? > 0 {
            ensure!(woken.elapsed() < DRAIN_MAX, "the chat is back, and is not told all that happened");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let (took, told) = (woken.elapsed().as_secs_f64(), journal.messages().await? - there);
        say(&format!(
            "all of it told {took:.1} s later: {} messages, {} a second; {begun} workflows in all",
            whole(told as f64),
            whole(told as f64 / took)
        ));
        Ok(Seen { with, without })
    }

    /// Tasks a second from now on.
    async fn stretch(&self, load: &Load) -> f64 {
        let (before, began) = (load.done.load(Ordering::Acquire), clock::instant());
        tokio::time::sleep(self.stretch).await;
        (load.done.load(Ordering::Acquire) - before) as f64 / began.elapsed().as_secs_f64()
    }
}

/// Begins a workflow for each that has ended, until it is stopped; gives how many were begun in all.
async fn feed(
    mut wire: Wire,
    token: String,
    away: Away,
    mut ends: mpsc::UnboundedReceiver<()>,
    mut stopped: tokio::sync::oneshot::Receiver<()>,
) -> anyhow::Result<usize> {
    let mut begun = away.workflows;
    loop {
        tokio::select! {
            _ = &mut stopped => return Ok(begun),
            Some(()) = ends.recv() => {
                for definition in dags::layered(away.seed.wrapping_add(begun as u64), 1) {
                    let answer = wire.post("/api/v1/workflows", &token, &definition).await?;
                    ensure!(answer.status == 201, "a workflow was refused: {answer:?}");
                    begun += 1;
                }
            }
        }
    }
}

/// One agent: claims and completes until it is over.
async fn work(load: Arc<Load>, mut wire: Wire, token: String) -> anyhow::Result<()> {
    let claim = json!({ "max": load.batch, "wait_ms": CLAIM_WAIT_MS }).to_string();
    while !load.over.load(Ordering::Acquire) {
        let claimed: Claimed = wire.post("/api/v1/claims", &token, claim.as_bytes()).await?.json()?;
        if claimed.leases.is_empty() {
            continue;
        }
        tokio::time::sleep(load.hold).await;
        let result =
            |lease: &Lease| json!({ "attempt_id": lease.attempt_id, "fence": lease.fence, "output": { "ok": true } });
        let items: Vec<Value> = claimed.leases.iter().map(result).collect();
        let body = json!({ "items": items }).to_string();
        let answer = wire.post("/api/v1/attempts/complete", &token, body.as_bytes()).await?;
        let results = answer.json::<Results>()?.results;
        let refused = results.iter().find(|result| result["status"] != "accepted");
        ensure!(refused.is_none() && results.len() == items.len(), "a completion was refused: {refused:?}");
        load.completed(&claimed.leases);
    }
    Ok(())
}

impl Load {
    fn completed(&self, leases: &[Lease]) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        for lease in leases {
            let of_workflow = left.entry(lease.workflow_id.clone()).or_insert(dags::LAYERED_TASKS);
            *of_workflow -= 1;
            if *of_workflow == 0 {
                left.remove(&lease.workflow_id);
                // An error says that no more workflows are begun.
                let _ = self.ended.send(());
            }
        }
        drop(left);
        self.done.fetch_add(leases.len() as u64, Ordering::AcqRel);
    }
}

/// What stands in the journal, and in the chat.
struct Journal {
    cluster: PgConnection,
    chat: PgConnection,
}

impl Journal {
    async fn of(rig: &Rig, chat: &ChatServer) -> anyhow::Result<Journal> {
        let cluster = PgConnection::connect_with(&rig.cluster()?).await?;
        let (chat, _) = embedded::running(chat.data_dir())?;
        Ok(Journal { cluster, chat: PgConnection::connect_with(&chat).await? })
    }

    /// Lines that the chat was not told yet.
    async fn behind(&mut self) -> anyhow::Result<i64> {
        let query = "SELECT (SELECT coalesce(max(seq), 0) FROM orchestration_events) - \
                     (SELECT coalesce(min(posted_seq), 0) FROM chat_bookmarks)";
        sqlx::query_scalar(query).fetch_one(&mut self.cluster).await.context("asking how far the chat was told")
    }

    async fn messages(&mut self) -> anyhow::Result<i64> {
        sqlx::query_scalar("SELECT count(*) FROM chat.messages")
            .fetch_one(&mut self.chat)
            .await
            .context("counting messages")
    }
}
