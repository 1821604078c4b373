//! How busy the loop of an organization is, for whoever can wait: the work goes first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A tick that is written faster than this leaves room beside it.
const CALM: Duration = Duration::from_millis(10);
/// Longest wait at a time: what can wait comes late, and comes.
const PAUSE_MAX: Duration = Duration::from_millis(500);

/// How long the last tick took, while the next one was waiting behind it. Cheap to clone; its clones are one.
#[derive(Clone, Debug, Default)]
pub struct Pressure(Arc<AtomicU64>);

impl Pressure {
    /// A tick took so long and others wait behind it; nothing when none does.
    pub(super) fn set(&self, tick: Option<Duration>) {
        let micros = tick.map_or(0, |took| u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        self.0.store(micros, Ordering::Relaxed);
    }

    /// How long to stand back: twice as long as a tick takes, so that who does so between any two things it does has at most a third
    /// of the time.
    fn pause(&self) -> Duration {
        match Duration::from_micros(self.0.load(Ordering::Relaxed)) {
            tick if tick < CALM => Duration::ZERO,
            tick => tick.saturating_mul(2).min(PAUSE_MAX),
        }
    }

    /// Stands back while the loop has more to do than it gets done.
    pub async fn give_way(&self) {
        let pause = self.pause();
        if !pause.is_zero() {
            metrics::counter!("devsquad_gave_way_total").increment(1);
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_can_wait_waits_for_slow_ticks_only_and_never_long() {
        let pressure = Pressure::default();
        for (tick, pause) in [(None, 0), (Some(9), 0), (Some(40), 80), (Some(2_000), 500), (None, 0)] {
            pressure.set(tick.map(Duration::from_millis));
            assert_eq!(pressure.pause(), Duration::from_millis(pause), "{tick:?}");
        }
    }
}
