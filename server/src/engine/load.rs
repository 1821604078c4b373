//! Taking an organization over: become its single writer, then rebuild its state from the last snapshot and the journal.

use anyhow::Context as _;
use devsquad::State;
use devsquad::id::{OrganizationId, WorkflowId};
use devsquad::workflow::Workflow;
use jiff::SignedDuration;
use uuid::Uuid;

use super::queue::{KEYS_REMEMBERED_MAX, Keys};
use crate::clock;
use crate::store::journal::{self, Chain};
use crate::store::projections::Assigned;
use crate::store::{Store, Tenant, idempotency};

/// How long an owner counts as alive without renewing. Only for people to read: the epoch decides.
const OWNER_LEASE: SignedDuration = SignedDuration::from_secs(30);

/// A state ready to go on.
pub(super) struct Loaded {
    pub state: State,
    pub chain: Chain,
    pub epoch: i64,
    pub keys: Keys,
    /// The event of the last snapshot.
    pub snapshot_seq: u64,
    /// Rows that say already who takes part in what.
    pub assigned: Assigned,
}

/// Becomes the single writer of an organization and rebuilds its state.
pub(super) async fn take_over(store: &Store, organization: OrganizationId, replica: Uuid) -> anyhow::Result<Loaded> {
    let tenant = Tenant::system(organization.0);
    let now = clock::now();
    let mut tx = store.begin(&tenant).await.context("taking over")?;
    let epoch = journal::take_over(&mut tx, replica, now, now + OWNER_LEASE).await?;
    idempotency::forget(&mut tx, now).await?;
    tx.commit().await?;
    let started = clock::instant();
    let loaded = load(store, &tenant, epoch).await?;
    tracing::info!(
        organization.id = %organization,
        epoch,
        journal.seq = loaded.chain.seq,
        workflows = loaded.state.workflows.len(),
        duration_ms = started.elapsed().as_millis() as u64,
        "engine loaded"
    );
    Ok(loaded)
}

async fn load(store: &Store, tenant: &Tenant, epoch: i64) -> anyhow::Result<Loaded> {
    let mut tx = store.begin_read(tenant).await?;
    let mut state: State = match journal::load_snapshot(&mut tx).await? {
        Some(bytes) => serde_json::from_slice(&bytes).context("reading the snapshot")?,
        None => State::default(),
    };
    let snapshot_seq = state.seq;
    // Indexes first, so that events find their tasks; live leases are renewed once everything is folded in.
    state = state.restored(clock::now());
    loop {
        let events = journal::read_after(&mut tx, state.seq, journal::READ_MAX).await?;
        let Some(last) = events.last().map(|event| event.seq) else { break };
        for event in &events {
            state.apply(event.at, &event.actor, &event.change);
        }
        anyhow::ensure!(state.seq == last, "the journal has a gap before event {last} (state at {})", state.seq);
        let ended: Vec<WorkflowId> = state
            .workflows
            .values()
            .filter(|workflow| workflow.status.is_terminal())
            .map(|workflow| workflow.id)
            .collect();
        for workflow in ended {
            state.forget(workflow);
        }
    }
    let chain = journal::head(&mut tx).await?;
    anyhow::ensure!(chain.seq == state.seq, "the journal grew while it was read");
    let keys = idempotency::keys(&mut tx).await?;
    if keys.len() > KEYS_REMEMBERED_MAX {
        tracing::warn!(keys = keys.len(), "more idempotency keys than expected are kept in memory");
    }
    let (state, keys) = (state.restored(clock::now()), Keys::kept(keys));
    Ok(Loaded { state, chain, epoch, keys, snapshot_seq, assigned: Assigned::default() })
}

/// A workflow that has left memory, folded from its own events.
pub(super) async fn workflow(
    store: &Store,
    organization: OrganizationId,
    id: WorkflowId,
) -> anyhow::Result<Option<Workflow>> {
    let mut tx = store.begin_read(&Tenant::system(organization.0)).await?;
    let mut state = State::default();
    let mut seq = 0;
    loop {
        let events = journal::read_workflow(&mut tx, id, seq, journal::READ_MAX).await?;
        let Some(last) = events.last().map(|event| event.seq) else { break };
        seq = last;
        for event in &events {
            state.apply(event.at, &event.actor, &event.change);
        }
    }
    Ok(state.workflows.remove(&id))
}
