//! The life of a private cluster: born, in use, killed, found again, ended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::sleep;

use super::*;
use crate::store::{Store, StoreOptions, Tenant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Names the directory in which a process of the tests starts a cluster and waits to be killed.
const HOLD: &str = "DEVSQUAD_TEST_HOLD";

struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> anyhow::Result<Self> {
        let dir = tempfile::tempdir()?;
        // As root, PostgreSQL's user must get through.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755))?;
        Ok(Self { dir })
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    fn pid(&self) -> anyhow::Result<Pid> {
        let text = fs::read_to_string(self.data().join("postgres/postmaster.pid"))?;
        Ok(Pid::from_raw(text.lines().next().context("empty")?.trim().parse()?))
    }

    async fn start(&self) -> anyhow::Result<Cluster> {
        Cluster::start(&self.data(), None).await
    }
}

async fn setting(options: &PgConnectOptions, name: &str) -> anyhow::Result<String> {
    let mut connection = PgConnection::connect_with(options).await?;
    Ok(sqlx::query_scalar("SELECT current_setting($1)").bind(name).fetch_one(&mut connection).await?)
}

async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
    let asking = async {
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.with_context(|| format!("{what} did not happen"))
}

async fn name_of(store: &Store, tenant: &Tenant) -> anyhow::Result<String> {
    let mut tx = store.begin_read(tenant).await?;
    Ok(sqlx::query_scalar("SELECT name FROM organizations").fetch_one(&mut *tx).await?)
}

#[tokio::test]
async fn a_new_cluster_is_durable_and_private_and_ends_when_told() -> anyhow::Result<()> {
    let place = Place::new()?;
    let cluster = place.start().await?;
    let options = cluster.url_options();
    for (name, value) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", ""),
        ("server_encoding", "UTF8"),
    ] {
        assert_eq!(setting(&options, name).await?, value, "{name}");
    }
    for wrong in [options.clone().password("guessed"), options.clone().username("devsquad_login").password("")] {
        assert!(PgConnection::connect_with(&wrong).await.is_err());
    }

    let refusal = place.start().await.expect_err("in use").to_string();
    assert!(refusal.contains(&format!("in use by process {}", std::process::id())), "{refusal}");

    let pid = place.pid()?;
    cluster.stop().await;
    assert_eq!(kill(pid, None), Err(Errno::ESRCH));

    // Again, with what an unlucky crash leaves: the number in the pid file is another program's by now.
    fs::write(place.data().join("postgres/postmaster.pid"), format!("{}\n", std::process::id()))?;
    let cluster = place.start().await?;
    assert_eq!(setting(&cluster.url_options(), "fsync").await?, "on");
    cluster.stop().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_killed_is_started_again_and_the_store_goes_on() -> anyhow::Result<()> {
    let place = Place::new()?;
    let cluster = place.start().await?;
    let store = Store::open(StoreOptions::of_cluster(&cluster)).await?;
    let acme = Tenant::system(uuid::Uuid::from_u128(1));
    let mut tx = store.begin(&acme).await?;
    sqlx::query("INSERT INTO organizations (id, name) VALUES ($1, 'Acme')")
        .bind(acme.organization)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;

    let mut name = "Acme".to_owned();
    for next in ["Acme 2", "Acme 3"] {
        let killed = place.pid()?;
        let mut open = store.begin(&acme).await?;
        sqlx::query("UPDATE organizations SET name = $1").bind(next).execute(&mut *open).await?;
        kill(killed, Signal::SIGKILL)?;
        // A process of the killed server may live long enough to commit, and then it is committed.
        if open.commit().await.is_ok() {
            next.clone_into(&mut name);
        }
        until("another server", async || place.pid().ok().filter(|pid| *pid != killed)).await?;
        // Nobody tells the store: begin waits for the server to come back.
        let answer = until("an answer", async || name_of(&store, &acme).await.ok()).await?;
        assert_eq!(answer, name);
    }
    store.close().await;
    cluster.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_server_left_behind_is_adopted_or_replaced() -> anyhow::Result<()> {
    let place = Place::new()?;
    let mut holder = Command::new(std::env::current_exe()?)
        .args(["--exact", "store::embedded::tests::hold", "--nocapture"])
        .env(HOLD, place.data())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let ready = place.dir.path().join("ready");
    until("the other process' cluster", async || ready.exists().then_some(())).await?;
    let left = place.pid()?;
    holder.kill()?; // SIGKILL
    holder.wait()?;

    let cluster = place.start().await?;
    assert_eq!(place.pid()?, left, "adopted, not started anew");
    assert_eq!(setting(&cluster.url_options(), "fsync").await?, "on");

    // An adopted server is watched as well.
    kill(left, Signal::SIGKILL)?;
    until("an answer", async || setting(&cluster.url_options(), "fsync").await.ok()).await?;
    let pid = place.pid()?;
    assert_ne!(pid, left);

    // Killed while nobody watches, and started in the same moment: its last processes hold the memory for a while yet.
    cluster.leave().await;
    kill(pid, Signal::SIGKILL)?;
    let cluster = place.start().await?;
    assert_ne!(place.pid()?, pid);
    let pid = place.pid()?;
    cluster.leave().await;

    let cluster = place.start().await?;
    assert_eq!(place.pid()?, pid);
    cluster.stop().await;
    assert!(!place.data().join("postgres/postmaster.pid").exists(), "an adopted server is ended too");
    Ok(())
}

/// Part of the test above: a process that holds a cluster until it is killed. Called without the variable it has nothing to do.
#[tokio::test]
async fn hold() -> anyhow::Result<()> {
    let Some(data) = std::env::var_os(HOLD) else { return Ok(()) };
    let data = Path::new(&data);
    let _cluster = Cluster::start(data, None).await?;
    fs::write(data.parent().context("a parent")?.join("ready"), "")?;
    std::future::pending().await
}

#[tokio::test]
async fn a_server_that_confirms_what_a_power_cut_loses_is_refused() -> anyhow::Result<()> {
    let place = Place::new()?;
    let cluster = place.start().await?;
    let store = Store::open(StoreOptions::of_cluster(&cluster)).await?; // makes the login
    store.close().await;

    // What no file switches off, somebody may switch off for whoever logs in.
    let mut owner = PgConnection::connect_with(&cluster.url_options()).await?;
    sqlx::raw_sql("ALTER ROLE devsquad_login SET synchronous_commit = off").execute(&mut owner).await?;
    let refused = Store::open(StoreOptions::of_cluster(&cluster)).await;
    let said = refused.expect_err("unsafe").to_string();
    assert!(said.contains("runs with synchronous_commit=off:"), "{said}");
    sqlx::raw_sql("ALTER ROLE devsquad_login RESET synchronous_commit").execute(&mut owner).await?;
    owner.close().await?;
    cluster.stop().await;

    // A server somebody started by hand is adopted like any that was left behind.
    let home = Home::open(&place.data())?;
    let programs = Programs::find(None, home.major()?)?;
    let mut command = home.command(&programs.postgres);
    command.arg("-D").arg(&home.data).arg("-k").arg(&home.sockets).arg("-p").arg(home::PORT.to_string());
    command.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off"]);
    let mut by_hand = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn()?;
    let options = home.options();
    until("a server by hand", async || setting(&options, "fsync").await.ok()).await?;
    drop(home);
    let cluster = place.start().await?;
    assert_eq!(place.pid()?.as_raw().try_into().ok(), by_hand.id(), "adopted");
    let refused = Store::open(StoreOptions::of_cluster(&cluster)).await;
    let said = refused.expect_err("unsafe").to_string();
    assert!(said.contains("runs with fsync=off, full_page_writes=off:"), "{said}");

    // In a database where nothing of ours is yet, nothing is made.
    let mut owner = PgConnection::connect_with(&cluster.url_options()).await?;
    sqlx::raw_sql("CREATE DATABASE untouched").execute(&mut owner).await?;
    owner.close().await?;
    let mut options = StoreOptions::of_cluster(&cluster);
    options.owner = options.owner.database("untouched");
    let mut there = PgConnection::connect_with(&options.owner).await?;
    Store::open(options).await.expect_err("unsafe");
    let made = "SELECT to_regnamespace('devsquad') IS NOT NULL";
    assert!(!sqlx::query_scalar::<_, bool>(made).fetch_one(&mut there).await?, "it was migrated");
    there.close().await?;

    // Ended, it is followed by one that can be trusted.
    let ((), ended) = tokio::join!(cluster.stop(), by_hand.wait());
    ended?;
    let cluster = place.start().await?;
    let store = Store::open(StoreOptions::of_cluster(&cluster)).await?;
    store.close().await;
    cluster.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_directory_the_server_may_not_enter_is_refused_in_a_sentence() -> anyhow::Result<()> {
    if !nix::unistd::Uid::effective().is_root() {
        return Ok(()); // an ordinary user's server runs as that user
    }
    let place = Place::new()?;
    fs::set_permissions(place.dir.path(), fs::Permissions::from_mode(0o700))?;
    let refusal = place.start().await.expect_err("unreachable").to_string();
    assert!(refusal.contains("may not enter") && refusal.contains("Choose a data directory"), "{refusal}");
    Ok(())
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() -> anyhow::Result<()> {
    let place = Place::new()?;
    fs::create_dir_all(place.data().join("postgres.new/base"))?;
    let cluster = place.start().await?;
    cluster.stop().await;
    assert!(!place.data().join("postgres.new").exists());
    Ok(())
}

#[tokio::test]
async fn the_log_is_laid_out_once() -> anyhow::Result<()> {
    let place = Place::new()?;
    let cluster = place.start().await?;
    let segments = || -> anyhow::Result<Vec<std::ffi::OsString>> {
        let entries = fs::read_dir(place.data().join("postgres/pg_wal"))?;
        let mut names: Vec<_> = entries.map(|entry| Ok(entry?.file_name())).collect::<anyhow::Result<_>>()?;
        names.retain(|name| name.len() == 24); // the others are folders
        names.sort();
        Ok(names)
    };
    assert!((segments()?.len() as i64) < LOG_SEGMENTS / 2);
    cluster.lay_out_log().await?;
    let laid_out = segments()?;
    assert!(laid_out.len() as i64 >= LOG_SEGMENTS, "{laid_out:?}");
    cluster.lay_out_log().await?;
    assert_eq!(segments()?, laid_out);
    cluster.stop().await;
    Ok(())
}
