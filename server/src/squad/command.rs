//! Running another program with bounds on time, memory and noise.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// How much of the end of standard error is kept: enough for a message, too little to fill memory.
const LAST_WORDS_BYTES_MAX: usize = 8 << 10;
/// Pause between two looks whether a program that closed its output has ended.
const ENDING_LOOK: Duration = Duration::from_millis(2);

/// How a program ended.
#[derive(Clone, Debug, Default)]
pub struct End {
    /// Its exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// We killed it because its time was over.
    pub timed_out: bool,
    /// The end of what it wrote to standard error.
    pub last_words: String,
}

impl End {
    /// Ended by itself with exit code 0.
    pub fn is_success(&self) -> bool {
        self.code == Some(0) && !self.timed_out
    }
}

/// Whom the time limit kills: the program alone, or everything in the process group it leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The program only. It stays in our own group, so that whoever ends us ends it too.
    Program,
    /// The program and its descendants; it must lead its own group (`CommandExt::process_group(0)`).
    Group,
}

/// Runs `command`, gives its standard output to `read`, and kills it after `seconds_max`.
/// When `read` returns before the end of the output the program is ended too.
pub fn stream<T>(
    mut command: Command,
    stdin: Option<Vec<u8>>,
    seconds_max: u64,
    reach: Reach,
    read: impl FnOnce(&mut dyn BufRead) -> io::Result<T>,
) -> io::Result<(End, T)> {
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let (pipe_in, pipe_out, pipe_err) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    if let (Some(mut pipe), Some(bytes)) = (pipe_in, stdin) {
        // A program that stops reading breaks the pipe; what it says about it arrives elsewhere.
        thread::spawn(move || {
            let _ = pipe.write_all(&bytes);
        });
    }
    let words = pipe_err.map(|pipe| thread::spawn(move || tail(pipe)));
    let watched = Watched { child: Arc::new(Mutex::new(child)), reach };
    let (done, rest) = mpsc::channel::<()>();
    let guard = watched.clone();
    let watch = thread::spawn(move || match rest.recv_timeout(Duration::from_secs(seconds_max)) {
        Err(RecvTimeoutError::Timeout) => guard.kill(),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => false,
    });
    let answer = match pipe_out {
        Some(pipe) => read(&mut BufReader::with_capacity(1 << 16, pipe)),
        None => Err(io::Error::other("no standard output")),
    };
    let code = watched.wait(answer.is_err())?;
    drop(done);
    let timed_out = watch.join().unwrap_or(false);
    // A descendant that outlived the program may still hold the pipe: its words are not waited for.
    let last_words = words
        .filter(|thread| !timed_out || thread.is_finished())
        .and_then(|thread| thread.join().ok())
        .unwrap_or_default();
    let end = End { code, timed_out, last_words };
    if timed_out && answer.is_err() {
        return Err(io::Error::new(io::ErrorKind::TimedOut, "the program's time was over"));
    }
    Ok((end, answer?))
}

/// Runs `command` and keeps at most `bytes_max` of its standard output; the flag says whether there was more.
pub fn collect(
    command: Command,
    stdin: Option<Vec<u8>>,
    seconds_max: u64,
    reach: Reach,
    bytes_max: u64,
) -> io::Result<(End, Vec<u8>, bool)> {
    let (end, (bytes, more)) = stream(command, stdin, seconds_max, reach, |output| {
        let mut bytes = Vec::new();
        output.take(bytes_max).read_to_end(&mut bytes)?;
        // The rest is read and dropped: a program must not hang on a full pipe.
        let more = io::copy(output, &mut io::sink())? > 0;
        Ok((bytes, more))
    })?;
    Ok((end, bytes, more))
}

#[derive(Clone)]
struct Watched {
    child: Arc<Mutex<Child>>,
    reach: Reach,
}

impl Watched {
    /// Kills it if it still runs; says whether it did.
    fn kill(&self) -> bool {
        let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        if !matches!(child.try_wait(), Ok(None)) && self.reach == Reach::Program {
            return false;
        }
        if self.reach == Reach::Group {
            let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
        }
        let _ = child.kill();
        true
    }

    /// Waits for the end; `at_once` kills first. The lock is let go between looks so that the time limit still works.
    fn wait(&self, at_once: bool) -> io::Result<Option<i32>> {
        if at_once {
            self.kill();
        }
        loop {
            let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = child.try_wait()? {
                if self.reach == Reach::Group {
                    // Whatever it left behind in its group ends with it.
                    let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
                }
                return Ok(status.code());
            }
            drop(child);
            thread::sleep(ENDING_LOOK);
        }
    }
}

fn tail(mut pipe: impl Read) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = pipe.read(&mut buffer) {
        kept.extend_from_slice(&buffer[..count]);
        if kept.len() > 2 * LAST_WORDS_BYTES_MAX {
            kept.drain(..kept.len() - LAST_WORDS_BYTES_MAX);
        }
    }
    let start = kept.len().saturating_sub(LAST_WORDS_BYTES_MAX);
    String::from_utf8_lossy(&kept[start..]).into_owned()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::{Reach, collect};

    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        let mut slow = Command::new("sleep");
        slow.arg("30");
        let ended = collect(slow, None, 1, Reach::Program, 10);
        assert!(ended.expect("ran").0.timed_out);
    }

    #[test]
    fn endless_output_is_cut_and_does_not_fill_memory() {
        let mut loud = Command::new("head");
        loud.args(["-c", "3000000", "/dev/zero"]);
        let (end, bytes, more) = collect(loud, None, 20, Reach::Program, 1000).expect("ran");
        assert!(end.is_success() && more);
        assert_eq!(bytes.len(), 1000);
    }
}
