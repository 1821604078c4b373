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
use crate::store::{Store, Tenant, idempotency};

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
    pub snapshot_seq: Option<u64>,
    pub took: Duration,
    pub outcome: anyhow::Result<()>,
}

impl Tick {
    /// Writes everything in one transaction.
    pub async fn commit(self, store: Store, organization: OrganizationId) -> Committed {
        let started = clock::instant();
        let outcome = self.write(&store, organization).await;
        let took = started.elapsed();
        metrics::histogram!("devsquad_commit_seconds").record(took.as_secs_f64());
        metrics::counter!("devsquad_events_total").increment(self.entries.len() as u64);
        let ended = self
            .entries
            .iter()
            .filter_map(|entry| match &entry.event.change {
                Change::WorkflowEnded { workflow, .. } => Some(*workflow),
                _ => None,
            })
            .collect();
        let published = self.entries.into_iter().map(|entry| Published::new(entry.event, entry.json)).collect();
        let snapshot_seq = self.snapshot.map(|(seq, _)| seq);
        Committed { callers: self.callers, published, ended, chain: self.chain, snapshot_seq, took, outcome }
    }

    async fn write(&self, store: &Store, organization: OrganizationId) -> anyhow::Result<()> {
        let mut tx = store.begin_tick(&Tenant::system(organization.0)).await?;
        journal::check_epoch(&mut tx, self.epoch).await?;
        let mut new = Together::default();
        self.touched.begin(&mut new, organization.0, self.now);
        new.execute(&mut tx).await?;
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
