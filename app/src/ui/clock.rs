//! What time it is on the page. The server's moment is sent along, so that the first picture in the browser is the same.

use std::time::Duration;

use jiff::Timestamp;
use leptos::prelude::*;

use super::{Now, effect};

/// How often what is shown is brought up to date.
const TICK: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
struct Clock(RwSignal<Timestamp>);

/// Milliseconds since 1970: what both halves can write and read without knowing how a moment is written.
#[cfg(not(feature = "hydrate"))]
#[expect(clippy::disallowed_methods, reason = "the clock of the pages: everything else reads `use_now`")]
fn read_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

#[cfg(feature = "hydrate")]
fn read_ms() -> i64 {
    js_sys::Date::now() as i64
}

fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or_default()
}

fn read() -> Timestamp {
    moment(read_ms())
}

/// Starts the clock; once, at the root.
pub fn provide_clock() {
    let now = RwSignal::new(moment(SharedValue::new(read_ms).into_inner()));
    provide_context(Clock(now));
    effect(move || {
        now.set(read());
        if let Ok(ticking) = set_interval_with_handle(move || now.set(read()), TICK) {
            on_cleanup(move || ticking.clear());
        }
    });
}

/// The present moment, to the second, live.
pub fn use_now() -> Now<Timestamp> {
    match use_context::<Clock>() {
        Some(clock) => clock.0.into(),
        None => Now::stored(read()),
    }
}
