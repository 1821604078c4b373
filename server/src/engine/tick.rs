//! What was decided since the last commit, and its one transaction.

use std::sync::Arc;
use std::time::Duration;

use devsquad::id::{OrganizationId, WorkflowId};
use devsquad::{Answer, Change};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::Published;
use super::queue::Reply;
use crate::clock;
use crate::store::idempotency::Kept;
use crate::store::journal::{self, Chain, Entry};
use crate::store::projections::Touched;
use crate::store::together::Together;
use crate::store::{Store, TenantTx, idempotency};

/// A caller that is answered when the tick is durable.
pub(super) struct Caller {
    /// Whom to answer; nobody, where the answer has gone out already and others may wait for it under the same key.
    pub reply: Option<oneshot::Sender<Reply>>,
    pub answer: Answer,
    pub key: Option<u128>,
}

/// A tick on its way to the disk.
pub(super) struct Tick {
    pub entries: Vec<Entry>,
    pub touched: Touched,
    pub kept: Vec<Kept>,
    pub callers: Vec<Caller>,
    pub epoch: i64,
    pub now: Timestamp,
    /// The state after this tick, if it is time to keep it.
    pub snapshot: Option<(u64, Vec<u8>)>,
    pub chain: Chain,
}

/// A tick that is durable, or not.
pub(super) struct Committed {
    pub callers: Vec<Caller>,
    pub published: Arc<[Published]>,
    pub ended: Vec<WorkflowId>,
    pub chain: Chain,
    pub took: Duration,
    pub outcome: anyhow::Result<()>,
}

/// A tick whose new rows are written, in a transaction that is still open.
pub(super) struct Begun {
    tick: Tick,
    organization: OrganizationId,
    open: anyhow::Result<TenantTx>,
    took: Duration,
}

impl Tick {
    /// Begins the transaction in which everything is written, says so, and writes the rows of what is new: they need nothing of a tick
    /// that is still being written.
    pub async fn begin(self, store: Store, organization: OrganizationId, begun: oneshot::Sender<()>) -> Begun {
        let started = clock::instant();
        let open = self.open(&store, organization, begun).await;
        Begun { tick: self, organization, open, took: started.elapsed() }
    }

    async fn open(
        &self,
        store: &Store,
        organization: OrganizationId,
        begun: oneshot::Sender<()>,
    ) -> anyhow::Result<TenantTx> {
        let mut tx = journal::begin_tick(store, organization.0, self.epoch).await?;
        // Nobody listens if there is no next one.
        let _ = begun.send(());
        let mut new = Together::default();
        self.touched.begin(&mut new, organization.0, self.now);
        new.execute(&mut tx).await?;
        Ok(tx)
    }

    async fn close(&self, mut tx: TenantTx, organization: OrganizationId) -> anyhow::Result<()> {
        self.touched.let_go(&mut tx).await?;
        let mut all = Together::default();
        journal::append(&mut all, organization.0, &self.entries);
        self.touched.go_on(&mut all, organization.0, self.now);
        idempotency::keep(&mut all, organization.0, &self.kept, self.now);
        all.execute(&mut tx).await?;
        self.touched.finish(&mut tx).await?;
        if let Some((seq, state)) = &self.snapshot {
            journal::save_snapshot(&mut tx, *seq, self.epoch, state, self.now).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

impl Begun {
    /// Undoes what is written. Gives those who wait for it.
    pub fn undo(self) -> Vec<Caller> {
        self.tick.callers
    }

    /// Writes the rest, and commits. Every tick before this one is on the disk: what changes may be their rows.
    pub async fn commit(self) -> Committed {
        let started = clock::instant();
        let Begun { tick, organization, open, took } = self;
        let outcome = match open {
            Ok(tx) => tick.close(tx, organization).await,
            Err(error) => Err(error),
        };
        let took = took + started.elapsed();
        metrics::histogram!("devsquad_commit_seconds").record(took.as_secs_f64());
        metrics::counter!("devsquad_events_total").increment(tick.entries.len() as u64);
        let ended = tick
            .entries
            .iter()
            .filter_map(|entry| match &entry.event.change {
                Change::WorkflowEnded { workflow, .. } => Some(*workflow),
                _ => None,
            })
            .collect();
        let published = tick.entries.into_iter().map(|entry| Published::new(entry.event, entry.json)).collect();
        Committed { callers: tick.callers, published, ended, chain: tick.chain, took, outcome }
    }
}
