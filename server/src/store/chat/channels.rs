//! Channels of the chat.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder};

use super::filter::{self, BadFilter, Kind};
use super::settings::TypeRow;
use super::{ChatTx, Custom, Page, at, object};

/// A channel's name: its type and its id within the type.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cid {
    /// The type.
    pub kind: String,
    /// The id.
    pub id: String,
}

impl std::fmt::Display for Cid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

/// What the rules ask of a channel.
#[derive(Clone, Debug, FromRow)]
pub struct ChannelFacts {
    /// Who made it.
    pub created_by_id: Option<String>,
    /// What clients added.
    pub custom: Value,
    /// Nobody writes.
    pub frozen: bool,
    /// Nobody does anything.
    pub disabled: bool,
    /// Seconds between two messages of a member.
    pub cooldown: i32,
}

/// What of a channel can be changed beside its custom fields; `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ChannelChange {
    /// Nobody writes.
    pub frozen: Option<bool>,
    /// Nobody does anything.
    pub disabled: Option<bool>,
    /// Seconds between two messages of a member.
    pub cooldown: Option<i32>,
    /// The team.
    pub team: Option<String>,
}

fn fields(name: &str) -> Option<(&'static str, Kind)> {
    Some(match name {
        "cid" => ("c.type || ':' || c.id", Kind::Text),
        "id" => ("c.id", Kind::Text),
        "type" => ("c.type", Kind::Text),
        "team" => ("c.team", Kind::Text),
        "created_by_id" => ("c.created_by_id", Kind::Text),
        "frozen" => ("c.frozen", Kind::Flag),
        "disabled" => ("c.disabled", Kind::Flag),
        "created_at" => ("c.created_at", Kind::Moment),
        "updated_at" => ("c.updated_at", Kind::Moment),
        "last_message_at" => ("c.last_message_at", Kind::Moment),
        "last_updated" => ("coalesce(c.last_message_at, c.created_at)", Kind::Moment),
        "member_count" => (
            "(SELECT count(*) FROM chat.members AS n WHERE n.channel_type = c.type AND n.channel_id = c.id)",
            Kind::Number,
        ),
        "members" => (
            "EXISTS (SELECT FROM chat.members AS n WHERE n.channel_type = c.type AND n.channel_id = c.id AND n.user_id = ANY (",
            Kind::Among,
        ),
        _ => return None,
    })
}

/// Makes it if it is not there; says whether it did. A channel that was deleted begins anew.
pub async fn create(
    tx: &mut ChatTx,
    cid: &Cid,
    created_by: &str,
    team: &str,
    custom: &Custom,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    sqlx::query("DELETE FROM chat.channels WHERE type = $1 AND id = $2 AND deleted_at IS NOT NULL")
        .bind(&cid.kind)
        .bind(&cid.id)
        .execute(&mut **tx)
        .await?;
    let made = sqlx::query(
        "INSERT INTO chat.channels (type, id, created_by_id, team, custom, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(created_by)
    .bind(team)
    .bind(object(custom))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(made.rows_affected() == 1)
}

/// A channel and what nearly every call asks for with it.
#[derive(Clone, Debug, FromRow)]
pub struct Around {
    /// What the rules ask of the channel.
    #[sqlx(flatten)]
    pub facts: ChannelFacts,
    /// Its type.
    #[sqlx(flatten)]
    pub kind: TypeRow,
    /// The application's settings.
    pub app: Value,
    /// Whether the user who acts is deactivated; `None`: there is no such user.
    pub actor_deactivated: Option<bool>,
}

/// What is there around a channel, for somebody who acts in it.
pub async fn around(tx: &mut ChatTx, cid: &Cid, actor: Option<&str>) -> Result<Option<Around>, sqlx::Error> {
    sqlx::query_as(
        "SELECT c.created_by_id, c.custom, c.frozen, c.disabled, c.cooldown, t.config, t.commands, t.grants,
             (SELECT settings FROM chat.app) AS app,
             (SELECT u.deactivated_at IS NOT NULL FROM chat.users AS u WHERE u.id = $3 AND u.deleted_at IS NULL) AS actor_deactivated
         FROM chat.channels AS c JOIN chat.channel_types AS t ON t.name = c.type
         WHERE c.type = $1 AND c.id = $2 AND c.deleted_at IS NULL",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(actor)
    .fetch_optional(&mut **tx)
    .await
}

/// Its document.
pub async fn document(tx: &mut ChatTx, cid: &Cid) -> Result<Value, sqlx::Error> {
    sqlx::query_scalar("SELECT chat.channel_json(c) FROM chat.channels AS c WHERE type = $1 AND id = $2")
        .bind(&cid.kind)
        .bind(&cid.id)
        .fetch_one(&mut **tx)
        .await
}

/// Those a filter fits, as far as `viewer` sees them: a user sees channels they are a member of, and does not see those they hid.
pub async fn query(
    tx: &mut ChatTx,
    wanted: &Value,
    page: &Page,
    viewer: Option<&str>,
    members_only: bool,
) -> Result<Result<Vec<Cid>, BadFilter>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT c.type, c.id FROM chat.channels AS c WHERE c.deleted_at IS NULL");
    let of_viewer =
        "EXISTS (SELECT FROM chat.members AS m WHERE m.channel_type = c.type AND m.channel_id = c.id AND m.user_id = ";
    if let Some(viewer) = viewer {
        query.push(format!(" AND NOT {of_viewer}")).push_bind(viewer.to_owned()).push(" AND m.hidden)");
        if members_only {
            query.push(format!(" AND {of_viewer}")).push_bind(viewer.to_owned()).push(")");
        }
    }
    if let Err(error) = filter::push(&mut query, fields, "c.custom", wanted) {
        return Ok(Err(error));
    }
    page.push(&mut query, fields, "coalesce(c.last_message_at, c.created_at) DESC, c.type, c.id");
    let rows: Vec<(String, String)> = query.build_query_as().fetch_all(&mut **tx).await?;
    Ok(Ok(rows.into_iter().map(|(kind, id)| Cid { kind, id }).collect()))
}

/// Replaces its custom fields and changes what is named.
pub async fn update(
    tx: &mut ChatTx,
    cid: &Cid,
    change: &ChannelChange,
    custom: &Custom,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE chat.channels SET custom = $3, frozen = coalesce($4, frozen), disabled = coalesce($5, disabled),
                cooldown = coalesce($6, cooldown), team = coalesce($7, team), updated_at = $8
         WHERE type = $1 AND id = $2",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(object(custom))
    .bind(change.frozen)
    .bind(change.disabled)
    .bind(change.cooldown)
    .bind(&change.team)
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Marks it as gone, or removes it with everything in it.
pub async fn delete(tx: &mut ChatTx, cid: &Cid, hard: bool, now: Timestamp) -> Result<(), sqlx::Error> {
    if hard {
        sqlx::query("DELETE FROM chat.channels WHERE type = $1 AND id = $2")
            .bind(&cid.kind)
            .bind(&cid.id)
            .execute(&mut **tx)
            .await?;
        return Ok(());
    }
    sqlx::query("UPDATE chat.channels SET deleted_at = $3, updated_at = $3 WHERE type = $1 AND id = $2")
        .bind(&cid.kind)
        .bind(&cid.id)
        .bind(at(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes its messages up to that moment, or marks them as gone.
pub async fn truncate(
    tx: &mut ChatTx,
    cid: &Cid,
    before: Timestamp,
    hard: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let statement = match hard {
        true => {
            "DELETE FROM chat.messages WHERE channel_type = $1 AND channel_id = $2 AND created_at <= $3 AND $4 IS NOT NULL"
        }
        false => {
            "UPDATE chat.messages SET deleted_at = $4, type = 'deleted', updated_at = $4
             WHERE channel_type = $1 AND channel_id = $2 AND created_at <= $3 AND deleted_at IS NULL"
        }
    };
    sqlx::query(statement).bind(&cid.kind).bind(&cid.id).bind(at(before)).bind(at(now)).execute(&mut **tx).await?;
    sqlx::query(
        "UPDATE chat.channels AS c SET truncated_at = $3, updated_at = $4, last_message_at =
             (SELECT max(created_at) FROM chat.messages AS m
              WHERE m.channel_type = c.type AND m.channel_id = c.id AND m.deleted_at IS NULL)
         WHERE type = $1 AND id = $2",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(at(before))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}
