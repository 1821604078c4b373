//! `devsquad serve`: everything in one process.

use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::atomic::Ordering;

use anyhow::{Context as _, bail};
use axum::Router;
use devsquad::Role;
use devsquad::id::OrganizationId;
use tokio_util::sync::CancellationToken;

use super::api::Running;
use super::open::{self, Opened};
use super::port::Port;
use super::say;
use crate::agents::{self, squad::Squad};
use crate::clock;
use crate::config::Config;
use crate::connection::{Connections, Peer};
use crate::engine::Engine;
use crate::listener::{Heard, Listener};
use crate::messenger;
use crate::store::identity::tokens::{Holder, create_token, revoke_tokens};
use crate::store::{Store, Tenant};
use crate::web::{self, App, Settings, first_run};

/// The name of the token that a server leaves for the command line on its machine. Each start revokes the last one's.
const OWN_TOKEN: &str = "command line";
/// Seconds open requests get to end when the server stops.
const GRACE_S: u64 = 5;

/// A server that runs in this process.
pub struct Server {
    /// Where it is, and a token for this machine.
    pub running: Running,
    /// Its database.
    pub store: Store,
    /// The first organization.
    pub organization: OrganizationId,
    app: App,
    engine: Engine,
    squad: Squad,
    opened: Opened,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    config: Config,
}

impl Server {
    /// Starts everything; listens when it returns.
    pub async fn start(config: Config) -> anyhow::Result<Server> {
        web::metrics::install();
        let port = port(&config).await?;
        let addr = port.addr();
        let opened = open::open(&config).await?;
        let store = opened.store.clone();
        let organization = first_run::first_run(&store).await?;
        may_listen(&config, &store).await?;
        let listener = port.listen()?;
        let engine = Engine::new(store.clone());
        engine.start().await?;
        let settings = Settings {
            addr,
            public_url: config.public_url.clone(),
            site: config.site.clone(),
            trusted_proxies: Vec::new(),
        };
        let chat = super::chat::client(&config, addr)?;
        let heard = Heard::default();
        let webhook = super::chat::webhook(&config, addr);
        let messenger = messenger::World::new(engine.clone(), store.clone(), chat.clone(), webhook);
        let app = App::new(messenger.clone(), chat.clone(), heard.clone(), settings)?;
        let stop = CancellationToken::new();
        let mut doors = Router::new().nest("/api/v1", agents::http::routes(messenger.clone(), chat.clone()));
        if config.chat.is_none() {
            let own = super::chat::own(&config, &store, &format!("{}/chat", app.url()), stop.clone()).await?;
            doors = doors.nest("/chat", super::chat::for_this_machine(own.router(), addr));
        }
        let ears = Listener::new(engine.clone(), store.clone(), chat.clone(), heard);
        doors = doors.merge(ears.router());
        tokio::spawn(ears.run(stop.clone()));
        let router = web::with_doors(app.clone(), doors);
        let stopped = stop.clone();
        let (listener, service) = (Connections(listener), router.into_make_service_with_connect_info::<Peer>());
        let serving = tokio::spawn(async move {
            axum::serve(listener, service).with_graceful_shutdown(async move { stopped.cancelled().await }).await
        });
        tokio::spawn(messenger.tell(stop.clone()));
        let squad = Squad::start(engine.clone(), store.clone(), organization, &config.data_dir, stop.clone()).await?;
        let (swept, over) = (store.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = over.cancelled() => {}
                () = web::keep_house(swept) => {}
            }
        });
        let running = announce(&config, &store, organization, app.url()).await?;
        app.ready.store(true, Ordering::Release);
        opened.prepare();
        Ok(Server { running, store, organization, app, engine, squad, opened, stop, serving, config })
    }

    /// A link that signs the owner in, once.
    pub async fn sign_in_link(&self) -> anyhow::Result<String> {
        first_run::sign_in_link(&self.store, self.organization, &self.app.url()).await
    }

    /// Ends everything in order: no new requests, what was decided is written, the database last.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.app.ready.store(false, Ordering::Release);
        let _ = std::fs::remove_file(self.config.server_file());
        self.squad.stop().await;
        self.stop.cancel();
        let grace = std::time::Duration::from_secs(GRACE_S);
        // Streams of events stay open as long as anybody listens: after the grace they are cut.
        if tokio::time::timeout(grace, self.serving).await.is_err() {
            tracing::info!("closing connections that are still open");
        }
        self.engine.stop().await;
        self.opened.close().await;
        Ok(())
    }
}

/// The address of the settings, before a database is made for nothing.
async fn port(config: &Config) -> anyhow::Result<Port> {
    match Port::take(config.addr) {
        Ok(port) => Ok(port),
        Err(error) => match super::api::running(config).await {
            Some(running) => bail!(
                "a server runs on {} already: {}, process {}",
                config.data_dir.display(),
                running.url,
                running.pid
            ),
            None => Err(error),
        },
    }
}

async fn may_listen(config: &Config, store: &Store) -> anyhow::Result<()> {
    if !config.addr.ip().is_loopback() && !first_run::may_leave_loopback(store).await? {
        bail!(
            "{} can be reached from other machines, and the owner has no password yet. Give one first: devsquad user password",
            config.addr
        );
    }
    Ok(())
}

/// Says in the data directory where the server is, for the command line on the same machine.
async fn announce(
    config: &Config,
    store: &Store,
    organization: OrganizationId,
    url: String,
) -> anyhow::Result<Running> {
    let owners = store.owners(organization).await?;
    let user = owners.first().map(|(user, _)| *user);
    let mut tx = store.begin(&Tenant::system(organization.0)).await?;
    let holder = Holder::Person { user, role: Role::Owner };
    revoke_tokens(&mut tx, OWN_TOKEN, clock::now()).await?;
    let token = create_token(&mut tx, clock::fresh_id(), OWN_TOKEN, holder, clock::now()).await?;
    tx.commit().await?;
    let running = Running { url, pid: std::process::id(), token: token.reveal().to_owned() };
    let path = config.server_file();
    std::fs::create_dir_all(&config.data_dir).context("making the data directory")?;
    let fresh = path.with_extension("json.new");
    let _ = std::fs::remove_file(&fresh);
    let file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&fresh);
    serde_json::to_writer(file.context("saying where the server is")?, &running)?;
    std::fs::rename(&fresh, &path).context("saying where the server is")?;
    Ok(running)
}

/// Runs until it is told to stop.
pub async fn serve(config: Config) -> anyhow::Result<i32> {
    let started = clock::instant();
    let open_browser = config.open;
    let server = Server::start(config).await?;
    let link = server.sign_in_link().await?;
    say(&format!("Vibe DevSquad runs at {} (up in {:.1} s).", server.running.url, started.elapsed().as_secs_f64()));
    say(&format!("Open this link to sign in; it works once, for 15 minutes:\n\n  {link}\n"));
    if open_browser {
        show(&link);
    }
    wait_for_signal().await?;
    say("Stopping.");
    server.stop().await?;
    Ok(0)
}

/// `devsquad link`.
pub async fn link(config: Config) -> anyhow::Result<i32> {
    let Some(running) = super::api::running(&config).await else {
        bail!("no server runs on {}; start one with `devsquad serve`", config.data_dir.display());
    };
    let opened = open::visit(&config).await?;
    let organization = first_run::first_run(&opened.store).await?;
    say(&first_run::sign_in_link(&opened.store, organization, &running.url).await?);
    opened.close().await;
    Ok(0)
}

/// Opens a browser where there is a desktop.
fn show(link: &str) {
    let desktop = ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    let program = match std::env::consts::OS {
        "macos" => "open",
        _ if desktop => "xdg-open",
        _ => return,
    };
    let quiet = std::process::Stdio::null;
    let spawned = std::process::Command::new(program).arg(link).stdout(quiet()).stderr(quiet()).stdin(quiet()).spawn();
    if let Err(error) = spawned {
        tracing::debug!(%error, "no browser could be opened");
    }
}

pub async fn wait_for_signal() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
