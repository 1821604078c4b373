//! The project's own commands for building, testing and linting, by what its files say.

use serde_json::{Value, json};

use crate::squad::blob::{self, BLOB_BYTES_MAX, Choice};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::name::{self, show};
use crate::squad::toolchain;
use crate::squad::tracked::{Entry, Tracked};

/// Directories looked into for commands: the top and the next two levels.
const DEPTH_MAX: usize = 2;
/// Commands named.
const COMMANDS_MAX: usize = 60;

/// What a command is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// Builds.
    Build,
    /// Tests.
    Test,
    /// Finds fault.
    Lint,
}

/// One command of the project's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// "Cargo", "npm" …
    pub ecosystem: &'static str,
    /// What it is for.
    pub purpose: Use,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// The directory it runs in, relative to the top; empty for the top.
    pub dir: Vec<u8>,
    /// Which file says so.
    pub from: String,
}

impl Found {
    /// For the output.
    pub fn told(&self) -> Value {
        let purpose = match self.purpose {
            Use::Build => "build",
            Use::Test => "test",
            Use::Lint => "lint",
        };
        let here = self.argv.first().is_some_and(|program| toolchain::find(program).is_some());
        json!({"ecosystem": self.ecosystem, "purpose": purpose, "command": self.argv.join(" "), "directory": show(&self.dir), "from": self.from, "on_this_machine": here})
    }
}

/// All commands found.
pub fn commands(repository: &Repository, tracked: &Tracked) -> Result<Vec<Found>, Failure> {
    let shallow = |entry: &&Entry| entry.path.iter().filter(|byte| **byte == b'/').count() <= DEPTH_MAX;
    let ours =
        |entry: &&Entry| !name::is_under(&entry.path, &name::VENDORED) && !name::is_under(&entry.path, &name::FIXTURES);
    let names: [&[u8]; 13] = [
        b"Cargo.toml",
        b"package.json",
        b"pyproject.toml",
        b"setup.py",
        b"pytest.ini",
        b"tox.ini",
        b"go.mod",
        b"Makefile",
        b"Gemfile",
        b"pom.xml",
        b"build.gradle",
        b"build.gradle.kts",
        b"composer.json",
    ];
    let wanted = tracked.files().filter(shallow).filter(ours).filter(|entry| names.contains(&name::base(&entry.path)));
    let choice = Choice::new(wanted, BLOB_BYTES_MAX);
    let project = Project::new(tracked);
    let mut all: Vec<Found> = Vec::new();
    blob::each_whole(repository, &choice.taken, |entry, content| {
        let dir = entry.path[..entry.path.len() - name::base(&entry.path).len()].to_vec();
        for (ecosystem, purpose, command, why) in project.commands(entry, &dir, content) {
            let argv: Vec<String> = command.split(' ').map(str::to_owned).collect();
            // Members of a workspace are built and tested from its top.
            let covered = |one: &Found| {
                one.ecosystem == ecosystem
                    && one.purpose == purpose
                    && dir.starts_with(&one.dir)
                    && (ecosystem != "npm" || one.dir == dir)
            };
            if all.len() < COMMANDS_MAX && !all.iter().any(covered) {
                all.push(Found {
                    ecosystem,
                    purpose,
                    argv,
                    dir: dir.clone(),
                    from: format!("{}{why}", show(&entry.path)),
                });
            }
        }
    })?;
    all.sort_by_key(|found| found.dir.len());
    Ok(all)
}

type Row = (&'static str, Use, String, String);

/// What the whole file list says.
struct Project<'a> {
    tracked: &'a Tracked,
    manager: &'static str,
    python_tests: bool,
    pytest: bool,
}

impl<'a> Project<'a> {
    fn new(tracked: &'a Tracked) -> Self {
        let has = |base: &[u8]| tracked.files().any(|entry| entry.path == base);
        let manager = match () {
            () if has(b"pnpm-lock.yaml") => "pnpm",
            () if has(b"yarn.lock") => "yarn",
            () => "npm",
        };
        let is_test = |entry: &Entry| {
            let base = name::base(&entry.path);
            name::extension(&entry.path) == "py"
                && (base.starts_with(b"test_") || base.ends_with(b"_test.py") || base == b"tests.py")
        };
        let pytest = tracked.files().any(|entry| matches!(name::base(&entry.path), b"conftest.py" | b"pytest.ini"));
        Self { tracked, manager, python_tests: tracked.files().any(is_test), pytest }
    }

    fn commands(&self, entry: &Entry, dir: &[u8], content: &[u8]) -> Vec<Row> {
        let text = String::from_utf8_lossy(content);
        let plain = |ecosystem, rows: &[(Use, &str)]| {
            rows.iter().map(|(purpose, command)| (ecosystem, *purpose, (*command).to_owned(), String::new())).collect()
        };
        match name::base(&entry.path) {
            b"Cargo.toml" => {
                plain("Cargo", &[(Use::Build, "cargo build"), (Use::Test, "cargo test"), (Use::Lint, "cargo clippy")])
            }
            b"package.json" => self.scripts(&text),
            b"pyproject.toml" | b"setup.py" | b"pytest.ini" | b"tox.ini" => self.python(&text),
            b"go.mod" => plain(
                "Go",
                &[(Use::Build, "go build ./..."), (Use::Test, "go test ./..."), (Use::Lint, "go vet ./...")],
            ),
            b"Makefile" => makefile(&text),
            b"Gemfile" if text.contains("rspec") => plain("Ruby", &[(Use::Test, "bundle exec rspec")]),
            b"Gemfile" if self.tracked.files().any(|other| other.path == [dir, b"Rakefile"].concat()) => {
                plain("Ruby", &[(Use::Test, "bundle exec rake test")])
            }
            b"pom.xml" => plain("Maven", &[(Use::Build, "mvn -o package"), (Use::Test, "mvn -o test")]),
            b"build.gradle" | b"build.gradle.kts" => {
                plain("Gradle", &[(Use::Build, "gradle --offline build"), (Use::Test, "gradle --offline test")])
            }
            b"composer.json" if text.contains("phpunit") => plain("PHP", &[(Use::Test, "vendor/bin/phpunit")]),
            _ => Vec::new(),
        }
    }

    fn scripts(&self, text: &str) -> Vec<Row> {
        let about: Value = serde_json::from_str(text).unwrap_or_default();
        let row = |(name, purpose): (&str, Use)| {
            let script = about["scripts"][name].as_str()?;
            // What `npm init` writes is no test.
            let real = !script.contains("no test specified");
            real.then(|| ("npm", purpose, format!("{} run {name}", self.manager), format!(" scripts.{name}")))
        };
        [("build", Use::Build), ("test", Use::Test), ("lint", Use::Lint)].into_iter().filter_map(row).collect()
    }

    fn python(&self, text: &str) -> Vec<Row> {
        let mut rows = Vec::new();
        if self.python_tests {
            let command = if self.pytest || text.contains("pytest") {
                "python3 -m pytest -q"
            } else {
                "python3 -m unittest discover"
            };
            rows.push(("Python", Use::Test, command.to_owned(), String::new()));
        }
        for (word, command) in [("ruff", "ruff check ."), ("flake8", "flake8"), ("mypy", "mypy .")] {
            if text.contains(&format!("tool.{word}")) || text.contains(&format!("[{word}")) {
                rows.push(("Python", Use::Lint, command.to_owned(), String::new()));
            }
        }
        rows
    }
}

fn makefile(text: &str) -> Vec<Row> {
    let target = |name: &str| {
        text.lines().any(|line| {
            line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with(':') && !rest.contains(":="))
        })
    };
    let rows = [("test", Use::Test), ("check", Use::Test), ("lint", Use::Lint), ("build", Use::Build)];
    let row = |(name, purpose): (&str, Use)| ("Make", purpose, format!("make {name}"), format!(" target {name}"));
    rows.into_iter().filter(|(name, _)| target(name)).map(row).collect()
}
