//! How often who may ask what: fixed windows of a minute, for each caller and kind of call.

use std::collections::HashMap;
use std::sync::Mutex;

/// Seconds of a window.
const WINDOW_S: i64 = 60;
/// Counters held before those of past windows are dropped: more callers than one machine has.
const COUNTERS_MAX: usize = 10_000;

/// What is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls in a window.
    pub limit: u32,
    /// Calls left in this one.
    pub remaining: u32,
    /// Seconds since 1970 at which the next one begins.
    pub reset: i64,
    /// Whether this call was one too many.
    pub exceeded: bool,
}

/// The counters.
#[derive(Debug)]
pub struct Rates {
    limit: u32,
    application_times: u32,
    counters: Mutex<HashMap<(String, String), (i64, u32)>>,
}

impl Rates {
    /// That many calls of a user in a minute, and so many times as many of the application.
    pub fn new(limit: u32, application_times: u32) -> Self {
        Self { limit, application_times, counters: Mutex::default() }
    }

    /// Counts a call of `caller`; the application has no name.
    pub fn count(&self, caller: &str, call: &str, now_s: i64) -> Rate {
        let limit = if caller.is_empty() { self.limit.saturating_mul(self.application_times) } else { self.limit };
        let window = now_s - now_s.rem_euclid(WINDOW_S);
        let mut counters = self.counters.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if counters.len() >= COUNTERS_MAX {
            counters.retain(|_, (began, _)| *began == window);
        }
        let counter = counters.entry((caller.to_owned(), call.to_owned())).or_insert((window, 0));
        if counter.0 != window {
            *counter = (window, 0);
        }
        counter.1 = counter.1.saturating_add(1);
        Rate {
            limit,
            remaining: limit.saturating_sub(counter.1),
            reset: window + WINDOW_S,
            exceeded: counter.1 > limit,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_caller_has_a_minute_of_their_own() {
        let rates = Rates::new(2, 10);
        let count = |caller, now| rates.count(caller, "GET /users", now);
        assert_eq!(count("ada", 30), Rate { limit: 2, remaining: 1, reset: 60, exceeded: false });
        assert_eq!(count("ada", 31).remaining, 0);
        assert!(count("ada", 59).exceeded);
        assert!(!count("bob", 59).exceeded);
        assert!(!count("ada", 60).exceeded, "a new minute");
        assert_eq!(count("", 30), Rate { limit: 20, remaining: 19, reset: 60, exceeded: false });
    }
}
