//! The files git has tracked: the index, or HEAD's tree in a bare repository.

use std::collections::HashMap;
use std::io::{BufRead, Write as _};

use super::failure::Failure;
use super::git::Repository;

/// Most files looked into. Counting goes on beyond; a million entries need about 200 MB.
const FILES_MAX: usize = 1_000_000;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// An ordinary file.
    File,
    /// A symbolic link; its content is a path.
    Symlink,
    /// Another repository's commit; it has no content here.
    Submodule,
}

/// One tracked file.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is.
    pub mode: Mode,
    /// A file git marks as a program.
    pub executable: bool,
    /// The object that holds its content.
    pub oid: String,
    /// Its path from the top, in the bytes git has.
    pub path: Vec<u8>,
    /// The content's size; `None` for submodules and for objects that are not here (partial clones).
    pub bytes: Option<u64>,
}

/// All tracked files.
#[derive(Clone, Debug, Default)]
pub struct Tracked {
    /// How many lines `git ls-files` prints.
    pub count: u64,
    /// The files, in git's order; at most a million.
    pub entries: Vec<Entry>,
}

impl Tracked {
    /// How the list was asked for.
    pub fn source(repository: &Repository) -> &'static str {
        if repository.bare { "git ls-tree -r HEAD" } else { "git ls-files --stage" }
    }

    /// Reads the list and the sizes.
    pub fn read(repository: &Repository) -> Result<Self, Failure> {
        let mut tracked = Self::default();
        if repository.bare && repository.head.is_none() {
            return Ok(tracked);
        }
        let args: &[&str] = if repository.bare {
            &["ls-tree", "-r", "-z", "--full-tree", "HEAD"]
        } else {
            &["ls-files", "--stage", "-z"]
        };
        repository.stream(args, None, |output| {
            let mut record = Vec::new();
            while output.read_until(0, &mut record)? > 0 {
                tracked.count += 1;
                if tracked.entries.len() < FILES_MAX {
                    tracked.entries.extend(entry(record.strip_suffix(b"\0").unwrap_or(&record)));
                }
                record.clear();
            }
            Ok(())
        })?;
        tracked.measure(repository)?;
        Ok(tracked)
    }

    /// Ordinary files only.
    pub fn files(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.mode == Mode::File)
    }

    /// How many are of this kind.
    pub fn how_many(&self, mode: Mode) -> usize {
        self.entries.iter().filter(|entry| entry.mode == mode).count()
    }

    fn measure(&mut self, repository: &Repository) -> Result<(), Failure> {
        let mut wanted = Vec::new();
        for entry in self.entries.iter().filter(|entry| entry.mode != Mode::Submodule) {
            let _ = writeln!(wanted, "{}", entry.oid);
        }
        if wanted.is_empty() {
            return Ok(());
        }
        let sizes = repository.stream(&["cat-file", "--batch-check", "--buffer"], Some(wanted), sizes)?;
        for entry in self.entries.iter_mut().filter(|entry| entry.mode != Mode::Submodule) {
            entry.bytes = sizes.get(&entry.oid).copied();
        }
        Ok(())
    }
}

fn sizes(output: &mut dyn BufRead) -> std::io::Result<HashMap<String, u64>> {
    let (mut sizes, mut line) = (HashMap::new(), String::new());
    while output.read_line(&mut line)? > 0 {
        let mut words = line.split_whitespace();
        if let (Some(oid), Some("blob"), Some(bytes)) = (words.next(), words.next(), words.next()) {
            sizes.extend(bytes.parse().map(|bytes| (oid.to_owned(), bytes)));
        }
        line.clear();
    }
    Ok(sizes)
}

/// `100644 OID 0<TAB>path` (index) or `100644 blob OID<TAB>path` (tree).
fn entry(record: &[u8]) -> Option<Entry> {
    let tab = record.iter().position(|byte| *byte == b'\t')?;
    let about = std::str::from_utf8(&record[..tab]).ok()?;
    let mut words = about.split(' ');
    let (mode, second, third) = (words.next()?, words.next()?, words.next()?);
    let oid = if matches!(second, "blob" | "commit") { third } else { second };
    let executable = mode == "100755";
    let mode = match mode {
        "120000" => Mode::Symlink,
        "160000" => Mode::Submodule,
        _ => Mode::File,
    };
    Some(Entry { mode, executable, oid: oid.to_owned(), path: record[tab + 1..].to_vec(), bytes: None })
}

#[cfg(test)]
mod tests {
    use super::{Mode, Tracked};
    use crate::squad::git::Repository;
    use crate::squad::testing::Home;

    #[test]
    fn links_submodules_and_names_that_are_no_text_are_counted_as_git_counts_them() {
        use std::os::unix::ffi::OsStrExt as _;
        let inner = Home::with(&[("x", "1")]);
        let home = Home::with(&[("a b\n.txt", "hello")]);
        std::fs::write(home.root().join(std::ffi::OsStr::from_bytes(b"\xff\xfe.bin")), b"\0\0").expect("written");
        std::os::unix::fs::symlink("/etc/passwd", home.path("link")).expect("linked");
        home.git(&["submodule", "--quiet", "add", inner.root().to_str().expect("text"), "sub"]);
        home.commit("second");
        let tracked = Tracked::read(&Repository::open(home.root()).expect("opened")).expect("read");
        assert_eq!(tracked.count.to_string(), home.git(&["ls-files"]).lines().count().to_string());
        assert_eq!((tracked.how_many(Mode::Symlink), tracked.how_many(Mode::Submodule)), (1, 1));
        assert!(tracked.entries.iter().any(|entry| entry.path == b"\xff\xfe.bin" && entry.bytes == Some(2)));
    }

    #[test]
    fn a_bare_repository_lists_its_head() {
        let home = Home::with(&[("a", "1"), ("b/c", "2")]);
        let bare = Home::new();
        bare.git(&["clone", "-q", "--bare", home.root().to_str().expect("text"), "it.git"]);
        let tracked = Tracked::read(&Repository::open(&bare.path("it.git")).expect("opened")).expect("read");
        assert_eq!((tracked.count, tracked.entries[1].bytes), (2, Some(1)));
    }
}
