//! Which programs of this machine the squad may use, and what they need to see and to know.
//!
//! Programs run with a clean environment, and in a sandbox that shows them only what is listed here.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Unix systems keep programs when nobody says otherwise.
const PATH_DEFAULT: &str = "/usr/local/bin:/usr/bin:/bin";
/// Variables that tell version managers where their toolchains are, with the directory under HOME each defaults to.
const MANAGERS: [(&str, &str); 6] = [
    ("RUSTUP_HOME", ".rustup"),
    ("PYENV_ROOT", ".pyenv"),
    ("NVM_DIR", ".nvm"),
    ("VOLTA_HOME", ".volta"),
    ("ASDF_DATA_DIR", ".asdf"),
    ("GOROOT", ".go"),
];
/// Parts of directories under HOME that hold programs and downloaded libraries, but not credentials.
const HOME_PARTS: [&str; 9] = [
    ".cargo/bin",
    ".cargo/registry",
    ".cargo/git",
    ".local/bin",
    ".local/lib",
    ".bun/bin",
    ".deno/bin",
    "go/bin",
    "go/pkg",
];
/// Object stores a repository may borrow from; git itself follows five levels of one or two each.
const ALTERNATES_MAX: usize = 20;
/// The variable by which the processes of one attempt are known again after a crash of the server.
pub const MARKER: &str = "DEVSQUAD_ATTEMPT";
/// Where downloaded crates are, told to a worker whose HOME is its own.
pub const CARGO_HOME: &str = "DEVSQUAD_CARGO_HOME";

/// The search path with absolute entries only: a relative one would run programs out of the repository.
pub fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_else(|| PATH_DEFAULT.into());
    let entries = env::split_paths(&path).filter(|entry| entry.is_absolute());
    env::join_paths(entries).unwrap_or_else(|_| PATH_DEFAULT.into())
}

/// The whole environment of a program the squad runs, apart from HOME and TMPDIR.
pub fn environment() -> Vec<(OsString, OsString)> {
    let mut all: Vec<(OsString, OsString)> = vec![
        ("PATH".into(), search_path()),
        ("LANG".into(), "C.UTF-8".into()),
        ("LC_ALL".into(), "C.UTF-8".into()),
        ("TZ".into(), "UTC".into()),
        ("RUSTUP_AUTO_INSTALL".into(), "0".into()),
    ];
    all.extend(managers().into_iter().map(|(name, path)| (name.into(), path.into_os_string())));
    all.extend(env::var_os(MARKER).map(|value| (MARKER.into(), value)));
    all
}

/// `program` with that environment and `home` for everything it wants to keep.
pub fn command(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(environment()).env("HOME", home).env("TMPDIR", home);
    command
}

/// Where a program is, if this machine has it.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|dir| dir.join(program)).find(|path| is_program(path))
}

/// What a sandbox must let the squad read for `repository`: the directory, the git directories it points to, and the
/// toolchains. Nothing here is to be written.
pub fn read_paths(repository: &Path) -> Vec<PathBuf> {
    let mut paths = vec![repository.to_path_buf()];
    paths.extend(git_directories(repository));
    paths.extend(env::split_paths(&search_path()));
    paths.extend(managers().into_iter().map(|(_, path)| path));
    if let Some(home) = home() {
        paths.extend(HOME_PARTS.iter().map(|part| home.join(part)));
    }
    // A search path that names a whole home would show everything in it.
    let home = home();
    let too_much = |path: &Path| path == Path::new("/") || home.as_ref().is_some_and(|home| home.starts_with(path));
    paths.retain(|path| path.exists() && (path == repository || !too_much(path)));
    paths.dedup();
    paths
}

/// `$HOME/.cargo` or `$CARGO_HOME`, where downloaded crates are.
pub fn cargo_home() -> Option<PathBuf> {
    let told = env::var_os(CARGO_HOME).or_else(|| env::var_os("CARGO_HOME"));
    told.map(PathBuf::from).or_else(|| home().map(|home| home.join(".cargo"))).filter(|path| path.is_dir())
}

/// A worktree's or submodule's `.git` is a file that names a directory elsewhere, which may name a common one.
fn git_directories(repository: &Path) -> Vec<PathBuf> {
    const POINTER_BYTES_MAX: u64 = 4096;
    let pointer = |file: &Path, base: &Path, prefix: &str| {
        let small = file.metadata().is_ok_and(|about| about.is_file() && about.len() <= POINTER_BYTES_MAX);
        let text = small.then(|| std::fs::read_to_string(file).ok()).flatten()?;
        let target = base.join(text.strip_prefix(prefix)?.trim());
        // Only something that is a git directory is opened: the file was written by the repository's author.
        target.canonicalize().ok().filter(|dir| dir.join("HEAD").is_file() || dir.join("objects").is_dir())
    };
    let own = pointer(&repository.join(".git"), repository, "gitdir: ");
    let common = own.as_ref().and_then(|own| pointer(&own.join("commondir"), own, ""));
    let mut found: Vec<PathBuf> = [own, common].into_iter().flatten().collect();
    let places = found.iter().cloned().chain([repository.to_path_buf(), repository.join(".git")]);
    let borrowed: Vec<PathBuf> = places.flat_map(|dir| alternates(&dir)).collect();
    found.extend(borrowed);
    found
}

/// Object stores a repository borrows from (`git clone --shared`); only what looks like one is opened.
fn alternates(git_dir: &Path) -> Vec<PathBuf> {
    let objects = git_dir.join("objects");
    let list = std::fs::read_to_string(objects.join("info/alternates")).unwrap_or_default();
    let stores = list.lines().take(ALTERNATES_MAX).filter_map(|line| objects.join(line).canonicalize().ok());
    stores.filter(|dir| dir.ends_with("objects") && dir.join("pack").is_dir()).collect()
}

fn managers() -> Vec<(&'static str, PathBuf)> {
    let home = home();
    let place = |(name, default): (&'static str, &str)| {
        let path = env::var_os(name).map(PathBuf::from).or_else(|| home.as_ref().map(|home| home.join(default)))?;
        (path.is_absolute() && path.is_dir()).then_some((name, path))
    };
    MANAGERS.into_iter().filter_map(place).collect()
}

fn home() -> Option<PathBuf> {
    env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute() && home != Path::new("/"))
}

fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}
