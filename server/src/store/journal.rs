//! The journal of an organization: appended by its single writer, hash-chained, read back to rebuild the state.

use anyhow::Context as _;
use devsquad::id::{EventId, WorkflowId};
use devsquad::{Actor, Change, Event};
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::together::Together;
use super::{Store, TenantTx};

/// Events read in one go while a state is rebuilt: a few megabytes.
pub const READ_MAX: i64 = 10_000;
/// What a line takes on its way beside what was said: numbers, ids, a hash, and how long each is.
const LINE_BYTES: usize = 256;

/// One line of the journal, ready to be written.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What happened, when, by whom.
    pub event: Event,
    /// The event as JSON, as subscribers get it.
    pub json: String,
    actor: String,
    data: String,
    hash: [u8; 32],
}

/// The end of the journal: the last number, and the hash that the next line is chained to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// The last number; 0 for an empty journal.
    pub seq: u64,
    /// The last hash.
    pub hash: [u8; 32],
}

impl Chain {
    /// The next line.
    pub fn append(&mut self, id: EventId, at: Timestamp, actor: &Actor, change: Change) -> anyhow::Result<Entry> {
        let seq = self.seq + 1;
        let actor_json = serde_json::to_string(actor).context("an actor as JSON")?;
        let data = change.data().context("a change as JSON")?;
        let hash = line_hash(&self.hash, seq, id.0, at, &actor_json, change.name(), &data);
        let json = format!(
            r#"{{"seq":{seq},"id":"{id}","at":"{at}","actor":{actor_json},"type":"{}","data":{data}}}"#,
            change.name()
        );
        *self = Chain { seq, hash };
        let event = Event { seq, id, at, actor: actor.clone(), change };
        Ok(Entry { event, json, actor: actor_json, data, hash })
    }
}

/// SHA-256 over the hash before and every field of the line, each with its length, so that no two lines read the same.
fn line_hash(before: &[u8; 32], seq: u64, id: Uuid, at: Timestamp, actor: &str, kind: &str, data: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(before);
    hasher.update(seq.to_be_bytes());
    hasher.update(id.as_bytes());
    hasher.update(at.as_microsecond().to_be_bytes());
    for field in [actor, kind, data] {
        hasher.update((field.len() as u64).to_be_bytes());
        hasher.update(field.as_bytes());
    }
    hasher.finalize().into()
}

/// Adds lines that follow each other.
pub fn append(all: &mut Together, organization: Uuid, entries: &[Entry]) {
    if entries.is_empty() {
        return;
    }
    let of = |f: &dyn Fn(&Entry) -> Option<Uuid>| entries.iter().map(f).collect::<Vec<Option<Uuid>>>();
    all.reserve(entries.iter().map(|entry| LINE_BYTES + entry.actor.len() + entry.data.len()).sum());
    all.part(
        "INSERT INTO orchestration_events (organization_id, seq, id, workflow_id, task_id, agent_id, event_type, severity, actor, \
         event_data, timestamp, hash) \
         SELECT $1, e.seq, e.id, e.workflow_id, e.task_id, e.agent_id, e.event_type, e.severity, e.actor::json, e.data::json, e.at, \
         e.hash \
         FROM (SELECT unnest($2::bigint[]) AS seq, unnest($3::uuid[]) AS id, unnest($4::uuid[]) AS workflow_id, \
         unnest($5::uuid[]) AS task_id, unnest($6::uuid[]) AS agent_id, unnest($7::text[]) AS event_type, \
         unnest($8::text[]) AS severity, unnest($9::text[]) AS actor, unnest($10::text[]) AS data, \
         unnest($11::timestamptz[]) AS at, unnest($12::bytea[]) AS hash) AS e",
    )
    .bind(organization)
    .bind(entries.iter().map(|e| e.event.seq as i64).collect::<Vec<i64>>())
    .bind(entries.iter().map(|e| e.event.id.0).collect::<Vec<Uuid>>())
    .bind(of(&|e| e.event.change.workflow().map(|id| id.0)))
    .bind(of(&|e| match e.event.change.tasks() {
        [one] => Some(one.0),
        _ => None,
    }))
    .bind(of(&|e| e.event.change.agent().map(|id| id.0)))
    .bind(entries.iter().map(|e| e.event.change.name()).collect::<Vec<&str>>())
    .bind(entries.iter().map(|e| e.event.change.severity().as_str()).collect::<Vec<&str>>())
    .bind(entries.iter().map(|e| e.actor.as_str()).collect::<Vec<&str>>())
    .bind(entries.iter().map(|e| e.data.as_str()).collect::<Vec<&str>>())
    .bind(entries.iter().map(|e| e.event.at.to_sqlx()).collect::<Vec<jiff_sqlx::Timestamp>>())
    .bind(entries.iter().map(|e| e.hash.as_slice()).collect::<Vec<&[u8]>>());
}

/// The end of the journal.
pub async fn head(tx: &mut TenantTx) -> anyhow::Result<Chain> {
    let organization = tx.tenant().organization;
    let row =
        sqlx::query("SELECT seq, hash FROM orchestration_events WHERE organization_id = $1 ORDER BY seq DESC LIMIT 1")
            .bind(organization)
            .fetch_optional(&mut **tx)
            .await?;
    let Some(row) = row else { return Ok(Chain::default()) };
    let hash: Vec<u8> = row.try_get("hash")?;
    let hash = hash.try_into().map_err(|_| anyhow::anyhow!("a hash of the journal is not 32 bytes long"))?;
    Ok(Chain { seq: row.try_get::<i64, _>("seq")? as u64, hash })
}

const COLUMNS: &str = "seq, id, actor::text AS actor, event_type, event_data::text AS data, timestamp";

/// The events after `seq`, at most `limit`, in order.
pub async fn read_after(tx: &mut TenantTx, seq: u64, limit: i64) -> anyhow::Result<Vec<Event>> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM orchestration_events WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(seq as i64)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(event).collect()
}

/// The events of one workflow after `seq`, at most `limit`, in order.
pub async fn read_workflow(
    tx: &mut TenantTx,
    workflow: WorkflowId,
    seq: u64,
    limit: i64,
) -> anyhow::Result<Vec<Event>> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM orchestration_events WHERE organization_id = $1 AND workflow_id = $2 AND seq > $3 \
         ORDER BY seq LIMIT $4"
    );
    let rows = sqlx::query(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(workflow.0)
        .bind(seq as i64)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(event).collect()
}

/// One row as an event.
pub fn event(row: &PgRow) -> anyhow::Result<Event> {
    let seq = row.try_get::<i64, _>("seq")? as u64;
    let actor: String = row.try_get("actor")?;
    let kind: String = row.try_get("event_type")?;
    let data: String = row.try_get("data")?;
    let at: jiff_sqlx::Timestamp = row.try_get("timestamp")?;
    let change = Change::read(&kind, &data).with_context(|| format!("event {seq} ({kind}) cannot be read"))?;
    Ok(Event {
        seq,
        id: EventId(row.try_get("id")?),
        at: at.to_jiff(),
        actor: serde_json::from_str(&actor).with_context(|| format!("the actor of event {seq} cannot be read"))?,
        change,
    })
}

/// Walks the whole chain: how many lines there are, and the numbers of those whose hash is wrong or that are missing.
pub async fn verify_chain(tx: &mut TenantTx) -> anyhow::Result<(u64, Vec<u64>)> {
    let organization = tx.tenant().organization;
    let mut chain = Chain::default();
    let mut broken = Vec::new();
    loop {
        let query = format!(
            "SELECT {COLUMNS}, hash FROM orchestration_events WHERE organization_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"
        );
        let rows = sqlx::query(sqlx::AssertSqlSafe(query))
            .bind(organization)
            .bind(chain.seq as i64)
            .bind(READ_MAX)
            .fetch_all(&mut **tx)
            .await?;
        if rows.is_empty() {
            return Ok((chain.seq, broken));
        }
        for row in rows {
            let seq = row.try_get::<i64, _>("seq")? as u64;
            let at: jiff_sqlx::Timestamp = row.try_get("timestamp")?;
            let (actor, kind, data): (String, String, String) =
                (row.try_get("actor")?, row.try_get("event_type")?, row.try_get("data")?);
            let stored: Vec<u8> = row.try_get("hash")?;
            let expected = line_hash(&chain.hash, seq, row.try_get("id")?, at.to_jiff(), &actor, &kind, &data);
            if seq != chain.seq + 1 || stored != expected {
                broken.push(seq);
            }
            let hash = stored.try_into().map_err(|_| anyhow::anyhow!("a hash of the journal is not 32 bytes long"))?;
            chain = Chain { seq, hash };
        }
    }
}

/// Makes this replica the single writer. Whoever was it before can write no more.
pub async fn take_over(tx: &mut TenantTx, replica: Uuid, now: Timestamp, until: Timestamp) -> anyhow::Result<i64> {
    let organization = tx.tenant().organization;
    // Ticks of whoever was the owner until now end first.
    sqlx::query("SELECT pg_advisory_xact_lock(devsquad.epoch_lock($1))").bind(organization).execute(&mut **tx).await?;
    let epoch: i64 = sqlx::query_scalar(
        "INSERT INTO engine_owners (organization_id, epoch, replica, taken_at, lease_until) VALUES ($1, 1, $2, $3, $4) \
         ON CONFLICT (organization_id) DO UPDATE SET epoch = engine_owners.epoch + 1, replica = excluded.replica, \
         taken_at = excluded.taken_at, lease_until = excluded.lease_until RETURNING epoch",
    )
    .bind(organization)
    .bind(replica)
    .bind(now.to_sqlx())
    .bind(until.to_sqlx())
    .fetch_one(&mut **tx)
    .await?;
    Ok(epoch)
}

/// What PostgreSQL says to a tick of another epoch than the one that may write (`migrations/0017_fence.sql`).
const DEPOSED: &str = "VD001";

/// Another replica has become the single writer; which epoch is the current one.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Deposed(String);

/// Begins the transaction of a tick. [`Deposed`] unless `epoch` is still the one that may write, which then holds a take-over back until
/// the tick has ended.
pub async fn begin_tick(store: &Store, organization: Uuid, epoch: i64) -> anyhow::Result<TenantTx> {
    store.begin_tick(organization, epoch).await.map_err(|error| match error {
        sqlx::Error::Database(refused) if refused.code().as_deref() == Some(DEPOSED) => {
            Deposed(refused.message().to_owned()).into()
        }
        error => error.into(),
    })
}

/// Keeps the state as it is after the event `seq`; older snapshots go.
pub async fn save_snapshot(
    tx: &mut TenantTx,
    seq: u64,
    epoch: i64,
    state: &[u8],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query(
        "INSERT INTO engine_snapshots (organization_id, seq, epoch, state, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (organization_id, seq) DO NOTHING",
    )
    .bind(organization)
    .bind(seq as i64)
    .bind(epoch)
    .bind(state)
    .bind(now.to_sqlx())
    .execute(&mut **tx)
    .await?;
    sqlx::query("DELETE FROM engine_snapshots WHERE organization_id = $1 AND seq < $2")
        .bind(organization)
        .bind(seq as i64)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// The newest snapshot.
pub async fn load_snapshot(tx: &mut TenantTx) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar("SELECT state FROM engine_snapshots WHERE organization_id = $1 ORDER BY seq DESC LIMIT 1")
        .bind(organization)
        .fetch_optional(&mut **tx)
        .await
}
