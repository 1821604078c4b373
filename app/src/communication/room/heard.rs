//! Which messages the stream told of last, so that an answer which was asked for before that does not take their place.

use std::collections::VecDeque;

/// So many of the messages which the stream told of are remembered: an answer that took longer than those is read again.
const HEARD_MAX: usize = 256;

/// Which messages the stream told of last.
#[derive(Default)]
pub struct Heard {
    count: u64,
    last: VecDeque<String>,
}

/// When something was asked for, in messages heard.
#[derive(Clone, Copy, Default)]
pub struct Asked(u64);

impl Heard {
    /// Now, for what is about to be asked for.
    pub fn asks(&self) -> Asked {
        Asked(self.count)
    }

    /// It told of this one.
    pub fn of(&mut self, id: &str) {
        self.count += 1;
        self.last.truncate(HEARD_MAX - 1);
        self.last.push_front(id.to_owned());
    }

    /// Whether it told of this one since something was asked for; yes where that is not known any more.
    pub fn since(&self, asked: Asked, id: &str) -> bool {
        let since = usize::try_from(self.count - asked.0).unwrap_or(usize::MAX);
        since > HEARD_MAX || self.last.iter().take(since).any(|heard| heard == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_since_something_was_asked_is_known() {
        let mut heard = Heard::default();
        heard.of("a");
        let asked = heard.asks();
        assert!(!heard.since(asked, "a"));
        heard.of("b");
        assert!(heard.since(asked, "b"));
        assert!(!heard.since(asked, "a"));
        // So much came meanwhile that it is not known any more.
        (0..HEARD_MAX).for_each(|_| heard.of("c"));
        assert!(heard.since(asked, "a"));
        assert_eq!(heard.last.len(), HEARD_MAX);
    }
}
