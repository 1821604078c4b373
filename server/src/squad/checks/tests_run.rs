//! The project's own tests, in a temporary copy, only when asked for.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::copy::{COPY_BYTES_MAX, Copy};
use super::detect::{Found, Use};
use super::outcome::{Check, Status};
use crate::squad::blob::Choice;
use crate::squad::command::{End, Reach, collect};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::name::show;
use crate::squad::toolchain;
use crate::squad::tracked::{Mode, Tracked};
use crate::squad::voice::Voice;

/// Test commands run in one attempt.
const COMMANDS_MAX: usize = 4;
/// Longest one test command may take.
const TEST_SECONDS_MAX: u64 = 600;
/// How much of the output is read for the tests' own figures.
const OUTPUT_BYTES_MAX: u64 = 4 << 20;
/// Set by the sandbox when nothing in it can reach a network.
pub const NETWORK_OFF: &str = "DEVSQUAD_NETWORK";

/// Words by which tools say that something is not installed, which is no failed test.
const NOT_INSTALLED: [&str; 16] = [
    "no matching package named",
    "failed to download",
    "failed to get `",
    "attempting to make an HTTP request, but --offline",
    "Cannot find module",
    "Cannot find package",
    "ERR_MODULE_NOT_FOUND",
    "No module named",
    ": not found",
    "command not found",
    "ENOTCACHED",
    "error: no such command",
    "cannot find package",
    "module lookup disabled by GOPROXY=off",
    "Could not find gem",
    "is not installed",
];

/// One check for each test command.
pub fn checks(
    repository: &Repository,
    tracked: &Tracked,
    commands: &[Found],
    wanted: bool,
    voice: &mut Voice<'_>,
) -> Result<Vec<Check>, Failure> {
    let tests: Vec<&Found> = commands.iter().filter(|found| found.purpose == Use::Test).collect();
    let named = |found: &Found| (format!("Tests ({})", found.ecosystem), found.argv.join(" "));
    let none = |why: &str| {
        let check = |found: &&Found| {
            let (name, command) = named(found);
            Check::not_run(name, command, why)
        };
        Ok(tests.iter().map(check).collect())
    };
    if tests.is_empty() {
        return Ok(Vec::new());
    }
    if !wanted {
        return none("it was not asked for (run_tests is off), and it would execute the repository's code.");
    }
    let Some(guard) = network_guard() else {
        return none("tests are foreign code, and nothing on this machine would keep them off the network.");
    };
    let copied = tracked.entries.iter().filter(|entry| entry.mode != Mode::Submodule);
    let choice = Choice::new(copied, COPY_BYTES_MAX);
    let bytes: u64 = choice.taken.iter().filter_map(|entry| entry.bytes).sum();
    if bytes > COPY_BYTES_MAX {
        return none("the repository is too large to be copied for a test run.");
    }
    let copy = Copy::new()?;
    copy.write(repository, &choice.taken, |_| true)?;
    prepare(repository.path(), &copy, &tests)?;
    let mut checks = Vec::new();
    for (index, found) in tests.iter().enumerate() {
        let (name, command) = named(found);
        if index >= COMMANDS_MAX {
            checks.push(Check::not_run(name, command, format!("only the first {COMMANDS_MAX} test commands run.")));
            continue;
        }
        voice.progress(75 + u8::try_from(index * 5).unwrap_or(20), &format!("Running {command}"));
        let check = run(found, &copy, guard)?;
        voice.log(&format!("{command}: {}", check.told()));
        checks.push(check);
    }
    Ok(checks)
}

/// What to put before a command so that it has no network: nothing inside the sandbox, `unshare` outside.
fn network_guard() -> Option<&'static [&'static str]> {
    if std::env::var_os(NETWORK_OFF).is_some_and(|value| value == "off") {
        return Some(&[]);
    }
    const UNSHARE: &[&str] = &["unshare", "--map-root-user", "--net", "--"];
    let works =
        Command::new(UNSHARE[0]).args(&UNSHARE[1..]).arg("true").output().is_ok_and(|done| done.status.success());
    works.then_some(UNSHARE)
}

/// Installed packages and downloaded crates are looked at where they are; they are never written.
fn prepare(repository: &Path, copy: &Copy, tests: &[&Found]) -> Result<(), Failure> {
    for found in tests.iter().filter(|found| found.ecosystem == "npm") {
        let dir = Path::new(OsStr::from_bytes(&found.dir));
        let installed = repository.join(dir).join("node_modules");
        if installed.is_dir() {
            // There is one already when the repository tracks it.
            let _ = symlink(installed, copy.files().join(dir).join("node_modules"));
        }
    }
    let own = copy.home().join("cargo");
    fs::create_dir_all(&own)?;
    for part in ["registry", "git"] {
        if let Some(shared) = toolchain::cargo_home().map(|home| home.join(part)).filter(|path| path.is_dir()) {
            symlink(shared, own.join(part))?;
        }
    }
    Ok(())
}

fn run(found: &Found, copy: &Copy, guard: &[&str]) -> Result<Check, Failure> {
    let (name, shown) = (format!("Tests ({})", found.ecosystem), found.argv.join(" "));
    let program = found.argv.first().map(String::as_str).unwrap_or_default();
    if toolchain::find(program).is_none() {
        return Ok(Check::not_run(name, shown, format!("this machine has no {program}.")));
    }
    let argv: Vec<&str> = guard.iter().copied().chain(found.argv.iter().map(String::as_str)).collect();
    // A shell joins both outputs; the command's words are arguments, never parsed.
    let mut process = toolchain::command("sh", &copy.home());
    process
        .args(["-c", "exec \"$@\" 2>&1", "sh"])
        .args(argv)
        .current_dir(copy.files().join(OsStr::from_bytes(&found.dir)));
    process.envs([
        ("CI", "1"),
        ("NO_COLOR", "1"),
        ("CARGO_NET_OFFLINE", "true"),
        ("npm_config_offline", "true"),
        ("PIP_NO_INDEX", "1"),
        ("GOPROXY", "off"),
        ("GOFLAGS", "-mod=mod"),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ]);
    process.env("CARGO_HOME", copy.home().join("cargo")).env("CARGO_TARGET_DIR", copy.home().join("target"));
    process.process_group(0);
    let (end, output, _) = match collect(process, None, TEST_SECONDS_MAX, Reach::Group, OUTPUT_BYTES_MAX) {
        Ok(ran) => ran,
        Err(error) => return Ok(Check::not_run(name, shown, format!("it could not be started ({error})."))),
    };
    Ok(judged(Check::new(name, shown, 0), &end, &String::from_utf8_lossy(&output), &found.dir))
}

fn judged(mut check: Check, end: &End, output: &str, dir: &[u8]) -> Check {
    check.tests = tests_in(output);
    let last: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let missing = last.iter().find(|line| NOT_INSTALLED.iter().any(|words| line.contains(words)));
    let place = if dir.is_empty() { &b"."[..] } else { dir };
    match (end.timed_out, end.code, missing) {
        (true, ..) => {
            check.problem(place, None, &format!("the tests took longer than {TEST_SECONDS_MAX} seconds"), None)
        }
        (_, Some(0), _) if check.tests == Some(0) => {
            check.status = Status::NotRun;
            check.note = "the command ran, but it ran no tests.".into();
        }
        (_, Some(0), _) => {}
        (_, _, Some(line)) if check.tests.unwrap_or(0) == 0 => {
            check.status = Status::NotRun;
            check.note =
                format!("something it needs is not installed, and nothing is fetched: “{}”.", show(line.as_bytes()));
        }
        (_, code, _) => {
            let words = last
                .iter()
                .rev()
                .find(|line| line.contains("fail") || line.contains("rror"))
                .or(last.last())
                .copied()
                .unwrap_or("no word");
            let code = code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
            check.problem(place, None, &format!("{code}: {}", show(words.as_bytes())), None);
        }
    }
    check
}

/// How many tests a runner says it ran: cargo, pytest, unittest, node, jest and mocha each say it their own way.
fn tests_in(output: &str) -> Option<u64> {
    let mut total = None;
    let mut add = |number: u64| total = Some(total.unwrap_or(0) + number);
    for line in output.lines().map(str::trim) {
        let words: Vec<&str> = line.trim_matches('=').split([' ', ';', ',']).filter(|word| !word.is_empty()).collect();
        let before = |names: &[&str]| -> Option<u64> {
            let pairs =
                words.windows(2).filter(|pair| names.contains(&pair[1])).filter_map(|pair| pair[0].parse::<u64>().ok());
            pairs.reduce(|one, other| one + other)
        };
        match words[..] {
            ["test", "result:", ..] | ["Tests:", ..] => before(&["passed", "failed"]).into_iter().for_each(&mut add),
            ["Ran", number, "tests" | "test", "in", ..] => number.parse().into_iter().for_each(&mut add),
            ["#" | "ℹ", "tests", number] => number.parse().into_iter().for_each(&mut add),
            [number, "passing", ..] => number.parse().into_iter().for_each(&mut add),
            [.., "in", seconds] if seconds.ends_with('s') => {
                before(&["passed", "failed", "errors", "error"]).into_iter().for_each(&mut add)
            }
            _ => {}
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::tests_in;

    #[test]
    fn every_runner_tells_how_many_tests_it_ran() {
        for (line, number) in [
            (
                "test result: ok. 12 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
                Some(13),
            ),
            ("===== 3 passed, 1 failed, 2 skipped in 0.12s =====", Some(4)),
            ("Ran 7 tests in 0.003s", Some(7)),
            ("# tests 5", Some(5)),
            ("Tests:       1 failed, 9 passed, 10 total", Some(10)),
            ("  4 passing (12ms)", Some(4)),
            ("hello", None),
        ] {
            assert_eq!(tests_in(line), number, "{line}");
        }
    }
}
