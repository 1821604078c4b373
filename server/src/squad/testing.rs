//! Little repositories for the squad's tests, and a worker to talk to.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A directory that goes away with the test.
pub struct Home(tempfile::TempDir);

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    /// A repository with these files in one commit.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let home = Self::new();
        home.git(&["init", "-q"]);
        for (path, text) in files {
            home.write(path, text.as_bytes());
        }
        home.commit("first");
        home
    }

    /// Its directory.
    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// A path in it.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.0.path().join(relative)
    }

    /// Writes a file and the directories it needs.
    pub fn write(&self, relative: &str, bytes: &[u8]) {
        let path = self.path(relative);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        std::fs::write(path, bytes).expect("written");
    }

    /// Runs git here as Ada.
    pub fn git(&self, args: &[&str]) -> String {
        self.git_as("Ada", "2024-01-02T03:04:05+0000", args)
    }

    /// Runs git here as somebody, at some time.
    pub fn git_as(&self, who: &str, at: &str, args: &[&str]) -> String {
        let done = Command::new("git")
            .args(["-c", "init.defaultBranch=main", "-c", "commit.gpgSign=false", "-c", "protocol.file.allow=always"])
            .args(args)
            .current_dir(self.root())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs([
                ("GIT_AUTHOR_NAME", who),
                ("GIT_COMMITTER_NAME", who),
                ("GIT_AUTHOR_DATE", at),
                ("GIT_COMMITTER_DATE", at),
            ])
            .envs([
                ("GIT_AUTHOR_EMAIL", format!("{who}@example.org")),
                ("GIT_COMMITTER_EMAIL", format!("{who}@example.org")),
            ])
            .output()
            .expect("git");
        assert!(done.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim_end().to_owned()
    }

    /// Commits everything as Ada.
    pub fn commit(&self, message: &str) {
        self.commit_as("Ada", "2024-01-02T03:04:05+0000", message);
    }

    /// Commits everything as somebody, at some time.
    pub fn commit_as(&self, who: &str, at: &str, message: &str) {
        self.git(&["add", "-A"]);
        self.git_as(who, at, &["commit", "-q", "--allow-empty", "--no-verify", "-m", message]);
    }

    /// What a task says about this repository.
    pub fn output(&self, kind: &str) -> Value {
        output(&serde_json::json!({"type": kind, "input": {"path": self.root()}}))
    }
}

/// Everything a worker says to a lease, and its exit code.
pub fn said(lease: &Value) -> (i32, Vec<Value>) {
    let mut out = Vec::new();
    let code = super::main(lease.to_string().as_bytes(), &mut out);
    let lines = out.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    (code, lines.map(|line| serde_json::from_slice(line).expect("a line of JSON")).collect())
}

/// The output of a lease that must succeed.
pub fn output(lease: &Value) -> Value {
    let (code, lines) = said(lease);
    let last = lines.into_iter().last().expect("a line");
    assert_eq!(code, 0, "{last}");
    last["output"].clone()
}
