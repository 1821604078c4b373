//! The built-in squad: agents that come with the server and need no key. Each takes leases like any other agent and lets
//! `devsquad squad-worker` do the work in a confined process.

mod attempt;
mod members;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use devsquad::command::Command;
use devsquad::id::{AgentId, OrganizationId};
use devsquad::{Actor, Refusal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::exec;
use crate::engine::{Engine, EngineError};
use crate::store::{Store, Tenant, reads};

/// How long one claim waits for a task.
const CLAIM_WAIT: Duration = Duration::from_secs(30);
/// Pause after a claim that failed.
const PAUSE: Duration = Duration::from_secs(1);
/// How long running attempts get to end when the server stops.
const GRACE: Duration = Duration::from_secs(5);

/// What the squad of one organization needs.
pub(crate) struct Base {
    pub engine: Engine,
    pub store: Store,
    pub organization: OrganizationId,
    /// Where attempts have their directories.
    pub dir: PathBuf,
    pub stop: CancellationToken,
}

/// The squad of one organization, at work.
pub struct Squad {
    base: Arc<Base>,
    workers: tokio::sync::Mutex<JoinSet<()>>,
}

impl Squad {
    /// Registers the agents that are missing and lets all of them ask for work.
    pub async fn start(
        engine: Engine,
        store: Store,
        organization: OrganizationId,
        data_dir: &Path,
        stop: CancellationToken,
    ) -> anyhow::Result<Squad> {
        let dir = data_dir.join("attempts");
        let base = Arc::new(Base { engine, store, organization, dir, stop: stop.child_token() });
        base.clear().await?;
        let mut workers = JoinSet::new();
        for profile in members::profiles(organization) {
            let (agent, capacity) = (profile.id, profile.capacity);
            let mut tx = base.store.begin_read(&Tenant::system(organization.0)).await?;
            let known = reads::agent_status(&mut tx, agent).await?;
            drop(tx);
            match known.as_deref() {
                Some("retired") => continue,
                Some(_) => base.system(Command::ReleaseLeases { agent }).await?,
                None => base.system(Command::RegisterAgent { profile: Box::new(profile) }).await?,
            }
            for slot in 0..capacity {
                workers.spawn(work(base.clone(), agent, slot));
            }
        }
        // The self-test takes a moment: better now than while the first task waits.
        tokio::task::spawn_blocking(|| {
            for (guard, active, reason) in exec::protections().rows() {
                tracing::info!(guard, active, reason, "protection of exec agents");
            }
        });
        Ok(Squad { base, workers: tokio::sync::Mutex::new(workers) })
    }

    /// Gives back what is being worked on.
    pub async fn stop(&self) {
        self.base.stop.cancel();
        let mut workers = self.workers.lock().await;
        let all = async { while workers.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!("agents of the squad are still busy; their leases run out by themselves");
        }
    }
}

impl Base {
    /// Ends what an earlier server left behind: processes, directories.
    async fn clear(&self) -> anyhow::Result<()> {
        let dir = self.dir.clone();
        tokio::task::spawn_blocking(move || -> anyhow::Result<()> {
            if dir.exists() {
                let killed = exec::kill_orphans(&dir)?;
                if killed > 0 {
                    tracing::warn!(killed, "ended processes that an earlier server left behind");
                }
                std::fs::remove_dir_all(&dir).context("removing directories of old attempts")?;
            }
            // What agents write is nobody else's business.
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&dir)
                .context("making the directory of attempts")
        })
        .await?
    }

    async fn system(&self, command: Command) -> anyhow::Result<()> {
        match self.engine.perform(self.organization, Actor::System, command, None).await {
            Ok(_) => Ok(()),
            Err(EngineError::Refused(Refusal::Invalid { faults })) => {
                tracing::warn!(?faults, "an agent of the squad cannot join");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// One slot of one agent: claims, works, claims again.
async fn work(base: Arc<Base>, agent: AgentId, slot: u32) {
    loop {
        let claim = base.engine.claim(base.organization, agent, 1, CLAIM_WAIT, None);
        let claimed = tokio::select! {
            () = base.stop.cancelled() => return,
            claimed = claim => claimed,
        };
        match claimed {
            Ok(leases) => {
                for lease in leases {
                    attempt::run(&base, agent, lease).await;
                }
            }
            Err(EngineError::Refused(refusal)) => {
                tracing::info!(%refusal, slot, "an agent of the squad claims no more");
                return;
            }
            Err(EngineError::Unavailable(why)) => {
                tracing::debug!(why, "no claim now");
                tokio::select! {
                    () = base.stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => {}
                }
            }
        }
    }
}
