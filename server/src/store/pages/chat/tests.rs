//! Whose channels exist for whom.

use devsquad::Role;

use super::*;
use crate::store::testing::TestDatabase;
use crate::store::{Store, Tenant};

const ACME: Uuid = Uuid::from_u128(0xAC);
const ZETA: Uuid = Uuid::from_u128(0x2E);
const NORA: Uuid = Uuid::from_u128(1);
const BO: Uuid = Uuid::from_u128(2);

async fn add(store: &Store, of: Uuid, nth: u128, purpose: &str, people: &[Uuid]) -> Result<(), sqlx::Error> {
    let mut tx = store.begin(&Tenant::system(of)).await?;
    sqlx::query(
        "INSERT INTO stream_chat_integration (organization_id, id, channel_id, channel_type, user_participants, purpose, created_at)
         VALUES ($1, $2, $3, 'squad', $4, $5, '2026-03-04T12:41:07Z')",
    )
    .bind(of)
    .bind(Uuid::from_u128(nth))
    .bind(format!("{purpose}-{nth}"))
    .bind(serde_json::json!(people))
    .bind(purpose)
    .execute(&mut *tx)
    .await?;
    tx.commit().await
}

async fn seen(store: &Store, of: Uuid, by: Uuid) -> anyhow::Result<Vec<String>> {
    let mut tx = store.begin_read(&Tenant::person(of, by, Role::Viewer)).await?;
    let wanted = Wanted { limit: 10, ..Wanted::default() };
    let (rows, total) = channels(&mut tx, &wanted).await?;
    assert_eq!(rows.len(), total as usize);
    let known = ids(&mut tx).await?;
    let mut seen = Vec::new();
    for row in rows {
        assert!(known.contains(&row.id) && channel(&mut tx, &row.id).await?.is_some());
        seen.push(if row.joined { format!("{} joined", row.id) } else { row.id });
    }
    seen.sort();
    Ok(seen)
}

#[tokio::test]
async fn a_closed_channel_exists_for_its_members_and_no_channel_for_others_organizations() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    for (id, name) in [(ACME, "Acme"), (ZETA, "Zeta")] {
        database.organization(id, name).await?;
    }
    add(&database, ACME, 1, "project", &[NORA]).await?;
    for (nth, purpose) in [(2, "direct"), (3, "emergency"), (4, "approvals")] {
        add(&database, ACME, nth, purpose, &[NORA]).await?;
    }
    assert_eq!(
        seen(&database, ACME, NORA).await?,
        ["approvals-4 joined", "direct-2 joined", "emergency-3 joined", "project-1 joined"]
    );
    assert_eq!(seen(&database, ACME, BO).await?, ["project-1"]);
    assert!(seen(&database, ZETA, NORA).await?.is_empty());
    let mut tx = database.begin_read(&Tenant::person(ACME, BO, Role::Owner)).await?;
    assert!(channel(&mut tx, "direct-2").await?.is_none());
    Ok(())
}

#[tokio::test]
async fn who_writes_is_a_member_from_then_on_and_once() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    database.organization(ACME, "Acme").await?;
    add(&database, ACME, 1, "project", &[NORA]).await?;
    for _ in 0..2 {
        let mut tx = database.begin(&Tenant::person(ACME, BO, Role::Viewer)).await?;
        joined(&mut tx, "project-1").await?;
        tx.commit().await?;
    }
    assert_eq!(seen(&database, ACME, BO).await?, ["project-1 joined"]);
    let mut tx = database.begin_read(&Tenant::person(ACME, BO, Role::Viewer)).await?;
    assert_eq!(channel(&mut tx, "project-1").await?.map(|row| row.members), Some(2));
    Ok(())
}
