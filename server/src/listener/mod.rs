//! Hears what is said in the chat. The messenger tells, the listener hears.

mod door;
mod heard;

use std::sync::Arc;

pub use door::PATH;
pub use heard::Heard;

use crate::chat::client::Client;
use crate::chat::keys::Keys;
use crate::chat::wire::Event;
use crate::engine::Engine;
use crate::store::Store;

/// What it needs to know of where it stands. Cheap to clone.
#[derive(Clone)]
pub struct Listener {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    store: Store,
    client: Client,
    heard: Heard,
}

impl Listener {
    /// One that hears this chat and hands on what it hears.
    pub fn new(engine: Engine, store: Store, client: Client, heard: Heard) -> Self {
        Self { inner: Arc::new(Inner { engine, store, client, heard }) }
    }

    fn keys(&self) -> &Keys {
        self.inner.client.keys()
    }

    /// An event of the chat, by a webhook or read back.
    async fn hear(&self, event: Event) -> Result<(), sqlx::Error> {
        self.inner.heard.say(event);
        Ok(())
    }
}
