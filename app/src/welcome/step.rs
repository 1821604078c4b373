//! The steps of the first run.

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// What the project is called.
    Name,
    /// Who does the work.
    Squad,
    /// What is done first.
    Mission,
    /// A last look, and off it goes.
    Launch,
}

impl Step {
    /// Every step, in order.
    pub const ALL: [Step; 4] = [Step::Name, Step::Squad, Step::Mission, Step::Launch];

    /// The step of that number in the query; the first when there is none.
    pub fn parse(number: Option<&str>) -> Step {
        let at = number.and_then(|number| number.parse::<usize>().ok()).and_then(|number| number.checked_sub(1));
        at.and_then(|at| Step::ALL.get(at)).copied().unwrap_or(Step::Name)
    }

    /// Its number, from 1.
    pub fn number(self) -> usize {
        Step::ALL.iter().position(|step| *step == self).map_or(1, |at| at + 1)
    }

    /// Its name in one word.
    pub fn word(self) -> &'static str {
        match self {
            Step::Name => "Project",
            Step::Squad => "Squad",
            Step::Mission => "Mission",
            Step::Launch => "Launch",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Step::Name => "Name your project",
            Step::Squad => "Meet your squad",
            Step::Mission => "Pick a first mission",
            Step::Launch => "Review and launch",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Step;

    #[test]
    fn anything_but_a_known_number_is_the_first_step() {
        assert_eq!(Step::parse(Some("3")), Step::Mission);
        for other in [None, Some("0"), Some("5"), Some("-1"), Some("x")] {
            assert_eq!(Step::parse(other), Step::Name);
        }
    }

    #[test]
    fn numbers_lead_back_to_their_steps() {
        for step in Step::ALL {
            assert_eq!(Step::parse(Some(&step.number().to_string())), step);
        }
    }
}
