//! A git repository read without trusting it.
//!
//! A repository's own configuration can name programs (hooks, a file-system monitor, filters, external diffs, signature
//! checkers, remote helpers). None may run: every call switches them off on the command line, which outranks the file;
//! no call touches the working tree (so no filter is asked); every protocol is forbidden, so that a partial clone cannot
//! fetch; replies are bounded in time and size.

use std::ffi::OsStr;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::command::{End, Reach, collect, stream};
use super::failure::Failure;
use super::{name, toolchain};

/// Longest any single git command may take. A `git log` over 20,000 commits of a very large project needs about a minute.
pub const GIT_SECONDS_MAX: u64 = 180;
/// Largest reply kept in memory: one million index entries of 200 bytes.
const REPLY_BYTES_MAX: u64 = 256 << 20;

/// Settings that outrank the repository's own.
const SAFE_SETTINGS: [&str; 21] = [
    "safe.directory=*",
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.untrackedCache=false",
    "core.attributesFile=/dev/null",
    "core.quotePath=true",
    "core.sshCommand=false",
    "core.askPass=false",
    "credential.helper=",
    "protocol.allow=never",
    "diff.external=",
    "diff.orderFile=/dev/null",
    "log.showSignature=false",
    "log.showRoot=true",
    "log.mailmap=true",
    "gpg.program=false",
    "submodule.recurse=false",
    "grep.fallbackToNoIndex=false",
    "gc.auto=0",
    "maintenance.auto=false",
];

/// A repository that is one: opened, and its first facts read.
#[derive(Clone, Debug)]
pub struct Repository {
    path: PathBuf,
    git: PathBuf,
    /// Without a working tree.
    pub bare: bool,
    /// History is cut off (`git clone --depth`).
    pub shallow: bool,
    /// The commit HEAD points to; `None` before the first one.
    pub head: Option<String>,
    /// The branch HEAD is on; `None` when detached.
    pub branch: Option<String>,
}

impl Repository {
    /// Opens the repository whose top directory is `path`.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let git = toolchain::find("git")
            .ok_or_else(|| Failure::internal("This machine has no git, which all of the squad's work needs."))?;
        let path = path.canonicalize().map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => Failure::declined(format!("“{shown}” does not exist on this machine.")),
            _ => Failure::declined(format!("“{shown}” cannot be opened: {error}.")),
        })?;
        if !path.is_dir() {
            return Err(Failure::declined(format!("“{shown}” is a file; give a repository's directory.")));
        }
        let mut repository = Self { path, git, bare: false, shallow: false, head: None, branch: None };
        repository.bare = repository.kind()?;
        let answer = |args: &[&str]| repository.text(args).ok().filter(|text| !text.is_empty());
        let head = answer(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
        let branch = answer(&["symbolic-ref", "--short", "--quiet", "HEAD"]);
        let shallow = answer(&["rev-parse", "--is-shallow-repository"]).as_deref() == Some("true");
        Ok(Self { head, branch, shallow, ..repository })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is bare; a failure in plain words when it is no repository at all.
    fn kind(&self) -> Result<bool, Failure> {
        let shown = self.path.display();
        let (end, reply) =
            self.run(&["rev-parse", "--is-bare-repository", "--is-inside-git-dir", "--show-prefix"], None)?;
        let reply = String::from_utf8_lossy(&reply).into_owned();
        let mut lines = reply.lines();
        match (end.is_success(), lines.next(), lines.next()) {
            (true, Some("true"), _) => Ok(true),
            (true, _, Some("true")) => Err(Failure::declined(format!(
                "“{shown}” is the inside of a repository's .git; give the directory above it."
            ))),
            (true, ..) => Ok(false),
            (false, ..) => Err(Failure::declined(self.why_not(&end))),
        }
    }

    fn why_not(&self, end: &End) -> String {
        let shown = self.path.display();
        let above = self.path.ancestors().skip(1).find(|dir| dir.join(".git").exists());
        match above {
            _ if !end.last_words.contains("not a git repository") => {
                format!("git cannot read “{shown}”: {}.", first_line(&end.last_words))
            }
            Some(top) => format!("“{shown}” is a directory inside the repository “{}”; give that one.", top.display()),
            None => format!("“{shown}” is not a git repository."),
        }
    }

    /// `git ARGS` for this repository, with nothing of ours in its environment.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = toolchain::command(&self.git, Path::new("/nonexistent"));
        for (name, value) in [
            ("GIT_OPTIONAL_LOCKS", "0"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", "false"),
            ("SSH_ASKPASS", "false"),
            ("GIT_PAGER", "cat"),
            ("GIT_EDITOR", "false"),
            ("GIT_ALLOW_PROTOCOL", "none"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
        ] {
            command.env(name, value);
        }
        // A directory inside a repository is not the repository: its figures would be another's.
        command.env("GIT_CEILING_DIRECTORIES", self.path.parent().unwrap_or(Path::new("/")));
        command.arg("--no-pager").arg("-C").arg(&self.path);
        for setting in SAFE_SETTINGS {
            command.args(["-c", setting]);
        }
        command.args(args);
        command
    }

    /// Runs git and keeps its whole reply.
    pub fn run(&self, args: &[&str], stdin: Option<Vec<u8>>) -> Result<(End, Vec<u8>), Failure> {
        self.ask(self.command(args), args, stdin)
    }

    /// The same for a command that was made with `command(args)` and changed.
    pub fn ask(&self, command: Command, args: &[&str], stdin: Option<Vec<u8>>) -> Result<(End, Vec<u8>), Failure> {
        let (end, reply, more) = collect(command, stdin, GIT_SECONDS_MAX, Reach::Program, REPLY_BYTES_MAX)
            .map_err(|error| told(args, &error.to_string()))?;
        if end.timed_out {
            return Err(Failure::too_slow(format!("git {} took longer than {GIT_SECONDS_MAX} seconds.", verb(args))));
        }
        if more {
            return Err(Failure::declined(format!(
                "git {} answers more than {} MiB.",
                verb(args),
                REPLY_BYTES_MAX >> 20
            )));
        }
        Ok((end, reply))
    }

    /// The reply of a git command that must succeed.
    pub fn bytes(&self, args: &[&str]) -> Result<Vec<u8>, Failure> {
        let (end, reply) = self.run(args, None)?;
        if end.is_success() { Ok(reply) } else { Err(told(args, first_line(&end.last_words))) }
    }

    /// The same as text without the final newline.
    pub fn text(&self, args: &[&str]) -> Result<String, Failure> {
        Ok(String::from_utf8_lossy(&self.bytes(args)?).trim_end().to_owned())
    }

    /// Gives the reply of a git command to `read` while it arrives.
    pub fn stream<T>(
        &self,
        args: &[&str],
        stdin: Option<Vec<u8>>,
        read: impl FnOnce(&mut dyn BufRead) -> std::io::Result<T>,
    ) -> Result<T, Failure> {
        let (end, answer) = stream(self.command(args), stdin, GIT_SECONDS_MAX, Reach::Program, read)
            .map_err(|error| told(args, &error.to_string()))?;
        match end {
            End { timed_out: true, .. } => {
                Err(Failure::too_slow(format!("git {} took longer than {GIT_SECONDS_MAX} seconds.", verb(args))))
            }
            end if end.is_success() => Ok(answer),
            end => Err(told(args, first_line(&end.last_words))),
        }
    }
}

fn verb<'a>(args: &[&'a str]) -> &'a str {
    args.first().copied().unwrap_or_default()
}

fn told(args: &[&str], words: &str) -> Failure {
    Failure {
        retryable: false,
        ..Failure::internal(format!(
            "git {} failed: {}.",
            verb(args),
            name::show(words.trim_end_matches('.').as_bytes())
        ))
    }
}

fn first_line(words: &str) -> &str {
    words.lines().next().unwrap_or("it says nothing").trim_start_matches("fatal: ").trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::Repository;
    use crate::squad::testing::Home;

    #[test]
    fn settings_of_the_repository_run_no_program() {
        let home = Home::new();
        home.git(&["init", "-q"]);
        home.write("a.txt", b"one\n");
        home.write(".gitattributes", b"*.txt diff=evil filter=evil\n");
        home.commit("first");
        let trap = home.path("trap.sh");
        let sprung = home.path("sprung");
        std::fs::write(&trap, format!("#!/bin/sh\ntouch '{}'\ncat\n", sprung.display())).expect("written");
        std::process::Command::new("chmod").arg("+x").arg(&trap).status().expect("chmod");
        let trap = trap.to_str().expect("text");
        for key in [
            "core.fsmonitor",
            "core.pager",
            "diff.external",
            "diff.evil.command",
            "diff.evil.textconv",
            "filter.evil.clean",
            "filter.evil.smudge",
            "gpg.program",
            "core.sshCommand",
            "core.editor",
            "pager.log",
            "credential.helper",
        ] {
            home.git(&["config", key, trap]);
        }
        home.git(&["config", "log.showSignature", "true"]);
        home.git(&["config", "core.hooksPath", home.root().to_str().expect("text")]);
        for (kind, _) in crate::squad::TASK_TYPES.iter().filter(|(kind, _)| *kind != "repo.report") {
            let (code, _) =
                crate::squad::testing::said(&serde_json::json!({"type": kind, "input": {"path": home.root()}}));
            assert_eq!(code, 0, "{kind}");
        }
        assert!(!sprung.exists(), "the repository's settings ran a program");
    }

    #[test]
    fn a_directory_inside_a_repository_is_told_where_the_repository_is() {
        let home = Home::new();
        home.git(&["init", "-q"]);
        std::fs::create_dir(home.path("inner")).expect("made");
        let inner = Repository::open(&home.path("inner")).expect_err("refused");
        assert!(inner.message.contains("is a directory inside the repository"), "{}", inner.message);
        let inside = Repository::open(&home.path(".git")).expect_err("refused");
        assert!(inside.message.contains("give the directory above"), "{}", inside.message);
    }

    #[test]
    fn a_bare_repository_is_one() {
        let home = Home::new();
        home.git(&["init", "-q", "--bare"]);
        assert!(Repository::open(home.root()).expect("opened").bare);
    }
}
