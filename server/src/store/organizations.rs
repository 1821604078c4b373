//! Organizations, seen from between tenants.

use uuid::Uuid;

use super::WorkerTx;

/// Every organization.
pub async fn ids(tx: &mut WorkerTx) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar("SELECT id FROM organizations ORDER BY created_at, id").fetch_all(&mut **tx).await
}
