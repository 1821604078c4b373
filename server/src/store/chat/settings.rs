//! What the application is set to: its settings, channel types, commands, roles, and tasks.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use super::{ChatTx, at};

/// A channel type.
#[derive(Clone, Debug, FromRow)]
pub struct TypeRow {
    /// Features and limits by their names on the wire.
    pub config: Value,
    /// Names of its commands.
    pub commands: Vec<String>,
    /// Role → names of permissions.
    pub grants: Value,
}

/// The settings of the application.
pub async fn app(tx: &mut ChatTx) -> Result<Value, sqlx::Error> {
    sqlx::query_scalar("SELECT settings FROM chat.app").fetch_one(&mut **tx).await
}

/// Changes those that are named; what is set to null is taken away.
pub async fn patch_app(tx: &mut ChatTx, changes: &Value) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE chat.app SET settings = jsonb_strip_nulls(settings || $1)")
        .bind(changes)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A channel type.
pub async fn channel_type(tx: &mut ChatTx, name: &str) -> Result<Option<TypeRow>, sqlx::Error> {
    sqlx::query_as("SELECT config, commands, grants FROM chat.channel_types WHERE name = $1")
        .bind(name)
        .fetch_optional(&mut **tx)
        .await
}

/// Documents of one channel type, or of all, with their grants.
pub async fn channel_types(tx: &mut ChatTx, name: Option<&str>) -> Result<Vec<(String, Value)>, sqlx::Error> {
    sqlx::query_as(
        "SELECT name, chat.type_json(t) || jsonb_build_object('grants', t.grants) FROM chat.channel_types AS t
         WHERE $1::text IS NULL OR name = $1 ORDER BY name",
    )
    .bind(name)
    .fetch_all(&mut **tx)
    .await
}

/// Makes one. `false`: there is one of that name.
pub async fn insert_type(tx: &mut ChatTx, name: &str, row: &TypeRow, now: Timestamp) -> Result<bool, sqlx::Error> {
    let made = sqlx::query(
        "INSERT INTO chat.channel_types (name, config, commands, grants, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(&row.config)
    .bind(&row.commands)
    .bind(&row.grants)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Replaces one.
pub async fn update_type(tx: &mut ChatTx, name: &str, row: &TypeRow, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE chat.channel_types SET config = $2, commands = $3, grants = $4, updated_at = $5 WHERE name = $1",
    )
    .bind(name)
    .bind(&row.config)
    .bind(&row.commands)
    .bind(&row.grants)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes one, unless a channel has it. `false`: one has.
pub async fn delete_type(tx: &mut ChatTx, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "DELETE FROM chat.channel_types AS t WHERE name = $1 AND NOT EXISTS (SELECT FROM chat.channels AS c WHERE c.type = t.name)",
    )
    .bind(name)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Commands: all, or one.
pub async fn commands(tx: &mut ChatTx, name: Option<&str>) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar("SELECT to_jsonb(c) FROM chat.commands AS c WHERE $1::text IS NULL OR name = $1 ORDER BY name")
        .bind(name)
        .fetch_all(&mut **tx)
        .await
}

/// Makes a command. `false`: there is one of that name.
pub async fn insert_command(
    tx: &mut ChatTx,
    name: &str,
    (description, args, set): (&str, &str, &str),
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let made = sqlx::query(
        "INSERT INTO chat.commands (name, description, args, set, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(description)
    .bind(args)
    .bind(set)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Changes a command. `false`: there is none.
pub async fn update_command(
    tx: &mut ChatTx,
    name: &str,
    (description, args, set): (&str, &str, &str),
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done =
        sqlx::query("UPDATE chat.commands SET description = $2, args = $3, set = $4, updated_at = $5 WHERE name = $1")
            .bind(name)
            .bind(description)
            .bind(args)
            .bind(set)
            .bind(at(now))
            .execute(&mut **tx)
            .await?;
    Ok(done.rows_affected() == 1)
}

/// Removes a command. `false`: there is none.
pub async fn delete_command(tx: &mut ChatTx, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM chat.commands WHERE name = $1").bind(name).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Roles that clients made or that were built in.
pub async fn roles(tx: &mut ChatTx) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar("SELECT to_jsonb(r) FROM chat.roles AS r ORDER BY name").fetch_all(&mut **tx).await
}

/// Makes a role. `false`: there is one of that name.
pub async fn insert_role(tx: &mut ChatTx, name: &str, custom: bool, now: Timestamp) -> Result<bool, sqlx::Error> {
    let made = sqlx::query(
        "INSERT INTO chat.roles (name, custom, created_at, updated_at) VALUES ($1, $2, $3, $3) ON CONFLICT DO NOTHING",
    )
    .bind(name)
    .bind(custom)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// Removes a role that a client made. `false`: there is none.
pub async fn delete_role(tx: &mut ChatTx, name: &str) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("DELETE FROM chat.roles WHERE name = $1 AND custom").bind(name).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// Notes a task that is done.
pub async fn insert_task(tx: &mut ChatTx, id: Uuid, result: &Value, now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO chat.tasks (id, status, result, created_at, updated_at) VALUES ($1, 'completed', $2, $3, $3)",
    )
    .bind(id)
    .bind(result)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A task's document.
pub async fn task(tx: &mut ChatTx, id: Uuid) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object('task_id', id, 'status', status, 'result', result, 'created_at', created_at, 'updated_at', updated_at)
         FROM chat.tasks WHERE id = $1",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}
