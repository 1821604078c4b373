//! What a manifest wants and what a lock file holds, the same for every ecosystem.

/// How firmly a requirement holds a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// One version only.
    Exact,
    /// A range with an end.
    Bounded,
    /// Any future version: `*`, `latest`, `>=1`, a branch.
    Open,
    /// Part of the same project.
    Local,
}

impl Hold {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Bounded => "bounded",
            Self::Open => "open",
            Self::Local => "local",
        }
    }
}

/// One declared dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// The package's name.
    pub name: String,
    /// What is asked for, as written.
    pub requirement: String,
    /// The manifest's section ("dependencies", "dev-dependencies").
    pub section: String,
    /// How firmly.
    pub hold: Hold,
}

/// A parsed manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// "Cargo", "npm", "Python" …
    pub ecosystem: &'static str,
    /// The package's own name.
    pub name: Option<String>,
    /// The licence it declares.
    pub licence: Option<String>,
    /// Its dependencies.
    pub wants: Vec<Want>,
}

/// A parsed lock file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    /// The ecosystem it belongs to.
    pub ecosystem: &'static str,
    /// (name, version) of every package in it.
    pub packages: Vec<(String, String)>,
    /// Licences the lock file itself states.
    pub licences: Vec<String>,
}

/// What reading one file gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// A manifest.
    Manifest(Manifest),
    /// A lock file.
    Lock(Lock),
    /// Recognised, but only its own tool can say what it means.
    Seen(&'static str),
    /// Broken: the ecosystem and what is wrong.
    Broken(&'static str, String),
}

/// A file and what it held.
#[derive(Clone, Debug)]
pub struct Placed<T> {
    /// Where.
    pub path: String,
    /// In tests or examples: made for a purpose of its own.
    pub fixture: bool,
    /// What.
    pub what: T,
}

/// Everything found.
#[derive(Debug, Default)]
pub struct Found {
    /// Parsed manifests.
    pub manifests: Vec<Placed<Manifest>>,
    /// Parsed lock files.
    pub locks: Vec<Placed<Lock>>,
    /// Recognised manifests of ecosystems that are not parsed.
    pub seen: Vec<Placed<&'static str>>,
    /// Files that could not be parsed, and why.
    pub broken: Vec<Placed<String>>,
    /// Licence files, and the licence where its text is known.
    pub licences: Vec<(String, Option<&'static str>)>,
    /// Tracked files below `node_modules`.
    pub tracked_node_modules: u64,
    /// There is no file at all.
    pub nothing_tracked: bool,
    /// What was not read.
    pub left_out: Vec<String>,
}

impl Found {
    /// Puts one reading where it belongs.
    pub fn take(&mut self, path: String, fixture: bool, read: Read) {
        match read {
            Read::Manifest(what) => self.manifests.push(Placed { path, fixture, what }),
            Read::Lock(what) => self.locks.push(Placed { path, fixture, what }),
            Read::Seen(what) => self.seen.push(Placed { path, fixture, what }),
            Read::Broken(_, what) => self.broken.push(Placed { path, fixture, what }),
        }
    }

    /// How many manifests and lock files there are of any kind.
    pub fn files(&self) -> usize {
        self.manifests.len() + self.locks.len() + self.seen.len() + self.broken.len()
    }
}

/// How firmly a requirement in the common notation (`^1.2`, `~> 1`, `>=1,<2`, `1.x`, `*`) holds.
/// `bare` is what a plain version means: exact in npm and pip, a range with an end in Cargo.
pub fn hold(requirement: &str, bare: Hold) -> Hold {
    let text = requirement.trim();
    if matches!(text, "" | "*" | "x" | "X" | "latest" | "next") {
        return Hold::Open;
    }
    let ends = text.contains(['<', '^', '~']) || text.contains(" - ");
    let exact = text.starts_with("==") && !text.contains('*');
    match () {
        () if exact || (text.starts_with('=') && !text.contains(',')) => Hold::Exact,
        () if ends => Hold::Bounded,
        () if text.contains('>') || text.starts_with('!') => Hold::Open,
        () if text.split('.').any(|part| matches!(part.trim(), "x" | "X" | "*")) => Hold::Bounded,
        () => bare,
    }
}

/// The text of a file that must be text.
pub fn text<'a>(ecosystem: &'static str, content: &'a [u8]) -> Result<&'a str, Read> {
    let text = std::str::from_utf8(content).map_err(|_| Read::Broken(ecosystem, "it is not UTF-8".into()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// The first line of a parser's complaint.
pub fn broken(ecosystem: &'static str, error: &dyn std::fmt::Display) -> Read {
    let words = error.to_string();
    let lines: Vec<&str> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let place = lines.first().copied().unwrap_or("it cannot be read");
    let reason = lines.iter().skip(1).find(|line| !line.contains('|') && !line.contains('^'));
    Read::Broken(ecosystem, reason.map_or_else(|| place.to_owned(), |reason| format!("{place}: {reason}")))
}
