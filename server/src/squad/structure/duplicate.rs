//! Code that stands there twice: equal runs of lines, found by hashing every window of twelve.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Lines that must agree. Shorter runs are idioms.
const WINDOW_LINES: usize = 12;
/// Most windows remembered: about 100 MB.
const WINDOWS_MAX: usize = 2_000_000;
/// Lines of fewer letters (braces, `else`) do not count towards a window: they agree everywhere.
const TELLING_BYTES_MIN: usize = 4;

/// One line that counts: its hash and where it stands.
#[derive(Clone, Copy)]
struct Line {
    hash: u64,
    number: usize,
}

/// One run that stands in two places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Lines from the first to the last, as they stand in the later place.
    pub lines: usize,
    /// The earlier place: path and first line.
    pub one: (String, usize),
    /// The later place.
    pub other: (String, usize),
}

/// All code read so far.
#[derive(Default)]
pub struct Duplicates {
    files: Vec<String>,
    seen: HashMap<u64, (u32, u32)>,
    lines: Vec<Vec<Line>>,
    blocks: Vec<Block>,
    /// Too much code: later windows were not remembered.
    pub overflowed: bool,
}

impl Duplicates {
    /// Compares one file with all before it, and with itself.
    pub fn read(&mut self, path: String, content: &[u8]) {
        let lines = telling(content);
        let file = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        self.files.push(path);
        self.lines.push(lines);
        let lines = &self.lines[file as usize];
        let mut at = 0;
        while at + WINDOW_LINES <= lines.len() {
            let hash = window(&lines[at..at + WINDOW_LINES]);
            match self.seen.get(&hash).copied() {
                // A window that overlaps its twin is one repeated line, not repeated code.
                Some((twin, start)) if twin != file || start as usize + WINDOW_LINES <= at => {
                    let (start, other) = (start as usize, &self.lines[twin as usize]);
                    let limit = if twin == file { at } else { other.len() };
                    let run = lines[at..]
                        .iter()
                        .zip(&other[start..limit])
                        .take_while(|(one, two)| one.hash == two.hash)
                        .count();
                    let run = run.max(WINDOW_LINES);
                    let last = lines[(at + run).min(lines.len()) - 1].number;
                    self.blocks.push(Block {
                        lines: last - lines[at].number + 1,
                        one: (self.files[twin as usize].clone(), other[start].number),
                        other: (self.files[file as usize].clone(), lines[at].number),
                    });
                    at += run;
                }
                Some(_) => at += 1,
                None => {
                    if self.seen.len() < WINDOWS_MAX {
                        self.seen.insert(hash, (file, u32::try_from(at).unwrap_or(u32::MAX)));
                    } else {
                        self.overflowed = true;
                    }
                    at += 1;
                }
            }
        }
    }

    /// What stands there twice, longest first.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = self.blocks.clone();
        blocks.sort_by(|one, other| other.lines.cmp(&one.lines).then_with(|| one.other.cmp(&other.other)));
        blocks
    }
}

/// The lines that count, without indentation.
fn telling(content: &[u8]) -> Vec<Line> {
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    let telling = lines
        .map(|(index, line)| (index, line.trim_ascii()))
        .filter(|(_, line)| line.len() >= TELLING_BYTES_MIN && !is_preamble(line));
    telling.map(|(index, line)| Line { hash: hash(line), number: index + 1 }).collect()
}

/// Imports and licence headers agree everywhere and harm nobody.
fn is_preamble(line: &[u8]) -> bool {
    [&b"use "[..], b"import ", b"#include", b"from ", b"using ", b"package ", b"//", b"# ", b"* ", b"/*"]
        .iter()
        .any(|start| line.starts_with(start))
}

fn hash(line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}

fn window(lines: &[Line]) -> u64 {
    let mut hasher = DefaultHasher::new();
    lines.iter().for_each(|line| line.hash.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Duplicates;

    fn code(range: std::ops::Range<u32>) -> String {
        range.map(|number| format!("call_number({number});\n")).collect()
    }

    #[test]
    fn a_run_is_one_block_even_inside_one_file() {
        let mut duplicates = Duplicates::default();
        duplicates.read("a".into(), format!("{}\n\n{}", code(0..20), code(0..20)).as_bytes());
        duplicates.read("b".into(), code(100..130).as_bytes());
        let blocks = duplicates.blocks();
        assert_eq!(blocks.len(), 1);
        assert_eq!((blocks[0].lines, blocks[0].one.1, blocks[0].other.1), (20, 1, 23));
    }

    #[test]
    fn short_runs_and_one_line_repeated_are_none() {
        let mut duplicates = Duplicates::default();
        duplicates.read("a".into(), code(0..11).as_bytes());
        duplicates.read("b".into(), code(0..11).as_bytes());
        duplicates.read("c".into(), "same(line);\n".repeat(23).as_bytes());
        assert_eq!(duplicates.blocks(), []);
    }
}
