//! What a program says: NDJSON, line by line, never more than it may.

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc::Sender;
use tokio_util::sync::CancellationToken;

use super::artifact::Named;
use crate::squad::{Failure, Reason};

/// Longest line: a result of 1 MiB and its frame.
const LINE_BYTES_MAX: usize = (1 << 20) + (64 << 10);
/// Artifacts of one attempt.
const ARTIFACTS_MAX: usize = 64;
/// Log lines passed on; a program that says more is not made more readable by it.
const LOG_LINES_MAX: usize = 10_000;
/// Longest text passed on.
const TEXT_CHARS_MAX: usize = 2_000;
/// How much of the end of standard error is kept for a failure's message.
const LAST_WORDS_BYTES_MAX: usize = 8 << 10;

/// What is passed on while the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// How far it is.
    Progress {
        /// 0–100.
        percent: u8,
        /// With what.
        note: String,
    },
    /// A line for the attempt's log.
    Log {
        /// The line.
        line: String,
    },
    /// It has written a file, which is taken when it succeeds.
    Artifact {
        /// The file's name.
        name: String,
        /// Its media type.
        media_type: String,
    },
}

/// One line of the protocol.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    Progress {
        progress: f64,
        #[serde(default)]
        note: String,
    },
    Log {
        line: String,
    },
    Artifact(Named),
    Result {
        output: Value,
    },
    Failure {
        reason: Reason,
        message: String,
        #[serde(default)]
        retryable: bool,
    },
}

/// Everything that was said, at the end.
#[derive(Debug, Default)]
pub struct Heard {
    /// The one result or failure.
    pub result: Option<Result<Value, Failure>>,
    /// Files named, in order.
    pub artifacts: Vec<Named>,
    /// What broke the protocol.
    pub wrong: Option<String>,
    lines: usize,
}

/// Listens until the output ends; cancels `too_loud` as soon as there is more of it than allowed.
pub async fn listen(
    mut output: impl AsyncRead + Unpin,
    bytes_max: u64,
    progress: Sender<Said>,
    too_loud: CancellationToken,
) -> Heard {
    let (mut heard, mut line, mut buffer) = (Heard::default(), Vec::new(), vec![0; 64 << 10]);
    let mut total = 0_u64;
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        total += count as u64;
        if total > bytes_max {
            too_loud.cancel();
            break;
        }
        for part in buffer[..count].split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if line.len() > LINE_BYTES_MAX {
                heard.wrong.get_or_insert_with(|| format!("a line is longer than {LINE_BYTES_MAX} bytes"));
                line.clear();
            } else if line.last() == Some(&b'\n') {
                heard.take(&line, &progress);
                line.clear();
            }
        }
    }
    heard.take(&line, &progress);
    heard
}

impl Heard {
    fn take(&mut self, line: &[u8], progress: &Sender<Said>) {
        let text = line.trim_ascii();
        if text.is_empty() {
            return;
        }
        let Ok(line) = serde_json::from_slice::<Line>(text) else {
            // Tools print what they like; it is kept as a log, and a broken result shows as a missing one.
            return self.say(log(&String::from_utf8_lossy(text)), progress);
        };
        if self.result.is_some() {
            self.wrong.get_or_insert_with(|| "something follows the result".to_owned());
            return;
        }
        match line {
            Line::Progress { progress: percent, note } => {
                // The cast stops at 0 and 100 by itself after clamp; not-a-number becomes 0.
                self.say(Said::Progress { percent: percent.clamp(0.0, 100.0) as u8, note: cut(&note) }, progress);
            }
            Line::Log { line } => self.say(log(&line), progress),
            Line::Artifact(_) if self.artifacts.len() >= ARTIFACTS_MAX => {
                self.wrong.get_or_insert_with(|| format!("more than {ARTIFACTS_MAX} artifacts"));
            }
            Line::Artifact(named) => {
                self.say(Said::Artifact { name: cut(&named.name), media_type: cut(&named.media_type) }, progress);
                self.artifacts.push(named);
            }
            Line::Result { output } => self.result = Some(Ok(output)),
            Line::Failure { reason, message, retryable } => {
                self.result = Some(Err(Failure { reason, message, retryable }))
            }
        }
    }

    /// Nobody waits for a listener that is slow or gone.
    fn say(&mut self, said: Said, progress: &Sender<Said>) {
        self.lines += 1;
        if self.lines <= LOG_LINES_MAX {
            let _ = progress.try_send(said);
        }
    }
}

/// Passes standard error on as log lines and keeps its end.
pub async fn last_words(mut output: impl AsyncRead + Unpin, progress: Sender<Said>) -> String {
    let (mut kept, mut buffer, mut lines) = (Vec::new(), vec![0; 16 << 10], 0);
    while let Ok(count @ 1..) = output.read(&mut buffer).await {
        for line in buffer[..count].split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            lines += 1;
            if lines <= LOG_LINES_MAX {
                let _ = progress.try_send(log(&String::from_utf8_lossy(line)));
            }
        }
        kept.extend_from_slice(&buffer[..count]);
        let over = kept.len().saturating_sub(LAST_WORDS_BYTES_MAX);
        kept.drain(..over);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn log(line: &str) -> Said {
    Said::Log { line: cut(line) }
}

fn cut(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control() || *letter == '\t').take(TEXT_CHARS_MAX).collect()
}
