//! Reads back what people wrote, for what no webhook told: the server was away, or the chat cannot reach it.

use devsquad::id::OrganizationId;
use jiff::SignedDuration;
use serde_json::json;

use super::{Listener, Stuck, asks};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::wire::{Custom, Event, Message, Query, SortKey};
use crate::clock;
use crate::store::{Tenant, listener};

/// How far behind the last look the next one begins: clocks of two machines differ, and a message may be written late.
const OVERLAP: SignedDuration = SignedDuration::from_secs(30);
/// Messages read at a time; the chat gives no more.
const PAGE: i64 = 100;
/// Pages read at a time. What comes behind them comes with the next look.
const PAGES_MAX: i64 = 50;

impl Listener {
    /// Writes down what people wrote since the last look. What a webhook told is written down already.
    pub(super) async fn catch_up(&self, organization: OrganizationId) -> Result<(), Stuck> {
        let tenant = Tenant::system(organization.0);
        let began = clock::now();
        let mut tx = self.inner.store.begin(&tenant).await?;
        let since = listener::watermark(&mut tx, began).await?;
        tx.commit().await?;
        let mut until = began;
        for page in 0..PAGES_MAX {
            let found = self.written_since(since - OVERLAP, page * PAGE).await?;
            for message in &found {
                self.read_back(organization, message).await?;
            }
            if (found.len() as i64) < PAGE {
                break;
            }
            if page + 1 == PAGES_MAX {
                until = found.last().and_then(|message| message.created_at).unwrap_or(since);
            }
        }
        let mut tx = self.inner.store.begin(&tenant).await?;
        listener::heard_until(&mut tx, until).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn written_since(&self, since: jiff::Timestamp, offset: i64) -> Result<Vec<Message>, Stuck> {
        let query = Query {
            filter_conditions: Custom::from_iter([
                ("type".to_owned(), json!(CHANNEL_TYPE)),
                ("last_message_at".to_owned(), json!({ "$gt": since })),
            ]),
            // What we say ourselves, and agents, carries our field: it is most of all that is said, and asks for nothing.
            message_filter_conditions: Some(Custom::from_iter([
                ("created_at".to_owned(), json!({ "$gt": since })),
                ("devsquad".to_owned(), json!({ "$exists": false })),
            ])),
            sort: vec![SortKey { field: "created_at".to_owned(), direction: 1 }],
            limit: Some(PAGE),
            offset: Some(offset),
            ..Query::default()
        };
        Ok(self.inner.client.search(&query).await?)
    }

    async fn read_back(&self, organization: OrganizationId, message: &Message) -> Result<(), Stuck> {
        let Some((kind, id)) = message.cid.split_once(':') else { return Ok(()) };
        let event = Event {
            kind: "message.new".to_owned(),
            created_at: message.created_at,
            cid: Some(message.cid.clone()),
            channel_type: Some(kind.to_owned()),
            channel_id: Some(id.to_owned()),
            user: message.user.clone(),
            message: Some(message.clone()),
            rest: Custom::default(),
        };
        let Some(wish) = asks(&event) else { return Ok(()) };
        let mut tx = self.inner.store.begin_worker().await?;
        let whose = listener::organization_of(&mut tx, kind, id).await?;
        drop(tx);
        if whose == Some(organization) {
            self.keep(organization, &wish, &event).await?;
        }
        Ok(())
    }
}
