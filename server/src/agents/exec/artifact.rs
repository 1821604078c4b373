//! Files a program hands in: taken only from its own artifact directory, only plain files, each with its checksum.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use nix::libc;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// Largest artifact (design/security.md).
const ARTIFACT_BYTES_MAX: u64 = 100 << 20;
/// Longest name and media type.
const NAME_BYTES_MAX: usize = 200;

/// A file as the program names it.
#[derive(Clone, Debug, Deserialize)]
pub struct Named {
    /// What people see.
    pub name: String,
    /// What it is ("text/markdown").
    #[serde(default)]
    pub media_type: String,
    /// Where it lies, relative to the artifact directory.
    pub path: String,
}

/// A file that was handed in and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// What people see.
    pub name: String,
    /// What it is.
    pub media_type: String,
    /// Where it lies now.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
}

/// Checks all of them, after the program has ended; the error is a sentence about the first that cannot be taken.
pub fn take(dir: &Path, named: Vec<Named>) -> Result<Vec<Artifact>, String> {
    let one = |named: Named| {
        let (name, path) = (named.name.clone(), named.path.clone());
        check(dir, named).map_err(|why| format!("The artifact “{name}” ({path}) cannot be taken: {why}."))
    };
    named.into_iter().map(one).collect()
}

fn check(dir: &Path, named: Named) -> Result<Artifact, String> {
    if named.name.is_empty()
        || named.name.len().max(named.media_type.len()) > NAME_BYTES_MAX
        || named.name.contains(['/', '\0'])
    {
        return Err("its name or media type is no good".into());
    }
    let relative = Path::new(&named.path);
    if relative.as_os_str().is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err("its path leads out of the artifact directory".into());
    }
    // A link in any part of the path would lead out, too.
    let path = dir.join(relative);
    let inside = fs::canonicalize(path.parent().unwrap_or(dir)).and_then(|parent| Ok((parent, fs::canonicalize(dir)?)));
    if !inside
        .map_err(|error| error.to_string())?
        .0
        .starts_with(fs::canonicalize(dir).map_err(|error| error.to_string())?)
    {
        return Err("its path leads out of the artifact directory".into());
    }
    let open = || -> io::Result<File> {
        fs::OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK).open(&path)
    };
    let file = open().map_err(|error| error.to_string())?;
    let about = file.metadata().map_err(|error| error.to_string())?;
    if !about.is_file() {
        return Err("it is no plain file".into());
    }
    if about.len() > ARTIFACT_BYTES_MAX {
        return Err(format!("it is larger than {} MiB", ARTIFACT_BYTES_MAX >> 20));
    }
    let (sha256, bytes) = checksum(file).map_err(|error| error.to_string())?;
    Ok(Artifact { name: named.name, media_type: named.media_type, path, bytes, sha256 })
}

fn checksum(file: File) -> io::Result<(String, u64)> {
    let (mut hasher, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 64 << 10]);
    let mut file = file.take(ARTIFACT_BYTES_MAX);
    loop {
        match file.read(&mut buffer)? {
            0 => break,
            count => {
                hasher.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
    Ok((hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), bytes))
}

#[cfg(test)]
mod tests {
    use super::{Named, take};

    #[test]
    fn only_plain_files_inside_are_taken() {
        let home = tempfile::tempdir().expect("a directory");
        let dir = home.path().join("artifacts");
        std::fs::create_dir(&dir).expect("made");
        std::fs::write(dir.join("ok.md"), "abc").expect("written");
        std::fs::write(home.path().join("secret"), "x").expect("written");
        std::os::unix::fs::symlink("../secret", dir.join("link")).expect("linked");
        std::os::unix::fs::symlink("..", dir.join("up")).expect("linked");
        nix::unistd::mkfifo(&dir.join("pipe"), nix::sys::stat::Mode::S_IRWXU).expect("made");
        let named = |path: &str| vec![Named { name: "n".into(), media_type: String::new(), path: path.into() }];
        let taken = take(&dir, named("ok.md")).expect("taken");
        assert_eq!((taken[0].bytes, &taken[0].sha256[..8]), (3, "ba7816bf"));
        for path in ["../secret", "/etc/passwd", "link", "up/secret", "pipe", "missing", "", "."] {
            assert!(take(&dir, named(path)).is_err(), "{path}");
        }
    }
}
