//! How long a person may be waited for before they are reminded, and others told.

use jiff::{SignedDuration, Timestamp};

use super::Priority;

/// After how long each step is taken in a workflow of normal priority: a reminder, a louder one, the last.
const STEPS: [SignedDuration; 3] =
    [SignedDuration::from_mins(15), SignedDuration::from_hours(1), SignedDuration::from_hours(4)];

/// How loud the last step is; no step follows it.
pub const STEP_LAST: u32 = STEPS.len() as u32;

/// When the step after `taken` is due for what waits since then; nothing after the last. What is urgent waits a quarter as long.
pub fn next_due(since: Timestamp, taken: u32, priority: Priority) -> Option<Timestamp> {
    let wait = *STEPS.get(taken as usize)?;
    let wait = match priority {
        Priority::Urgent => wait / 4,
        Priority::High => wait / 2,
        Priority::Normal => wait,
        Priority::Low => wait * 2,
    };
    Some(since + wait)
}

/// The steps that are due at `now`, those taken before among them.
pub fn steps_due(since: Timestamp, priority: Priority, now: Timestamp) -> u32 {
    let due = |taken: &u32| next_due(since, *taken, priority).is_some_and(|at| at <= now);
    (0..STEP_LAST).take_while(due).count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_urgent_is_reminded_of_sooner_and_nothing_for_ever() {
        let since = Timestamp::UNIX_EPOCH;
        let minutes = |taken, priority| next_due(since, taken, priority).map(|at| at.as_second() / 60);
        assert_eq!([0, 1, 2, 3].map(|taken| minutes(taken, Priority::Normal)), [Some(15), Some(60), Some(240), None]);
        assert_eq!(minutes(1, Priority::Urgent), Some(15));
        assert_eq!(minutes(0, Priority::Low), Some(30));
    }

    #[test]
    fn steps_missed_are_taken_as_one() {
        let since = Timestamp::UNIX_EPOCH;
        let after = |minutes| steps_due(since, Priority::Normal, since + SignedDuration::from_mins(minutes));
        assert_eq!([14, 15, 59, 60, 10_000].map(after), [0, 1, 1, 2, 3]);
    }
}
