//! The connection under a request, and the way to write to it past hyper.
//!
//! An answer that goes on for hours to thousands of pages costs hyper more than the writing itself. `Line` writes a piece of such an
//! answer straight to the socket, framed as the chunk that hyper would have made of it, whenever nothing of hyper's is on its way; when
//! something is, it says so, and the piece goes through hyper. What the socket does not take of a piece goes before anything else.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use axum::extract::OptionalFromRequestParts;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::http::Version;
use axum::http::request::Parts;
use axum::serve::{IncomingStream, Listener};
use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Takes connections from this listener.
pub struct Connections(pub TcpListener);

/// One connection, as hyper has it.
pub struct Connection {
    reads: OwnedReadHalf,
    line: Line,
}

/// Who is at the other end. Requests have it as `ConnectInfo<Peer>`.
#[derive(Clone)]
pub struct Peer {
    /// Where they are.
    pub address: SocketAddr,
    line: Option<Line>,
}

/// Writes to a connection past hyper, while an answer in chunks is on its way. Cheap to clone.
#[derive(Clone)]
pub struct Line(Arc<Mutex<Out>>);

struct Out {
    socket: OwnedWriteHalf,
    /// Whether hyper may hold something that is not written.
    handed_over: bool,
    /// What the socket has not taken of a piece written past hyper.
    rest: Bytes,
}

/// What became of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The system has it.
    Whole,
    /// It goes out before anything else, once hyper looks at the connection again: whoever wrote has it do so.
    InPart,
    /// Nothing of it went out: it has to go through hyper.
    Not,
}

/// A piece as a chunk of HTTP/1.1 (RFC 9112, 7.1).
pub fn chunk(piece: &[u8]) -> Bytes {
    Bytes::from([format!("{:X}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())
}

#[cfg(test)]
impl Peer {
    /// Somebody there, to whom nothing is written past hyper.
    pub fn at(address: SocketAddr) -> Peer {
        Peer { address, line: None }
    }
}

impl Line {
    fn out(&self) -> MutexGuard<'_, Out> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hyper is given something; until it is written nothing goes past it.
    pub fn hand_over(&self) {
        self.out().handed_over = true;
    }

    /// Writes a chunk (`chunk`), if nothing of hyper's is on its way. Never waits. That the other end has gone hyper finds out.
    pub fn write(&self, chunk: &Bytes) -> Written {
        let mut out = self.out();
        if out.handed_over || !out.rest.is_empty() {
            return Written::Not;
        }
        match out.socket.try_write(chunk) {
            Ok(count) if count == chunk.len() => Written::Whole,
            Ok(count) if count > 0 => {
                out.rest = chunk.slice(count..);
                Written::InPart
            }
            Ok(_) | Err(_) => Written::Not,
        }
    }
}

impl Out {
    fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.rest.is_empty() {
            let count = ready!(Pin::new(&mut self.socket).poll_write(context, &self.rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.rest.advance(count);
        }
        Poll::Ready(Ok(()))
    }
}

impl Connection {
    fn new(stream: TcpStream) -> Connection {
        let (reads, socket) = stream.into_split();
        Connection { reads, line: Line(Arc::new(Mutex::new(Out { socket, handed_over: true, rest: Bytes::new() }))) }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.reads).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut out = self.line.out();
        ready!(out.poll_rest(context))?;
        Pin::new(&mut out.socket).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut out = self.line.out();
        ready!(out.poll_rest(context))?;
        Pin::new(&mut out.socket).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Hyper asks for it when it has written all it has: from here on the line is free.
    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut out = self.line.out();
        ready!(out.poll_rest(context))?;
        ready!(Pin::new(&mut out.socket).poll_flush(context))?;
        out.handed_over = false;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut out = self.line.out();
        ready!(out.poll_rest(context))?;
        Pin::new(&mut out.socket).poll_shutdown(context)
    }
}

impl Listener for Connections {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        // A lease of a few hundred bytes must not wait for an acknowledgement of the one before it.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection gathers what is written to it");
        }
        (Connection::new(stream), address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Connections>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Connections>) -> Peer {
        Peer { address: *stream.remote_addr(), line: Some(stream.io().line.clone()) }
    }
}

/// The line under a request; there is none where answers are not sent in chunks of HTTP/1.1.
impl<S: Sync> OptionalFromRequestParts<S> for Line {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Line>, Self::Rejection> {
        let peer = parts.extensions.get::<ConnectInfo<Peer>>().filter(|_| parts.version == Version::HTTP_11);
        Ok(peer.and_then(|ConnectInfo(peer)| peer.line.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::Router;
    use axum::body::Body;
    use axum::extract::State;
    use axum::response::Response;
    use axum::routing::get;
    use futures::StreamExt as _;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::sync::mpsc;
    use tokio_stream::wrappers::ReceiverStream;

    use super::*;

    /// What a test says to the answer of `/`: the connection's line, and where pieces for hyper go in.
    type Opened = mpsc::Sender<(Option<Line>, mpsc::Sender<Bytes>)>;

    async fn answer(State(opened): State<Opened>, line: Option<Line>) -> Response {
        let (pieces, taken) = mpsc::channel(8);
        opened.send((line.clone(), pieces)).await.expect("the test listens");
        let taken = ReceiverStream::new(taken).inspect(move |_| line.iter().for_each(Line::hand_over));
        Response::new(Body::from_stream(taken.map(Ok::<_, Infallible>)))
    }

    async fn served() -> (TcpStream, mpsc::Receiver<(Option<Line>, mpsc::Sender<Bytes>)>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (opened, opens) = mpsc::channel(1);
        let router = Router::new().route("/", get(answer)).with_state(opened);
        let service = router.into_make_service_with_connect_info::<Peer>();
        tokio::spawn(async move { axum::serve(Connections(listener), service).await });
        (TcpStream::connect(address).await.expect("a connection"), opens)
    }

    async fn read_until(client: &mut TcpStream, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            assert!(client.read_buf(&mut text).await.expect("bytes") > 0, "{}", String::from_utf8_lossy(&text));
        }
        String::from_utf8(text).expect("text")
    }

    #[tokio::test]
    async fn what_goes_past_hyper_stands_between_its_chunks() {
        let (mut client, mut opens) = served().await;
        for request in 0..2 {
            client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.expect("sent");
            let (line, pieces) = opens.recv().await.expect("a request");
            let line = line.expect("a line");
            pieces.send(Bytes::from_static(b"first")).await.expect("taken");
            let head = read_until(&mut client, "5\r\nfirst\r\n").await;
            assert!(head.starts_with("HTTP/1.1 200"), "request {request}: {head}");
            assert_eq!(line.write(&chunk(b"past hyper")), Written::Whole);
            assert_eq!(read_until(&mut client, "hyper\r\n").await, "A\r\npast hyper\r\n");
            line.hand_over();
            assert_eq!(line.write(&chunk(b"too early")), Written::Not);
            pieces.send(Bytes::from_static(b"through it")).await.expect("taken");
            assert_eq!(read_until(&mut client, "it\r\n").await, "A\r\nthrough it\r\n");
            assert_eq!(line.write(&chunk(b"again")), Written::Whole);
            drop(pieces);
            assert_eq!(read_until(&mut client, "0\r\n\r\n").await, "5\r\nagain\r\n0\r\n\r\n");
        }
    }

    #[tokio::test]
    async fn what_the_socket_does_not_take_goes_first() {
        let (mut client, mut opens) = served().await;
        client.write_all(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n").await.expect("sent");
        let (line, pieces) = opens.recv().await.expect("a request");
        pieces.send(Bytes::from_static(b"first")).await.expect("taken");
        read_until(&mut client, "first\r\n").await;
        let line = line.expect("a line");
        // Nobody reads, so that some write finds no room for all of its bytes.
        let much = chunk(&vec![b'x'; 1 << 20]);
        let mut sent = 0;
        let written = loop {
            match line.write(&much) {
                Written::Whole => sent += much.len(),
                written => break written,
            }
        };
        assert_eq!(written, Written::InPart);
        sent += much.len();
        assert_eq!(line.write(&chunk(b"not in between")), Written::Not);
        pieces.send(Bytes::from_static(b"last")).await.expect("taken");
        drop(pieces);
        let text = read_until(&mut client, "0\r\n\r\n").await;
        assert_eq!(text.len() - sent, "4\r\nlast\r\n0\r\n\r\n".len());
        assert!(text.ends_with("x\r\n4\r\nlast\r\n0\r\n\r\n"));
    }

    #[tokio::test]
    async fn answers_that_are_not_chunked_have_no_line() {
        let (mut client, mut opens) = served().await;
        client.write_all(b"GET / HTTP/1.0\r\nhost: here\r\n\r\n").await.expect("sent");
        let (line, _) = opens.recv().await.expect("a request");
        assert!(line.is_none());
    }
}
