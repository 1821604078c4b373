//! Whether the sessions behind open pages still last. All that ask within a moment are one question to the database: each page asks every
//! few seconds, and thousands may be open.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use devsquad::id::OrganizationId;
use tokio::sync::oneshot;

use crate::clock;
use crate::store::Store;
use crate::store::identity::Secret;

/// How long a question waits for others. With the time between two of a page (`feed`) it stays below five seconds.
const GATHER: Duration = Duration::from_millis(200);
/// Sessions in one question.
const TOGETHER_MAX: usize = 1_000;

/// Where pages ask. Cheap to clone.
#[derive(Clone)]
pub struct Lasting {
    store: Store,
    asked: Arc<Mutex<Vec<Asked>>>,
}

struct Asked {
    token: Secret,
    organization: OrganizationId,
    answer: oneshot::Sender<bool>,
}

impl Lasting {
    /// Asks this database.
    pub fn new(store: Store) -> Lasting {
        Lasting { store, asked: Arc::default() }
    }

    /// Whether this session lasts, in this organization.
    pub async fn still(&self, token: Secret, organization: OrganizationId) -> bool {
        let (answer, heard) = oneshot::channel();
        let is_first = {
            let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push(Asked { token, organization, answer });
            asked.len() == 1
        };
        if is_first {
            let all = self.clone();
            tokio::spawn(async move {
                tokio::time::sleep(GATHER).await;
                all.ask().await;
            });
        }
        heard.await.unwrap_or(true)
    }

    async fn ask(&self) {
        let mut asked = std::mem::take(&mut *self.asked.lock().unwrap_or_else(PoisonError::into_inner));
        while !asked.is_empty() {
            let some: Vec<Asked> = asked.drain(..asked.len().min(TOGETHER_MAX)).collect();
            let tokens: Vec<&Secret> = some.iter().map(|one| &one.token).collect();
            let found = self.store.sessions(&tokens, clock::now()).await;
            if let Err(error) = &found {
                // The database is away for a moment: pages are told nothing, for nothing happens.
                tracing::warn!(%error, "the sessions of those who listen cannot be checked");
            }
            for (nth, Asked { organization, answer, .. }) in some.into_iter().enumerate() {
                let still = found.as_ref().map_or(true, |found| found.get(&nth) == Some(&organization));
                // An error says that the page has gone.
                let _ = answer.send(still);
            }
        }
    }
}
