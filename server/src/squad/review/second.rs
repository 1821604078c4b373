//! The second way to each fact: other git commands than the authors used.

use std::collections::HashMap;

use crate::squad::blob::CONTENT_BYTES_MAX;
use crate::squad::failure::Failure;
use crate::squad::git::Repository;

/// One tracked file as the reviewer sees it.
pub struct File {
    /// Its path.
    pub path: Vec<u8>,
    /// "100644", "100755", "120000" or "160000".
    pub mode: String,
    /// Its size; submodules have none.
    pub bytes: Option<u64>,
}

impl File {
    /// An ordinary file.
    pub fn is_file(&self) -> bool {
        self.mode.starts_with("100")
    }
}

/// The files whose content the authors read: none larger than `bytes_max`, and only so many bytes in all.
pub fn read<'a>(files: impl Iterator<Item = &'a File>, bytes_max: u64) -> impl Iterator<Item = &'a File> {
    let mut left = CONTENT_BYTES_MAX;
    files.filter(move |file| match file.bytes {
        Some(bytes) if bytes <= bytes_max && bytes <= left => {
            left -= bytes;
            true
        }
        _ => false,
    })
}

/// Tracked files with sizes in one listing; `None` where this git cannot print sizes (before 2.38).
pub fn files(repository: &Repository) -> Result<Option<Vec<File>>, Failure> {
    if repository.bare && repository.head.is_none() {
        return Ok(Some(Vec::new()));
    }
    let args: &[&str] = if repository.bare {
        &["ls-tree", "-r", "-z", "--full-tree", "--long", "HEAD"]
    } else {
        &["ls-files", "-z", "--format=%(objectmode) - - %(objectsize)\t%(path)"]
    };
    let (end, reply) = repository.run(args, None)?;
    if !end.is_success() {
        return Ok(None);
    }
    let file = |record: &[u8]| {
        let tab = record.iter().position(|byte| *byte == b'\t')?;
        let about = std::str::from_utf8(&record[..tab]).ok()?;
        let words: Vec<&str> = about.split_whitespace().collect();
        Some(File {
            path: record[tab + 1..].to_vec(),
            mode: (*words.first()?).to_owned(),
            bytes: words.last()?.parse().ok(),
        })
    };
    Ok(Some(reply.split(|byte| *byte == 0).filter(|record| !record.is_empty()).filter_map(file).collect()))
}

/// Lines of `git ls-files`, as anybody would count them.
pub fn listed(repository: &Repository) -> Result<u64, Failure> {
    if repository.bare && repository.head.is_none() {
        return Ok(0);
    }
    let args: &[&str] =
        if repository.bare { &["ls-tree", "-r", "--name-only", "--full-tree", "HEAD"] } else { &["ls-files"] };
    Ok(repository.bytes(args)?.iter().filter(|byte| **byte == b'\n').count() as u64)
}

/// Commits by author from `git shortlog`.
pub fn authors(repository: &Repository) -> Result<Vec<u64>, Failure> {
    if repository.head.is_none() {
        return Ok(Vec::new());
    }
    let reply = repository.text(&["shortlog", "--summary", "--numbered", "HEAD"])?;
    Ok(reply.lines().filter_map(|line| line.split_whitespace().next()?.parse().ok()).collect())
}

/// The dates of all commits: by author (`%ai`) or by committer (`%ci`), each as `2024-01-02 …`.
pub fn dates(repository: &Repository, format: &str) -> Result<Vec<String>, Failure> {
    if repository.head.is_none() {
        return Ok(Vec::new());
    }
    let reply = repository.text(&["rev-list", "--no-commit-header", &format!("--format={format}"), "HEAD"])?;
    Ok(reply.lines().map(str::to_owned).collect())
}

/// Commits, merges aside, that touched a path.
pub fn commits_of(repository: &Repository, path: &str) -> Result<u64, Failure> {
    let reply = repository.text(&[
        "rev-list",
        "--count",
        "--no-merges",
        "--full-history",
        "HEAD",
        "--",
        &format!(":(top,literal){path}"),
    ])?;
    Ok(reply.parse().unwrap_or(0))
}

/// The contents of tracked files by path, one `git cat-file` each.
pub fn content(repository: &Repository, path: &str, cache: &mut HashMap<String, Vec<u8>>) -> Result<Vec<u8>, Failure> {
    if let Some(known) = cache.get(path) {
        return Ok(known.clone());
    }
    let place = if repository.bare { format!("HEAD:{path}") } else { format!(":{path}") };
    let (end, content) = repository.run(&["cat-file", "blob", &place], None)?;
    let content = if end.is_success() { content } else { Vec::new() };
    cache.insert(path.to_owned(), content.clone());
    Ok(content)
}
