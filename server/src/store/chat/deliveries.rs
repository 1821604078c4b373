//! Webhooks to be delivered: written in the transaction of what they tell, sent after it.

use jiff::Timestamp;
use sqlx::FromRow;
use uuid::Uuid;

use super::{ChatTx, at};

/// One that is due.
#[derive(Clone, Debug, FromRow)]
pub struct Delivery {
    /// The same for every attempt.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// The body, as it is signed.
    pub body: String,
    /// Attempts so far.
    pub attempts: i32,
}

/// Writes one down. Nobody takes it before `due`: whoever wrote it may send it until then without asking for it.
pub async fn enqueue(tx: &mut ChatTx, delivery: &Delivery, due: Timestamp, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat.deliveries (id, url, body, attempts, next_at, created_at) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(delivery.id)
    .bind(&delivery.url)
    .bind(&delivery.body)
    .bind(delivery.attempts)
    .bind(at(due))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those that are due, in order; nobody else gets them before `again`, when they are due anew if their sender died.
pub async fn take(tx: &mut ChatTx, now: Timestamp, again: Timestamp, limit: i64) -> Result<Vec<Delivery>, sqlx::Error> {
    // SKIP LOCKED: two servers on one database share the work instead of waiting for each other.
    let mut taken: Vec<(i64, Delivery)> = sqlx::query_as::<_, Taken>(
        "UPDATE chat.deliveries AS d SET attempts = attempts + 1, next_at = $2
         WHERE id IN (SELECT id FROM chat.deliveries WHERE next_at <= $1 ORDER BY seq LIMIT $3 FOR UPDATE SKIP LOCKED)
         RETURNING seq, id, url, body, attempts",
    )
    .bind(at(now))
    .bind(at(again))
    .bind(limit)
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(|taken| (taken.seq, taken.delivery))
    .collect();
    taken.sort_by_key(|(seq, _)| *seq);
    Ok(taken.into_iter().map(|(_, delivery)| delivery).collect())
}

#[derive(FromRow)]
struct Taken {
    seq: i64,
    #[sqlx(flatten)]
    delivery: Delivery,
}

/// Forgets some: they were delivered, or given up.
pub async fn forget(tx: &mut ChatTx, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM chat.deliveries WHERE id = ANY ($1)").bind(ids).execute(&mut **tx).await?;
    Ok(())
}

/// Puts some off, or gives them back: they are due then.
pub async fn put_off(tx: &mut ChatTx, ids: &[Uuid], until: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE chat.deliveries SET next_at = $2 WHERE id = ANY ($1)")
        .bind(ids)
        .bind(at(until))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
