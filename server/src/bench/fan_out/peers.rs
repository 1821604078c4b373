//! Others who spread events for a living, given the same text to spread. Each runs in a process of its own for one stage; one that is
//! not installed is left out. `./dev bench fan-out` fetches them beside the tools, into no project's dependencies.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio::net::TcpStream;

use super::audience::Greeting;
use crate::bench::rig::signal;
use crate::clock;

/// Where they are, as directories of their packages.
const PEERS_DIR: &str = "DEVSQUAD_PEERS";
/// How long one may take to listen.
const START_MAX: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// All of them.
pub const ALL: [Peer; 2] = [Peer::Nchan, Peer::SocketIo];

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// nginx with Nchan, as server-sent events.
    Nchan,
    /// socket.io on Node, as WebSockets.
    SocketIo,
}

impl Peer {
    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Peer::Nchan => "nginx + Nchan",
            Peer::SocketIo => "socket.io",
        }
    }
}

/// A peer at work; it is gone with this.
pub struct Running {
    peer: Peer,
    child: Child,
    address: SocketAddr,
    _dir: TempDir,
}

impl Running {
    /// Starts one; it listens when this returns. Nothing when it is not installed.
    pub async fn start(peer: Peer) -> anyhow::Result<Option<Running>> {
        let Some(installed) = std::env::var_os(PEERS_DIR).map(PathBuf::from) else { return Ok(None) };
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr())?;
        let dir = tempfile::tempdir().context("a directory for a peer")?;
        let command = match peer {
            Peer::Nchan => nchan(&installed, dir.path(), address)?,
            Peer::SocketIo => socket_io(&installed, dir.path(), address)?,
        };
        let Some(mut command) = command else { return Ok(None) };
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().context("starting it")?;
        let mut running = Running { peer, child, address, _dir: dir };
        let started = clock::instant();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = running.child.try_wait()? {
                bail!("it ended before it listened: {status}");
            }
            ensure!(started.elapsed() < START_MAX, "it does not listen");
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(Some(running))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What a listener asks for.
    pub fn request(&self) -> Vec<u8> {
        let head = match self.peer {
            Peer::Nchan => "GET /sub HTTP/1.1\r\naccept: text/event-stream\r\n",
            Peer::SocketIo => {
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            }
        };
        format!("{head}host: {}\r\n\r\n", self.address).into_bytes()
    }

    /// How it greets.
    pub fn greeting(&self) -> Greeting {
        match self.peer {
            Peer::Nchan => Greeting::EventStream { hello: false },
            Peer::SocketIo => Greeting::SocketIo,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // nginx takes its workers along when it is asked to end; killed, it would leave them.
        signal(self.child.id(), Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

fn nchan(installed: &Path, dir: &Path, address: SocketAddr) -> anyhow::Result<Option<Command>> {
    let (program, module) =
        (installed.join("usr/sbin/nginx"), installed.join("usr/lib/nginx/modules/ngx_nchan_module.so"));
    if !program.exists() || !module.exists() {
        return Ok(None);
    }
    let (module, at) = (module.display(), dir.display());
    let paths =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path {at}/{name};"));
    let user = if nix::unistd::geteuid().is_root() { "user root;" } else { "" };
    let config = format!(
        "load_module {module};\n{user}\ndaemon off;\nworker_processes auto;\npid {at}/pid;\nerror_log stderr crit;\n\
         worker_rlimit_nofile 20000;\nevents {{ worker_connections 16000; }}\nhttp {{\naccess_log off;\n{}\n\
         keepalive_requests 1000000;\nserver {{\nlisten {address} backlog=4096;\n\
         location = /sub {{ nchan_subscriber eventsource; nchan_channel_id news; nchan_subscriber_first_message newest; }}\n\
         location = /pub {{ nchan_publisher; nchan_channel_id news; }}\n}}\n}}\n",
        paths.join("\n"),
    );
    std::fs::write(dir.join("nginx.conf"), config).context("writing its settings")?;
    let mut command = Command::new(program);
    command.arg("-e").arg("stderr").arg("-p").arg(dir).arg("-c").arg(dir.join("nginx.conf"));
    Ok(Some(command))
}

/// The whole server; it spreads what is posted as it is.
const SOCKET_IO: &str = r#"
const http = require("node:http");
const { Server } = require("socket.io");
const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => (body += piece));
    request.on("end", () => {
        io.emit("news", JSON.parse(body));
        response.writeHead(200, { "content-length": 0 }).end();
    });
});
const io = new Server(server, { transports: ["websocket"], serveClient: false });
const [host, port] = process.argv[2].split(":");
server.listen({ host, port: Number(port), backlog: 4096 });
"#;

fn socket_io(installed: &Path, dir: &Path, address: SocketAddr) -> anyhow::Result<Option<Command>> {
    let modules = installed.join("node_modules");
    if !modules.join("socket.io").exists() {
        return Ok(None);
    }
    let script = dir.join("server.js");
    std::fs::write(&script, SOCKET_IO).context("writing its program")?;
    let mut command = Command::new("node");
    command.env("NODE_PATH", modules).arg(script).arg(address.to_string());
    Ok(Some(command))
}
