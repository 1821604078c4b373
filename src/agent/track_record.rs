//! What an agent's outcomes teach: a Bayesian estimate of how often its work is accepted.

use serde::{Deserialize, Serialize};

/// Attempts failed in a row after which an agent counts as failing. A task has three attempts unless its author says otherwise: an
/// agent that failed as often, with nothing handed in between, would have used a whole task up. At even odds that happens by chance
/// to one in eight; one more failure would say more, and cost another attempt of somebody's task.
pub const FAILING_AFTER: u32 = 3;

/// Outcomes counted. The estimate is the mean of a Beta posterior with the uniform prior Beta(1, 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Results accepted.
    pub accepted: u32,
    /// Results sent back or refused by a review.
    pub rejected: u32,
    /// Attempts that failed, timed out or were lost.
    pub failed: u32,
    /// How many failed or timed out last, with nothing handed in since.
    #[serde(default)]
    pub failed_in_a_row: u32,
}

impl TrackRecord {
    /// An attempt failed or timed out.
    pub fn fail(&mut self) {
        self.failed += 1;
        self.failed_in_a_row += 1;
    }

    /// An attempt was lost. The agent, or this server, was away, with everything it held at once: that says nothing of what it can do.
    pub fn lose(&mut self) {
        self.failed += 1;
    }

    /// An attempt came to a result, whatever becomes of it.
    pub fn succeed(&mut self) {
        self.failed_in_a_row = 0;
    }

    /// Whether its last attempts all failed.
    pub fn is_failing(&self) -> bool {
        self.failed_in_a_row >= FAILING_AFTER
    }

    /// Expected share of accepted work, 0–1; 0.5 when nothing is known. Of an agent that is failing, its last attempts say more than
    /// a long record of better days: something about it has changed, so the estimate rests on them alone.
    pub fn expected(&self) -> f64 {
        let good = f64::from(self.accepted);
        let bad = f64::from(self.rejected) + f64::from(self.failed);
        let long = (good + 1.0) / (good + bad + 2.0);
        match self.is_failing() {
            true => long.min(1.0 / (f64::from(self.failed_in_a_row) + 2.0)),
            false => long,
        }
    }

    /// How many outcomes the estimate rests on.
    pub fn outcomes(&self) -> u32 {
        self.accepted + self.rejected + self.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_good_record_does_not_hide_that_an_agent_fails_now() {
        let mut record = TrackRecord { accepted: 200, rejected: 1, ..TrackRecord::default() };
        record.fail();
        record.fail();
        record.lose();
        assert!(record.expected() > 0.9, "two may be chance, and a crash is no failure");
        record.fail();
        assert!((record.expected() - 0.2).abs() < 1e-9);
        record.succeed();
        assert!(record.expected() > 0.9);
    }

    #[test]
    fn a_bad_record_is_not_bettered_by_failing() {
        let record = TrackRecord { accepted: 0, rejected: 40, failed: 3, failed_in_a_row: 3 };
        assert!(record.expected() < 0.1);
        let old: TrackRecord = serde_json::from_str(r#"{"accepted":1,"rejected":2,"failed":3}"#).expect("an old one");
        assert_eq!(old.failed_in_a_row, 0);
    }
}
