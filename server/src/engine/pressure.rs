//! How busy the loop of an organization is, for whoever can wait: the work goes first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock;

/// A tick that is written faster than this leaves room beside it.
const CALM: Duration = Duration::from_millis(5);
/// How many ticks whoever can wait stands back for, between any two calls: as many as the messenger has lanes, so that all of them
/// together make about one call a tick. So it is after a slow tick or two, which a disk has at times; each one more that
/// the loop was busy with adds as many,
const TICKS: u32 = 8;
/// up to this multiple: what lasts is a burst, in which a call a tick would take a tenth of two processors from the work.
const TICKS_MULTIPLE_MAX: u32 = 4;
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
    /// How many ticks it wrote slowly one behind the other, each for most of the time since the one before.
    busy: u32,
    /// Since when a tick is being written. What a burst begins with is known before its first tick has ended.
    writing: Option<Instant>,
}

impl Default for Pressure {
    fn default() -> Pressure {
        Pressure(Arc::new(Mutex::new(Last::idle(clock::instant()))))
    }
}

impl Pressure {
    /// A tick is being written from now on.
    pub(super) fn began(&self) {
        let now = clock::instant();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.writing(now);
    }

    /// A tick is on the disk now, and took so long; whether another one is being written.
    pub(super) fn ticked(&self, took: Duration, another: bool) {
        let ended = clock::instant();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = last.next(ended, took, another);
    }

    /// Nothing is being written any more: a tick failed, and everything is loaded anew.
    pub(super) fn failed(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Last::idle(clock::instant());
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
    fn idle(now: Instant) -> Last {
        Last { ended: now, took: Duration::ZERO, busy: 0, writing: None }
    }

    fn writing(self, now: Instant) -> Last {
        Last { writing: self.writing.or(Some(now)), ..self }
    }

    fn next(self, ended: Instant, took: Duration, another: bool) -> Last {
        let is_busy = took >= CALM && took * 2 >= ended.saturating_duration_since(self.ended);
        let busy = if is_busy { self.busy.saturating_add(1) } else { 0 };
        Last { ended, took, busy, writing: another.then_some(ended) }
    }

    fn pause(self, now: Instant) -> Duration {
        let is_over = now.saturating_duration_since(self.ended) > self.took * FORGOTTEN_AFTER;
        let busy = if is_over { 0 } else { self.busy };
        let took = if busy > 0 { self.took } else { Duration::ZERO };
        let took = took.max(self.writing.map_or(Duration::ZERO, |since| now.saturating_duration_since(since)));
        let ticks = TICKS * busy.clamp(1, TICKS_MULTIPLE_MAX);
        if took < CALM { Duration::ZERO } else { (took * ticks).min(PAUSE_MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long one stands back, in milliseconds: after ticks that ended at and took so many, asked at a moment.
    fn pause(ticks: &[(u64, u64)], asked_at: u64) -> u128 {
        let began = clock::instant();
        let at = |ms| began + Duration::from_millis(ms);
        let last = ticks
            .iter()
            .fold(Last::idle(began), |last, (ended, took)| last.next(at(*ended), Duration::from_millis(*took), false));
        last.pause(at(asked_at)).as_millis()
    }

    #[test]
    fn who_can_wait_waits_for_slow_ticks_one_behind_the_other() {
        assert_eq!(pause(&[(10, 10)], 11), 80, "eight of them");
        assert_eq!(pause(&[(10, 10), (20, 10)], 21), 160, "one more was slow, and more waits");
        assert_eq!(pause(&[(10, 10), (20, 10), (30, 10), (40, 10), (50, 10)], 51), 320, "up to four times as long");
        assert_eq!(pause(&[(10, 10), (20, 10), (100, 10), (110, 10)], 111), 80, "there was a rest between them");
        assert_eq!(pause(&[(400, 400), (800, 400)], 810), 1_000, "never longer");
        assert_eq!(pause(&[(4, 4), (8, 4)], 9), 0, "they are fast");
        assert_eq!(pause(&[(40, 40), (200, 40)], 205), 0, "there is time between them");
        assert_eq!(pause(&[(40, 40), (80, 40)], 300), 0, "they are over");
        assert_eq!(pause(&[], 10), 0, "there were none");
    }

    #[test]
    fn a_burst_is_noticed_while_its_first_tick_is_written() {
        let began = clock::instant();
        let at = |ms| began + Duration::from_millis(ms);
        let writing = Last::idle(began).writing(at(100));
        assert_eq!(writing.pause(at(104)).as_millis(), 0, "it may be a small one");
        assert_eq!(writing.pause(at(120)).as_millis(), 160);
        assert_eq!(writing.writing(at(115)).pause(at(120)).as_millis(), 160, "the next one has begun as well");
        let another = writing.next(at(103), Duration::from_millis(3), true);
        assert_eq!(another.pause(at(110)).as_millis(), 56, "and is being written since");
        assert_eq!(another.next(at(104), Duration::from_millis(1), false).pause(at(150)).as_millis(), 0);
    }
}
