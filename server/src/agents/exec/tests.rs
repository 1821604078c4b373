//! Little programs that behave well and badly.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Outcome, Program, Said, protections, run};
use crate::agents::sandbox::{Demands, Guard, Limits, State, launcher};
use crate::squad::Reason;

/// Whether the launcher was built; `cargo test --lib` alone builds none.
fn can_run() -> bool {
    launcher().ends_with("devsquad")
}

fn script(text: &str) -> Program {
    Program {
        argv: ["/bin/sh", "-c", text].map(str::to_owned).to_vec(),
        env: vec![("PATH".into(), "/usr/bin:/bin".into())],
        limits: Limits { wall_seconds: 20, ..Limits::default() },
        protections: Demands::BUILT_IN,
        read_paths: Vec::new(),
    }
}

struct Ended {
    outcome: Outcome,
    said: Vec<Said>,
    dir: tempfile::TempDir,
}

async fn ended(program: &Program, lease: &Value, cancel: CancellationToken) -> Ended {
    let dir = tempfile::tempdir().expect("a directory");
    let (progress, mut heard) = mpsc::channel(1_000);
    let outcome = run(program, lease, &dir.path().join("work"), progress, cancel).await.expect("ran");
    let mut said = Vec::new();
    while let Ok(one) = heard.try_recv() {
        said.push(one);
    }
    Ended { outcome, said, dir }
}

async fn outcome(text: &str) -> Outcome {
    ended(&script(text), &json!({}), CancellationToken::new()).await.outcome
}

fn reason(outcome: &Outcome) -> (Reason, &str) {
    match outcome {
        Outcome::Failed { reason, message, .. } => (*reason, message),
        Outcome::Succeeded { output, .. } => panic!("succeeded with {output}"),
    }
}

fn active(guard: Guard) -> bool {
    *protections().of(guard) == State::Active
}

#[tokio::test]
async fn a_program_reads_its_lease_and_hands_in_a_result_with_a_file() {
    if !can_run() {
        return;
    }
    let program = script(
        r#"read lease; echo "$lease" > artifacts/lease.json; echo 'hello'; echo '{"type":"progress","progress":40,"note":"half"}'
           echo '{"type":"artifact","name":"lease.json","media_type":"application/json","path":"lease.json"}'
           echo '{"type":"result","output":{"ok":true}}'"#,
    );
    let ended = ended(&program, &json!({"key": "a"}), CancellationToken::new()).await;
    let Outcome::Succeeded { output, artifacts } = &ended.outcome else { panic!("{:?}", ended.outcome) };
    assert_eq!(output, &json!({"ok": true}));
    let lease: Value = serde_json::from_slice(&std::fs::read(&artifacts[0].path).expect("there")).expect("JSON");
    assert_eq!(lease["key"], "a");
    assert!(lease["artifact_dir"].as_str().expect("text").ends_with("/work/artifacts"));
    assert!(ended.said.contains(&Said::Progress { percent: 40, note: "half".into() }));
    assert!(ended.said.contains(&Said::Log { line: "hello".into() }));
    assert!(!ended.dir.path().join("work.pgid").exists());
}

#[tokio::test]
async fn every_way_to_end_badly_has_its_reason() {
    if !can_run() {
        return;
    }
    for (text, expected, words) in [
        ("exit 3", Reason::Internal, "exit code 3"),
        ("echo oh >&2; kill -9 $$", Reason::Internal, "its last words: “oh”"),
        (
            r#"echo '{"type":"failure","reason":"check_failed","message":"no","retryable":true}'; exit 1"#,
            Reason::CheckFailed,
            "no",
        ),
        (r#"echo '{"type":"result","output":1}'; exit 1"#, Reason::BadOutput, "exit code 1"),
        (
            r#"echo '{"type":"result","output":1}'; echo '{"type":"result","output":2}'"#,
            Reason::BadOutput,
            "follows the result",
        ),
        // Which of the two limits is met first, of a line or of everything, is a matter of timing.
        ("head -c 11000000 /dev/zero", Reason::BadOutput, "than"),
        (
            r#"echo '{"type":"artifact","name":"x","path":"../../x"}'; echo '{"type":"result","output":1}'"#,
            Reason::BadOutput,
            "leads out",
        ),
    ] {
        let outcome = outcome(text).await;
        let (reason, message) = reason(&outcome);
        assert_eq!(reason, expected, "{text}: {message}");
        assert!(message.contains(words), "{text}: {message}");
    }
}

#[tokio::test]
async fn a_program_that_cannot_be_started_says_so() {
    if !can_run() {
        return;
    }
    let program = Program { argv: vec!["/nonexistent/program".into()], ..script("") };
    let ended = ended(&program, &json!({}), CancellationToken::new()).await;
    assert!(reason(&ended.outcome).1.contains("/nonexistent/program cannot be started"), "{:?}", ended.outcome);
}

#[tokio::test]
async fn time_is_up_means_that_everything_dies() {
    if !can_run() {
        return;
    }
    let mut program = script("setsid sleep 987654 & sleep 987655 & wait");
    program.limits.wall_seconds = 1;
    let ended = ended(&program, &json!({}), CancellationToken::new()).await;
    assert_eq!(reason(&ended.outcome).0, Reason::Deadline);
    assert!(!alive("987654") && !alive("987655"));
}

#[tokio::test]
async fn cancelling_and_dropping_kill_too() {
    if !can_run() {
        return;
    }
    let cancel = CancellationToken::new();
    let stop = cancel.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        stop.cancel();
    });
    let cancelled = ended(&script("sleep 987656"), &json!({}), cancel).await;
    assert_eq!(reason(&cancelled.outcome).0, Reason::UserCancelled);
    assert!(!alive("987656"));
    let dropped = script("sleep 987657");
    let lease = json!({});
    let waited =
        tokio::time::timeout(Duration::from_millis(300), ended(&dropped, &lease, CancellationToken::new())).await;
    assert!(waited.is_err());
    for _ in 0..100 {
        if !alive("987657") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it survived its attempt");
}

/// Whether a process with this argument runs.
fn alive(argument: &str) -> bool {
    let processes = std::fs::read_dir("/proc").expect("read").filter_map(Result::ok);
    processes.into_iter().any(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    })
}

#[tokio::test]
async fn files_network_and_the_servers_environment_are_out_of_reach() {
    if !can_run() {
        return;
    }
    let outside = tempfile::tempdir().expect("a directory");
    std::fs::write(outside.path().join("secret"), "s").expect("written");
    let place = outside.path().display();
    let server = std::process::id();
    let text = format!(
        r#"f=0; n=0; cat {place}/secret && f=1; echo x > {place}/written && f=2; cat /proc/{server}/environ && f=3; cat /etc/shadow && f=4
           echo '{{"type":"result","output":'$f'}}'"#
    );
    if active(Guard::Files) {
        let ended = ended(&script(&text), &json!({}), CancellationToken::new()).await;
        assert!(
            matches!(&ended.outcome, Outcome::Succeeded { output, .. } if *output == json!(0)),
            "{:?}",
            ended.outcome
        );
        assert!(!Path::new(&format!("{place}/written")).exists());
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("bound");
    let port = listener.local_addr().expect("bound").port();
    let text = format!(
        r#"python3 -c 'import socket; socket.create_connection(("127.0.0.1", {port}), 2)' && n=1; echo '{{"type":"result","output":{{"n":"'$n'"}}}}'"#
    );
    if active(Guard::Network) && Path::new("/usr/bin/python3").exists() {
        let ended = ended(&script(&text), &json!({}), CancellationToken::new()).await;
        assert!(
            matches!(&ended.outcome, Outcome::Succeeded { output, .. } if output["n"] == ""),
            "{:?}",
            ended.outcome
        );
    }
}

#[tokio::test]
async fn what_a_foreign_program_requires_and_the_machine_lacks_is_refused() {
    if !can_run() {
        return;
    }
    let program = Program { protections: Demands::FOREIGN, ..script(r#"echo '{"type":"result","output":1}'"#) };
    let ended = ended(&program, &json!({}), CancellationToken::new()).await;
    match protections().refuse(&Demands::FOREIGN) {
        Some(refusal) => assert_eq!(reason(&ended.outcome), (Reason::AgentDeclined, refusal.as_str())),
        None => assert!(matches!(ended.outcome, Outcome::Succeeded { .. }), "{:?}", ended.outcome),
    }
}

#[tokio::test]
async fn the_built_in_squad_works_under_all_protections() {
    if !can_run() {
        return;
    }
    let home = crate::squad::testing::Home::with(&[
        ("src/lib.rs", "// TODO\n"),
        ("a.py", "x = 1\n"),
        ("b.js", "let a = 1;\n"),
    ]);
    let program = Program::built_in(home.root());
    let mut needs = serde_json::Map::new();
    for (kind, _) in crate::squad::TASK_TYPES {
        let lease = json!({"type": kind, "purpose": "work", "input": {"path": home.root()}, "needs": needs});
        let ended = ended(&program, &lease, CancellationToken::new()).await;
        let Outcome::Succeeded { output, artifacts } = ended.outcome else { panic!("{kind}: {:?}", ended.outcome) };
        assert_eq!(artifacts.len(), if kind == "repo.report" { 2 } else { 0 });
        if kind == "repo.checks" {
            let failed =
                output["checks"].as_array().expect("list").iter().filter(|check| check["status"] != "passed").count();
            assert_eq!(failed, 0, "{output:#}");
        }
        needs.insert(kind.to_owned(), output);
    }
}
