//! Messages of the chat, replies among them.

use jiff::Timestamp;
use serde_json::Value;
use sqlx::{FromRow, QueryBuilder};

use super::channels::Cid;
use super::filter::{self, BadFilter, Kind};
use super::{ChatTx, Custom, Page, at, at_most, object};

/// A message to be written, or what it shall be from now on.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The text.
    pub text: String,
    /// `[…]`, as the client sent them.
    pub attachments: Vec<Value>,
    /// Users named in it.
    pub mentioned_users: Vec<String>,
    /// The message it quotes.
    pub quoted_message_id: Option<String>,
    /// The poll it carries.
    pub poll_id: Option<String>,
    /// A slash command it begins with.
    pub command: Option<String>,
    /// Never unread for anybody.
    pub silent: bool,
    /// A reply that stands in the channel as well.
    pub show_in_channel: bool,
    /// What clients add.
    pub custom: Custom,
}

/// Where a new message stands, and whose it is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its id.
    pub id: &'a str,
    /// The channel.
    pub cid: &'a Cid,
    /// The author.
    pub user: &'a str,
    /// `regular`, `reply` or `system`.
    pub kind: &'a str,
    /// The root of its thread.
    pub parent: Option<&'a str>,
    /// Whether the channel shows it, and has a newer message then.
    pub in_channel: bool,
    /// Whether who hid the channel sees it again.
    pub shows_channel: bool,
}

/// What the rules ask of a message.
#[derive(Clone, Debug, FromRow)]
pub struct MessageFacts {
    channel_type: String,
    channel_id: String,
    /// The author.
    pub user_id: String,
    /// The kind.
    #[sqlx(rename = "type")]
    pub kind: String,
    /// The text.
    pub text: String,
    /// The attachments.
    pub attachments: Value,
    /// Users named in it.
    pub mentioned_users: Vec<String>,
    /// The root of its thread.
    pub parent_id: Option<String>,
    /// The message it quotes.
    pub quoted_message_id: Option<String>,
    /// The poll it carries.
    pub poll_id: Option<String>,
    /// The command it begins with.
    pub command: Option<String>,
    /// Never unread.
    pub silent: bool,
    /// A reply that stands in the channel as well.
    pub show_in_channel: bool,
    /// What clients added.
    pub custom: Value,
    /// When it was written.
    pub created_at: jiff_sqlx::Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<jiff_sqlx::Timestamp>,
}

impl MessageFacts {
    /// Its channel.
    pub fn cid(&self) -> Cid {
        Cid { kind: self.channel_type.clone(), id: self.channel_id.clone() }
    }

    /// What it says now.
    pub fn written(&self) -> Written {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        Written {
            text: self.text.clone(),
            attachments: list(&self.attachments),
            mentioned_users: self.mentioned_users.clone(),
            quoted_message_id: self.quoted_message_id.clone(),
            poll_id: self.poll_id.clone(),
            command: self.command.clone(),
            silent: self.silent,
            show_in_channel: self.show_in_channel,
            custom: self.custom.as_object().cloned().unwrap_or_default(),
        }
    }
}

/// Which messages of a list are wanted, by id or by moment. Without any, the newest.
#[derive(Clone, Debug, Default)]
pub struct Window {
    /// How many.
    pub limit: i64,
    /// Before this message.
    pub id_lt: Option<String>,
    /// Up to this message.
    pub id_lte: Option<String>,
    /// After this message.
    pub id_gt: Option<String>,
    /// From this message on.
    pub id_gte: Option<String>,
    /// Before this moment.
    pub created_at_before: Option<Timestamp>,
    /// After this moment.
    pub created_at_after: Option<Timestamp>,
}

fn fields(name: &str) -> Option<(&'static str, Kind)> {
    Some(match name {
        "id" => ("m.id", Kind::Text),
        "text" => ("m.text", Kind::Text),
        "type" => ("m.type", Kind::Text),
        "user.id" | "user_id" => ("m.user_id", Kind::Text),
        "parent_id" => ("m.parent_id", Kind::Text),
        "silent" => ("m.silent", Kind::Flag),
        "pinned" => ("m.pinned_at IS NOT NULL", Kind::Flag),
        "created_at" => ("m.created_at", Kind::Moment),
        "updated_at" => ("m.updated_at", Kind::Moment),
        "mentioned_users.id" => ("EXISTS (SELECT FROM unnest(m.mentioned_users) AS n WHERE n = ANY (", Kind::Among),
        _ => return None,
    })
}

/// What `chat.message_json` gives of a message that was written this moment: nobody reacted, replied or pinned, it quotes nothing and
/// carries no poll. As a part of a statement it is planned once; the function is planned anew for each message, which takes most of the
/// time that sending one takes.
const FRESH: &str = "m.custom || jsonb_strip_nulls(jsonb_build_object(
        'id', m.id, 'cid', m.channel_type || ':' || m.channel_id, 'type', m.type, 'text', m.text, 'command', m.command,
        'parent_id', m.parent_id, 'show_in_channel', CASE WHEN m.parent_id IS NOT NULL THEN m.show_in_channel END,
        'silent', m.silent, 'shadowed', false, 'pinned', false, 'created_at', m.created_at, 'updated_at', m.updated_at,
        'reply_count', CASE WHEN m.parent_id IS NULL THEN 0 END))
    || jsonb_build_object(
        'user', (SELECT chat.user_json(u) FROM chat.users AS u WHERE u.id = m.user_id), 'attachments', m.attachments,
        'mentioned_users', coalesce((SELECT jsonb_agg(chat.user_json(u) ORDER BY u.id) FROM chat.users AS u WHERE u.id = ANY (m.mentioned_users)), '[]'),
        'latest_reactions', '[]'::jsonb, 'own_reactions', '[]'::jsonb, 'reaction_counts', '{}'::jsonb, 'reaction_scores', '{}'::jsonb)
    || CASE WHEN m.parent_id IS NULL THEN '{\"thread_participants\": []}'::jsonb ELSE '{}' END";

/// What came of writing a message.
#[derive(Clone, Debug)]
pub enum Wrote {
    /// There is one of that id already.
    Nothing,
    /// It is there, and this is its document as everybody sees it.
    Fresh(Value),
    /// It is there, with more to it than stands in its row.
    More,
}

/// Writes a new one.
pub async fn insert(
    tx: &mut ChatTx,
    place: Place<'_>,
    written: &Written,
    now: Timestamp,
) -> Result<Wrote, sqlx::Error> {
    let plain = written.quoted_message_id.is_none() && written.poll_id.is_none();
    let query = format!(
        "WITH touched AS (UPDATE chat.channels SET last_message_at = greatest(last_message_at, $16) WHERE type = $2 AND id = $3 AND $17),
            shown AS (UPDATE chat.members SET hidden = false WHERE channel_type = $2 AND channel_id = $3 AND hidden AND $17 AND $18)
         INSERT INTO chat.messages AS m (id, channel_type, channel_id, user_id, type, parent_id, text, attachments, mentioned_users,
                quoted_message_id, poll_id, command, silent, show_in_channel, custom, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16) ON CONFLICT (id) DO NOTHING
         RETURNING {}",
        if plain { FRESH } else { "'{}'::jsonb" }
    );
    let made: Option<Value> = sqlx::query_scalar(sqlx::AssertSqlSafe(query))
        .bind(place.id)
        .bind(&place.cid.kind)
        .bind(&place.cid.id)
        .bind(place.user)
        .bind(place.kind)
        .bind(place.parent)
        .bind(&written.text)
        .bind(Value::Array(written.attachments.clone()))
        .bind(&written.mentioned_users)
        .bind(&written.quoted_message_id)
        .bind(&written.poll_id)
        .bind(&written.command)
        .bind(written.silent)
        .bind(written.show_in_channel)
        .bind(object(&written.custom))
        .bind(at(now))
        .bind(place.in_channel)
        .bind(place.shows_channel)
        .fetch_optional(&mut **tx)
        .await?;
    Ok(match made {
        None => Wrote::Nothing,
        Some(document) if plain => Wrote::Fresh(document),
        Some(_) => Wrote::More,
    })
}

/// Replaces what it says.
pub async fn update(
    tx: &mut ChatTx,
    id: &str,
    written: &Written,
    text_changed: bool,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE chat.messages SET text = $2, attachments = $3, mentioned_users = $4, quoted_message_id = $5, poll_id = $6, command = $7,
                silent = $8, show_in_channel = $9, custom = $10, updated_at = $11,
                text_updated_at = CASE WHEN $12 THEN $11 ELSE text_updated_at END
         WHERE id = $1",
    )
    .bind(id)
    .bind(&written.text)
    .bind(Value::Array(written.attachments.clone()))
    .bind(&written.mentioned_users)
    .bind(&written.quoted_message_id)
    .bind(&written.poll_id)
    .bind(&written.command)
    .bind(written.silent)
    .bind(written.show_in_channel)
    .bind(object(&written.custom))
    .bind(at(now))
    .bind(text_changed)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Pins it until that moment or for good, or takes the pin off (`by` is `None`).
pub async fn pin(
    tx: &mut ChatTx,
    id: &str,
    by: Option<&str>,
    expires: Option<Timestamp>,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE chat.messages SET pinned_by_id = $2, pinned_at = CASE WHEN $2::text IS NOT NULL THEN $4::timestamptz END,
                pin_expires = $3, updated_at = $4
         WHERE id = $1",
    )
    .bind(id)
    .bind(by)
    .bind(at_most(expires))
    .bind(at(now))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Marks it as gone, or removes it with its replies and reactions.
pub async fn delete(tx: &mut ChatTx, id: &str, hard: bool, now: Timestamp) -> Result<(), sqlx::Error> {
    let query = match hard {
        true => sqlx::query("DELETE FROM chat.messages WHERE id = $1").bind(id),
        false => {
            sqlx::query("UPDATE chat.messages SET deleted_at = $2, updated_at = $2, type = 'deleted' WHERE id = $1")
                .bind(id)
                .bind(at(now))
        }
    };
    query.execute(&mut **tx).await?;
    Ok(())
}

const FACTS: &str = "
    SELECT channel_type, channel_id, user_id, type, text, attachments, mentioned_users, parent_id, quoted_message_id, poll_id,
           command, silent, show_in_channel, custom, created_at, deleted_at
    FROM chat.messages WHERE id = $1";

/// What the rules ask of it.
pub async fn facts(tx: &mut ChatTx, id: &str) -> Result<Option<MessageFacts>, sqlx::Error> {
    sqlx::query_as(FACTS).bind(id).fetch_optional(&mut **tx).await
}

/// The same, locked until the transaction ends, so that what is changed is what was looked at.
pub async fn facts_to_change(tx: &mut ChatTx, id: &str) -> Result<Option<MessageFacts>, sqlx::Error> {
    let query = format!("{FACTS} FOR NO KEY UPDATE");
    sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(id).fetch_optional(&mut **tx).await
}

/// Its document, as `viewer` sees it (the server's side: `None`).
pub async fn document(
    tx: &mut ChatTx,
    id: &str,
    viewer: Option<&str>,
    now: Timestamp,
) -> Result<Option<Value>, sqlx::Error> {
    sqlx::query_scalar("SELECT chat.message_json(m, $2, $3) FROM chat.messages AS m WHERE id = $1")
        .bind(id)
        .bind(viewer)
        .bind(at(now))
        .fetch_optional(&mut **tx)
        .await
}

/// Messages of a channel (replies that stand in their thread only are left out), or of a thread, the oldest first.
pub async fn list(
    tx: &mut ChatTx,
    cid: &Cid,
    parent: Option<&str>,
    window: &Window,
    (viewer, since): (Option<&str>, Option<Timestamp>),
    now: Timestamp,
) -> Result<Vec<Value>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT document FROM (SELECT m.created_at, m.seq, chat.message_json(m, ");
    query.push_bind(viewer.map(str::to_owned)).push(", ").push_bind(at(now));
    query.push(") AS document FROM chat.messages AS m WHERE m.channel_type = ").push_bind(cid.kind.clone());
    query.push(" AND m.channel_id = ").push_bind(cid.id.clone());
    match parent {
        Some(parent) => query.push(" AND m.parent_id = ").push_bind(parent.to_owned()),
        None => query.push(" AND (m.parent_id IS NULL OR m.show_in_channel)"),
    };
    if let Some(since) = since {
        query.push(" AND m.created_at > ").push_bind(at(since));
    }
    for (sign, id) in [("<", &window.id_lt), ("<=", &window.id_lte), (">", &window.id_gt), (">=", &window.id_gte)] {
        if let Some(id) = id {
            query.push(format!(
                " AND (m.created_at, m.seq) {sign} (SELECT x.created_at, x.seq FROM chat.messages AS x WHERE x.id = "
            ));
            query.push_bind(id.clone()).push(")");
        }
    }
    for (sign, moment) in [("<", window.created_at_before), (">", window.created_at_after)] {
        if let Some(moment) = moment {
            query.push(format!(" AND m.created_at {sign} ")).push_bind(at(moment));
        }
    }
    // What follows a message begins right behind it; everything else ends with the newest.
    let forward = window.id_gt.is_some() || window.id_gte.is_some() || window.created_at_after.is_some();
    query.push(if forward { " ORDER BY m.created_at, m.seq" } else { " ORDER BY m.created_at DESC, m.seq DESC" });
    query.push(" LIMIT ").push_bind(window.limit).push(") AS part ORDER BY created_at, seq");
    query.build_query_scalar().fetch_all(&mut **tx).await
}

/// Messages of a channel that are pinned now, the newest pin first.
pub async fn pinned(
    tx: &mut ChatTx,
    cid: &Cid,
    viewer: Option<&str>,
    now: Timestamp,
    limit: i64,
) -> Result<Vec<Value>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT chat.message_json(m, $3, $4) FROM chat.messages AS m
         WHERE channel_type = $1 AND channel_id = $2 AND pinned_at IS NOT NULL AND (pin_expires IS NULL OR pin_expires > $4)
           AND deleted_at IS NULL
         ORDER BY pinned_at DESC, seq DESC LIMIT $5",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(viewer)
    .bind(at(now))
    .bind(limit)
    .fetch_all(&mut **tx)
    .await
}

/// Messages in those channels that have all the words, or fit a filter; the newest first.
pub async fn search(
    tx: &mut ChatTx,
    channels: &[Cid],
    words: Option<&str>,
    wanted: Option<&Value>,
    page: &Page,
    (viewer, now): (Option<&str>, Timestamp),
) -> Result<Result<Vec<Value>, BadFilter>, sqlx::Error> {
    let mut query = QueryBuilder::new("SELECT chat.message_json(m, ");
    query.push_bind(viewer.map(str::to_owned)).push(", ").push_bind(at(now));
    query.push(") FROM chat.messages AS m WHERE m.deleted_at IS NULL AND (m.channel_type, m.channel_id) IN (SELECT * FROM unnest(");
    query.push_bind(channels.iter().map(|cid| cid.kind.clone()).collect::<Vec<_>>()).push("::text[], ");
    query.push_bind(channels.iter().map(|cid| cid.id.clone()).collect::<Vec<_>>()).push("::text[]))");
    if let Some(words) = words {
        query.push(" AND m.words @@ plainto_tsquery('simple', ").push_bind(words.to_owned()).push(")");
    }
    if let Some(viewer) = viewer {
        query.push(" AND NOT EXISTS (SELECT FROM chat.members AS n WHERE n.channel_type = m.channel_type AND n.channel_id = m.channel_id AND n.user_id = ");
        query.push_bind(viewer.to_owned()).push(" AND n.cleared_at >= m.created_at)");
    }
    if let Some(wanted) = wanted
        && let Err(error) = filter::push(&mut query, fields, "m.custom", wanted)
    {
        return Ok(Err(error));
    }
    page.push(&mut query, fields, "m.created_at DESC, m.seq DESC");
    Ok(Ok(query.build_query_scalar().fetch_all(&mut **tx).await?))
}

/// When somebody last wrote in a channel.
pub async fn last_of(tx: &mut ChatTx, cid: &Cid, user: &str) -> Result<Option<Timestamp>, sqlx::Error> {
    let last: Option<jiff_sqlx::Timestamp> = sqlx::query_scalar(
        "SELECT max(created_at) FROM chat.messages WHERE channel_type = $1 AND channel_id = $2 AND user_id = $3",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .bind(user)
    .fetch_one(&mut **tx)
    .await?;
    Ok(last.map(jiff_sqlx::Timestamp::to_jiff))
}

/// The id of the newest message of a channel.
pub async fn newest(tx: &mut ChatTx, cid: &Cid) -> Result<Option<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT id FROM chat.messages WHERE channel_type = $1 AND channel_id = $2 AND (parent_id IS NULL OR show_in_channel)
         ORDER BY created_at DESC, seq DESC LIMIT 1",
    )
    .bind(&cid.kind)
    .bind(&cid.id)
    .fetch_optional(&mut **tx)
    .await
}
