//! How busy the loop of an organization is, for whoever can wait: the work goes first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;

/// A tick that is written faster than this leaves room beside it.
const CALM: Duration = Duration::from_millis(10);
/// How many ticks whoever can wait stands back for, between any two things it does: as many as the messenger has lanes, so that all of
/// them together do about one thing a tick.
const TICKS: u32 = 8;
/// Longest wait at a time: what can wait comes late, and comes.
const PAUSE_MAX: Duration = Duration::from_secs(1);
/// How many ticks later a busy loop of which nothing more was heard counts as idle.
const FORGOTTEN_AFTER: u32 = 4;

/// What the loop did last. Cheap to clone; its clones are one.
#[derive(Clone, Debug)]
pub struct Pressure(Arc<Mutex<Last>>);

#[derive(Clone, Copy, Debug)]
struct Last {
    /// When the last tick was on the disk.
    ended: Instant,
    /// How long it took.
    took: Duration,
    /// Whether the loop wrote for most of the time since the tick before.
    busy: bool,
}

impl Default for Pressure {
    fn default() -> Pressure {
        Pressure(Arc::new(Mutex::new(Last { ended: clock::instant(), took: Duration::ZERO, busy: false })))
    }
}

impl Pressure {
    /// A tick is on the disk now, and took so long.
    pub(super) fn ticked(&self, took: Duration) {
        let ended = clock::instant();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.next(ended, took);
    }

    /// Stands back while the loop is busy.
    pub async fn give_way(&self) {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = last.pause(clock::instant());
        if !pause.is_zero() {
            metrics::counter!("devsquad_gave_way_total").increment(1);
            tokio::time::sleep(pause).await;
        }
    }
}

impl Last {
    fn next(self, ended: Instant, took: Duration) -> Last {
        Last { ended, took, busy: took * 2 >= ended.saturating_duration_since(self.ended) }
    }

    fn pause(self, now: Instant) -> Duration {
        let is_over = now.saturating_duration_since(self.ended) > self.took * FORGOTTEN_AFTER;
        if !self.busy || is_over || self.took < CALM { Duration::ZERO } else { (self.took * TICKS).min(PAUSE_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long one stands back, in milliseconds: after ticks that ended at and took so many, asked at a moment.
    fn pause(ticks: &[(u64, u64)], asked_at: u64) -> u128 {
        let began = clock::instant();
        let at = |ms| began + Duration::from_millis(ms);
        let idle = Last { ended: began, took: Duration::ZERO, busy: false };
        let last = ticks.iter().fold(idle, |last, (ended, took)| last.next(at(*ended), Duration::from_millis(*took)));
        last.pause(at(asked_at)).as_millis()
    }

    #[test]
    fn who_can_wait_waits_for_slow_ticks_one_behind_the_other() {
        assert_eq!(pause(&[(40, 40), (80, 40)], 85), 320, "eight of them");
        assert_eq!(pause(&[(400, 400), (800, 400)], 810), 1_000, "never longer");
        assert_eq!(pause(&[(5, 5), (10, 5)], 11), 0, "they are fast");
        assert_eq!(pause(&[(40, 40), (200, 40)], 205), 0, "there is time between them");
        assert_eq!(pause(&[(40, 40), (80, 40)], 300), 0, "they are over");
        assert_eq!(pause(&[], 10), 0, "there were none");
    }
}
