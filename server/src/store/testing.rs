//! A PostgreSQL for tests: one private cluster for the machine, a database of its own for each test.
//!
//! The first test process starts the cluster (with the settings the product has), the others adopt it; it ends half a minute after
//! the last of them. Each database is a copy of one that was migrated once. Part of the library, because unit tests of this package
//! and integration tests of others both use it; nothing in the product calls it.

use std::fs::File;
use std::ops::Deref;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, Uid};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::embedded::Cluster;
use super::{Store, StoreOptions, Tenant, migrator};

/// Part of the name of the cluster's directory. Roles belong to the whole cluster: whoever changes them takes another name here, so
/// that work trees which do not know them yet keep their own.
const ROLES: &str = "with-chat";
/// Connections for each test, one of them for ticks and one for the chat: many tests share one server.
const CONNECTIONS_MAX: u32 = 5;

/// What this process knows about the machine's test cluster.
#[derive(Debug)]
struct Shared {
    options: StoreOptions,
    admin: PgConnectOptions,
    template: String,
    /// Held as long as the process lives: who ends the cluster waits for all of these.
    _in_use: File,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// An empty, migrated database, dropped at the end of the test.
#[derive(Debug)]
pub struct TestDatabase {
    store: Store,
    name: String,
    options: StoreOptions,
    admin: PgConnectOptions,
}

impl TestDatabase {
    /// A new one.
    pub async fn new() -> anyhow::Result<Self> {
        let shared = SHARED.get_or_try_init(shared).await?;
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        run(&shared.admin, format!("CREATE DATABASE {name} TEMPLATE {}", shared.template)).await?;
        let options = shared.options.clone().database(&name);
        let store = Store::open(options.clone()).await?;
        Ok(Self { store, options, admin: shared.admin.clone().database(&name), name })
    }

    /// A second store on the same database, with so many connections.
    pub async fn another_store(&self, connections: u32) -> anyhow::Result<Store> {
        Store::open(self.options.clone().connections_max(connections)).await
    }

    /// A connection as superuser, for which row-level security does not exist.
    pub async fn admin(&self) -> anyhow::Result<PgConnection> {
        PgConnection::connect_with(&self.admin).await.context("connecting as superuser")
    }

    /// A new organization; the tenant is its engine.
    pub async fn organization(&self, id: Uuid, name: &str) -> anyhow::Result<Tenant> {
        let tenant = Tenant::system(id);
        let mut tx = self.store.begin(&tenant).await?;
        sqlx::query("INSERT INTO organizations (id, name) VALUES ($1, $2)")
            .bind(id)
            .bind(name)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(tenant)
    }
}

impl Deref for TestDatabase {
    type Target = Store;
    fn deref(&self) -> &Store {
        &self.store
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let admin = self.admin.clone().database("postgres");
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // A thread of its own: a test's runtime may be ending. What stays behind is swept by the next test process.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(run(&admin, statement))
        });
        if !matches!(dropping.join(), Ok(Ok(()))) {
            tracing::debug!(database = self.name, "left to be swept");
        }
    }
}

async fn shared() -> anyhow::Result<Shared> {
    let dir = std::env::temp_dir().join(format!("devsquad-tests-{ROLES}-{}", Uid::effective()));
    std::fs::create_dir_all(&dir)?;
    let in_use = File::create(dir.join("in-use"))?;
    let starting = File::create(dir.join("starting"))?;
    // Both wait: the first for a cluster that is just being ended, the second for another process that is starting it.
    let (in_use, starting) = tokio::task::spawn_blocking(move || {
        in_use.lock_shared()?;
        starting.lock()?;
        std::io::Result::Ok((in_use, starting))
    })
    .await??;
    let cluster = Cluster::start(&dir.join("cluster"), None).await?;
    let options = StoreOptions::of_cluster(&cluster).connections_max(CONNECTIONS_MAX);
    let admin = cluster.url_options().database("postgres");
    cluster.leave().await;
    end_after_last(&dir)?;
    sweep(&admin).await?;
    let template = template(&admin, &options).await?;
    drop(starting);
    Ok(Shared { options, admin, template, _in_use: in_use })
}

/// The migrated database of which every test gets a copy; another one for other migrations.
async fn template(admin: &PgConnectOptions, options: &StoreOptions) -> anyhow::Result<String> {
    let checksum = migrator().iter().fold(0_u64, |sum, migration| {
        migration.checksum.iter().fold(sum, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)))
    });
    let name = format!("template_{checksum:016x}");
    let mut connection = PgConnection::connect_with(admin).await?;
    let made: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    if !made {
        run(admin, "DROP DATABASE IF EXISTS growing WITH (FORCE)".to_owned()).await?;
        run(admin, "CREATE DATABASE growing".to_owned()).await?;
        Store::open(options.clone().database("growing")).await?.close().await;
        run(admin, format!("ALTER DATABASE growing RENAME TO {name}")).await?;
    }
    Ok(name)
}

/// Drops the databases of test processes that are gone.
async fn sweep(admin: &PgConnectOptions) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect_with(admin).await?;
    let names: Vec<String> =
        sqlx::query_scalar("SELECT datname::text FROM pg_database WHERE datname ~ '^test_[0-9]+_[0-9]+$'")
            .fetch_all(&mut connection)
            .await?;
    connection.close().await?;
    for name in names {
        let process = name.split('_').nth(1).and_then(|pid| pid.parse().ok()).map(Pid::from_raw);
        if process.is_some_and(|pid| kill(pid, None) == Err(Errno::ESRCH)) {
            run(admin, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        }
    }
    Ok(())
}

async fn run(admin: &PgConnectOptions, statement: String) -> anyhow::Result<()> {
    let mut connection = PgConnection::connect_with(admin).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// Leaves a shell behind that ends the cluster when no test process has used it for a while. One is enough: others go at once.
fn end_after_last(dir: &PathBuf) -> anyhow::Result<()> {
    use std::os::unix::process::CommandExt as _;
    const SCRIPT: &str = "exec 8>reaper 9>in-use; flock -n 8 || exit 0
while sleep 30; do if flock -n 9; then kill -INT \"$(head -n 1 cluster/postgres/postmaster.pid)\"; exit 0; fi; done";
    Command::new("sh")
        .args(["-c", SCRIPT])
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("running sh")?;
    Ok(())
}
