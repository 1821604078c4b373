//! The one place that asks the time and makes ids.
//!
//! The wall clock is read once; from then on the monotonic clock moves it, so that setting the machine's time neither
//! ends leases early nor keeps them for ever.

use std::sync::OnceLock;
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

static START: OnceLock<(Timestamp, Instant)> = OnceLock::new();

/// Now.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn now() -> Timestamp {
    let (wall, monotonic) = START.get_or_init(|| (Timestamp::now(), Instant::now()));
    let elapsed = SignedDuration::try_from(monotonic.elapsed()).unwrap_or(SignedDuration::ZERO);
    // PostgreSQL keeps microseconds: what is written and what is held must be equal.
    let exact = *wall + elapsed;
    Timestamp::from_microsecond(exact.as_microsecond()).unwrap_or(exact)
}

/// A moment for measuring how long something takes.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn instant() -> Instant {
    Instant::now()
}

/// A fresh id, ordered by time.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub fn fresh_id() -> Uuid {
    Uuid::now_v7()
}
