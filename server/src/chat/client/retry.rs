//! When a call is tried again.

use std::time::Duration;

use jiff::Timestamp;
use rand::RngExt as _;

/// The first range a pause is drawn from.
const PAUSE_MIN: Duration = Duration::from_millis(200);
/// The longest pause.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// The attempts of one call.
#[derive(Debug)]
pub struct Retries {
    call_max: Duration,
    attempts: u32,
}

impl Retries {
    /// A call that may take that long in all.
    pub fn new(call_max: Duration) -> Self {
        Self { call_max, attempts: 0 }
    }

    /// How long to wait after another attempt failed: until the rate's window begins anew, if the server said when; otherwise
    /// anything between nothing and a range that doubles, so that many clients do not come back together.
    pub fn pause(&mut self, reset: Option<i64>, now: Timestamp) -> Duration {
        self.attempts += 1;
        if let Some(reset) = reset {
            let seconds = u64::try_from(reset.saturating_sub(now.as_second())).unwrap_or(0);
            return Duration::from_secs(seconds).min(PAUSE_MAX);
        }
        rand::rng().random_range(Duration::ZERO..=self.range())
    }

    fn range(&self) -> Duration {
        PAUSE_MIN.saturating_mul(1 << self.attempts.saturating_sub(1).min(16)).min(PAUSE_MAX)
    }

    /// Waits, unless the call's time would be over then.
    pub async fn sleep(&self, pause: Duration, elapsed: Duration) -> bool {
        if elapsed + pause >= self.call_max {
            return false;
        }
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_double_up_to_half_a_minute() {
        let now = Timestamp::from_second(1_000).expect("a moment");
        let mut retries = Retries::new(Duration::from_secs(60));
        let mut ranges = Vec::new();
        for _ in 0..12 {
            let pause = retries.pause(None, now);
            assert!(pause <= retries.range());
            ranges.push(retries.range().as_millis());
        }
        assert_eq!(&ranges[..4], [200, 400, 800, 1600]);
        assert_eq!(ranges.last(), Some(&30_000));
        assert_eq!(retries.pause(Some(1_007), now), Duration::from_secs(7), "the server's word counts");
        assert_eq!(retries.pause(Some(900), now), Duration::ZERO);
        assert_eq!(retries.pause(Some(9_000), now), PAUSE_MAX);
    }
}
