//! The engine: one single-writer loop for each organization, and the way to reach it.

mod claims;
mod flight;
pub mod live;
mod load;
mod organization;
mod pressure;
mod published;
mod queue;
mod tick;
pub mod verify;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use devsquad::command::LeaseGrant;
use devsquad::id::{AgentId, OrganizationId};
use devsquad::{Actor, Answer, Command, Refusal};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::clock;
use crate::store::{Store, Tenant, idempotency};
use live::Live;
pub use pressure::Pressure;
pub use published::{Published, news, on_stream};
pub use queue::{COMMANDS_QUEUED_MAX, IdempotencyKey, Request};
use queue::{Reply, Waiting};

/// How long a caller waits for its answer. A tick takes milliseconds; beyond this something is wrong and is said so.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(20);
/// Tasks given out in one claim.
pub const CLAIM_MAX: u32 = 64;
/// How long a claim may wait for a task.
pub const CLAIM_WAIT_MAX: Duration = Duration::from_secs(60);

/// Why a request gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The rules refused it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The engine cannot answer now. Whether the command was carried out is known only if it is asked again with the same
    /// idempotency key.
    #[error("{0}")]
    Unavailable(String),
}

/// The engine of every organization. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    replica: Uuid,
    organizations: Mutex<HashMap<OrganizationId, Handle>>,
    stop: CancellationToken,
}

#[derive(Clone)]
struct Handle {
    requests: mpsc::Sender<Request>,
    live: Arc<Live>,
    pressure: Pressure,
    done: CancellationToken,
}

impl Engine {
    /// An engine on this store; organizations are taken over when they are first asked for.
    pub fn new(store: Store) -> Engine {
        let inner = Inner {
            store,
            replica: clock::fresh_id(),
            organizations: Mutex::new(HashMap::new()),
            stop: CancellationToken::new(),
        };
        Engine { inner: Arc::new(inner) }
    }

    /// Takes over every organization there is, so that leases and deadlines run although nobody asks.
    pub async fn start(&self) -> anyhow::Result<()> {
        self.inner.store.expect_ticks();
        let mut tx = self.inner.store.begin_worker().await?;
        let ids = crate::store::organizations::ids(&mut tx).await?;
        drop(tx);
        for id in ids {
            self.handle(OrganizationId(id)).await.with_context(|| format!("starting organization {id}"))?;
        }
        Ok(())
    }

    /// Lets every loop write what it has, and ends.
    pub async fn stop(&self) {
        self.inner.stop.cancel();
        let handles: Vec<Handle> = self.inner.organizations.lock().await.values().cloned().collect();
        for handle in handles {
            handle.done.cancelled().await;
        }
    }

    /// Whether every loop that was started still runs.
    pub async fn is_ready(&self) -> bool {
        self.inner.organizations.lock().await.values().all(|handle| !handle.done.is_cancelled())
    }

    /// Carries out a command. The answer comes when it is durable.
    pub async fn perform(
        &self,
        organization: OrganizationId,
        actor: Actor,
        command: Command,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer, EngineError> {
        let again = key.clone();
        let principal = principal(&actor);
        let request = |reply| Request { actor, command: Box::new(command), waiting: Waiting::One, key, reply };
        let answer = self.ask(organization, request, ANSWER_WAIT_MAX).await?;
        self.answer(organization, &principal, again, answer).await
    }

    /// Asks for work on behalf of an agent, and waits for it up to `wait`.
    pub async fn claim(
        &self,
        organization: OrganizationId,
        agent: AgentId,
        max: u32,
        wait: Duration,
        key: Option<IdempotencyKey>,
    ) -> Result<Vec<LeaseGrant>, EngineError> {
        let wait = wait.min(CLAIM_WAIT_MAX);
        let max = max.clamp(1, CLAIM_MAX);
        let actor = Actor::Agent { agent };
        let again = key.clone();
        let who = principal(&actor);
        let until = clock::now() + wait;
        let command = Box::new(Command::Claim { until });
        let request = |reply| Request { actor, command, waiting: Waiting::Claim { agent, max, until }, key, reply };
        let answer = self.ask(organization, request, wait + ANSWER_WAIT_MAX).await?;
        match self.answer(organization, &who, again, answer).await? {
            Answer::Leases { leases } => Ok(leases),
            Answer::Done
            | Answer::WorkflowCreated { .. }
            | Answer::AgentRegistered { .. }
            | Answer::Heartbeat { .. }
            | Answer::ConflictRaised { .. } => Ok(Vec::new()),
        }
    }

    /// What an organization's loop tells.
    pub async fn live(&self, organization: OrganizationId) -> Result<Arc<Live>, EngineError> {
        Ok(self.handle(organization).await.map_err(unavailable)?.live)
    }

    /// How busy an organization's loop is, from now on.
    pub async fn pressure(&self, organization: OrganizationId) -> Result<Pressure, EngineError> {
        Ok(self.handle(organization).await.map_err(unavailable)?.pressure)
    }

    async fn ask(
        &self,
        organization: OrganizationId,
        request: impl FnOnce(oneshot::Sender<Reply>) -> Request,
        wait: Duration,
    ) -> Result<Reply, EngineError> {
        let handle = self.handle(organization).await.map_err(unavailable)?;
        let (reply, answer) = oneshot::channel();
        let sent = tokio::time::timeout(ANSWER_WAIT_MAX, handle.requests.send(request(reply))).await;
        match sent {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                return Err(EngineError::Unavailable("the engine of this organization has stopped".to_owned()));
            }
            Err(_) => return Err(EngineError::Unavailable("the engine is overloaded".to_owned())),
        }
        match tokio::time::timeout(wait, answer).await {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(_)) => Err(EngineError::Unavailable("the engine restarted before it could answer".to_owned())),
            Err(_) => Err(EngineError::Unavailable("the engine did not answer in time".to_owned())),
        }
    }

    /// A reply as an answer; one that was given before is read back.
    async fn answer(
        &self,
        organization: OrganizationId,
        principal: &str,
        key: Option<IdempotencyKey>,
        reply: Reply,
    ) -> Result<Answer, EngineError> {
        match reply {
            Reply::Answer(answer) => Ok(answer),
            Reply::Refused(refusal) => Err(EngineError::Refused(refusal)),
            Reply::Unavailable(why) => Err(EngineError::Unavailable(why)),
            Reply::GivenBefore => {
                let Some(key) = key else { return Err(EngineError::Unavailable("no key to look up".to_owned())) };
                let kept = self.kept(organization, principal, &key.key).await.map_err(unavailable)?;
                let Some((fingerprint, answer)) = kept else {
                    return Err(EngineError::Unavailable("the answer is no longer kept".to_owned()));
                };
                if fingerprint != key.fingerprint {
                    return Err(EngineError::Refused(Refusal::KeyReused { key: key.key }));
                }
                serde_json::from_str(&answer).map_err(|error| EngineError::Unavailable(error.to_string()))
            }
        }
    }

    async fn kept(
        &self,
        organization: OrganizationId,
        principal: &str,
        key: &str,
    ) -> anyhow::Result<Option<(Vec<u8>, String)>> {
        let mut tx = self.inner.store.begin_read(&Tenant::system(organization.0)).await?;
        Ok(idempotency::find(&mut tx, principal, key).await?)
    }

    /// The loop of an organization, started if it does not run.
    async fn handle(&self, organization: OrganizationId) -> anyhow::Result<Handle> {
        let mut organizations = self.inner.organizations.lock().await;
        if let Some(handle) = organizations.get(&organization) {
            return Ok(handle.clone());
        }
        let (requests, queue) = mpsc::channel(COMMANDS_QUEUED_MAX);
        let done = CancellationToken::new();
        let loaded = load::take_over(&self.inner.store, organization, self.inner.replica).await?;
        let live = Live::new(loaded.chain.seq);
        let pressure = Pressure::default();
        let handle =
            Handle { requests: requests.clone(), live: live.clone(), pressure: pressure.clone(), done: done.clone() };
        let world = organization::World {
            store: self.inner.store.clone(),
            organization,
            replica: self.inner.replica,
            requests: requests.downgrade(),
            live: live.clone(),
            pressure,
            stop: self.inner.stop.clone(),
        };
        tokio::spawn(live.clone().spread());
        tokio::spawn(async move {
            let _guard = done.drop_guard();
            organization::run(world, loaded, queue).await;
            live.end();
        });
        organizations.insert(organization, handle.clone());
        Ok(handle)
    }
}

/// Whose idempotency keys are whose.
fn principal(actor: &Actor) -> String {
    match actor {
        Actor::Person { user, .. } => format!("person {user}"),
        Actor::Agent { agent } => format!("agent {agent}"),
        Actor::System => "system".to_owned(),
    }
}

fn unavailable(error: anyhow::Error) -> EngineError {
    tracing::error!(error = %format!("{error:#}"), "engine not reachable");
    EngineError::Unavailable("the engine of this organization is not available".to_owned())
}

/// SHA-256 over the parts of a request that make it the same request.
pub fn fingerprint(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}
