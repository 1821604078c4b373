//! Transactions: within one tenant, or between tenants.
//!
//! Two traps are closed here. A `begin` that its caller gives up (a browser disconnects, a timeout, a `select!`) would return a
//! connection *inside an open transaction* to the pool, and the next borrower would write into it; so `begin` runs as a task of its
//! own which nobody can cancel. And PostgreSQL answers `COMMIT` of a failed transaction by quietly rolling it back; so
//! [`TenantTx::commit`] asks something first, in the same message, which fails if the transaction has.

use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;
use std::time::Duration;

use devsquad::Role;
use serde_json::json;
use sqlx::postgres::{PgPool, Postgres};
use sqlx::{AssertSqlSafe, PgConnection, SqlSafeStr as _, SqlStr, Transaction};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{ACQUIRE_WAIT_MAX, READ_STATEMENT_MAX, Store, WRITE_STATEMENT_MAX};

/// How long a caller waits for its transaction to begin, PostgreSQL being restarted included.
pub const BEGIN_WAIT_MAX: Duration = Duration::from_secs(10);
/// How long the transaction of a tick may wait for those before it: as long as a statement of theirs may take. Whoever takes over
/// from a server that fell silent waits as long.
pub(super) const TICK_IDLE_MAX: Duration = WRITE_STATEMENT_MAX;
const BEGIN_PAUSE_MIN: Duration = Duration::from_millis(10);
const BEGIN_PAUSE_MAX: Duration = Duration::from_millis(200);

/// On whose behalf a transaction runs. Row-level security sees nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The organization whose rows exist.
    pub organization: Uuid,
    /// The person asking, if it is one.
    pub user: Option<Uuid>,
    /// The role that person has in the organization.
    pub role: Option<Role>,
}

impl Tenant {
    /// The engine, its timers and workers, acting for an organization.
    pub fn system(organization: Uuid) -> Self {
        Self { organization, user: None, role: None }
    }

    /// A person of the organization.
    pub fn person(organization: Uuid, user: Uuid, role: Role) -> Self {
        Self { organization, user: Some(user), role: Some(role) }
    }

    /// The claims, in the words PostgREST and Supabase use.
    fn claims(&self) -> String {
        let mut claims = json!({ "organization_id": self.organization });
        if let Some(user) = self.user {
            claims["sub"] = json!(user);
        }
        if let Some(role) = self.role {
            claims["organization_role"] = json!(role.as_str());
        }
        claims.to_string()
    }
}

/// How a transaction begins that is no tenant's: all of it in one trip, for nothing in it is anybody's. Its statements have
/// `READ_STATEMENT_MAX`.
const BEGIN_WORKER: &str = "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL ROLE devsquad_worker";
const BEGIN_CHAT: &str = "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL ROLE devsquad_chat";
const BEGIN_CHAT_UNHURRIED: &str =
    "BEGIN; SET LOCAL statement_timeout = '5s'; SET LOCAL synchronous_commit = off; SET LOCAL ROLE devsquad_chat";

/// What a transaction is told whose rows are looked up by their keys only. The planner knows nothing yet of tables that were empty a moment
/// ago; left to itself, it would walk through all rows of the organization for every handful that is named, until the tables are
/// analysed. So it is told that pages cost nothing and rows much, and to plan once, for any values: planning a tick's statement takes
/// longer than carrying out a small one.
pub(super) const BY_KEY: [(&str, &str); 9] = [
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("enable_nestloop", "off"),
    ("enable_mergejoin", "off"),
    ("seq_page_cost", "0"),
    ("random_page_cost", "0"),
    ("cpu_tuple_cost", "1"),
    ("cpu_index_tuple_cost", "1"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// Each statement sees what is committed by then, whatever the database's default is.
const BEGIN_COMMITTED: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// How one begins that has no connection with [`BY_KEY`] to itself.
static BEGIN_BY_KEY: LazyLock<String> = LazyLock::new(|| {
    BY_KEY
        .iter()
        .fold(BEGIN_COMMITTED.to_owned(), |begin, (name, value)| format!("{begin}; SET LOCAL {name} = {value}"))
});

/// How a transaction begins, and what it becomes then.
struct Beginning {
    begin: SqlStr,
    of_tenant: Option<Context>,
}

/// What a transaction of a tenant becomes after `BEGIN`.
struct Context {
    role: &'static str,
    claims: String,
    statement_max: Duration,
    /// Whether its commit waits for the disk.
    flushed: bool,
}

impl Context {
    fn reading(tenant: &Tenant, statement_max: Duration) -> Context {
        Context { role: "devsquad_reader", claims: tenant.claims(), statement_max, flushed: true }
    }

    fn writing(tenant: &Tenant, flushed: bool) -> Context {
        Context { role: "devsquad_app", claims: tenant.claims(), statement_max: WRITE_STATEMENT_MAX, flushed }
    }
}

/// How a tick begins: all of it in one trip, for a small tick takes hardly longer than its trips. Nothing in it but an id and a number
/// comes from outside, which is why they may stand in its text; its statements have `WRITE_STATEMENT_MAX`, as the connection has.
fn begin_of_tick(tenant: &Tenant, epoch: i64) -> SqlStr {
    let (organization, opening) = (tenant.organization, opening_of_tick(tenant));
    AssertSqlSafe(format!("{opening}; SELECT devsquad.hold_epoch('{organization}', {epoch})")).into_sql_str()
}

/// The same for one that is undone: nobody has to be the one who may write.
pub(super) fn begin_rehearsal(organization: Uuid) -> SqlStr {
    AssertSqlSafe(opening_of_tick(&Tenant::system(organization))).into_sql_str()
}

fn opening_of_tick(tenant: &Tenant) -> String {
    format!("{BEGIN_COMMITTED}; SET LOCAL request.jwt.claims = '{}'; SET LOCAL ROLE devsquad_app", tenant.claims())
}

/// A transaction within one tenant. Dropped without [`commit`](Self::commit), it is rolled back.
#[derive(Debug)]
pub struct TenantTx {
    transaction: Transaction<'static, Postgres>,
    tenant: Tenant,
}

/// A transaction between tenants: ids of organizations, who runs their engine, and the look-ups of `migrations/0007_lookups.sql`.
#[derive(Debug)]
pub struct WorkerTx {
    transaction: Transaction<'static, Postgres>,
}

/// A transaction of the embedded chat server, which sees the schema `chat` and nothing else (`migrations/0009_chat.sql`).
#[derive(Debug)]
pub struct ChatTx {
    transaction: Transaction<'static, Postgres>,
}

impl Store {
    /// Begins a transaction that reads and writes rows of one tenant.
    pub async fn begin(&self, tenant: &Tenant) -> Result<TenantTx, sqlx::Error> {
        self.begin_writing(tenant, true).await
    }

    /// The same, for what is done again if a power cut takes it: its commit does not wait for the disk. What is committed later is on
    /// the disk later, so that it is there when anything that was flushed after it is.
    pub async fn begin_unhurried(&self, tenant: &Tenant) -> Result<TenantTx, sqlx::Error> {
        self.begin_writing(tenant, false).await
    }

    async fn begin_writing(&self, tenant: &Tenant, flushed: bool) -> Result<TenantTx, sqlx::Error> {
        self.begin_of(tenant, &BEGIN_BY_KEY, Context::writing(tenant, flushed)).await
    }

    /// Begins the transaction of a tick, on one of the connections that ticks have for themselves, unless another epoch is the one that
    /// may write.
    pub(super) async fn begin_tick(&self, organization: Uuid, epoch: i64) -> Result<TenantTx, sqlx::Error> {
        let tenant = Tenant::system(organization);
        let beginning = Beginning { begin: begin_of_tick(&tenant, epoch), of_tenant: None };
        Ok(TenantTx { transaction: spawn_begin(&self.ticks, beginning).await?, tenant })
    }

    /// Begins a transaction that reads rows of one tenant; PostgreSQL refuses it any write.
    pub async fn begin_read(&self, tenant: &Tenant) -> Result<TenantTx, sqlx::Error> {
        self.begin_of(tenant, "BEGIN READ ONLY", Context::reading(tenant, READ_STATEMENT_MAX)).await
    }

    /// Begins a reading transaction in which every statement sees the same moment, however long it takes.
    pub async fn begin_read_snapshot(&self, tenant: &Tenant) -> Result<TenantTx, sqlx::Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        self.begin_of(tenant, begin, Context::reading(tenant, WRITE_STATEMENT_MAX)).await
    }

    /// Begins a transaction between tenants.
    pub async fn begin_worker(&self) -> Result<WorkerTx, sqlx::Error> {
        let beginning = Beginning { begin: BEGIN_WORKER.into_sql_str(), of_tenant: None };
        Ok(WorkerTx { transaction: spawn_begin(&self.pool, beginning).await? })
    }

    /// Begins a transaction of the embedded chat server, on one of the connections that it has for itself. Who has one begins no other.
    pub async fn begin_chat(&self) -> Result<ChatTx, sqlx::Error> {
        self.begin_of_chat(BEGIN_CHAT).await
    }

    /// The same, for what is done again if a power cut takes it: its commit does not wait for the disk.
    pub async fn begin_chat_unhurried(&self) -> Result<ChatTx, sqlx::Error> {
        self.begin_of_chat(BEGIN_CHAT_UNHURRIED).await
    }

    async fn begin_of_chat(&self, begin: &'static str) -> Result<ChatTx, sqlx::Error> {
        let beginning = Beginning { begin: begin.into_sql_str(), of_tenant: None };
        Ok(ChatTx { transaction: spawn_begin(&self.chat, beginning).await? })
    }

    async fn begin_of(&self, tenant: &Tenant, begin: &'static str, context: Context) -> Result<TenantTx, sqlx::Error> {
        let beginning = Beginning { begin: begin.into_sql_str(), of_tenant: Some(context) };
        let transaction = spawn_begin(&self.pool, beginning).await?;
        Ok(TenantTx { transaction, tenant: *tenant })
    }
}

/// The caller may stop waiting; the task goes on to the end, and its transaction, wanted by nobody, is rolled back.
async fn spawn_begin(pool: &PgPool, beginning: Beginning) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begun = tokio::spawn(begin(pool.clone(), beginning));
    match timeout(BEGIN_WAIT_MAX, begun).await {
        Ok(Ok(result)) => result,
        Ok(Err(_)) => Err(sqlx::Error::WorkerCrashed),
        Err(_) => Err(sqlx::Error::PoolTimedOut),
    }
}

/// Begins on the first connection that works. After PostgreSQL was restarted the idle ones are dead; each is found so and dropped.
async fn begin(pool: PgPool, beginning: Beginning) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut waited = Duration::ZERO;
    let mut pause = BEGIN_PAUSE_MIN;
    loop {
        match begin_once(&pool, &beginning).await {
            Err(error) if is_lost_connection(&error) && waited < BEGIN_WAIT_MAX => {
                tracing::debug!(%error, "no connection; trying again");
                if matches!(error, sqlx::Error::PoolTimedOut) {
                    waited += ACQUIRE_WAIT_MAX;
                } else if pool.num_idle() == 0 {
                    sleep(pause).await;
                    waited += pause;
                    pause = (pause * 2).min(BEGIN_PAUSE_MAX);
                }
            }
            result => return result,
        }
    }
}

const CONTEXT: &str = "SELECT set_config('request.jwt.claims', $1, true), set_config('statement_timeout', $2, true), \
     set_config('role', $3, true), \
     set_config('synchronous_commit', CASE WHEN $4 THEN current_setting('synchronous_commit') ELSE 'off' END, true)";

async fn begin_once(pool: &PgPool, beginning: &Beginning) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let mut transaction = pool.begin_with(beginning.begin.clone()).await?;
    let Some(context) = &beginning.of_tenant else { return Ok(transaction) };
    // One statement: from here on the connection is the tenant's, until the transaction ends and takes all of it away.
    sqlx::query(CONTEXT)
        .bind(&context.claims)
        .bind(context.statement_max.as_millis().to_string())
        .bind(context.role)
        .bind(context.flushed)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction)
}

/// Whether the connection is at fault (or there is none), not what was asked on it.
fn is_lost_connection(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::BeginFailed | sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(database) => match database.code() {
            // 57P01…03: the server shuts down, crashed, starts. 08: connection. 25P03: idle too long in a transaction.
            Some(code) => matches!(&*code, "57P01" | "57P02" | "57P03" | "25P03") || code.starts_with("08"),
            None => false,
        },
        _ => false,
    }
}

/// Commits, and fails if an earlier statement failed, which `COMMIT` alone would hide. `AND CHAIN` leaves an empty transaction for
/// the `ROLLBACK` with which sqlx gives the connection back; without one, PostgreSQL would log a warning each time.
async fn commit(mut transaction: Transaction<'static, Postgres>) -> Result<(), sqlx::Error> {
    sqlx::raw_sql("SELECT 1; COMMIT AND CHAIN").execute(&mut *transaction).await?;
    Ok(())
}

impl TenantTx {
    /// On whose behalf it runs.
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Makes it durable. Fails, with nothing written, if any statement before failed or a deferred constraint does not hold.
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        commit(self.transaction).await
    }

    /// Undoes it now, instead of when it is dropped.
    pub async fn rollback(self) -> Result<(), sqlx::Error> {
        self.transaction.rollback().await
    }
}

impl WorkerTx {
    /// Makes it durable, as [`TenantTx::commit`].
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        commit(self.transaction).await
    }
}

impl ChatTx {
    /// Makes it durable, as [`TenantTx::commit`].
    pub async fn commit(self) -> Result<(), sqlx::Error> {
        commit(self.transaction).await
    }
}

impl Deref for TenantTx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for TenantTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

impl Deref for WorkerTx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for WorkerTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

impl Deref for ChatTx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.transaction
    }
}

impl DerefMut for ChatTx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }
}

#[cfg(test)]
mod tests;
