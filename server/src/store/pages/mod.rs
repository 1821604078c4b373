//! What pages read, one file per noun. Everything is read under row-level security in a reading transaction, with as many queries
//! for a thousand rows as for one.

pub mod activity;
pub mod agents;
pub mod artifacts;
pub mod attempts;
pub mod chat;
pub mod checkpoints;
pub mod conflicts;
pub mod dashboard;
pub mod needs;
pub mod session;
pub mod tasks;
pub mod workflows;

use devsquad::id::AgentId;
use devsquad::view::AgentRef;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use super::TenantTx;

/// A value of the database this program does not know: written by a newer version, or by hand.
fn unknown(noun: &'static str, value: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("unknown {noun} “{value}”").into())
}

/// A name on the wire as what it stands for.
fn parsed<T>(noun: &'static str, value: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, sqlx::Error> {
    parse(value).ok_or_else(|| unknown(noun, value))
}

/// A JSON column as what it holds.
fn from_json<T: DeserializeOwned>(value: Value) -> Result<T, sqlx::Error> {
    serde_json::from_value(value).map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

/// The text of a `json` column as a value; what agents wrote may be anything.
fn value(text: Option<String>) -> Option<Value> {
    text.map(|text| serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A count, which PostgreSQL knows signed.
fn count(n: impl Into<i64>) -> u32 {
    u32::try_from(n.into()).unwrap_or_default()
}

fn time(at: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    at.map(jiff_sqlx::Timestamp::to_jiff)
}

fn agent_ref(id: Option<Uuid>, name: Option<String>) -> Option<AgentRef> {
    id.map(|id| AgentRef { id: AgentId(id), name: name.unwrap_or_default() })
}

/// The number of the last entry of the journal: what was read in the same transaction is true at it.
pub async fn head(tx: &mut TenantTx) -> Result<u64, sqlx::Error> {
    let organization = tx.tenant().organization;
    let seq: Option<i64> = sqlx::query_scalar("SELECT max(seq) FROM orchestration_events WHERE organization_id = $1")
        .bind(organization)
        .fetch_one(&mut **tx)
        .await?;
    Ok(seq.map_or(0, i64::unsigned_abs))
}
