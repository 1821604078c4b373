//! The content of tracked files, from git's objects: no symbolic link is followed and no filter runs.

use std::io::{self, Read, Write as _};

use super::failure::Failure;
use super::git::Repository;
use super::tracked::Entry;

/// Largest file read whole. Source files beyond 4 MiB are generated or data.
pub const BLOB_BYTES_MAX: u64 = 4 << 20;
/// Most content one task reads. At 200 MB/s this is about ten seconds.
pub const CONTENT_BYTES_MAX: u64 = 2 << 30;
/// git calls a file binary when a NUL is among its first 8,000 bytes; so do we.
const BINARY_LOOK_BYTES: usize = 8_000;

/// Which of `entries` can be read within the bounds, and how many were left out.
pub struct Choice<'a> {
    /// To be read, in order.
    pub taken: Vec<&'a Entry>,
    /// Larger than `bytes_max` each.
    pub too_large: Vec<&'a Entry>,
    /// Content is not on this machine (partial clone).
    pub absent: u64,
    /// Beyond `CONTENT_BYTES_MAX` in all.
    pub beyond: u64,
}

impl<'a> Choice<'a> {
    /// Chooses among `entries` those of at most `bytes_max` bytes.
    pub fn new(entries: impl Iterator<Item = &'a Entry>, bytes_max: u64) -> Self {
        let mut choice = Self { taken: Vec::new(), too_large: Vec::new(), absent: 0, beyond: 0 };
        let mut total = 0;
        for entry in entries {
            match entry.bytes {
                None => choice.absent += 1,
                Some(bytes) if bytes > bytes_max => choice.too_large.push(entry),
                Some(bytes) if total + bytes > CONTENT_BYTES_MAX => choice.beyond += 1,
                Some(bytes) => {
                    total += bytes;
                    choice.taken.push(entry);
                }
            }
        }
        choice
    }

    /// What was left out, in sentences.
    pub fn left_out(&self, bytes_max: u64) -> Vec<String> {
        let mut all = Vec::new();
        if !self.too_large.is_empty() {
            all.push(format!("{} file(s) larger than {} MiB were not read.", self.too_large.len(), bytes_max >> 20));
        }
        if self.absent > 0 {
            all.push(format!("The content of {} file(s) is not in this clone and was not fetched.", self.absent));
        }
        if self.beyond > 0 {
            all.push(format!(
                "{} file(s) beyond the first {} GiB were not read.",
                self.beyond,
                CONTENT_BYTES_MAX >> 30
            ));
        }
        all
    }
}

/// Gives every entry's content to `each`, as a stream of exactly its bytes; what `each` leaves unread is skipped.
pub fn each(
    repository: &Repository,
    entries: &[&Entry],
    mut each: impl FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
) -> Result<(), Failure> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut wanted = Vec::new();
    for entry in entries {
        writeln!(wanted, "{}", entry.oid)?;
    }
    repository.stream(&["cat-file", "--batch", "--buffer"], Some(wanted), |output| {
        let mut head = String::new();
        for entry in entries {
            head.clear();
            output.read_line(&mut head)?;
            let mut words = head.split_whitespace().skip(1);
            let (Some("blob"), Some(Ok(bytes))) = (words.next(), words.next().map(str::parse::<u64>)) else { continue };
            let mut content = (&mut *output).take(bytes);
            each(entry, &mut content)?;
            io::copy(&mut content, &mut io::sink())?;
            output.read_exact(&mut [0])?;
        }
        Ok(())
    })
}

/// The same with whole contents in memory.
pub fn each_whole(
    repository: &Repository,
    entries: &[&Entry],
    mut each_one: impl FnMut(&Entry, &[u8]),
) -> Result<(), Failure> {
    let mut content = Vec::new();
    each(repository, entries, |entry, stream| {
        content.clear();
        stream.read_to_end(&mut content)?;
        each_one(entry, &content);
        Ok(())
    })
}

/// Whether content is binary, by git's own rule.
pub fn is_binary(content: &[u8]) -> bool {
    content[..content.len().min(BINARY_LOOK_BYTES)].contains(&0)
}

/// Lines of a text: newlines, and one more for a last line without. `None` when the content is binary.
pub fn count_lines(stream: &mut dyn Read) -> io::Result<Option<u64>> {
    let mut first = Vec::with_capacity(BINARY_LOOK_BYTES);
    stream.take(BINARY_LOOK_BYTES as u64).read_to_end(&mut first)?;
    if first.contains(&0) {
        return Ok(None);
    }
    let (mut lines, mut last) = (0, b'\n');
    let mut buffer = vec![0; 1 << 16];
    let mut part: &[u8] = &first;
    while let Some(end) = part.last() {
        lines += part.iter().filter(|byte| **byte == b'\n').count() as u64;
        last = *end;
        let count = stream.read(&mut buffer)?;
        part = &buffer[..count];
    }
    Ok(Some(lines + u64::from(last != b'\n')))
}

#[cfg(test)]
mod tests {
    use super::{count_lines, is_binary};

    #[test]
    fn lines_are_counted_with_a_last_one_that_has_no_end() {
        for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)] {
            assert_eq!(count_lines(&mut text.as_bytes()).expect("read"), Some(lines), "{text:?}");
        }
        let long = "x\n".repeat(100_000);
        assert_eq!(count_lines(&mut long.as_bytes()).expect("read"), Some(100_000));
        assert_eq!(count_lines(&mut &b"a\0"[..]).expect("read"), None);
        assert!(is_binary(b"\0") && !is_binary(&[b'a'; 9000]));
    }
}
