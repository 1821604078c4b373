//! What an agent's outcomes teach: a Bayesian estimate of how often its work is accepted.

use serde::{Deserialize, Serialize};

/// Outcomes counted. The estimate is the mean of a Beta posterior with the uniform prior Beta(1, 1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackRecord {
    /// Results accepted.
    pub accepted: u32,
    /// Results sent back or refused by a review.
    pub rejected: u32,
    /// Attempts that failed, timed out or were lost.
    pub failed: u32,
}

impl TrackRecord {
    /// Expected share of accepted work, 0–1; 0.5 when nothing is known.
    pub fn expected(&self) -> f64 {
        let good = f64::from(self.accepted);
        let bad = f64::from(self.rejected) + f64::from(self.failed);
        (good + 1.0) / (good + bad + 2.0)
    }

    /// How many outcomes the estimate rests on.
    pub fn outcomes(&self) -> u32 {
        self.accepted + self.rejected + self.failed
    }
}
