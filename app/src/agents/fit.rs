//! Why an agent was chosen, in numbers: each term of the match, what it counts, and what it added.

use devsquad::scheduling::{Fit, WEIGHTS};

/// One term of a match.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What is measured.
    pub name: &'static str,
    /// In plain words.
    pub meaning: &'static str,
    /// How good it was, 0–1.
    pub value: f64,
    /// What it counts, 0–1.
    pub weight: f64,
}

impl Term {
    /// What it added to the score.
    pub fn added(&self) -> f64 {
        self.value * self.weight
    }
}

/// The terms of a match, the heaviest first.
pub fn terms(fit: &Fit) -> [Term; 4] {
    [
        Term {
            name: "Skill",
            meaning: "Level of the skills asked for, out of 5",
            value: fit.skill,
            weight: WEIGHTS.skill,
        },
        Term {
            name: "Record",
            meaning: "Share of its results expected to be accepted",
            value: fit.record,
            weight: WEIGHTS.record,
        },
        Term { name: "Load", meaning: "Free share of its slots", value: fit.load, weight: WEIGHTS.load },
        Term { name: "Cost", meaning: "How cheap an hour of it is; 1 is free", value: fit.cost, weight: WEIGHTS.cost },
    ]
}

/// A share with two digits ("0.86").
pub fn share(value: f64) -> String {
    format!("{value:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_add_up_to_the_score() {
        let (skill, record, load, cost) = (0.8, 0.5, 1.0, 1.0);
        let score = WEIGHTS.skill * skill + WEIGHTS.record * record + WEIGHTS.load * load + WEIGHTS.cost * cost;
        let sum: f64 = terms(&Fit { score, skill, record, load, cost }).iter().map(Term::added).sum();
        assert!((sum - score).abs() < 1e-9);
    }
}
