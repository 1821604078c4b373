//! Floor programs: the least that the same work can cost on this machine, with nothing of ours in between.
//!
//! Their tables stand in a database of their own in the cluster under measurement: the same disk, the same settings, no row-level
//! security, no foreign keys, no rules.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::stats::Times;
use crate::clock;

/// Tasks in one transaction of the throughput floor.
const BATCH: usize = 500;
/// Bytes of a journal line's content, about what a lease or a completion has.
const LINE_BYTES: usize = 300;
/// Connections that create at once; who asks beyond them waits for one. More of them than processors only queue inside PostgreSQL.
const CONNECTIONS: u32 = 16;
/// Bytes of a lease as an answer.
const ANSWER_BYTES: usize = 512;

const TABLES: &str = "CREATE TABLE journal (organization_id uuid, seq bigint GENERATED ALWAYS AS IDENTITY, id uuid, workflow_id uuid, \
     task_id uuid, event_data json, at timestamptz, hash bytea, PRIMARY KEY (organization_id, seq), UNIQUE (organization_id, id)); \
     CREATE INDEX journal_workflow ON journal (organization_id, workflow_id, seq); \
     CREATE TABLE tasks (organization_id uuid, id uuid, workflow_id uuid, key text, status text, output json, fence bigint, \
     updated_at timestamptz, PRIMARY KEY (organization_id, id)) WITH (fillfactor = 80); \
     CREATE TABLE workflows (organization_id uuid, id uuid, name text, status text, PRIMARY KEY (organization_id, id)); \
     CREATE TABLE edges (organization_id uuid, id uuid, parent uuid, child uuid, PRIMARY KEY (organization_id, id))";

/// Connections to the floors' own database.
pub struct Floor {
    connection: PgConnection,
    pool: PgPool,
    organization: Uuid,
}

/// How large the workflows are that the floor creates.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Its tasks.
    pub tasks: usize,
    /// Its edges.
    pub edges: usize,
    /// Bytes of its definition.
    pub bytes: usize,
}

impl Floor {
    /// Makes the database in this cluster.
    pub async fn open(cluster: PgConnectOptions) -> anyhow::Result<Floor> {
        let mut admin = PgConnection::connect_with(&cluster).await.context("reaching the cluster")?;
        sqlx::raw_sql("CREATE DATABASE floor").execute(&mut admin).await.context("making the floor's database")?;
        admin.close().await?;
        let options = cluster.database("floor");
        let mut connection = PgConnection::connect_with(&options).await.context("reaching the floor")?;
        sqlx::raw_sql(TABLES).execute(&mut connection).await.context("making the floor's tables")?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).connect_lazy_with(options);
        Ok(Floor { connection, pool, organization: clock::fresh_id() })
    }

    /// Durable tasks a second: every task's row is updated twice, when it is leased and when it is completed, and `lines` journal
    /// rows are written for it, 500 tasks to a transaction.
    pub async fn tasks_per_s(&mut self, tasks: usize, lines: f64) -> anyhow::Result<f64> {
        let ids: Vec<Uuid> = (0..tasks).map(|_| clock::fresh_id()).collect();
        self.insert_tasks(&ids).await?;
        let started = clock::instant();
        for batch in ids.chunks(BATCH) {
            // A journal row for the lease, the others with the completion.
            let completing = ((lines - 1.0).max(0.0) * batch.len() as f64).round() as usize;
            self.tick(batch, batch.len(), "running").await?;
            self.tick(batch, completing, "completed").await?;
        }
        Ok(tasks as f64 / started.elapsed().as_secs_f64())
    }

    async fn tick(&mut self, batch: &[Uuid], lines: usize, status: &str) -> anyhow::Result<()> {
        let data = line(LINE_BYTES);
        let mut tx = self.connection.begin().await?;
        let of: Vec<Uuid> = batch.iter().copied().cycle().take(lines).collect();
        insert_lines(&mut tx, self.organization, &of, &vec![data.as_str(); lines]).await?;
        sqlx::query(
            "UPDATE tasks AS t SET status = $3, output = r.output::json, fence = t.fence + 1, updated_at = now() \
             FROM unnest($2::uuid[], $4::text[]) AS r (id, output) WHERE t.organization_id = $1 AND t.id = r.id",
        )
        .bind(self.organization)
        .bind(batch)
        .bind(status)
        .bind(vec!["{\"ok\":true}"; batch.len()])
        .execute(&mut *tx)
        .await?;
        Ok(tx.commit().await?)
    }

    async fn insert_tasks(&mut self, ids: &[Uuid]) -> anyhow::Result<()> {
        let mut tx = self.connection.begin().await?;
        insert_tasks(&mut tx, self.organization, clock::fresh_id(), ids).await?;
        Ok(tx.commit().await?)
    }

    /// Creating a workflow `count` times, each in one transaction on one connection: the workflow, its tasks, its edges, two journal
    /// rows. So many at a time, each from being asked for, in as many transactions.
    pub async fn creations(&self, at_once: usize, count: usize, size: Size) -> anyhow::Result<Vec<Duration>> {
        let left = Arc::new(AtomicUsize::new(count));
        let mut askers = JoinSet::new();
        for _ in 0..at_once {
            let (pool, organization, left) = (self.pool.clone(), self.organization, Arc::clone(&left));
            askers.spawn(async move {
                let mut measured = Vec::new();
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    measured.push(create(&pool, organization, size).await?);
                }
                anyhow::Ok(measured)
            });
        }
        let mut measured = Vec::with_capacity(count);
        while let Some(part) = askers.join_next().await {
            measured.extend(part.context("the floor")??);
        }
        Ok(measured)
    }
}

async fn create(pool: &PgPool, organization: Uuid, size: Size) -> anyhow::Result<Duration> {
    let (definition, short) = (line(size.bytes), line(LINE_BYTES));
    let workflow = clock::fresh_id();
    let ids: Vec<Uuid> = (0..size.tasks).map(|_| clock::fresh_id()).collect();
    let children: Vec<Uuid> = ids.iter().copied().cycle().take(size.edges).collect();
    let of: Vec<Uuid> = children.iter().map(|_| clock::fresh_id()).collect();
    let started = clock::instant();
    let mut tx = pool.begin().await?;
    sqlx::query("INSERT INTO workflows VALUES ($1, $2, 'floor', 'running')")
        .bind(organization)
        .bind(workflow)
        .execute(&mut *tx)
        .await?;
    insert_tasks(&mut tx, organization, workflow, &ids).await?;
    sqlx::query("INSERT INTO edges SELECT $1, e.id, $2, e.child FROM unnest($3::uuid[], $4::uuid[]) AS e (id, child)")
        .bind(organization)
        .bind(workflow)
        .bind(of)
        .bind(children)
        .execute(&mut *tx)
        .await?;
    insert_lines(&mut tx, organization, &[workflow, workflow], &[&definition, &short]).await?;
    tx.commit().await?;
    Ok(started.elapsed())
}

async fn insert_tasks(
    tx: &mut PgConnection,
    organization: Uuid,
    workflow: Uuid,
    ids: &[Uuid],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO tasks SELECT $1, r.id, $2, r.key, 'ready', NULL, 0, now() FROM unnest($3::uuid[], $4::text[]) AS r (id, key)",
    )
    .bind(organization)
    .bind(workflow)
    .bind(ids)
    .bind(ids.iter().map(|id| id.simple().to_string()).collect::<Vec<String>>())
    .execute(tx)
    .await?;
    Ok(())
}

async fn insert_lines(
    tx: &mut PgConnection,
    organization: Uuid,
    of: &[Uuid],
    data: &[&str],
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO journal (organization_id, id, workflow_id, task_id, event_data, at, hash) \
         SELECT $1, e.id, $2, e.task, e.data::json, now(), $5 FROM unnest($3::uuid[], $4::uuid[], $6::text[]) AS e (id, task, data)",
    )
    .bind(organization)
    .bind(organization)
    .bind(of.iter().map(|_| clock::fresh_id()).collect::<Vec<Uuid>>())
    .bind(of)
    .bind([7u8; 32].as_slice())
    .bind(data)
    .execute(tx)
    .await?;
    Ok(())
}

/// A journal line of about so many bytes.
fn line(bytes: usize) -> String {
    format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes))
}

/// Writing 1 KB to the end of a file and through to the disk, then one round trip over loopback: a durable lease can not be faster.
pub async fn durable_round_trips(dir: &Path, count: usize) -> anyhow::Result<Times> {
    let path = dir.join("floor.log");
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(&path).context("the floor's file")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut near = TcpStream::connect(listener.local_addr()?).await?;
    let (mut far, _) = listener.accept().await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let echo = tokio::spawn(async move {
        let mut bytes = [0u8; ANSWER_BYTES];
        while far.read_exact(&mut bytes).await.is_ok() && far.write_all(&bytes).await.is_ok() {}
    });
    let mut measured = Vec::with_capacity(count);
    let mut bytes = [0u8; ANSWER_BYTES];
    for _ in 0..count {
        let started = clock::instant();
        std::io::Write::write_all(&mut file, &[7u8; 1_024])?;
        file.sync_data()?;
        near.write_all(&bytes).await?;
        near.read_exact(&mut bytes).await?;
        measured.push(started.elapsed());
    }
    drop(near);
    echo.await.context("the floor's echo")?;
    std::fs::remove_file(&path).context("removing the floor's file")?;
    Ok(Times::new(measured))
}
