//! Questions about what people asked for in the chat. Those about the chat itself are asked in the embedded chat server's own tables.

use jiff::Timestamp;
use sqlx::FromRow;

use crate::store::{ChatTx, TenantTx};

/// Something a person asked for, and what came of it.
#[derive(Clone, Debug, FromRow)]
pub struct Wish {
    /// Its line in `chat_inbox`.
    pub id: String,
    /// The chat's user whose wish it is.
    pub author: String,
    /// The message that says it, or under which a reaction does.
    pub message: String,
    /// What came of it; nothing yet if it waits.
    pub outcome: Option<String>,
    /// The id of the answer in words, if there is one.
    pub answer: String,
    /// Whether somebody who is no person is said to have wished it, or it carries our own field.
    pub ours: bool,
    /// Whether the engine keeps an answer for it.
    pub kept: bool,
}

impl Wish {
    /// Whether something was done about it, or said.
    pub fn was_acted_upon(&self) -> bool {
        matches!(self.outcome.as_deref(), Some("done" | "refused" | "told" | "not understood"))
    }

    /// Whether it was said in words: then nothing else can be what the answer refers to.
    fn is_message(&self) -> bool {
        self.id.starts_with("message:")
    }
}

/// Everything that came in and was not done before that moment, in the order it came.
pub async fn wishes(tx: &mut TenantTx, since: Timestamp) -> Result<Vec<Wish>, sqlx::Error> {
    // A key longer than the engine keeps is kept as its hash (`listener/act.rs`).
    sqlx::query_as(
        "SELECT w.*, EXISTS (SELECT FROM idempotency_keys AS k WHERE k.organization_id = $1
                 AND k.principal = 'person ' || substr(w.author, length('person-') + 1)
                 AND k.key = CASE WHEN octet_length(w.key) <= 255 THEN w.key ELSE 'chat ' || w.digest END) AS kept
         FROM (SELECT s.*, 're-' || left(digest, 32) AS answer, 'chat ' || id AS key,
                   s.author !~ '^person-' OR coalesce(kind = 'message.new', true) AND field IS NOT NULL AS ours
               FROM (SELECT id, seq, outcome, event ->> 'type' AS kind, coalesce(event #>> '{message,id}', '') AS message,
                         event #> '{message,devsquad}' AS field, encode(sha256(convert_to(id, 'UTF8')), 'hex') AS digest,
                         coalesce(CASE event ->> 'type' WHEN 'message.new' THEN event #>> '{message,user,id}'
                                  ELSE event #>> '{user,id}' END, '') AS author
                     FROM chat_inbox WHERE organization_id = $1 AND (done_at IS NULL OR done_at >= $2)) AS s) AS w
         ORDER BY w.seq",
    )
    .bind(tx.tenant().organization)
    .bind(jiff_sqlx::Timestamp::from(since))
    .fetch_all(&mut **tx)
    .await
}

/// Changes since that moment that came from the chat, of people who asked for nothing there then.
pub async fn unasked(tx: &mut TenantTx, since: Timestamp) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT 'event ' || e.seq FROM orchestration_events AS e
         WHERE e.organization_id = $1 AND e.timestamp >= $2 AND e.actor ->> 'via' = 'chat' AND NOT EXISTS (
             SELECT FROM chat_inbox AS i WHERE i.organization_id = $1 AND i.received_at <= e.timestamp
                 AND (i.done_at IS NULL OR (i.done_at >= e.timestamp AND i.outcome IN ('done', 'refused')))
                 AND 'person-' || (e.actor ->> 'user') IN (i.event #>> '{message,user,id}', i.event #>> '{user,id}'))
         ORDER BY e.seq",
    )
    .bind(tx.tenant().organization)
    .bind(jiff_sqlx::Timestamp::from(since))
    .fetch_all(&mut **tx)
    .await
}

/// Wishes that were acted upon and never answered under their message, as far as message and thread are still there.
pub async fn unanswered(chat: &mut ChatTx, wishes: &[Wish]) -> Result<Vec<String>, sqlx::Error> {
    let acted: Vec<&Wish> = wishes.iter().filter(|wish| wish.was_acted_upon()).collect();
    sqlx::query_scalar(
        "SELECT w.id || ' is ' || w.outcome || ' and has no answer'
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS w (id, message, outcome, answer)
         JOIN chat.messages AS m ON m.id = w.message AND m.deleted_at IS NULL
         LEFT JOIN chat.messages AS root ON root.id = m.parent_id
         WHERE root.deleted_at IS NULL AND CASE w.outcome
             WHEN 'done' THEN NOT EXISTS (SELECT FROM chat.reactions AS r
                 WHERE r.message_id = m.id AND r.user_id = 'devsquad' AND r.type = 'white_check_mark')
             ELSE NOT EXISTS (SELECT FROM chat.messages AS a WHERE a.id = w.answer) END",
    )
    .bind(acted.iter().map(|wish| wish.id.as_str()).collect::<Vec<_>>())
    .bind(acted.iter().map(|wish| wish.message.as_str()).collect::<Vec<_>>())
    .bind(acted.iter().map(|wish| wish.outcome.as_deref().unwrap_or_default()).collect::<Vec<_>>())
    .bind(acted.iter().map(|wish| wish.answer.as_str()).collect::<Vec<_>>())
    .fetch_all(&mut **chat)
    .await
}

/// Answers to what was said in words that are not the one that is due.
pub async fn answered_again(chat: &mut ChatTx, wishes: &[Wish]) -> Result<Vec<String>, sqlx::Error> {
    let said: Vec<&Wish> = wishes.iter().filter(|wish| wish.is_message()).collect();
    sqlx::query_scalar(
        "SELECT a.id || ' answers ' || w.id || ' again' FROM chat.messages AS a
         JOIN unnest($1::text[], $2::text[], $3::text[]) AS w (id, message, answer) ON w.message = a.custom #>> '{devsquad,ref}'
         WHERE a.user_id = 'devsquad' AND a.custom #>> '{devsquad,kind}' = 'reply' AND a.id <> w.answer",
    )
    .bind(said.iter().map(|wish| wish.id.as_str()).collect::<Vec<_>>())
    .bind(said.iter().map(|wish| wish.message.as_str()).collect::<Vec<_>>())
    .bind(said.iter().map(|wish| wish.answer.as_str()).collect::<Vec<_>>())
    .fetch_all(&mut **chat)
    .await
}

/// Wishes in words that were acted upon, whose message the chat knows as somebody else's, or as one of ours.
pub async fn said_by_others(chat: &mut ChatTx, wishes: &[Wish]) -> Result<Vec<String>, sqlx::Error> {
    let said: Vec<&Wish> = wishes.iter().filter(|wish| wish.is_message() && wish.was_acted_upon()).collect();
    sqlx::query_scalar(
        "SELECT w.id || ' is not what ' || w.author || ' said' FROM unnest($1::text[], $2::text[], $3::text[]) AS w (id, message, author)
         JOIN chat.messages AS m ON m.id = w.message WHERE m.user_id <> w.author OR jsonb_exists(m.custom, 'devsquad')",
    )
    .bind(said.iter().map(|wish| wish.id.as_str()).collect::<Vec<_>>())
    .bind(said.iter().map(|wish| wish.message.as_str()).collect::<Vec<_>>())
    .bind(said.iter().map(|wish| wish.author.as_str()).collect::<Vec<_>>())
    .fetch_all(&mut **chat)
    .await
}
