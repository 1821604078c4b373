//! Hears what is said in the chat, and does what is asked there. The messenger tells, the listener hears.
//!
//! A webhook passes the door (`door`), is handed to open pages (`heard`), and is written down if it may ask for something; only then is
//! the chat answered. What was written down is done afterwards, in the order it was said (`act`). What no webhook told is read back from the
//! chat's own messages (`catch_up`). The same thing told twice, in whatever way, has the same id and is done once.

mod act;
mod catch_up;
mod door;
mod heard;

use std::slice;
use std::sync::Arc;
use std::time::Duration;

use devsquad::id::{OrganizationId, UserId};
use devsquad::messaging::user::person_of;
use jiff::SignedDuration;
use serde_json::json;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use door::PATH;
pub use heard::Heard;

use crate::chat::client::{ChatError, Client};
use crate::chat::keys::Keys;
use crate::chat::wire::Event;
use crate::clock;
use crate::engine::Engine;
use crate::store::messenger::rooms;
use crate::store::{Store, Tenant, listener, organizations};

/// How often the chat is read back: what its webhooks lost is heard this late.
const READ_BACK_EVERY: Duration = Duration::from_secs(60);
/// How long what was done is remembered: a repeat that comes later than this is none.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long one call to the chat may take with all its attempts.
const CALL_MAX: Duration = Duration::from_secs(20);
/// How long to wait after something went wrong.
const PAUSE: Duration = Duration::from_secs(2);

/// Why it stopped for now.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error("the engine: {0}")]
    Engine(String),
}

/// The listener. Cheap to clone.
#[derive(Clone)]
pub struct Listener {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    store: Store,
    client: Client,
    heard: Heard,
    /// Rung when something was written down.
    due: Notify,
}

impl Listener {
    /// One that hears this chat, hands on what it hears, and asks this engine for what people want.
    pub fn new(engine: Engine, store: Store, client: Client, heard: Heard) -> Self {
        let client = client.deadline(CALL_MAX);
        Self { inner: Arc::new(Inner { engine, store, client, heard, due: Notify::new() }) }
    }

    fn keys(&self) -> &Keys {
        self.inner.client.keys()
    }

    /// Does what was written down, and reads the chat back now and then, until `stop`.
    pub async fn run(self, stop: CancellationToken) {
        let work = async {
            let mut read_back = clock::instant();
            loop {
                if let Err(stuck) = self.work(clock::instant() >= read_back).await {
                    metrics::counter!("devsquad_listener_stuck_total").increment(1);
                    tracing::warn!(error = %stuck, "what was asked for in the chat has to wait");
                    tokio::time::sleep(PAUSE).await;
                    continue;
                }
                if clock::instant() >= read_back {
                    read_back = clock::instant() + READ_BACK_EVERY;
                }
                let _ = tokio::time::timeout_at(read_back.into(), self.inner.due.notified()).await;
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    async fn work(&self, read_back: bool) -> Result<(), Stuck> {
        let mut tx = self.inner.store.begin_worker().await?;
        let ids = organizations::ids(&mut tx).await?;
        drop(tx);
        for organization in ids.into_iter().map(OrganizationId) {
            if read_back {
                self.catch_up(organization).await?;
                let mut tx = self.inner.store.begin(&Tenant::system(organization.0)).await?;
                listener::forget(&mut tx, clock::now() - REMEMBERED).await?;
                tx.commit().await?;
            }
            self.act_on_all(organization).await?;
        }
        Ok(())
    }

    /// An event of the chat by a webhook: open pages hear of it, and it is written down if it may ask for something.
    async fn hear(&self, event: Event) -> Result<(), sqlx::Error> {
        let event = Arc::new(event);
        self.inner.heard.say(event.clone());
        if let Some(id) = asks(&event) {
            let mut tx = self.inner.store.begin_worker().await?;
            let (kind, channel) = (event.channel_type.as_deref(), event.channel_id.as_deref());
            let whose =
                listener::organization_of(&mut tx, kind.unwrap_or_default(), channel.unwrap_or_default()).await?;
            drop(tx);
            if let Some(organization) = whose {
                self.keep(organization, &id, &event).await?;
            }
        }
        Ok(())
    }

    async fn keep(&self, organization: OrganizationId, id: &str, event: &Event) -> Result<(), sqlx::Error> {
        let mut tx = self.inner.store.begin(&Tenant::system(organization.0)).await?;
        let now = clock::now();
        let said = event.created_at.unwrap_or(now).min(now);
        let is_new = listener::keep(&mut tx, id, &json!(event), said, now).await?;
        if let (true, "message.new", Some(kind), Some(channel)) =
            (is_new, event.kind.as_str(), &event.channel_type, &event.channel_id)
        {
            rooms::said(&mut tx, kind, slice::from_ref(channel), said).await?;
        }
        tx.commit().await?;
        if is_new {
            self.inner.due.notify_one();
        }
        Ok(())
    }
}

/// What makes it the same wish, if it may be one: a message or a reaction of a person. What our own say, and agents, asks for nothing.
fn asks(event: &Event) -> Option<String> {
    let message = event.message.as_ref()?;
    person(event)?;
    if event.kind == "message.new" && message.custom.contains_key("devsquad") {
        // The messenger tells what a person did in the person's name.
        return None;
    }
    match event.kind.as_str() {
        "message.new" => Some(format!("message:{}", message.id)),
        "reaction.new" | "reaction.updated" => {
            let kind = event.rest.get("reaction")?.get("type")?.as_str()?;
            let user = event.user.as_ref().map_or("", |user| user.id.as_str());
            Some(format!("reaction:{}:{user}:{kind}", message.id))
        }
        _ => None,
    }
}

/// The person who did it, by the chat's user. A display name says nothing.
fn person(event: &Event) -> Option<UserId> {
    let of_message = || event.message.as_ref().and_then(|message| message.user.as_ref());
    let user = match event.kind.as_str() {
        "message.new" => of_message(),
        _ => event.user.as_ref(),
    };
    person_of(&user?.id)
}
