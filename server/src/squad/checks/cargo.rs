//! cargo accepts the manifests, asked in a bare-bones copy: manifests as they are, sources empty, and neither the
//! repository's `.cargo/config.toml` nor its `rust-toolchain.toml`, which could name programs to run.

use super::copy::Copy;
use super::outcome::{Check, Status};
use super::source::on_purpose;
use crate::squad::command::{Reach, collect};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::name;
use crate::squad::toolchain;
use crate::squad::tracked::{Entry, Tracked};

const NAME: &str = "Cargo manifests";
const SHOWN: &str = "cargo metadata --offline --no-deps --format-version 1";
/// Top-level workspaces asked about.
const ROOTS_MAX: usize = 20;
/// Reading manifests takes well under a second.
const SECONDS_MAX: u64 = 60;
/// Most files of the bare-bones copy; they are empty but for the manifests.
const FILES_MAX: usize = 100_000;
/// Largest answer of cargo.
const ANSWER_BYTES_MAX: u64 = 64 << 20;

/// The check, if there are manifests of cargo.
pub fn check(repository: &Repository, tracked: &Tracked) -> Result<Option<Check>, Failure> {
    let is_manifest =
        |entry: &&Entry| name::base(&entry.path) == b"Cargo.toml" && !name::is_under(&entry.path, &name::VENDORED);
    let manifests: Vec<&Entry> = tracked.files().filter(is_manifest).collect();
    let dir = |entry: &Entry| entry.path[..entry.path.len() - "Cargo.toml".len()].to_vec();
    let dirs: Vec<Vec<u8>> = manifests.iter().map(|entry| dir(entry)).collect();
    // A manifest below another one belongs to it or is a project of its own inside tests; the top ones are asked about.
    let is_top = |own: &[u8]| !dirs.iter().any(|other| own.len() > other.len() && own.starts_with(other));
    let roots: Vec<&Entry> = manifests.iter().copied().filter(|entry| is_top(&dir(entry))).collect();
    if roots.is_empty() {
        return Ok(None);
    }
    let Some(cargo) = toolchain::find("cargo") else {
        return Ok(Some(Check::not_run(NAME, SHOWN, "this machine has no cargo.")));
    };
    let is_part = |entry: &&Entry| is_manifest(entry) || name::extension(&entry.path) == "rs";
    let parts: Vec<&Entry> =
        tracked.files().filter(is_part).filter(|entry| entry.bytes.is_some()).take(FILES_MAX).collect();
    let copy = Copy::new()?;
    copy.write(repository, &parts, |entry| name::base(&entry.path) == b"Cargo.toml")?;
    let mut check = Check::new(NAME, SHOWN, roots.len().min(ROOTS_MAX) as u64);
    if roots.len() > ROOTS_MAX {
        check.note = format!("of {} workspaces the first {ROOTS_MAX} were checked.", roots.len());
    }
    for root in roots.into_iter().take(ROOTS_MAX) {
        use std::os::unix::ffi::OsStrExt as _;
        let manifest = copy.files().join(std::ffi::OsStr::from_bytes(&root.path));
        let mut process = toolchain::command(&cargo, &copy.home());
        process.args(["metadata", "--offline", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
        process.env("CARGO_HOME", copy.home()).current_dir(copy.files());
        let (end, _, _) = collect(process, None, SECONDS_MAX, Reach::Program, ANSWER_BYTES_MAX)?;
        if !end.is_success() {
            judge(&mut check, root, &end.last_words, end.timed_out, &copy);
        }
    }
    Ok(Some(check))
}

fn judge(check: &mut Check, root: &Entry, words: &str, timed_out: bool, copy: &Copy) {
    let plain = words.replace(&format!("{}/", copy.files().display()), "");
    let sentences: Vec<&str> =
        plain.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "Caused by:").collect();
    let tool = ["toolchain", "rustup", "No such file or directory (os error 2): cargo"]
        .iter()
        .any(|word| words.contains(word));
    if timed_out || (tool && !words.contains("Cargo.toml")) {
        check.status = Status::NotRun;
        check.note =
            format!("cargo itself does not work here: {}", name::show(sentences.first().unwrap_or(&"").as_bytes()));
        return;
    }
    // A newer edition than this machine's cargo knows says nothing about the project.
    let too_new = ["newer version of Cargo", "is required", "unstable"].iter().any(|word| words.contains(word))
        && words.contains("feature");
    let doubt = on_purpose(&root.path).or(too_new.then_some("this machine's cargo is older than the project asks for"));
    let said = sentences.iter().map(|line| line.trim_start_matches("error: ")).take(3).collect::<Vec<_>>().join(": ");
    check.problem(&root.path, None, &said, doubt);
}
