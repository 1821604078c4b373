//! `repo.dependencies`: what the project is built from, how firmly it is held, and under which licence it stands.

mod cargo;
mod licence;
mod manifest;
mod node;
mod other;
mod python;
mod told;

use serde_json::Value;

use super::blob::{self, Choice};
use super::failure::Failure;
use super::git::Repository;
use super::lease::Lease;
use super::name::{self, show};
use super::tracked::{Entry, Tracked};
use super::voice::Voice;
pub use licence::is_licence_file;
use manifest::{Found, Read};

/// Largest manifest or lock file read; the lock files of the largest JavaScript projects reach 5 MiB.
const MANIFEST_BYTES_MAX: u64 = 16 << 20;
/// Most manifests and lock files read.
const MANIFESTS_MAX: usize = 3_000;
/// Most licence files read.
const LICENCES_MAX: usize = 200;

/// Does the task.
pub fn run(lease: &Lease, voice: &mut Voice<'_>) -> Result<Value, Failure> {
    let repository = Repository::open(&lease.path()?)?;
    voice.progress(10, "Listing tracked files");
    let tracked = Tracked::read(&repository)?;
    let vendored = |entry: &&Entry| name::is_under(&entry.path, &name::VENDORED);
    let is_ours = |entry: &&Entry| !vendored(entry);
    let wanted: Vec<&Entry> = tracked.files().filter(is_ours).filter(|entry| reader(&entry.path).is_some()).collect();
    let licences: Vec<&Entry> = tracked.files().filter(is_ours).filter(|entry| is_licence_file(&entry.path)).collect();
    let choice = Choice::new(wanted.iter().copied().take(MANIFESTS_MAX), MANIFEST_BYTES_MAX);
    let mut found = Found {
        nothing_tracked: tracked.count == 0,
        left_out: choice.left_out(MANIFEST_BYTES_MAX),
        ..Found::default()
    };
    if wanted.len() > MANIFESTS_MAX {
        found
            .left_out
            .push(format!("Of {} manifests and lock files the first {MANIFESTS_MAX} were read.", wanted.len()));
    }
    let installed = tracked.files().filter(|entry| name::is_under(&entry.path, &["node_modules"])).count();
    found.tracked_node_modules = installed as u64;
    voice.progress(30, "Reading manifests and lock files");
    blob::each_whole(&repository, &choice.taken, |entry, content| {
        let Some(read) = reader(&entry.path) else { return };
        found.take(show(&entry.path), is_fixture(&entry.path), read(content));
    })?;
    voice.progress(70, "Reading licences");
    let texts = Choice::new(licences.into_iter().take(LICENCES_MAX), blob::BLOB_BYTES_MAX);
    blob::each_whole(&repository, &texts.taken, |entry, content| {
        found.licences.push((show(&entry.path), licence::recognise(content)));
    })?;
    Ok(told::told(&repository, &found))
}

fn is_fixture(path: &[u8]) -> bool {
    name::is_under(path, &name::FIXTURES)
}

/// How a file of this name is read; `None` when it is neither manifest nor lock file.
fn reader(path: &[u8]) -> Option<fn(&[u8]) -> Read> {
    let base = String::from_utf8_lossy(name::base(path)).into_owned();
    let read: fn(&[u8]) -> Read = match base.as_str() {
        "Cargo.toml" => cargo::manifest,
        "Cargo.lock" => cargo::lock,
        "package.json" => node::manifest,
        "package-lock.json" | "npm-shrinkwrap.json" => node::lock,
        "yarn.lock" => node::yarn,
        "pnpm-lock.yaml" => node::pnpm,
        "pyproject.toml" => python::pyproject,
        "Pipfile" => python::pipfile,
        "Pipfile.lock" => python::pipfile_lock,
        "poetry.lock" | "uv.lock" | "pdm.lock" => python::lock,
        "setup.py" | "setup.cfg" => |_| Read::Seen("Python"),
        "go.mod" => other::go_mod,
        "go.sum" => other::go_sum,
        "Gemfile" => other::gemfile,
        "Gemfile.lock" => other::gemfile_lock,
        "composer.json" => other::composer,
        "composer.lock" => other::composer_lock,
        "pom.xml" => |_| Read::Seen("Maven"),
        "build.gradle" | "build.gradle.kts" => |_| Read::Seen("Gradle"),
        "mix.exs" => |_| Read::Seen("Elixir"),
        "pubspec.yaml" => |_| Read::Seen("Dart"),
        "Package.swift" => |_| Read::Seen("Swift"),
        _ if base.starts_with("requirements") && base.ends_with(".txt") => python::requirements,
        _ if base.ends_with(".txt") && name::is_under(path, &["requirements"]) => python::requirements,
        _ if base.ends_with(".csproj") || base.ends_with(".fsproj") => |_| Read::Seen(".NET"),
        _ => return None,
    };
    Some(read)
}

/// Whether a tracked path counts as a manifest or lock file: the reviewer's way to recount them.
pub fn is_counted(path: &[u8]) -> bool {
    !name::is_under(path, &name::VENDORED) && reader(path).is_some()
}

#[cfg(test)]
mod tests;
