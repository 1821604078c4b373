//! What the server measured of itself, from its `/metrics`.

use std::collections::HashMap;

use super::wire::Wire;

/// Figures without labels, by name.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    values: HashMap<String, f64>,
}

impl Metrics {
    /// Asks for them.
    pub async fn now(wire: &mut Wire) -> anyhow::Result<Metrics> {
        let answer = wire.get("/metrics", "none").await?;
        anyhow::ensure!(answer.status == 200, "the server does not give its figures");
        Ok(Metrics::parse(&String::from_utf8_lossy(&answer.body)))
    }

    fn parse(text: &str) -> Metrics {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.contains('{'));
        let pairs = lines.filter_map(|line| line.split_once(' '));
        Metrics { values: pairs.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect() }
    }

    /// How far a counter has come since `before`.
    pub fn grown(&self, before: &Metrics, name: &str) -> f64 {
        let of = |metrics: &Metrics| metrics.values.get(name).copied().unwrap_or_default();
        of(self) - of(before)
    }

    /// Milliseconds in the mean of a histogram in seconds since `before`, and of how many.
    pub fn mean_ms(&self, before: &Metrics, name: &str) -> (f64, f64) {
        let count = self.grown(before, &format!("{name}_count"));
        (self.grown(before, &format!("{name}_sum")) * 1_000.0 / count.max(1.0), count)
    }

    /// One sentence about the ticks since `before`.
    pub fn ticks(&self, before: &Metrics) -> String {
        let (commit_ms, commits) = self.mean_ms(before, "devsquad_commit_seconds");
        let (decide_ms, batches) = self.mean_ms(before, "devsquad_decide_seconds");
        let commands = self.grown(before, "devsquad_commands_total");
        let events = self.grown(before, "devsquad_events_total");
        format!(
            "{commits:.0} ticks of {:.1} events in {commit_ms:.2} ms; {batches:.0} batches of {:.1} commands decided in {decide_ms:.3} ms",
            events / commits.max(1.0),
            commands / batches.max(1.0)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_is_taken_between_two_moments() {
        let before = Metrics::parse("# TYPE x histogram\nx_sum 1.0\nx_count 10\nx_bucket{le=\"1\"} 3\n");
        let after = Metrics::parse("x_sum 1.5\nx_count 20\n");
        assert_eq!(after.mean_ms(&before, "x"), (50.0, 10.0));
        assert_eq!(after.grown(&before, "y"), 0.0);
    }
}
