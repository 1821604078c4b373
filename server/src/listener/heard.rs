//! What is said in the chat, for whoever has one of its channels open.

use std::sync::Arc;

use tokio::sync::broadcast;

use crate::chat::wire::Event;

/// Events a slow subscriber may fall behind before it has to read its channel again.
const EVENTS_BEHIND_MAX: usize = 1_024;

/// What is said in the chat, as it comes in. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Heard(broadcast::Sender<Arc<Event>>);

impl Default for Heard {
    fn default() -> Self {
        Self(broadcast::Sender::new(EVENTS_BEHIND_MAX))
    }
}

impl Heard {
    /// Hands an event on to everybody who listens.
    pub fn say(&self, event: impl Into<Arc<Event>>) {
        // An error says that nobody listens.
        let _ = self.0.send(event.into());
    }

    /// Everything from now on, of every channel of every organization: whoever hands it on looks whose it is.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }
}
