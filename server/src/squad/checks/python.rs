//! Python files compile: read by the interpreter's compiler, never executed, no `.pyc` written.

use std::path::Path;

use super::outcome::Check;
use super::source::{self, Compiler};
use crate::squad::failure::Failure;
use crate::squad::git::Repository;
use crate::squad::name;
use crate::squad::toolchain;
use crate::squad::tracked::{Entry, Tracked};

const NAME: &str = "Python syntax";
const SHOWN: &str = "python3 compile(source, …, 'exec')";

/// Runs isolated (`-I`) and without site packages (`-S`), so that nothing of the repository is imported.
const SCRIPT: &str = r#"
import json, sys, warnings
warnings.simplefilter("ignore")
source, count = sys.stdin.buffer, 0
while True:
    head = source.readline().split()
    if not head:
        break
    text = source.read(int(head[1]))
    count += 1
    try:
        compile(text, "source", "exec", dont_inherit=True)
    except SyntaxError as error:
        print(json.dumps([int(head[0]), error.lineno, str(error.msg)]), flush=True)
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        print(json.dumps([int(head[0]), None, str(error)]), flush=True)
print(json.dumps(["done", count]), flush=True)
"#;

/// The check, if there is Python here.
pub fn check(repository: &Repository, tracked: &Tracked) -> Result<Option<Check>, Failure> {
    let is_python = |entry: &&Entry| matches!(name::extension(&entry.path).as_str(), "py" | "pyw" | "pyi");
    let entries: Vec<&Entry> =
        tracked.files().filter(is_python).filter(|entry| !name::is_under(&entry.path, &name::VENDORED)).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let Some(python) = toolchain::find("python3") else {
        return Ok(Some(Check::not_run(NAME, SHOWN, "this machine has no python3.")));
    };
    let temporary = std::env::temp_dir();
    let mut process = toolchain::command(python, Path::new(&temporary));
    process.args(["-I", "-S", "-B", "-c", SCRIPT]).current_dir(&temporary);
    let compiler = Compiler { name: NAME, command: SHOWN, process, flag: &|_| "-", doubt };
    source::check(repository, &entries, compiler).map(Some)
}

/// What Python 3 says about Python 2.
fn doubt(_: &[u8], message: &str) -> Option<&'static str> {
    const OLD: [&str; 5] = [
        "Missing parentheses in call to",
        "multiple exception types must be parenthesized",
        "leading zeros in decimal integer literals",
        "invalid decimal literal",
        "Did you mean print(",
    ];
    OLD.iter().any(|words| message.contains(words)).then_some("written for Python 2")
}
