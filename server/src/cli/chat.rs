//! `devsquad chat`: the embedded chat server by itself, and setting a chat server up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, bail};
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::IntoResponse as _;
use clap::Subcommand;
use tokio_util::sync::CancellationToken;

use super::port::Port;
use super::{open, say, serve};
use crate::chat::check::check;
use crate::chat::client::Client;
use crate::chat::embedded::{CALLS_PER_MINUTE_MAX, Chat, Options, RETRY_PAUSE};
use crate::chat::keys::Keys;
use crate::config::Config;
use crate::connection::Peer;
use crate::listener;
use crate::store::Store;

/// The chat.
#[derive(Debug, Subcommand)]
pub enum ChatVerb {
    /// Run the chat server by itself. Other servers use it by STREAM_BASE_URL and the keys, which it prints the path of.
    Serve {
        /// The address to listen on. It has no TLS: use a proxy where it leaves the machine.
        #[arg(long, default_value = "127.0.0.1:3002", value_name = "ADDRESS")]
        addr: SocketAddr,
        /// How the world calls it, for links to uploads. [default: http:// and the address]
        #[arg(long, value_name = "URL")]
        url: Option<String>,
    },
    /// Verify the keys, and make channel types, roles, commands and the webhook where they are missing.
    Check {
        /// Where the chat server shall send what happens. Left as it is when not given.
        #[arg(long, value_name = "URL")]
        webhook: Option<String>,
    },
}

impl ChatVerb {
    /// Runs it.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        match self {
            ChatVerb::Serve { addr, url } => alone(config, addr, url).await,
            ChatVerb::Check { webhook } => set_up(config, webhook.as_deref()).await,
        }
    }
}

/// Our own chat server on this store, sending webhooks until `stop`.
pub async fn own(config: &Config, store: &Store, url: &str, stop: CancellationToken) -> anyhow::Result<Chat> {
    let options = Options {
        keys: keys(config)?,
        uploads: config.data_dir.join("chat-files"),
        url: url.to_owned(),
        calls_per_minute_max: CALLS_PER_MINUTE_MAX,
        retry_pause: RETRY_PAUSE,
    };
    Chat::start(store.clone(), options, stop).await
}

/// A client of the chat server in use: the one that is configured, or our own behind this address.
pub fn client(config: &Config, own: SocketAddr) -> anyhow::Result<Client> {
    let url = config.chat.as_ref().map_or_else(|| format!("http://{}/chat", near(own)), |chat| chat.url.clone());
    Ok(Client::new(&url, keys(config)?)?)
}

/// Where the chat server in use can send what happens: the address the world knows, or, from this machine, the one we listen on.
/// Nothing where neither leads here; then the chat is asked.
pub fn webhook(config: &Config, own: SocketAddr) -> Option<String> {
    let elsewhere = config.chat.as_ref().is_some_and(|chat| !is_on_this_machine(&chat.url));
    match &config.public_url {
        Some(url) if elsewhere => Some(format!("{}{}", url.trim_end_matches('/'), listener::PATH)),
        None if elsewhere => None,
        Some(_) | None => Some(format!("http://{}{}", near(own), listener::PATH)),
    }
}

fn is_on_this_machine(url: &str) -> bool {
    reqwest::Url::parse(url).is_ok_and(|url| match url.host_str() {
        Some("localhost") => true,
        Some(host) => host.trim_matches(['[', ']']).parse().is_ok_and(|ip: IpAddr| ip.is_loopback()),
        None => false,
    })
}

/// The address we listen on, as this machine reaches it.
fn near(own: SocketAddr) -> SocketAddr {
    match own.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::from((Ipv4Addr::LOCALHOST, own.port())),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::from((Ipv6Addr::LOCALHOST, own.port())),
        IpAddr::V4(_) | IpAddr::V6(_) => own,
    }
}

/// Keys that are configured, or those of the data directory.
fn keys(config: &Config) -> anyhow::Result<Keys> {
    match &config.chat {
        Some(chat) => Ok(chat.keys.clone()),
        None => Keys::of_data_dir(&config.data_dir),
    }
}

/// Answers this machine only, and nothing that a proxy brings: there is no such place for others. Who calls from the address we
/// listen on is this machine too.
pub fn for_this_machine(router: Router, own: SocketAddr) -> Router {
    router.layer(from_fn(move |request: Request, next: Next| async move {
        let peer = request.extensions().get::<ConnectInfo<Peer>>();
        let near = peer.is_some_and(|ConnectInfo(peer)| {
            let peer = peer.address.ip().to_canonical();
            peer.is_loopback() || peer == own.ip().to_canonical()
        });
        let headers = request.headers();
        if !near || headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded") {
            return StatusCode::NOT_FOUND.into_response();
        }
        next.run(request).await
    }))
}

async fn alone(config: Config, addr: SocketAddr, url: Option<String>) -> anyhow::Result<i32> {
    let port = Port::take(addr)?;
    let url = url.unwrap_or(format!("http://{}", port.addr()));
    let opened = open::visit(&config).await?;
    let stop = CancellationToken::new();
    let chat = own(&config, &opened.store, &url, stop.clone()).await?;
    let listener = port.listen()?;
    say(&format!("The chat server runs at {url}."));
    if config.chat.is_none() {
        say(&format!("Its keys are in {}.", config.data_dir.join("chat.json").display()));
    }
    let stopped = stop.clone();
    let serving = axum::serve(listener, chat.router()).with_graceful_shutdown(async move { stopped.cancelled().await });
    let serving = tokio::spawn(async move { serving.await });
    serve::wait_for_signal().await?;
    say("Stopping.");
    stop.cancel();
    serving.await??;
    opened.close().await;
    Ok(0)
}

async fn set_up(config: Config, webhook: Option<&str>) -> anyhow::Result<i32> {
    let url = match &config.chat {
        Some(chat) => chat.url.clone(),
        None => match super::api::running(&config).await {
            Some(running) => format!("{}/chat", running.url),
            None => bail!(
                "no server runs on {}, and no other chat server is configured; start one with `devsquad serve`",
                config.data_dir.display()
            ),
        },
    };
    let client = Client::new(&url, keys(&config)?)?;
    for line in check(&client, webhook).await.with_context(|| format!("the chat server at {url}"))? {
        say(&line);
    }
    Ok(0)
}
