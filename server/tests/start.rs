//! Stories of starting: what stands in the way is said at once, and nothing is made for it.

use std::net::TcpListener;
use std::process::Command;

use crate::support::Server;

#[test]
fn a_port_that_somebody_has_is_refused_before_anything_is_made() {
    let somebody = TcpListener::bind("127.0.0.1:0").expect("a port");
    let addr = somebody.local_addr().expect("an address").to_string();
    let dir = tempfile::tempdir().expect("a directory");
    let data = dir.path().join("data");
    for verb in [&["serve", "--no-open"][..], &["chat", "serve"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_devsquad"));
        command.args(verb).args(["--addr", &addr]).env("DEVSQUAD_DATA_DIR", &data).env_remove("DATABASE_URL");
        let output = command.output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(&format!("{addr} cannot be listened on")) && said.contains("--addr"), "{said}");
        assert!(!data.exists(), "{verb:?} made a data directory");
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_data_says_where_the_first_is() {
    let server = Server::start().await;
    let addr = server.url().replace("http://", "");
    let output = server.command(&["serve", "--no-open", "--addr", &addr]).output().expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("already") && said.contains(&server.url()), "{said}");
    server.ask("GET", "/workflows", None).await;
}

#[tokio::test]
async fn a_server_that_came_where_another_was_killed_is_not_taken_for_it() {
    let (mut killed, other) = (Server::start().await, Server::start().await);
    killed.kill();
    let file = killed.data_dir().join("server.json");
    let left = std::fs::read_to_string(&file).expect("what it left");
    std::fs::write(&file, left.replace(&killed.url(), &other.url())).expect("as if it had been there");

    let addr = other.url().replace("http://", "");
    for (verb, sentence) in
        [(&["link"][..], "no server runs on"), (&["serve", "--no-open", "--addr", &addr], "cannot be listened on")]
    {
        let output = killed.command(verb).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(sentence), "{said}");
    }
    killed.verify();
}
