//! A real server in its own process, for stories that need one which can be killed.

pub mod agents;
pub mod line;
pub mod story;
pub mod tables;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use server::chat::client::Client;
use server::chat::keys::Keys;
use server::engine::verify::{self, Chat, Report};
use server::store::{Store, StoreOptions};
use tempfile::TempDir;

use line::Line;

/// A server that runs on a data directory of its own.
pub struct Server {
    dir: TempDir,
    /// 0 until it has said where it listens.
    port: u16,
    process: Option<Child>,
    /// Acts as the owner.
    pub token: String,
    client: reqwest::Client,
    settings: Vec<(&'static str, String)>,
    other_chat: Option<OtherChat>,
}

/// Where the chat server of a story runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatAt {
    /// In the server itself.
    SameProcess,
    /// By itself, as `devsquad chat serve`.
    SecondProcess,
}

/// Has each story told twice: with the chat in the same process, and in one of its own.
#[macro_export]
macro_rules! with_both_chats {
    ($($story:ident),+ $(,)?) => {
        mod same_process {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::support::ChatAt::SameProcess).await;
            })+
        }
        mod second_process {
            $(#[tokio::test]
            async fn $story() {
                super::$story($crate::support::ChatAt::SecondProcess).await;
            })+
        }
    };
}

/// A chat server in a process of its own.
struct OtherChat {
    process: Child,
    dir: TempDir,
    url: String,
}

impl OtherChat {
    async fn start() -> OtherChat {
        let dir = directory();
        let mut command = Command::new(env!("CARGO_BIN_EXE_devsquad"));
        command
            .env("DEVSQUAD_DATA_DIR", dir.path().join("data"))
            .env_remove("DATABASE_URL")
            .env("DEVSQUAD_LOG", "warn");
        let (process, url) = chat_serve(command).await;
        OtherChat { process, dir, url }
    }

    fn keys(&self) -> Keys {
        Keys::of_data_dir(&self.dir.path().join("data")).expect("keys")
    }

    fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for OtherChat {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.process.id().cast_signed()), Signal::SIGTERM);
        let _ = self.process.wait();
    }
}

fn directory() -> TempDir {
    let dir = tempfile::Builder::new().prefix("dsq").tempdir_in("/tmp").expect("a directory");
    // PostgreSQL's own user passes through it when we are root.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(dir.path(), open).expect("permissions");
    dir
}

/// Runs `devsquad chat serve` with that environment on a port that the system chooses: the process, and how its links begin.
pub async fn chat_serve(mut command: Command) -> (Child, String) {
    let said = tempfile::NamedTempFile::new().expect("a file");
    command.args(["chat", "serve", "--addr", "127.0.0.1:0"]);
    command.stdin(Stdio::null()).stdout(said.reopen().expect("the same file"));
    let mut process = command.spawn().expect("the chat server starts");
    for _ in 0..600 {
        let text = std::fs::read_to_string(said.path()).expect("what it said");
        if let Some(url) = text.split_whitespace().find(|word| word.starts_with("http://")) {
            return (process, url.trim_end_matches('.').to_owned());
        }
        assert_eq!(process.try_wait().expect("a status"), None, "the chat server ended");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the chat server is not ready");
}

impl Server {
    /// Starts one and waits until it is ready.
    pub async fn start() -> Server {
        Server::start_with(Vec::new()).await
    }

    /// Starts one with these settings in its environment.
    pub async fn start_with(settings: Vec<(&'static str, String)>) -> Server {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = directory();
        let client = reqwest::Client::builder().timeout(Duration::from_secs(90)).build().expect("a client");
        let mut server =
            Server { dir, port: 0, process: None, token: String::new(), client, settings, other_chat: None };
        server.restart().await;
        server
    }

    /// Starts one whose chat is there.
    pub async fn start_with_chat(at: ChatAt) -> Server {
        if at == ChatAt::SameProcess {
            return Server::start().await;
        }
        let chat = OtherChat::start().await;
        let url = chat.url();
        Server::start_at(chat, url).await
    }

    /// Starts one whose chat runs in a second process, at the other end of a line.
    pub async fn start_with_line(seed: u64) -> (Server, Line) {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let chat = OtherChat::start().await;
        let line = Line::to(chat.url(), seed).await;
        (Server::start_at(chat, line.url()).await, line)
    }

    async fn start_at(chat: OtherChat, url: String) -> Server {
        let keys = chat.keys();
        let settings = vec![
            ("STREAM_BASE_URL", url),
            ("STREAM_API_KEY", keys.api_key.clone()),
            ("STREAM_API_SECRET", keys.secret().to_owned()),
        ];
        let mut server = Server::start_with(settings).await;
        server.other_chat = Some(chat);
        server
    }

    /// The keys of its chat.
    pub fn chat_keys(&self) -> Keys {
        match &self.other_chat {
            Some(chat) => chat.keys(),
            None => Keys::of_data_dir(&self.data_dir()).expect("keys"),
        }
    }

    /// Its chat, as the application itself.
    pub fn chat(&self) -> Client {
        let url = self.other_chat.as_ref().map_or_else(|| format!("{}/chat", self.url()), OtherChat::url);
        Client::new(&url, self.chat_keys()).expect("a client")
    }

    /// Its data directory.
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// How its links begin.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The binary, about to be run on this server's data directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_devsquad"));
        command.args(arguments).env("DEVSQUAD_DATA_DIR", self.data_dir()).env_remove("DATABASE_URL");
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it (again, on the same port) and waits until it is ready.
    pub async fn restart(&mut self) {
        let _ = std::fs::remove_file(self.data_dir().join("server.json"));
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.path().join("server.log"))
            .expect("a log");
        let mut command = self.command(&["serve", "--no-open", "--addr", &format!("127.0.0.1:{}", self.port)]);
        command.env("DEVSQUAD_LOG", "warn").stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        self.process = Some(command.spawn().expect("the server starts"));
        for _ in 0..600 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            if let Some(status) = self.process.as_mut().and_then(|process| process.try_wait().expect("a status")) {
                panic!("the server ended: {status}\n{}", self.log());
            }
            let Some((port, token)) = said(&self.data_dir()) else { continue };
            (self.port, self.token) = (port, token);
            let ready = self.client.get(format!("{}/readyz", self.url())).send().await;
            if ready.is_ok_and(|answer| answer.status().is_success()) {
                return;
            }
        }
        panic!("the server is not ready\n{}", self.log());
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().expect("killed");
            process.wait().expect("gone");
        }
    }

    /// Ends PostgreSQL as a power cut would.
    pub fn kill_postgres(&self) {
        if let Some(pid) = self.postmaster() {
            let _ = kill(pid, Signal::SIGKILL);
        }
    }

    fn postmaster(&self) -> Option<Pid> {
        let text = std::fs::read_to_string(self.data_dir().join("postgres/postmaster.pid")).ok()?;
        text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
    }

    /// Asks the interface; what is refused comes back with its status.
    pub async fn call(&self, method: &str, path: &str, token: &str, body: Option<Value>) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, format!("{}/api/v1{path}", self.url())).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// Asks as the owner, and expects to be given it.
    pub async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.call(method, path, &self.token, body).await;
        assert!(status < 300, "{method} {path}: {status} {answer}");
        answer
    }

    /// Its database, seen from beside it.
    pub async fn store(&self) -> Store {
        store_of(&self.data_dir()).await
    }

    /// Its first organization, as the engine acts for it.
    pub async fn tenant(&self, store: &Store) -> server::store::Tenant {
        let mut tx = store.begin_worker().await.expect("a read");
        let ids = server::store::organizations::ids(&mut tx).await.expect("organizations");
        server::store::Tenant::system(ids[0])
    }

    /// Asks every invariant, those of the chat wherever it runs: each must count 0.
    pub async fn verify_with_chat(&self) -> Report {
        let store = self.store().await;
        let report = match &self.other_chat {
            None => verify::verify(&store, Chat::Ours).await,
            Some(other) => {
                let chat = store_of(&other.dir.path().join("data")).await;
                let report = verify::verify(&store, Chat::Apart(&chat)).await;
                chat.close().await;
                report
            }
        };
        store.close().await;
        let report = report.expect("asked");
        assert!(report.holds() && report.not_asked.is_empty(), "{report:#?}");
        report
    }

    /// Runs `devsquad verify --json` beside it: every invariant must count 0.
    pub fn verify(&self) -> Value {
        let output = self.command(&["verify", "--json"]).output().expect("verify runs");
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        for (name, finding) in report["invariants"].as_object().expect("invariants") {
            assert_eq!(finding["violations"], 0, "{name}: {finding:#}");
        }
        assert!(output.status.success());
        report
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = kill(Pid::from_raw(process.id().cast_signed()), Signal::SIGTERM);
            for _ in 0..100 {
                if matches!(process.try_wait(), Ok(Some(_))) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(100));
            }
            let _ = process.kill();
        }
        if let Some(pid) = self.postmaster() {
            let _ = kill(pid, Signal::SIGINT);
        }
    }
}

async fn store_of(data_dir: &Path) -> Store {
    Store::open(StoreOptions::of_running(data_dir).expect("a database")).await.expect("a store")
}

/// Where the server on that data directory listens, and the token it left there.
fn said(data_dir: &Path) -> Option<(u16, String)> {
    let text = std::fs::read_to_string(data_dir.join("server.json")).ok()?;
    let running: Value = serde_json::from_str(&text).ok()?;
    let port = reqwest::Url::parse(running["url"].as_str()?).ok()?.port()?;
    Some((port, running["token"].as_str()?.to_owned()))
}

/// A workflow of tasks in layers, each waiting for two or three of the layer before; the same for the same seed.
pub fn layered(name: &str, layers: u64, width: u64, seed: u64) -> Value {
    let mut tasks = Vec::new();
    for layer in 0..layers {
        for place in 0..width {
            let needs: Vec<String> = match layer {
                0 => Vec::new(),
                _ => {
                    let mut parents: Vec<u64> =
                        (0..2 + (seed + place) % 2).map(|n| (place * 7 + n * 3 + seed) % width).collect();
                    parents.sort_unstable();
                    parents.dedup();
                    parents.iter().map(|parent| format!("t{}-{parent}", layer - 1)).collect()
                }
            };
            tasks.push(serde_json::json!({"key": format!("t{layer}-{place}"), "needs": needs, "max_attempts": 100}));
        }
    }
    serde_json::json!({"name": name, "tasks": tasks})
}
