//! The architecture, held: which part may know which, where SQL and the clock may stand, how long a file may be.

use std::path::{Path, PathBuf};

/// Lines of a file: more than one sitting's reading.
const LINES_MAX: usize = 600;

/// Parts of the server and the parts they may know. Everything may use what is not listed here.
const ARROWS: [(&str, &[&str]); 9] = [
    ("store", &[]),
    ("chat", &["store"]),
    ("engine", &["store"]),
    ("squad", &[]),
    ("agents", &["chat", "engine", "messenger", "store", "squad"]),
    ("messenger", &["chat", "engine", "store"]),
    ("listener", &["chat", "engine", "messenger", "store"]),
    ("web", &["agents", "chat", "engine", "listener", "messenger", "store"]),
    ("bench", &["store", "engine", "agents", "chat", "listener"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_owned()
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(dir).expect("a directory").map(|e| e.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every Rust file under `dir`, with its path from the workspace and its text.
fn files(dir: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    rust_files(&root().join(dir), &mut found);
    found
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("text");
            (path.strip_prefix(root()).expect("inside").to_string_lossy().into_owned(), text)
        })
        .collect()
}

#[test]
fn parts_of_the_server_know_only_whom_they_may() {
    let mut wrong = Vec::new();
    for (part, may) in ARROWS {
        for (path, text) in files(&format!("server/src/{part}")) {
            for (other, _) in ARROWS.iter().filter(|(other, _)| *other != part && !may.contains(other)) {
                if text.contains(&format!("crate::{other}::")) || text.contains(&format!("use crate::{other};")) {
                    wrong.push(format!("{path} knows {other}"));
                }
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn the_rules_are_pure() {
    for (path, text) in files("src") {
        for word in
            ["async fn", "Timestamp::now", "Uuid::new_v", "Uuid::now_v", "std::fs", "std::net", "SystemTime", "tokio"]
        {
            assert!(!text.contains(word), "{path} has {word}");
        }
    }
}

#[test]
fn only_the_store_speaks_sql_and_only_the_clock_asks_the_time() {
    for dir in ["server/src", "app/src"] {
        for (path, text) in files(dir) {
            let store = path.starts_with("server/src/store") || path.starts_with("server/src/bench");
            assert!(store || !text.contains("sqlx::query"), "{path} speaks SQL");
            let clock = path.ends_with("clock.rs");
            assert!(clock || !text.contains("Timestamp::now()") || path.starts_with("app/src"), "{path} asks the time");
        }
    }
}

#[test]
fn no_file_is_too_long_and_none_allows_without_a_reason() {
    for dir in ["src", "app/src", "frontend/src", "server/src"] {
        for (path, text) in files(dir) {
            assert!(text.lines().count() <= LINES_MAX, "{path} has {} lines", text.lines().count());
            assert!(!text.contains("#[allow("), "{path}: write #[expect(…, reason = \"…\")]");
            assert!(text.starts_with("//!"), "{path} does not say what it is");
        }
    }
}
