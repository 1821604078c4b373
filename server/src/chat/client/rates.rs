//! What the server said of its rates, so that calls it would refuse are not made.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::HeaderMap;

/// The longest wait for a window, whatever a header says: windows have a minute.
const WAIT_MAX: Duration = Duration::from_secs(61);

/// What is left, by kind of call.
#[derive(Debug, Default)]
pub struct Rates {
    known: Mutex<HashMap<&'static str, (u64, i64)>>,
}

impl Rates {
    /// Remembers what an answer says; gives the second since 1970 at which the next window begins.
    pub fn note(&self, kind: &'static str, headers: &HeaderMap) -> Option<i64> {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<i64>().ok();
        let reset = number("x-ratelimit-reset")?;
        if let Some(remaining) = number("x-ratelimit-remaining") {
            let remaining = u64::try_from(remaining).unwrap_or(0);
            let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let entry = known.entry(kind).or_insert((remaining, reset));
            // Answers overtake each other: within a window the smallest number is the newest.
            *entry = if entry.1 == reset { (entry.0.min(remaining), reset) } else { (remaining, reset) };
        }
        Some(reset)
    }

    /// How long a call of that kind should wait, which counts it.
    pub fn wait(&self, kind: &'static str, now: Timestamp) -> Duration {
        let mut known = self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some((remaining, reset)) = known.get_mut(kind) else { return Duration::ZERO };
        let seconds = u64::try_from(*reset - now.as_second()).unwrap_or(0);
        if seconds == 0 {
            known.remove(kind);
            return Duration::ZERO;
        }
        if *remaining == 0 {
            return Duration::from_secs(seconds).min(WAIT_MAX);
        }
        *remaining -= 1;
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_waits_for_the_next_window_when_none_is_left() {
        let rates = Rates::default();
        let at = |second| Timestamp::from_second(second).expect("a moment");
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-remaining", "1".parse().expect("a header"));
        headers.insert("x-ratelimit-reset", "120".parse().expect("a header"));
        assert_eq!(rates.wait("GET users", at(70)), Duration::ZERO);
        assert_eq!(rates.note("GET users", &headers), Some(120));
        assert_eq!(rates.wait("GET users", at(70)), Duration::ZERO, "one is left");
        assert_eq!(rates.wait("GET users", at(71)), Duration::from_secs(49));
        assert_eq!(rates.wait("POST users", at(71)), Duration::ZERO, "another kind");
        assert_eq!(rates.wait("GET users", at(120)), Duration::ZERO, "a new window");
    }
}
