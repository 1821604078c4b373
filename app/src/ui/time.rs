//! Moments and spans, in words.

use devsquad::wire_time::civil;
use jiff::Timestamp;
use leptos::prelude::*;

use super::{Now, memo};

use super::clock::use_now;
use super::part::{part, shared};

/// How long ago, or how soon: "just now", "4 min ago", "in 2 h".
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.as_second() - at.as_second();
    let span = coarse(seconds.abs());
    match seconds {
        -9..=9 => "just now".to_owned(),
        s if s > 0 => format!("{span} ago"),
        _ => format!("in {span}"),
    }
}

/// How long something took: "48 s", "3 min 20 s", "2 h 5 min".
pub fn elapsed(from: Timestamp, to: Timestamp) -> String {
    let seconds = (to.as_second() - from.as_second()).max(0);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// A moment as "2026-03-04 12:41 UTC".
pub fn moment(at: Timestamp) -> String {
    let [year, month, day, hour, minute, _] = civil(at);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

/// A moment as "2026-03-04T12:41:07Z".
fn exact(at: Timestamp) -> String {
    let [year, month, day, hour, minute, second] = civil(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn coarse(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// How long ago, ticking; the exact moment is in the machine-readable attribute and the tooltip.
#[component]
pub fn RelativeTime(
    /// The moment.
    #[prop(into)]
    at: Now<Timestamp>,
) -> impl IntoView {
    let now = use_now();
    let words = memo(move |_| relative(at.get(), now.get()));
    view! {
        <time class="whitespace-nowrap tabular-nums" datetime=shared(move || exact(at.get())) title=shared(move || moment(at.get()))>
            {part(move || words.get())}
        </time>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn spans_are_told_in_the_unit_that_fits() {
        assert_eq!(relative(at(0), at(5)), "just now");
        assert_eq!(relative(at(0), at(42)), "42 s ago");
        assert_eq!(relative(at(0), at(7_300)), "2 h ago");
        assert_eq!(relative(at(600), at(0)), "in 10 min");
        assert_eq!(elapsed(at(0), at(200)), "3 min 20 s");
        assert_eq!(elapsed(at(10), at(0)), "0 s");
        assert_eq!(moment(at(1_772_628_067)), "2026-03-04 12:41 UTC");
        assert_eq!(exact(at(1_772_628_067)), "2026-03-04T12:41:07Z");
    }
}
