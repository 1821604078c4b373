//! What the messengers have in common, and one for each organization.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use devsquad::id::OrganizationId;
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use super::{CALL_MAX, LOOK_EVERY, Messenger};
use crate::chat::check::check;
use crate::chat::client::{ChatError, Client};
use crate::engine::Engine;
use crate::online::Online;
use crate::store::{Store, organizations};

/// What the messengers of all organizations share. Cheap to clone.
#[derive(Clone)]
pub struct World {
    pub(crate) engine: Engine,
    pub(crate) store: Store,
    pub(super) client: Client,
    webhook: Option<String>,
    /// Which people have a page open.
    pub(crate) online: Online,
    set_up: Arc<OnceCell<()>>,
}

impl World {
    /// What happens in this engine is told to this chat, which sends what happens there to `webhook`.
    pub fn new(engine: Engine, store: Store, client: Client, webhook: Option<String>) -> World {
        let client = client.deadline(CALL_MAX);
        World { engine, store, client, webhook, online: Online::default(), set_up: Arc::default() }
    }

    /// The same with another deadline for each call.
    pub(super) fn deadline(&self, call_max: Duration) -> World {
        World { client: self.client.deadline(call_max), ..self.clone() }
    }

    /// Tells what happens in every organization, those to come included, until `stop`.
    pub async fn tell(self, stop: CancellationToken) {
        let mut told: HashSet<OrganizationId> = HashSet::new();
        loop {
            match self.organizations().await {
                Ok(ids) => {
                    for id in ids.into_iter().filter(|id| told.insert(*id)) {
                        tokio::spawn(Messenger::new(self.clone(), id).run(stop.clone()));
                    }
                }
                Err(error) => tracing::warn!(%error, "organizations cannot be listed now"),
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn organizations(&self) -> Result<Vec<OrganizationId>, sqlx::Error> {
        let mut tx = self.store.begin_worker().await?;
        Ok(organizations::ids(&mut tx).await?.into_iter().map(OrganizationId).collect())
    }

    /// Sets the chat up once, whichever messenger comes first.
    pub(super) async fn set_up(&self) -> Result<(), ChatError> {
        let set_up = async {
            for line in check(&self.client, self.webhook.as_deref()).await? {
                tracing::debug!(line, "the chat is set up");
            }
            Ok(())
        };
        self.set_up.get_or_try_init(|| set_up).await.map(drop)
    }
}
