//! Reaching the database: the private cluster, started or already running, or the one of `DATABASE_URL`.

use anyhow::Context as _;

use crate::config::Config;
use crate::store::embedded::Cluster;
use crate::store::{Store, StoreOptions};

/// A database that is open, and the private cluster behind it if we started it.
pub struct Opened {
    /// The database.
    pub store: Store,
    cluster: Option<Cluster>,
}

impl Opened {
    /// Gets a cluster that is new ready for much to do, while others work already.
    pub fn prepare(&self) {
        let Some(laid_out) = self.cluster.as_ref().map(Cluster::lay_out_log) else { return };
        tokio::spawn(async move {
            if let Err(error) = laid_out.await {
                tracing::debug!(error = format!("{error:#}"), "PostgreSQL makes its log as it goes");
            }
        });
    }

    /// Closes the database, and the cluster if we started it.
    pub async fn close(self) {
        self.store.close().await;
        if let Some(cluster) = self.cluster {
            cluster.stop().await;
        }
    }
}

/// Opens the database for the server itself: nobody else may use the data directory.
pub async fn open(config: &Config) -> anyhow::Result<Opened> {
    if let Some(url) = &config.database_url {
        let store = Store::open(StoreOptions::from_url(url)?).await?;
        return Ok(Opened { store, cluster: None });
    }
    let cluster = Cluster::start(&config.data_dir, config.pg_bin.as_deref()).await?;
    let store = Store::open(StoreOptions::of_cluster(&cluster)).await?;
    Ok(Opened { store, cluster: Some(cluster) })
}

/// Opens the database for a short errand: beside a running server, or by ourselves.
pub async fn visit(config: &Config) -> anyhow::Result<Opened> {
    if config.database_url.is_none() && super::api::running(config).await.is_some() {
        let options = StoreOptions::of_running(&config.data_dir).context("the database of the running server")?;
        return Ok(Opened { store: Store::open(options).await?, cluster: None });
    }
    open(config).await
}
