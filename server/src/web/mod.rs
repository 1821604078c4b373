//! The web: pages, sign-in, the live stream, and what every answer carries.
//!
//! A request passes, from outside in: its number and its log line (`observe`) · the time and size it may take (`limits`) · where it
//! may come from (`csrf`) · who sent it (`session`) · the page or the handler. Every answer gets its headers in `headers`.

mod artifacts;
mod backend;
mod chat_files;
mod csrf;
pub mod first_run;
mod headers;
mod health;
mod lasting;
mod limits;
mod live;
pub mod metrics;
mod notice;
mod observe;
mod origin;
mod pages;
mod password;
mod session;
mod signin;
mod static_files;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{any, get};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use crate::feed;
pub use crate::problem::{self, Problem};
pub use observe::RequestId;
pub use password::Passwords;

use crate::chat::client::Client;
use crate::clock;
use crate::engine::Engine;
use crate::listener::Heard;
use crate::messenger;
use crate::online::Online;
use crate::store::Store;
use crate::templates::Templates;
use lasting::Lasting;
use origin::Origins;
use static_files::Site;

/// What the web needs to know of where it stands.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The address it really listens on.
    pub addr: SocketAddr,
    /// How the world reaches it (`https://squad.example`), where that is not by `addr`.
    pub public_url: Option<String>,
    /// Where the built pages lie; beside the binary when not given.
    pub site: Option<PathBuf>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
}

/// Everything a request can need. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The engine of every organization.
    pub engine: Engine,
    /// The database.
    pub store: Store,
    /// The chat, as the application itself.
    pub chat: Client,
    /// What is said in it.
    pub heard: Heard,
    /// The templates on offer.
    pub templates: Arc<Templates>,
    /// Hashes passwords, a few at a time.
    pub passwords: Passwords,
    /// Whether every loop that should run does; `/readyz` says so.
    pub ready: Arc<AtomicBool>,
    /// Which people have a page open.
    pub online: Online,
    /// Who makes the chat's channels.
    pub messenger: messenger::World,
    shared: Arc<Shared>,
}

struct Shared {
    settings: Settings,
    origins: Origins,
    site: Site,
    limits: limits::Limits,
    lasting: Lasting,
}

impl App {
    /// The web on this engine and store. It is not ready until `ready` says so.
    pub fn new(messenger: messenger::World, chat: Client, heard: Heard, settings: Settings) -> anyhow::Result<App> {
        let (engine, store, online) = (messenger.engine.clone(), messenger.store.clone(), messenger.online.clone());
        let origins = Origins::new(settings.addr, settings.public_url.as_deref())?;
        let site = Site::find(settings.site.as_deref())?;
        let lasting = Lasting::new(store.clone());
        Ok(App {
            engine,
            store,
            chat,
            heard,
            templates: Arc::new(Templates::built_in()?),
            passwords: Passwords::default(),
            ready: Arc::new(AtomicBool::new(false)),
            online,
            messenger,
            shared: Arc::new(Shared { settings, origins, site, limits: limits::Limits::default(), lasting }),
        })
    }

    /// How links to this server begin (`http://127.0.0.1:3000`).
    pub fn url(&self) -> String {
        self.shared.origins.url()
    }

    fn origins(&self) -> &Origins {
        &self.shared.origins
    }

    fn site(&self) -> &Site {
        &self.shared.site
    }

    fn limits(&self) -> &limits::Limits {
        &self.shared.limits
    }

    fn lasting(&self) -> &Lasting {
        &self.shared.lasting
    }

    fn settings(&self) -> &Settings {
        &self.shared.settings
    }
}

/// How often what has expired is forgotten. It is refused long before; this only keeps the tables short.
const SWEEP_EVERY: Duration = Duration::from_secs(15 * 60);

/// Forgets sessions and links that are over, again and again, until it is dropped.
pub async fn keep_house(store: Store) {
    let mut next = tokio::time::interval(SWEEP_EVERY);
    next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        next.tick().await;
        match store.forget_expired(clock::now()).await {
            Ok(0) => {}
            Ok(forgotten) => tracing::debug!(forgotten, "expired sessions and links are forgotten"),
            Err(error) => tracing::warn!(%error, "expired sessions cannot be forgotten now"),
        }
    }
}

/// Everything the server answers to people and probes.
pub fn router(app: App) -> Router {
    with_doors(app, Router::new())
}

/// The same, with doors for agents (`/api/v1`, …) beside it. Doors know their callers by bearer tokens and have limits of their own.
pub fn with_doors(app: App, doors: Router) -> Router {
    let people = Router::new()
        .merge(pages::routes(&app))
        .merge(signin::routes())
        .merge(artifacts::routes())
        .layer(from_fn_with_state(app.clone(), session::load))
        .layer(TimeoutLayer::with_status_code(axum::http::StatusCode::SERVICE_UNAVAILABLE, limits::REQUEST_MAX))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(limits::BODY_BYTES_MAX));
    let live = live::routes().layer(from_fn_with_state(app.clone(), session::load));
    let probes = Router::new()
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(metrics::render));
    let unknown_api = Router::new().route("/api", any(no_such_door)).route("/api/{*rest}", any(no_such_door));
    let web = Router::new()
        .merge(people)
        .merge(live)
        .merge(chat_files::routes(&app))
        .merge(unknown_api)
        .merge(doors_state(doors))
        .fallback_service(pages::fallback(&app));
    web.layer(from_fn_with_state(app.clone(), csrf::guard))
        .merge(probes)
        .layer(from_fn_with_state(app.clone(), headers::finish))
        .layer(from_fn(observe::observe))
        .with_state(app)
}

fn doors_state(doors: Router) -> Router<App> {
    doors.with_state(())
}

async fn no_such_door() -> Problem {
    Problem::not_found("There is nothing at this address of the API. See /api/v1/openapi.json for what there is.")
}
