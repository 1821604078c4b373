//! Handing many source files to one compiler process, which reads them from its standard input and executes none.
//!
//! The bytes it reads: for each file a line `INDEX LENGTH FLAG`, then LENGTH bytes. What it answers: one JSON array
//! `[INDEX, LINE or null, "message"]` for each broken file, and `["done", COUNT]` at the end.

use std::process::Command;

use serde_json::Value;

use super::outcome::{Check, Status};
use crate::squad::blob::{self, Choice};
use crate::squad::command::{Reach, collect};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::name;
use crate::squad::tracked::Entry;

/// Largest source file compiled; larger ones are generated.
const SOURCE_BYTES_MAX: u64 = 1 << 20;
/// Most source handed over in one check.
const SOURCES_BYTES_MAX: u64 = 64 << 20;
/// Longest a compiler may take for all of them.
const COMPILE_SECONDS_MAX: u64 = 120;
/// Largest answer.
const ANSWER_BYTES_MAX: u64 = 4 << 20;

/// One compiler that understands the protocol.
pub struct Compiler<'a> {
    /// The check's name.
    pub name: &'static str,
    /// What to show as the command.
    pub command: &'static str,
    /// The process to start.
    pub process: Command,
    /// A word handed over with each file.
    pub flag: &'a dyn Fn(&Entry) -> &'static str,
    /// Why a broken file may be so on purpose, from its content and the message.
    pub doubt: fn(&[u8], &str) -> Option<&'static str>,
}

/// Compiles `entries`.
pub fn check(repository: &Repository, entries: &[&Entry], compiler: Compiler<'_>) -> Result<Check, Failure> {
    let choice = Choice::new(entries.iter().copied(), SOURCE_BYTES_MAX);
    let mut handed: Vec<(&Entry, Vec<u8>)> = Vec::new();
    let (mut total, mut index) = (0, 0);
    blob::each_whole(repository, &choice.taken, |_, content| {
        let entry = choice.taken[index];
        index += 1;
        total += content.len() as u64;
        if total <= SOURCES_BYTES_MAX {
            handed.push((entry, content.to_vec()));
        }
    })?;
    let mut check = Check::new(compiler.name, compiler.command, handed.len() as u64);
    let skipped = entries.len() - handed.len();
    if skipped > 0 {
        check.note = format!(
            "{skipped} of {} files are too large, too many or not in this clone, and were not compiled.",
            entries.len()
        );
    }
    if handed.is_empty() {
        let why = choice.left_out(SOURCE_BYTES_MAX).join(" ");
        return Ok(Check::not_run(compiler.name, compiler.command, why));
    }
    let mut stdin = Vec::new();
    for (index, (entry, content)) in handed.iter().enumerate() {
        stdin.extend_from_slice(format!("{index} {} {}\n", content.len(), (compiler.flag)(entry)).as_bytes());
        stdin.extend_from_slice(content);
    }
    let ran = collect(compiler.process, Some(stdin), COMPILE_SECONDS_MAX, Reach::Program, ANSWER_BYTES_MAX);
    let (end, answer, _) = match ran {
        Ok(ran) => ran,
        Err(error) => {
            return Ok(Check::not_run(compiler.name, compiler.command, format!("it could not be started ({error}).")));
        }
    };
    let mut done = false;
    for line in answer.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
        if line[0] == "done" {
            done = true;
        } else if let Some((entry, content)) =
            line[0].as_u64().and_then(|index| handed.get(usize::try_from(index).ok()?))
        {
            let message = line[2].as_str().unwrap_or("it cannot be compiled");
            let doubt = on_purpose(&entry.path).or_else(|| (compiler.doubt)(content, message));
            check.problem(&entry.path, line[1].as_u64(), message, doubt);
        }
    }
    if !done && check.status != Status::Failed {
        check.status = Status::NotRun;
        check.note = if end.timed_out {
            format!("it took longer than {COMPILE_SECONDS_MAX} seconds.")
        } else {
            format!(
                "it broke off: {}.",
                name::show(end.last_words.lines().last().unwrap_or("without a word").as_bytes())
            )
        };
    }
    Ok(check)
}

/// Files in tests and templates may be broken on purpose.
pub fn on_purpose(path: &[u8]) -> Option<&'static str> {
    if name::is_under(path, &name::FIXTURES) {
        return Some("in tests or examples");
    }
    let in_braces = path.windows(2).any(|pair| pair == b"{{");
    (in_braces || name::is_under(path, &["templates", "template", "charts"])).then_some("a template")
}
