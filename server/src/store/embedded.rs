//! A private PostgreSQL: its own data directory, its own socket, nobody else's business.
//!
//! `devsquad serve` without `DATABASE_URL` starts one. It listens on a Unix socket only, asks for a password that stands in a file
//! only we can read, writes every commit to disk, and outlives us if we are killed: the next start adopts it. If it dies, it is
//! started again; if we end, it ends.

mod home;
mod postmaster;
mod programs;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use home::Home;
use postmaster::Postmaster;
use programs::Programs;

/// The database of the product within the cluster.
pub const DATABASE: &str = "devsquad";

/// Segments of PostgreSQL's log, of 16 MB each, that it never goes below (`min_wal_size`).
const LOG_SEGMENTS: i64 = 16;

/// A running private cluster. [`stop`](Self::stop) ends it; dropped without, PostgreSQL goes on and is adopted by the next start.
#[derive(Debug)]
pub struct Cluster {
    options: PgConnectOptions,
    secret: String,
    stop: CancellationToken,
    supervisor: JoinHandle<()>,
}

impl Cluster {
    /// Starts the cluster in `data_dir`, making it first if there is none.
    ///
    /// `pg_bin` is the directory of PostgreSQL's programs; without, the usual places are searched. Fails with a sentence for the
    /// operator: no programs, too old ones, a directory in use by another process, a directory PostgreSQL may not enter.
    pub async fn start(data_dir: &Path, pg_bin: Option<&Path>) -> anyhow::Result<Self> {
        let home = Home::open(data_dir)?;
        let programs = Programs::find(pg_bin, home.major()?)?;
        home.initialise(&programs).await?;
        let options = home.options();
        let secret = home.password.clone();
        let stop = CancellationToken::new();
        let postmaster = Arc::new(Postmaster::new(home, programs, stop.clone()));
        let running = postmaster.start().await?;
        let supervisor = tokio::spawn(postmaster.supervise(running));
        let cluster = Self { options, secret, stop, supervisor };
        cluster.create_database().await?;
        Ok(cluster)
    }

    /// How to log in as the superuser, for migrations.
    pub fn url_options(&self) -> PgConnectOptions {
        self.options.clone().database(DATABASE)
    }

    /// The superuser's password, from which the server's own is made.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Ends PostgreSQL: transactions still open are rolled back, everything committed is on disk.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if let Err(error) = (&mut self.supervisor).await {
            tracing::error!(%error, "the supervisor of PostgreSQL failed");
        }
    }

    /// Lets PostgreSQL run on without us and gives up the data directory.
    pub async fn leave(mut self) {
        self.supervisor.abort();
        // Waited for, so that the lock of the data directory is free when this returns; being aborted is no news.
        let _aborted = (&mut self.supervisor).await;
    }

    /// Has PostgreSQL lay out as much of its log as it keeps anyway once it has worked for a while: making a segment takes some ten
    /// milliseconds, in which every commit waits. A cluster that has them is left as it is.
    pub fn lay_out_log(&self) -> impl Future<Output = anyhow::Result<()>> + Send + use<> {
        let options = self.options.clone();
        async move {
            let mut connection = PgConnection::connect_with(&options).await?;
            let there: i64 =
                sqlx::query_scalar("SELECT count(*) FROM pg_ls_waldir()").fetch_one(&mut connection).await?;
            for _ in there..LOG_SEGMENTS {
                // A segment is left, and a new one made, where something was written to it.
                let leave = "SELECT pg_logical_emit_message(false, 'devsquad', ''); SELECT pg_switch_wal()";
                sqlx::raw_sql(leave).execute(&mut connection).await?;
            }
            if there < LOG_SEGMENTS {
                // Those that were left are used again from here on.
                sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
            }
            connection.close().await?;
            Ok(())
        }
    }

    async fn create_database(&self) -> anyhow::Result<()> {
        let mut connection =
            PgConnection::connect_with(&self.options).await.context("connecting to the private cluster")?;
        let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(DATABASE)
            .fetch_one(&mut connection)
            .await?;
        if !exists {
            sqlx::raw_sql("CREATE DATABASE devsquad")
                .execute(&mut connection)
                .await
                .context("creating the database")?;
        }
        connection.close().await?;
        Ok(())
    }
}

/// How to reach the cluster of another process that runs on this data directory, and its secret.
pub fn running(data_dir: &Path) -> anyhow::Result<(PgConnectOptions, String)> {
    let (options, secret) = home::running(data_dir)?;
    Ok((options.database(DATABASE), secret))
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.supervisor.abort();
    }
}

#[cfg(test)]
mod tests;
