//! Settings: by flag, then environment, then file, then default.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;

use crate::chat::client::HOSTED_URL;
use crate::chat::keys::Keys;

/// Where the server listens when nobody says otherwise.
pub const ADDR_DEFAULT: &str = "127.0.0.1:3000";

/// Settings as given on the command line or in the environment.
#[derive(Args, Clone, Debug, Default)]
pub struct Given {
    /// Where to keep everything: database, files, logs. [default: ~/.local/share/devsquad, for root /var/lib/devsquad]
    #[arg(long, global = true, env = "DEVSQUAD_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// A PostgreSQL server to use instead of a private one, as postgres://user:password@host/database.
    #[arg(long, global = true, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Where PostgreSQL's programs are, for the private one. [default: searched in the usual places]
    #[arg(long, global = true, env = "DEVSQUAD_PG_BIN", value_name = "DIR")]
    pub pg_bin: Option<PathBuf>,
    /// What to log, as `info` or `server=debug,sqlx=warn`. [default: info]
    #[arg(long, global = true, env = "DEVSQUAD_LOG", value_name = "FILTER")]
    pub log: Option<String>,
    /// A TOML file with settings (data_dir, database_url, pg_bin, log, addr, public_url, site, stream_base_url, stream_api_key,
    /// stream_api_secret). [default: devsquad.toml in the data directory, if there is one]
    #[arg(long, global = true, env = "DEVSQUAD_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the chat server is, with STREAM_API_KEY and STREAM_API_SECRET. [default: with keys the hosted service, without
    /// keys one of our own at /chat]
    #[arg(long, global = true, env = "STREAM_BASE_URL", value_name = "URL")]
    pub stream_base_url: Option<String>,
    /// The key of the application at that chat server.
    #[arg(long, global = true, env = "STREAM_API_KEY", value_name = "KEY")]
    pub stream_api_key: Option<String>,
    /// Its secret.
    #[arg(long, global = true, env = "STREAM_API_SECRET", hide_env_values = true, value_name = "SECRET")]
    pub stream_api_secret: Option<String>,
}

/// Settings of `serve` as given.
#[derive(Args, Clone, Debug, Default)]
pub struct GivenServe {
    /// The address to listen on. Anything but loopback needs an owner with a password. [default: 127.0.0.1:3000]
    #[arg(long, env = "DEVSQUAD_ADDR", value_name = "ADDRESS")]
    pub addr: Option<SocketAddr>,
    /// How the world reaches this server, as https://squad.example, where that is not by its address.
    #[arg(long, env = "DEVSQUAD_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Where the built pages are. [default: beside the binary]
    #[arg(long, env = "DEVSQUAD_SITE", value_name = "DIR")]
    pub site: Option<PathBuf>,
    /// Do not open a browser.
    #[arg(long, env = "DEVSQUAD_NO_OPEN")]
    pub no_open: bool,
}

/// Settings of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    data_dir: Option<PathBuf>,
    database_url: Option<String>,
    pg_bin: Option<PathBuf>,
    log: Option<String>,
    addr: Option<SocketAddr>,
    public_url: Option<String>,
    site: Option<PathBuf>,
    stream_base_url: Option<String>,
    stream_api_key: Option<String>,
    stream_api_secret: Option<String>,
}

/// A chat server of somebody else's, or one that runs by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherChat {
    /// Where it is.
    pub url: String,
    /// The application there.
    pub keys: Keys,
}

/// Settings, settled.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// A PostgreSQL server to use instead of a private one.
    pub database_url: Option<String>,
    /// Where PostgreSQL's programs are.
    pub pg_bin: Option<PathBuf>,
    /// What to log.
    pub log: String,
    /// Where to listen.
    pub addr: SocketAddr,
    /// How the world reaches this server.
    pub public_url: Option<String>,
    /// Where the built pages are.
    pub site: Option<PathBuf>,
    /// Whether to open a browser where there is a desktop.
    pub open: bool,
    /// The chat server to use instead of our own.
    pub chat: Option<OtherChat>,
}

impl Config {
    /// Settles the settings.
    pub fn settle(given: Given, serve: GivenServe) -> anyhow::Result<Config> {
        let default_dir = default_data_dir();
        let file = match &given.config {
            Some(path) => read(path)?,
            None => {
                let path = given.data_dir.as_ref().unwrap_or(&default_dir).join("devsquad.toml");
                if path.exists() { read(&path)? } else { File::default() }
            }
        };
        let given_or = |given: Option<String>, file: Option<String>| given.or(file).filter(|text| !text.is_empty());
        let chat = other_chat(
            given_or(given.stream_base_url, file.stream_base_url),
            given_or(given.stream_api_key, file.stream_api_key),
            given_or(given.stream_api_secret, file.stream_api_secret),
        )?;
        let fallback: SocketAddr = ADDR_DEFAULT.parse().context("the default address")?;
        Ok(Config {
            data_dir: given.data_dir.or(file.data_dir).unwrap_or(default_dir),
            database_url: given.database_url.filter(|url| !url.is_empty()).or(file.database_url),
            pg_bin: given.pg_bin.or(file.pg_bin),
            log: given.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
            addr: serve.addr.or(file.addr).unwrap_or(fallback),
            public_url: serve.public_url.or(file.public_url),
            site: serve.site.or(file.site),
            open: !serve.no_open,
            chat,
        })
    }

    /// The file in which a running server says where it is.
    pub fn server_file(&self) -> PathBuf {
        self.data_dir.join("server.json")
    }
}

/// The chat server that is configured. Half of it is a mistake, not a wish for our own.
fn other_chat(url: Option<String>, key: Option<String>, secret: Option<String>) -> anyhow::Result<Option<OtherChat>> {
    let (key, secret) = match (key, secret) {
        (Some(key), Some(secret)) => (key, secret),
        (None, None) if url.is_none() => return Ok(None),
        _ => bail!(
            "a chat server needs STREAM_API_KEY and STREAM_API_SECRET, both; leave all STREAM_ settings out for our own"
        ),
    };
    let url = url.unwrap_or_else(|| HOSTED_URL.to_owned());
    if !url.starts_with("https://") && !url.starts_with("http://") {
        bail!("STREAM_BASE_URL is {url}; it must begin with https:// or http://");
    }
    Ok(Some(OtherChat { url, keys: Keys::given(key, secret) }))
}

fn read(path: &Path) -> anyhow::Result<File> {
    config::Config::builder()
        .add_source(config::File::from(path).format(config::FileFormat::Toml))
        .build()
        .and_then(config::Config::try_deserialize)
        .with_context(|| format!("reading the settings in {}", path.display()))
}

/// The data directory when nobody names one. Root's home is closed to the user that PostgreSQL runs as.
fn default_data_dir() -> PathBuf {
    if nix::unistd::Uid::effective().is_root() {
        return PathBuf::from("/var/lib/devsquad");
    }
    let data_home = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_else(|| PathBuf::from("."));
    data_home.unwrap_or_else(|| home.join(".local/share")).join("devsquad")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_chat_server_is_a_mistake() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(other_chat(None, None, None).expect("our own"), None);
        let hosted = other_chat(None, some("k"), some("s")).expect("keys").expect("a server");
        assert_eq!(hosted.url, HOSTED_URL);
        assert!(other_chat(some("https://chat.example"), None, None).is_err());
        assert!(other_chat(None, some("k"), None).is_err());
        assert!(other_chat(some("chat.example"), some("k"), some("s")).is_err());
    }
}
