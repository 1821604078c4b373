//! What a worker says: one JSON object a line on standard output.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::failure::Failure;

/// Largest output of a result; the engine keeps at most 1 MiB inline, and a line must never be cut.
const OUTPUT_BYTES_MAX: usize = 1 << 20;
/// Longest note or log line; the rest tells nobody more.
const LINE_CHARS_MAX: usize = 2_000;

/// The worker's mouth.
pub struct Voice<'a> {
    output: &'a mut dyn Write,
}

impl<'a> Voice<'a> {
    /// Speaks on `output`.
    pub fn new(output: &'a mut dyn Write) -> Self {
        Self { output }
    }

    /// How far it is (0–100) and with what. A lost listener is found out at the result, not here.
    pub fn progress(&mut self, percent: u8, note: &str) {
        let _ = self.say(&json!({"type": "progress", "progress": percent.min(100), "note": cut(note)}));
    }

    /// One line for the attempt's log.
    pub fn log(&mut self, line: &str) {
        let _ = self.say(&json!({"type": "log", "line": cut(line)}));
    }

    /// A file written into the artifact directory; `path` is relative to it.
    pub fn artifact(&mut self, name: &str, media_type: &str, path: &str) -> io::Result<()> {
        self.say(&json!({"type": "artifact", "name": name, "media_type": media_type, "path": path}))
    }

    /// The one result.
    pub fn result(&mut self, output: &Value) -> io::Result<()> {
        self.say(&json!({"type": "result", "output": output}))
    }

    /// The one failure.
    pub fn failure(&mut self, failure: &Failure) -> io::Result<()> {
        self.say(&json!({"type": "failure", "reason": failure.reason, "message": cut(&failure.message), "retryable": failure.retryable}))
    }

    fn say(&mut self, line: &Value) -> io::Result<()> {
        let mut text = line.to_string();
        text.push('\n');
        self.output.write_all(text.as_bytes())?;
        self.output.flush()
    }
}

/// Refuses an output larger than the engine takes.
pub fn fits(output: Value) -> Result<Value, Failure> {
    let bytes = output.to_string().len();
    if bytes > OUTPUT_BYTES_MAX {
        return Err(Failure::bad_input(format!(
            "The result has {bytes} bytes; at most {OUTPUT_BYTES_MAX} can be handed in."
        )));
    }
    Ok(output)
}

fn cut(text: &str) -> &str {
    text.char_indices().nth(LINE_CHARS_MAX).map_or(text, |(end, _)| &text[..end])
}
