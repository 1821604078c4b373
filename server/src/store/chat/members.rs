//! Members of channels, and how far they have read.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder};

use super::channels::Cid;
use super::filter::{self, BadFilter, Kind};
use super::{ChatTx, Custom, Page, at, object};

/// A member to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewMember {
    /// Who.
    pub user_id: String,
    /// As what; a plain member if not given.
    pub channel_role: Option<String>,
    /// What clients add.
    pub custom: Custom,
}

/// What the rules ask of a member.
#[derive(Clone, Debug, FromRow)]
pub struct MemberFacts {
    /// The role in this channel.
    pub channel_role: String,
    /// What clients added.
    pub custom: Value,
    /// Messages before are not shown.
    pub cleared_at: Option<jiff_sqlx::Timestamp>,
}

fn fields(name: &str) -> Option<(&'static str, Kind)> {
    Some(match name {
        "user_id" | "id" => ("m.user_id", Kind::Text),
        "channel_role" => ("m.channel_role", Kind::Text),
        "created_at" => ("m.created_at", Kind::Moment),
        "name" => ("(SELECT u.custom ->> 'name' FROM chat.users AS u WHERE u.id = m.user_id)", Kind::Text),
        _ => return None,
    })
}

/// Adds one, or gives one that is there another role. Says whether it was added.
pub async fn add(tx: &mut ChatTx, cid: &Cid, member: &NewMember, now: Timestamp) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "INSERT INTO chat.members AS m (channel_type, channel_id, user_id, channel_role, custom, last_read, created_at, updated_at)
         VALUES ($1, $2, $3, coalesce($4, 'channel_member'), $5, $6, $6, $6)
         ON CONFLICT (channel_type, channel_id, user_id) DO UPDATE SET
             channel_role = coalesce($4, m.channel_role), custom = m.custom || $5, updated_at = $6
         RETURNING xmax = 0",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(&member.user_id)
    .bind(&member.channel_role)
    .bind(object(&member.custom))
    .bind(at(now))
    .fetch_one(&mut **tx)
    .await
}

/// Removes them; gives those that were there.
pub async fn remove(tx: &mut ChatTx, cid: &Cid, users: &[String]) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "DELETE FROM chat.members WHERE channel_type = $1 AND channel_id = $2 AND user_id = ANY ($3) RETURNING user_id",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(users)
    .fetch_all(&mut **tx)
    .await
}

/// Gives one another role, or other custom fields.
pub async fn update(
    tx: &mut ChatTx,
    cid: &Cid,
    user: &str,
    channel_role: Option<&str>,
    custom: Option<&Custom>,
    now: Timestamp,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE chat.members SET channel_role = coalesce($4, channel_role), custom = coalesce($5, custom), updated_at = $6
         WHERE channel_type = $1 AND channel_id = $2 AND user_id = $3",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(user)
    .bind(channel_role)
    .bind(custom.map(object))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the rules ask of one.
pub async fn facts(tx: &mut ChatTx, cid: &Cid, user: &str) -> Result<Option<MemberFacts>, sqlx::Error> {
    sqlx::query_as(
        "SELECT channel_role, custom, cleared_at FROM chat.members WHERE channel_type = $1 AND channel_id = $2 AND user_id = $3",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(user)
    .fetch_optional(&mut **tx)
    .await
}

/// Those a filter fits.
pub async fn query(
    tx: &mut ChatTx,
    cid: &Cid,
    wanted: &Value,
    page: &Page,
) -> Result<Result<Vec<Value>, BadFilter>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT chat.member_json(m) FROM chat.members AS m WHERE m.channel_type = ");
    query.push_bind(cid.kind.clone()).push(" AND m.channel_id = ").push_bind(cid.id.clone());
    if let Err(error) = filter::push(&mut query, fields, "m.custom", wanted) {
        return Ok(Err(error));
    }
    page.push(&mut query, fields, "m.created_at, m.user_id");
    Ok(Ok(query.build_query_scalar().fetch_all(&mut **tx).await?))
}

/// How far the members have read: of all of them, or of one.
pub async fn reads(tx: &mut ChatTx, cid: &Cid, user: Option<&str>) -> Result<Vec<Value>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT chat.read_json(m) FROM chat.members AS m WHERE m.channel_type = ");
    query.push_bind(&cid.kind).push(" AND m.channel_id = ").push_bind(&cid.id);
    if let Some(user) = user {
        query.push(" AND m.user_id = ").push_bind(user);
    }
    query.push(" ORDER BY m.created_at, m.user_id LIMIT 100");
    query.build_query_scalar().fetch_all(&mut **tx).await
}

/// Whether somebody has read up to that moment now. `false`: they are no member.
pub async fn mark_read(
    tx: &mut ChatTx,
    cid: &Cid,
    user: &str,
    until: Timestamp,
    message: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE chat.members SET last_read = $4, last_read_message_id = $5
         WHERE channel_type = $1 AND channel_id = $2 AND user_id = $3",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(user)
    .bind(at(until))
    .bind(message)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Hides the channel from a member or shows it again; hiding can clear what was written so far, for this member only.
pub async fn set_hidden(
    tx: &mut ChatTx,
    cid: &Cid,
    user: &str,
    hidden: bool,
    cleared: Option<Timestamp>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query(
        "UPDATE chat.members SET hidden = $4, cleared_at = coalesce($5, cleared_at)
         WHERE channel_type = $1 AND channel_id = $2 AND user_id = $3",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(user)
    .bind(hidden)
    .bind(super::at_most(cleared))
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The ids of the channels a user is a member of.
pub async fn channels_of(tx: &mut ChatTx, user: &str) -> Result<Vec<Cid>, sqlx::Error> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT channel_type, channel_id FROM chat.members WHERE user_id = $1 ORDER BY 1, 2")
            .bind(user)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows.into_iter().map(|(kind, id)| Cid { kind, id }).collect())
}

/// What a user has not read, channel by channel: `{channel_id, unread_count, last_read}`, where `channel_id` is the whole cid.
pub async fn unread(tx: &mut ChatTx, user: &str) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT jsonb_build_object('channel_id', cid, 'channel_type', kind, 'unread_count', n, 'last_read', last_read) FROM
             (SELECT m.channel_type || ':' || m.channel_id AS cid, m.channel_type AS kind, chat.unread(m) AS n, m.last_read
              FROM chat.members AS m JOIN chat.channels AS c ON c.type = m.channel_type AND c.id = m.channel_id
              WHERE m.user_id = $1 AND c.deleted_at IS NULL) AS counted
         WHERE n > 0 ORDER BY cid",
    )
    .bind(user)
    .fetch_all(&mut **tx)
    .await
}
