//! Quantiles and medians.

use std::time::Duration;

/// Measured times, sorted.
#[derive(Clone, Debug, Default)]
pub struct Times {
    sorted: Vec<Duration>,
}

impl Times {
    /// Sorts what was measured.
    pub fn new(mut measured: Vec<Duration>) -> Times {
        measured.sort_unstable();
        Times { sorted: measured }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// The time that a share `q` (0–1) of them does not exceed, in milliseconds. Not a number when there are none.
    pub fn quantile_ms(&self, q: f64) -> f64 {
        let rank = (q * self.sorted.len() as f64).ceil() as usize;
        let at = self.sorted.get(rank.saturating_sub(1).min(self.sorted.len().saturating_sub(1)));
        at.map_or(f64::NAN, |time| time.as_secs_f64() * 1_000.0)
    }
}

/// The middle one; of an even number, the mean of the middle two. Not a number when there are none.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(half), half.checked_sub(1).and_then(|before| sorted.get(before))) {
        (1, Some(middle), _) => *middle,
        (0, Some(upper), Some(lower)) => f64::midpoint(*lower, *upper),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times = Times::new((1..=1_000).rev().map(Duration::from_millis).collect());
        assert_eq!(times.quantile_ms(0.5), 500.0);
        assert_eq!(times.quantile_ms(0.99), 990.0);
        assert_eq!(times.quantile_ms(0.999), 999.0);
        assert_eq!(times.quantile_ms(1.0), 1_000.0);
        assert!(Times::default().quantile_ms(0.5).is_nan());
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }
}
