//! A temporary copy of tracked files, written from git's objects: no filter runs, no path leads out of it.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Component, Path, PathBuf};

use tempfile::TempDir;

use crate::squad::blob;
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::tracked::{Entry, Mode};

/// Most bytes copied.
pub const COPY_BYTES_MAX: u64 = 1 << 30;
/// Longest target of a symbolic link (Linux's PATH_MAX).
const LINK_BYTES_MAX: u64 = 4096;

/// A directory that goes away by itself, with the copy in `files` and room for tools beside it.
pub struct Copy {
    dir: TempDir,
}

impl Copy {
    /// An empty one in the attempt's own temporary directory.
    pub fn new() -> io::Result<Self> {
        let dir = tempfile::Builder::new().prefix("copy-").tempdir()?;
        fs::create_dir(dir.path().join("files"))?;
        fs::create_dir(dir.path().join("home"))?;
        Ok(Self { dir })
    }

    /// Where the files are.
    pub fn files(&self) -> PathBuf {
        self.dir.path().join("files")
    }

    /// A home for tools that want to keep something.
    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    /// Writes `entries`, with their content where `with_content` says so and empty otherwise.
    pub fn write(
        &self,
        repository: &Repository,
        entries: &[&Entry],
        with_content: impl Fn(&Entry) -> bool,
    ) -> Result<(), Failure> {
        let root = self.files();
        let mut made = HashSet::new();
        blob::each(repository, entries, |entry, content| {
            let Some(path) = inside(&root, &entry.path) else { return Ok(()) };
            if let Some(parent) = path.parent().filter(|parent| made.insert(parent.to_path_buf())) {
                // A file where a directory should be: the repository is odd, and this file is left out.
                if fs::create_dir_all(parent).is_err() {
                    return Ok(());
                }
            }
            match entry.mode {
                Mode::Symlink => link(&root, &path, content),
                Mode::File if with_content(entry) => write(&path, content, entry.executable),
                Mode::File => fs::write(&path, b""),
                Mode::Submodule => Ok(()),
            }
        })
    }
}

fn write(path: &Path, content: &mut dyn Read, executable: bool) -> io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    io::copy(content, &mut file)?;
    if executable {
        file.set_permissions(fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// A link is made only when it stays inside; one that leads out would be followed by tools.
fn link(root: &Path, path: &Path, content: &mut dyn Read) -> io::Result<()> {
    let mut target = Vec::new();
    content.take(LINK_BYTES_MAX).read_to_end(&mut target)?;
    let target = Path::new(OsStr::from_bytes(&target));
    let depth = path.strip_prefix(root).map_or(0, |path| path.components().count());
    let mut level = i64::try_from(depth).unwrap_or(0) - 1;
    for part in target.components() {
        level += match part {
            Component::Normal(_) => 1,
            Component::CurDir => 0,
            Component::ParentDir => -1,
            Component::RootDir | Component::Prefix(_) => return Ok(()),
        };
        if level < 0 {
            return Ok(());
        }
    }
    symlink(target, path)
}

/// The path below `root`, unless a made-up index tries to lead out of it.
fn inside(root: &Path, path: &[u8]) -> Option<PathBuf> {
    let relative = Path::new(OsStr::from_bytes(path));
    let plain =
        relative.components().all(|part| matches!(part, Component::Normal(name) if !name.eq_ignore_ascii_case(".git")));
    (plain && !path.is_empty()).then(|| root.join(relative))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn no_path_leads_out() {
        let root = Path::new("/r");
        for path in ["../a", "/a", "a/../../b", ".git/config", "a/.GIT/x", ""] {
            assert_eq!(super::inside(root, path.as_bytes()), None, "{path}");
        }
        assert_eq!(super::inside(root, b"a/b").as_deref(), Some(Path::new("/r/a/b")));
    }
}
