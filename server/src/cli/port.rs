//! The port a server will listen on: taken before anything is started, listened on once there is somebody to answer.

use std::net::SocketAddr;

use anyhow::anyhow;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that may wait until they are taken in: as many as tokio's own listeners let wait.
const WAITING_MAX: u32 = 1024;

/// An address that nobody else gets any more. Who connects to it is turned away until it is listened on.
pub struct Port {
    socket: TcpSocket,
    addr: SocketAddr,
}

impl Port {
    /// Takes the address; with port 0 the system chooses one. An error when somebody listens there, or we may not.
    pub fn take(addr: SocketAddr) -> anyhow::Result<Port> {
        let taken = || {
            let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            // Connections of a server that has just ended keep nobody from the port.
            socket.set_reuseaddr(true)?;
            socket.bind(addr)?;
            let addr = socket.local_addr()?;
            Ok::<_, std::io::Error>(Port { socket, addr })
        };
        taken().map_err(|error| refused(addr, &error))
    }

    /// Where it listens, or will.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Begins to listen.
    pub fn listen(self) -> anyhow::Result<TcpListener> {
        self.socket.listen(WAITING_MAX).map_err(|error| refused(self.addr, &error))
    }
}

fn refused(addr: SocketAddr, error: &std::io::Error) -> anyhow::Error {
    anyhow!("{addr} cannot be listened on: {error}. Give another address with --addr")
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpStream;

    use super::Port;

    #[tokio::test]
    async fn a_port_is_ours_before_it_is_listened_on() {
        let port = Port::take("127.0.0.1:0".parse().expect("an address")).expect("a port");
        let addr = port.addr();
        assert_ne!(addr.port(), 0);
        TcpStream::connect(addr).await.expect_err("nobody listens");
        let listener = port.listen().expect("listening");
        TcpStream::connect(addr).await.expect("taken in");
        let refusal = Port::take(addr).err().expect("somebody listens").to_string();
        assert!(refusal.contains("--addr"), "{refusal}");
        drop(listener);
    }
}
