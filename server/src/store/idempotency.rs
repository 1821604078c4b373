//! Answers already given, so that the same request gives the same answer and has its effect once.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::Row as _;
use uuid::Uuid;

use super::TenantTx;
use super::together::Together;

/// How long an answer is kept.
pub const KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(7 * 24);

/// An answer to keep.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Whose key it is.
    pub principal: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the request.
    pub fingerprint: [u8; 32],
    /// The answer, as JSON.
    pub answer: String,
}

/// Keeps answers.
pub fn keep(all: &mut Together, organization: Uuid, kept: &[Kept], now: Timestamp) {
    if kept.is_empty() {
        return;
    }
    all.part(
        "INSERT INTO idempotency_keys (organization_id, principal, key, fingerprint, answer, created_at) \
         SELECT $1, k.principal, k.key, k.fingerprint, k.answer::json, $6 \
         FROM unnest($2::text[], $3::text[], $4::bytea[], $5::text[]) AS k (principal, key, fingerprint, answer)",
    )
    .bind(organization)
    .bind(kept.iter().map(|k| k.principal.as_str()).collect::<Vec<&str>>())
    .bind(kept.iter().map(|k| k.key.as_str()).collect::<Vec<&str>>())
    .bind(kept.iter().map(|k| k.fingerprint.as_slice()).collect::<Vec<&[u8]>>())
    .bind(kept.iter().map(|k| k.answer.as_str()).collect::<Vec<&str>>())
    .bind(now.to_sqlx());
}

/// The fingerprint and the answer kept under a key.
pub async fn find(tx: &mut TenantTx, principal: &str, key: &str) -> Result<Option<(Vec<u8>, String)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let row = sqlx::query(
        "SELECT fingerprint, answer::text AS answer FROM idempotency_keys \
         WHERE organization_id = $1 AND principal = $2 AND key = $3",
    )
    .bind(organization)
    .bind(principal)
    .bind(key)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| Ok((row.try_get("fingerprint")?, row.try_get("answer")?))).transpose()
}

/// Every key that is kept, with whose it is.
pub async fn keys(tx: &mut TenantTx) -> Result<Vec<(String, String)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows = sqlx::query("SELECT principal, key FROM idempotency_keys WHERE organization_id = $1")
        .bind(organization)
        .fetch_all(&mut **tx)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("principal")?, row.try_get("key")?))).collect()
}

/// Forgets answers older than [`KEPT`].
pub async fn forget(tx: &mut TenantTx, now: Timestamp) -> Result<u64, sqlx::Error> {
    let organization = tx.tenant().organization;
    let gone = sqlx::query("DELETE FROM idempotency_keys WHERE organization_id = $1 AND created_at < $2")
        .bind(organization)
        .bind((now - KEPT).to_sqlx())
        .execute(&mut **tx)
        .await?;
    Ok(gone.rows_affected())
}
