//! Users of the chat.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder};

use super::filter::{self, BadFilter, Kind};
use super::{ChatTx, Custom, Page, at, object};

/// What the rules ask of a user.
#[derive(Clone, Debug, FromRow)]
pub struct UserFacts {
    /// The role in the whole application.
    pub role: String,
    /// What clients added.
    pub custom: Value,
    /// Whether it may not act any more.
    pub deactivated: bool,
    /// Whether it is gone.
    pub deleted: bool,
    /// Tokens issued before do not count.
    pub revoke_before: Option<jiff_sqlx::Timestamp>,
}

fn fields(name: &str) -> Option<(&'static str, Kind)> {
    Some(match name {
        "id" => ("u.id", Kind::Text),
        "role" => ("u.role", Kind::Text),
        "created_at" => ("u.created_at", Kind::Moment),
        "updated_at" => ("u.updated_at", Kind::Moment),
        "deactivated_at" => ("u.deactivated_at", Kind::Moment),
        "name" => ("u.custom ->> 'name'", Kind::Text),
        _ => return None,
    })
}

/// Makes those that are not there.
pub async fn ensure(tx: &mut ChatTx, ids: &[String], now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat.users (id, created_at, updated_at)
         SELECT DISTINCT id, $2, $2 FROM unnest($1::text[]) AS id ORDER BY id ON CONFLICT DO NOTHING",
    )
    .bind(ids)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Makes or replaces one. A role that is not given stays.
pub async fn upsert(
    tx: &mut ChatTx,
    id: &str,
    role: Option<&str>,
    teams: Option<&[String]>,
    custom: &Custom,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat.users AS u (id, role, teams, custom, created_at, updated_at)
         VALUES ($1, coalesce($2, 'user'), coalesce($3, '{}'), $4, $5, $5)
         ON CONFLICT (id) DO UPDATE SET role = coalesce($2, u.role), teams = coalesce($3, u.teams), custom = $4, updated_at = $5",
    )
    .bind(id)
    .bind(role)
    .bind(teams)
    .bind(object(custom))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the rules ask of it. It is locked until the transaction ends if it is about to be changed.
pub async fn facts(tx: &mut ChatTx, id: &str) -> Result<Option<UserFacts>, sqlx::Error> {
    sqlx::query_as(
        "SELECT role, custom, deactivated_at IS NOT NULL AS deactivated, deleted_at IS NOT NULL AS deleted,
                revoke_tokens_issued_before AS revoke_before
         FROM chat.users WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}

/// Their documents, in the order of their ids.
pub async fn documents(tx: &mut ChatTx, ids: &[String]) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar("SELECT chat.user_json(u) FROM chat.users AS u WHERE id = ANY ($1) ORDER BY id")
        .bind(ids)
        .fetch_all(&mut **tx)
        .await
}

/// Those a filter fits. Deactivated ones only if asked for; deleted ones never.
pub async fn query(
    tx: &mut ChatTx,
    wanted: &Value,
    page: &Page,
    deactivated: bool,
) -> Result<Result<Vec<Value>, BadFilter>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT chat.user_json(u) FROM chat.users AS u WHERE u.deleted_at IS NULL");
    if !deactivated {
        query.push(" AND u.deactivated_at IS NULL");
    }
    if let Err(error) = filter::push(&mut query, fields, "u.custom", wanted) {
        return Ok(Err(error));
    }
    page.push(&mut query, fields, "u.created_at, u.id");
    Ok(Ok(query.build_query_scalar().fetch_all(&mut **tx).await?))
}

/// When it stopped acting, or `None` to let it act again.
pub async fn set_deactivated(
    tx: &mut ChatTx,
    id: &str,
    since: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE chat.users SET deactivated_at = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(super::at_most(since))
        .bind(at(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Tokens issued before that moment count no more; `None` lets all count.
pub async fn set_revoked(tx: &mut ChatTx, id: &str, before: Option<Timestamp>) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE chat.users SET revoke_tokens_issued_before = $2 WHERE id = $1")
        .bind(id)
        .bind(super::at_most(before))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Marks it as gone, and its messages with it if asked.
pub async fn delete_soft(tx: &mut ChatTx, id: &str, messages: bool, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE chat.users SET deleted_at = $2, updated_at = $2 WHERE id = $1")
        .bind(id)
        .bind(at(now))
        .execute(&mut **tx)
        .await?;
    sqlx::query("DELETE FROM chat.members WHERE user_id = $1").bind(id).execute(&mut **tx).await?;
    if messages {
        sqlx::query(
            "UPDATE chat.messages SET deleted_at = $2, type = 'deleted', updated_at = $2
             WHERE user_id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .bind(at(now))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Removes it with everything it wrote.
pub async fn delete_hard(tx: &mut ChatTx, id: &str) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM chat.users WHERE id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}
