//! What a transaction leaves behind: nothing.

use std::time::Duration;

use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::store::journal;
use crate::store::testing::TestDatabase;

const ACME: Uuid = Uuid::from_u128(0xAC);
const ZETA: Uuid = Uuid::from_u128(0x2E);

async fn projects(store: &Store, tenant: &Tenant) -> anyhow::Result<Vec<String>> {
    let mut tx = store.begin_read(tenant).await?;
    Ok(sqlx::query_scalar("SELECT name FROM projects ORDER BY name").fetch_all(&mut *tx).await?)
}

async fn add_project(tx: &mut TenantTx, id: u128, name: &str) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO projects (organization_id, id, name) VALUES ($1, $2, $3)")
        .bind(tx.tenant().organization)
        .bind(Uuid::from_u128(id))
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// What the next borrower would find on a connection, asked of every connection there is.
async fn leftovers(database: &TestDatabase) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    let mut borrowed = Vec::new();
    let pools = [&database.pool, &database.ticks, &database.chat];
    for pool in pools.into_iter().flat_map(|pool| (0..pool.options().get_max_connections()).map(move |_| pool)) {
        let mut connection = pool.acquire().await?;
        // Within a transaction its clock stands still.
        let began: String = sqlx::query_scalar("SELECT now()::text").fetch_one(&mut *connection).await?;
        let (user, claims, begins): (String, String, String) = sqlx::query_as(
            "SELECT current_user::text, coalesce(current_setting('request.jwt.claims', true), ''), now()::text",
        )
        .fetch_one(&mut *connection)
        .await?;
        if user != "devsquad_login" || !claims.is_empty() || began == begins {
            found.push(format!("as {user}, for {claims:?}, in a transaction: {}", began == begins));
        }
        borrowed.push(connection);
    }
    Ok(found)
}

/// Connections which PostgreSQL says are in a transaction.
async fn open_transactions(admin: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'",
    )
    .fetch_one(admin)
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_begin_given_up_leaves_no_transaction_and_no_tenant() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let zeta = database.organization(ZETA, "Zeta").await?;
    let mut admin = database.admin().await?;

    // Given up at every moment, from "not even polled" to "nearly there".
    for round in 0..400_u64 {
        let given_up = timeout(Duration::from_micros(round * 5), database.begin(&acme)).await;
        drop(given_up);
        tokio::select! {
            biased;
            _ = tokio::task::yield_now() => {}
            _ = database.begin_read(&acme) => {}
        }
        if round % 40 == 0 {
            let mut tx = database.begin(&zeta).await?;
            add_project(&mut tx, u128::from(round), &format!("p{round:03}")).await?;
            tx.commit().await?;
        }
    }
    assert_eq!(projects(&database, &zeta).await?.len(), 10, "an acknowledged write was lost");
    assert_eq!(projects(&database, &acme).await?, [""; 0], "a write went to another tenant");
    assert_eq!(leftovers(&database).await?, [""; 0]);
    assert_eq!(open_transactions(&mut admin).await?, 0);
    admin.close().await?;
    Ok(())
}

#[tokio::test]
async fn a_transaction_dropped_is_rolled_back_and_its_tenant_forgotten() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let mut tx = database.begin(&acme).await?;
    add_project(&mut tx, 1, "never").await?;
    drop(tx);
    // Also when its own query is given up halfway.
    let mut tx = database.begin(&acme).await?;
    let slow = sqlx::query("SELECT pg_sleep(0.2)").execute(&mut *tx);
    assert!(timeout(Duration::from_millis(20), slow).await.is_err());
    drop(tx);
    assert_eq!(projects(&database, &acme).await?, [""; 0]);
    assert_eq!(leftovers(&database).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_commit_after_a_swallowed_error_fails() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let mut tx = database.begin(&acme).await?;
    add_project(&mut tx, 1, "first").await?;
    let swallowed = add_project(&mut tx, 1, "the same id").await;
    assert!(swallowed.is_err());
    assert!(tx.commit().await.is_err(), "PostgreSQL rolled it back, so it must not be acknowledged");
    assert_eq!(projects(&database, &acme).await?, [""; 0]);

    // A savepoint is the way to try something.
    let mut tx = database.begin(&acme).await?;
    let mut attempt = sqlx::Connection::begin(&mut *tx).await?;
    sqlx::query("SELECT 1 / 0").execute(&mut *attempt).await.expect_err("division by zero");
    attempt.rollback().await?;
    add_project(&mut tx, 1, "first").await?;
    tx.commit().await?;
    assert_eq!(projects(&database, &acme).await?, ["first"]);
    Ok(())
}

/// What a transaction is, by PostgreSQL's account.
const IS: &str =
    "SELECT current_user::text, current_setting('statement_timeout'), current_setting('synchronous_commit'),
     coalesce(current_setting('request.jwt.claims', true), '')";

#[tokio::test]
async fn what_is_no_tenants_is_confined_from_its_first_trip_and_leaves_nothing() -> anyhow::Result<()> {
    type Found = (String, String, String, String);
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    drop(database.begin(&acme).await?);
    let expected = |role: &str, flushed: &str| {
        let timeout = format!("{}s", READ_STATEMENT_MAX.as_secs());
        (role.to_owned(), timeout, flushed.to_owned(), String::new())
    };
    let mut tx = database.begin_worker().await?;
    let found: Found = sqlx::query_as(IS).fetch_one(&mut *tx).await?;
    assert_eq!(found, expected("devsquad_worker", "on"));
    drop(tx);
    let mut tx = database.begin_chat().await?;
    let found: Found = sqlx::query_as(IS).fetch_one(&mut *tx).await?;
    assert_eq!(found, expected("devsquad_chat", "on"));
    sqlx::query("SELECT FROM projects").execute(&mut *tx).await.expect_err("it sees the chat's tables only");
    drop(tx);
    let mut tx = database.begin_chat_unhurried().await?;
    let found: Found = sqlx::query_as(IS).fetch_one(&mut *tx).await?;
    assert_eq!(found, expected("devsquad_chat", "off"));
    drop(tx);
    // Given up at every moment of its one trip.
    for round in 0..100_u64 {
        drop(timeout(Duration::from_micros(round * 5), database.begin_chat()).await);
    }
    assert_eq!(leftovers(&database).await?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn whatever_the_chat_does_others_have_connections() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let mut all_there_are = Vec::new();
    for _ in 0..database.chat.options().get_max_connections() {
        all_there_are.push(database.begin_chat().await?);
    }
    let mut next = std::pin::pin!(database.begin_chat());
    assert!(futures::poll!(&mut next).is_pending());
    database.begin_read(&acme).await?;
    let mut owning = database.begin(&acme).await?;
    let now = crate::clock::now();
    let epoch = journal::take_over(&mut owning, ZETA, now, now).await?;
    owning.commit().await?;
    database.begin_tick(ACME, epoch).await?.commit().await?;
    drop(all_there_are);
    next.await?.commit().await?;
    Ok(())
}

#[tokio::test]
async fn a_tick_of_an_owner_that_was_deposed_never_begins() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let take_over = async |replica| {
        let mut tx = database.begin(&acme).await?;
        let now = crate::clock::now();
        let epoch = journal::take_over(&mut tx, replica, now, now).await?;
        tx.commit().await?;
        anyhow::Ok(epoch)
    };
    let nobody = journal::begin_tick(&database, ACME, 1).await.expect_err("nobody owns it");
    assert!(nobody.downcast_ref::<journal::Deposed>().is_some(), "{nobody:#}");

    let first = take_over(ACME).await?;
    let mut tick = journal::begin_tick(&database, ACME, first).await?;
    add_project(&mut tick, 1, "by the owner").await?;
    // Whoever takes over waits for it.
    let mut next = std::pin::pin!(take_over(ZETA));
    assert!(timeout(Duration::from_millis(50), &mut next).await.is_err());
    tick.commit().await?;
    let second = next.await?;
    assert_eq!(second, first + 1);

    let refused = journal::begin_tick(&database, ACME, first).await.expect_err("deposed");
    let said = refused.downcast_ref::<journal::Deposed>().expect("deposed").to_string();
    assert_eq!(said, format!("another server runs this organization now (epoch {second}; ours was {first})"));
    journal::begin_tick(&database, ACME, second).await?.commit().await?;
    assert_eq!(leftovers(&database).await?, [""; 0]);
    assert_eq!(projects(&database, &acme).await?, ["by the owner"]);
    Ok(())
}

#[tokio::test]
async fn a_reading_transaction_cannot_write() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let mut tx = database.begin_read(&acme).await?;
    let refusal = add_project(&mut tx, 1, "no").await.expect_err("read only");
    let code = refusal.as_database_error().and_then(|error| error.code()).map(|code| code.into_owned());
    assert!(matches!(code.as_deref(), Some("25006" | "42501")), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn a_connection_that_died_is_replaced_without_the_caller_noticing() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    let acme = database.organization(ACME, "Acme").await?;
    let borrowed =
        [database.begin_read(&acme).await?, database.begin_read(&acme).await?, database.begin_read(&acme).await?];
    drop(borrowed);
    let mut admin = database.admin().await?;
    sqlx::query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'devsquad_login'")
        .execute(&mut admin)
        .await?;
    assert_eq!(projects(&database, &acme).await?, [""; 0]);
    admin.close().await?;
    Ok(())
}

#[test]
fn claims_say_who_asks() {
    let nora = Tenant::person(ACME, ZETA, Role::Reviewer).claims();
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&nora).expect("JSON"),
        json!({
            "organization_id": "00000000-0000-0000-0000-0000000000ac",
            "sub": "00000000-0000-0000-0000-00000000002e",
            "organization_role": "reviewer",
        })
    );
    assert_eq!(Tenant::system(ACME).claims(), r#"{"organization_id":"00000000-0000-0000-0000-0000000000ac"}"#);
}
