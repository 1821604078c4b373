//! Contents of files, once per organization and hash.

use sha2::{Digest as _, Sha256};

use super::TenantTx;

/// Keeps a content under its hash. Keeping it again changes nothing.
pub async fn put(tx: &mut TenantTx, content: &[u8]) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    let hash: [u8; 32] = Sha256::digest(content).into();
    sqlx::query(
        "INSERT INTO artifact_blobs (organization_id, sha256, content) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(organization)
    .bind(hash.as_slice())
    .bind(content)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The content of that hash.
pub async fn get(tx: &mut TenantTx, sha256: &[u8]) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_scalar("SELECT content FROM artifact_blobs WHERE organization_id = $1 AND sha256 = $2")
        .bind(organization)
        .bind(sha256)
        .fetch_optional(&mut **tx)
        .await
}
