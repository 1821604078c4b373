//! PostgreSQL: the pool nobody else may touch, and the transactions it hands out.
//!
//! Opening the store brings the schema up to date as its owner, then logs in as `devsquad_login`, a role that may read nothing.
//! Every transaction becomes one of four roles for as long as it lasts: `devsquad_app` or `devsquad_reader` within one tenant
//! ([`TenantTx`]), `devsquad_worker` between tenants ([`WorkerTx`]), or `devsquad_chat` in the chat's schema ([`ChatTx`]). There is no way to run a query outside one of these.

use std::time::Duration;

use anyhow::{Context as _, bail};
use sha2::{Digest as _, Sha256};
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgPool, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

pub mod blobs;
pub mod chat;
pub mod check;
pub mod embedded;
pub mod idempotency;
pub mod identity;
pub mod journal;
pub mod listener;
pub mod logs;
pub mod messenger;
pub mod organizations;
pub mod pages;
pub mod projections;
pub mod reads;
mod rehearsal;
pub mod tenant;
pub mod testing;
pub mod together;
pub mod verify;

use tenant::{BY_KEY, TICK_IDLE_MAX};
pub use tenant::{ChatTx, Tenant, TenantTx, WorkerTx};

/// Connections of one server: a tick and a page each need one for milliseconds; more than this only queue inside PostgreSQL.
pub const CONNECTIONS_MAX: u32 = 24;
/// One in so many of them is for ticks alone. The pool hands its connections out in turn, and each is a process that plans and finds its pages
/// in memory by itself: one that meets a tick now and then does both anew each time. An organization has three ticks on their way at
/// most, and the connection of one more on its way back.
const TICKS_SHARE: u32 = 6;
/// One in so many is for the embedded chat server alone, for the same reason, and for another: whatever it has to do, no more processes
/// than these take the processor from a tick. Its calls queue here instead.
const CHAT_SHARE: u32 = 6;
/// How long the pool may look for a connection before `begin` thinks again. The pool pauses up to a fifth of this between attempts,
/// so it also says how late the end of a restart is noticed.
pub const ACQUIRE_WAIT_MAX: Duration = Duration::from_secs(1);
/// How long a connection may sit in a transaction without asking anything: a lost caller must not hold its locks for ever.
pub const IDLE_IN_TRANSACTION_MAX: Duration = Duration::from_secs(15);
/// How long a statement of a reading transaction may take.
pub const READ_STATEMENT_MAX: Duration = Duration::from_secs(5);
/// How long a statement of a writing transaction may take: a tick under load writes thousands of rows.
pub const WRITE_STATEMENT_MAX: Duration = Duration::from_secs(30);
/// Prepared statements kept for each connection: more than there are queries in this program.
const STATEMENTS_KEPT_MAX: usize = 500;

const LOGIN_ROLE: &str = "devsquad_login";
const INVALID_PASSWORD: &str = "28P01";
const INVALID_AUTHORIZATION: &str = "28000";
/// Advisory lock of whoever gives `devsquad_login` its password. The number means nothing else.
const PASSWORD_LOCK: i64 = 0x6465_7673_7175_6164;

/// How to reach PostgreSQL, and as whom.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    owner: PgConnectOptions,
    login: Login,
    connections_max: u32,
    unpatched_server: bool,
}

#[derive(Clone)]
enum Login {
    /// As `devsquad_login`, with a password made from this secret, which the connection of the owner sets when it does not fit.
    Derived { secret: String, may_confine: bool },
    /// As an operator set it up.
    Given(Box<PgConnectOptions>),
    /// With the credentials of the owner, confined to the role `devsquad_login` from the first byte.
    Confined,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Login::Derived { .. } => "Derived",
            Login::Given(_) => "Given",
            Login::Confined => "Confined",
        })
    }
}

impl StoreOptions {
    /// The private cluster.
    pub fn of_cluster(cluster: &embedded::Cluster) -> Self {
        Self::derived(cluster.url_options(), cluster.secret(), false)
    }

    /// The private cluster of a server that runs on this data directory.
    pub fn of_running(data_dir: &std::path::Path) -> anyhow::Result<Self> {
        let (owner, secret) = embedded::running(data_dir)?;
        Ok(Self::derived(owner, &secret, false))
    }

    /// A PostgreSQL of someone else's, as in `DATABASE_URL`. Its user must own the database and be able to create roles, or find
    /// them created (see `migrations/0001_roles.sql`).
    pub fn from_url(url: &str) -> anyhow::Result<Self> {
        let owner: PgConnectOptions = url.parse().context("DATABASE_URL is no PostgreSQL URL")?;
        Ok(match password_of(url) {
            Some(secret) => Self::derived(owner, secret, true),
            None => Self { login: Login::Confined, ..Self::derived(owner, "", true) },
        })
    }

    fn derived(owner: PgConnectOptions, secret: &str, may_confine: bool) -> Self {
        Self {
            owner,
            login: Login::Derived { secret: secret.to_owned(), may_confine },
            connections_max: CONNECTIONS_MAX,
            unpatched_server: false,
        }
    }

    /// Logs in with these options instead of making a password for `devsquad_login`.
    #[must_use]
    pub fn login(mut self, login: PgConnectOptions) -> Self {
        self.login = Login::Given(Box::new(login));
        self
    }

    /// Another limit than [`CONNECTIONS_MAX`].
    #[must_use]
    pub fn connections_max(mut self, connections: u32) -> Self {
        self.connections_max = connections;
        self
    }

    /// Accepts a server with known holes (a managed one that its provider has not updated yet).
    #[must_use]
    pub fn unpatched_server(mut self, accept: bool) -> Self {
        self.unpatched_server = accept;
        self
    }

    /// Another database of the same server.
    #[must_use]
    pub fn database(mut self, name: &str) -> Self {
        self.owner = self.owner.database(name);
        self
    }
}

/// The password in a URL, as written: it is only ever hashed.
fn password_of(url: &str) -> Option<&str> {
    let after_scheme = url.split_once("://")?.1;
    let authority = after_scheme.split(['/', '?']).next()?;
    let (user, _) = authority.rsplit_once('@')?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// The migrations of this binary. Their bookkeeping stands in `devsquad.migrations`, out of sight of the tenants' schema.
pub fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("../migrations");
    migrator.create_schema("devsquad");
    migrator.dangerous_set_table_name("devsquad.migrations");
    migrator
}

/// What failed, with the advice PostgreSQL or a migration gives for it.
fn explain(error: MigrateError) -> anyhow::Error {
    let database = match &error {
        MigrateError::Execute(sqlx::Error::Database(error))
        | MigrateError::ExecuteMigration(sqlx::Error::Database(error), _) => {
            error.try_downcast_ref::<PgDatabaseError>()
        }
        _ => None,
    };
    let what = match database {
        Some(error) => format!("{}. {}", error.message(), error.hint().unwrap_or_default()),
        None => error.to_string(),
    };
    anyhow::anyhow!("the schema cannot be brought up to date: {what}")
}

/// The database of this server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    ticks: PgPool,
    chat: PgPool,
}

impl Store {
    /// Checks that the server can keep what we promise, brings the schema up to date, and opens the pool.
    pub async fn open(options: StoreOptions) -> anyhow::Result<Self> {
        let mut owner = PgConnection::connect_with(&options.owner).await.context("PostgreSQL cannot be reached")?;
        check::version(&mut owner, options.unpatched_server).await?;
        // Before anything is made in it; asked again as the login, for which it may be set otherwise.
        check::durability(&mut owner).await?;
        migrator().run_direct(None, &mut owner, false).await.map_err(explain)?;
        let findings = check::catalog(&mut owner).await?;
        if !findings.is_empty() {
            bail!("the schema does not protect its tenants:\n{}", findings.join("\n"));
        }
        let login = login(&options, &mut owner).await?;
        owner.close().await.context("closing the owner's connection")?;

        let share = |nth: u32| (options.connections_max / nth).max(1);
        let ticks = tick_pool_options(share(TICKS_SHARE)).connect_lazy_with(for_ticks(login.clone()));
        let chat = pool_options(share(CHAT_SHARE)).connect_lazy_with(with_limits(login.clone()));
        let left = options.connections_max.saturating_sub(share(TICKS_SHARE) + share(CHAT_SHARE));
        let pool = pool_options(left.max(1));
        let pool = pool.connect_with(with_limits(login)).await.context("the pool cannot be opened")?;
        let mut connection = pool.acquire().await.context("no connection")?;
        check::durability(&mut connection).await?;
        check::login(&mut connection).await?;
        drop(connection);
        Ok(Self { pool, ticks, chat })
    }

    /// Ticks will come: their connections are made in the background. What only asks or sets something needs none of them.
    pub fn expect_ticks(&self) {
        tokio::spawn(make_ahead(self.ticks.clone()));
    }

    /// Whether PostgreSQL answers now.
    pub async fn is_ready(&self) -> bool {
        self.begin_worker().await.is_ok()
    }

    /// Closes every connection; transactions still open are rolled back.
    pub async fn close(&self) {
        self.ticks.close().await;
        self.chat.close().await;
        self.pool.close().await;
    }
}

/// The options the pool logs in with, proved by logging in once.
async fn login(options: &StoreOptions, owner: &mut PgConnection) -> anyhow::Result<PgConnectOptions> {
    let confined = || options.owner.clone().options([("role", LOGIN_ROLE)]);
    let (secret, may_confine) = match &options.login {
        Login::Given(given) => return Ok(given.as_ref().clone()),
        Login::Confined => return Ok(confined()),
        Login::Derived { secret, may_confine } => (secret, *may_confine),
    };
    let password = derived_password(secret);
    let own = options.owner.clone().username(LOGIN_ROLE).password(&password);
    let refused = match try_login(&own).await? {
        None => return Ok(own),
        Some(_) => match set_password(owner, &password).await {
            Ok(()) => try_login(&own).await?,
            Err(error) => Some(error),
        },
    };
    match refused {
        None => Ok(own),
        Some(error) if may_confine => {
            tracing::warn!(%error, "cannot log in as {LOGIN_ROLE}; using the given user, confined to that role");
            Ok(confined())
        }
        Some(error) => Err(error).with_context(|| format!("cannot log in as {LOGIN_ROLE}")),
    }
}

/// Whether one may log in so: `Some` refusal if not. Other failures are errors.
async fn try_login(options: &PgConnectOptions) -> anyhow::Result<Option<sqlx::Error>> {
    match PgConnection::connect_with(options).await {
        Ok(connection) => {
            connection.close().await.context("closing the trial connection")?;
            Ok(None)
        }
        Err(sqlx::Error::Database(refused))
            if matches!(refused.code().as_deref(), Some(INVALID_PASSWORD | INVALID_AUTHORIZATION)) =>
        {
            Ok(Some(sqlx::Error::Database(refused)))
        }
        Err(error) => Err(error).with_context(|| format!("cannot reach PostgreSQL as {LOGIN_ROLE}")),
    }
}

/// All replicas that know the owner's secret come to the same password.
fn derived_password(secret: &str) -> String {
    Sha256::digest(format!("{LOGIN_ROLE}\0{secret}")).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn set_password(owner: &mut PgConnection, password: &str) -> Result<(), sqlx::Error> {
    let mut tx = owner.begin().await?;
    // Two replicas starting at once would both change the same row of the catalog, and one would fail.
    sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(PASSWORD_LOCK).execute(&mut *tx).await?;
    // ALTER ROLE takes no parameters; the password is made of hexadecimal digits.
    let statement = format!("ALTER ROLE {LOGIN_ROLE} PASSWORD '{password}'");
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *tx).await?;
    tx.commit().await
}

/// What a connection begins with.
fn with_limits(login: PgConnectOptions) -> PgConnectOptions {
    let idle_ms = IDLE_IN_TRANSACTION_MAX.as_millis().to_string();
    let statement_ms = WRITE_STATEMENT_MAX.as_millis().to_string();
    login.application_name("devsquad").statement_cache_capacity(STATEMENTS_KEPT_MAX).options([
        ("idle_in_transaction_session_timeout", idle_ms.as_str()),
        ("statement_timeout", statement_ms.as_str()),
        ("search_path", "public"),
        ("TimeZone", "UTC"),
    ])
}

/// What every tick begins with, and never ends: told once to the connections that ticks have for themselves, for a small tick takes
/// hardly longer than its `SET LOCAL`s.
fn for_ticks(login: PgConnectOptions) -> PgConnectOptions {
    let idle_ms = TICK_IDLE_MAX.as_millis().to_string();
    with_limits(login).options(BY_KEY).options([("idle_in_transaction_session_timeout", idle_ms)])
}

fn pool_options(connections_max: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(ACQUIRE_WAIT_MAX)
        // A round trip for each transaction, to find what BEGIN finds as well: `tenant::begin` tries again on the next connection.
        .test_before_acquire(false)
        .after_release(|connection, _| {
            Box::pin(async move {
                // Whatever happened to its transaction, the next borrower gets a connection without one, and without a tenant. A
                // ROLLBACK alone would have PostgreSQL log a warning each time that there was, as it should be, none.
                sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection).await?;
                Ok(true)
            })
        })
}

/// Connections for ticks have rehearsed before the first tick, and stay.
fn tick_pool_options(connections: u32) -> PgPoolOptions {
    pool_options(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(|connection, _| Box::pin(rehearsal::rehearse(connection)))
}

/// Makes connections ahead of the ticks that will want them; all but one, which is for a tick that comes meanwhile. Not with
/// `min_connections`: when PostgreSQL restarts, that keeps every permit of the pool for pauses of up to a minute.
async fn make_ahead(pool: PgPool) {
    let mut made = Vec::new();
    for _ in 1..pool.options().get_max_connections() {
        match pool.acquire().await {
            Ok(connection) => made.push(connection),
            Err(error) => return tracing::debug!(%error, "connections for ticks are made when they are wanted"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_url_is_found_as_written() {
        assert_eq!(password_of("postgres://nora:s%40cret@host:5432/db?sslmode=require"), Some("s%40cret"));
        assert_eq!(password_of("postgres://nora:a:b@host/db"), Some("a:b"));
        assert_eq!(password_of("postgres://nora@host/db"), None);
        assert_eq!(password_of("postgres:///db?host=/run/postgresql"), None);
    }

    #[test]
    fn a_secret_never_shows() {
        let options = StoreOptions::from_url("postgres://nora:hunter2hunter2@host/db").expect("a URL");
        assert!(!format!("{:?}", options.login).contains("hunter2"));
        assert!(!derived_password("hunter2hunter2").contains("hunter2"));
    }
}
