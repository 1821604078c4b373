//! `git grep` as the second way to count lines.

use std::collections::HashMap;

use crate::squad::failure::Failure;
use crate::squad::git::Repository;

/// The empty tree, which every repository has without storing it: attributes are read from there, that is, none are.
const EMPTY_TREE_SHA1: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const EMPTY_TREE_SHA256: &str = "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321";

/// Lines by path in which one of `words` stands, in tracked text files. An empty word stands in every line.
pub fn lines(repository: &Repository, words: &[&str], whole_words: bool) -> Result<HashMap<Vec<u8>, u64>, Failure> {
    if repository.bare && repository.head.is_none() {
        return Ok(HashMap::new());
    }
    let mut args = vec!["grep", "-I", "-z", "--count", "--full-name", "--no-color", "--fixed-strings"];
    if whole_words {
        args.push("--word-regexp");
    }
    if !repository.bare {
        args.push("--cached");
    }
    words.iter().for_each(|word| args.extend(["-e", *word]));
    if repository.bare {
        args.push("HEAD");
    }
    let mut command = repository.command(&args);
    let sha256 = repository.head.as_ref().is_some_and(|head| head.len() > 40);
    // Bytes, not letters: files need not be UTF-8.
    command.env("LC_ALL", "C").env("GIT_ATTR_SOURCE", if sha256 { EMPTY_TREE_SHA256 } else { EMPTY_TREE_SHA1 });
    let (end, reply) = repository.ask(command, &args, None)?;
    // 1 says that no line was found.
    if !end.is_success() && end.code != Some(1) {
        return Err(Failure::internal(format!("git grep failed: {}", end.last_words.trim())));
    }
    Ok(parse(&reply))
}

/// `path NUL count NEWLINE`, where a path may hold newlines; in a bare repository `HEAD:` stands before the path.
fn parse(reply: &[u8]) -> HashMap<Vec<u8>, u64> {
    let (mut lines, mut rest) = (HashMap::new(), reply);
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let (path, after) = (&rest[..end], &rest[end + 1..]);
        let stop = after.iter().position(|byte| *byte == b'\n').unwrap_or(after.len());
        let count = std::str::from_utf8(&after[..stop]).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        lines.insert(path.strip_prefix(b"HEAD:").unwrap_or(path).to_vec(), count);
        rest = after.get(stop + 1..).unwrap_or_default();
    }
    lines
}
