//! What was answered so far, carried from step to step in the query.

use leptos::prelude::*;
use leptos_router::params::ParamsMap;

use super::step::Step;

/// The field of the project's name.
pub const PROJECT: &str = "project";
/// How the fields of the mission begin.
pub const PARAMETERS: &str = "parameters[";

/// The answers so far: names of fields and what they hold.
pub type Answers = Vec<(String, String)>;

/// The answers in a query.
pub fn answers(query: &ParamsMap) -> Answers {
    let is_answer = |name: &str| name == PROJECT || name.starts_with(PARAMETERS);
    query
        .clone()
        .into_iter()
        .filter(|(name, _)| is_answer(name))
        .map(|(name, value)| (name.into_owned(), value))
        .collect()
}

/// What a field holds.
pub fn answer(answers: &Answers, field: &str) -> Option<String> {
    answers.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone())
}

/// Hidden fields: the next step, and every answer its form does not ask for itself.
#[component]
pub fn Carried(
    /// Where the form leads.
    to: Step,
    /// The answers so far.
    answers: Answers,
    /// Fields the form asks for itself begin so.
    #[prop(optional)]
    but: &'static str,
) -> impl IntoView {
    let kept = answers.into_iter().filter(move |(name, _)| but.is_empty() || !name.starts_with(but));
    view! {
        <input type="hidden" name="step" value=to.number().to_string()/>
        {kept.map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view()}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_answers_are_carried() {
        let mut query = ParamsMap::new();
        for (name, value) in [("step", "2"), ("project", "Shop"), ("parameters[path]", "/srv/shop"), ("evil", "x")] {
            query.insert(name, value.to_owned());
        }
        let answers = answers(&query);
        assert_eq!(answer(&answers, PROJECT).as_deref(), Some("Shop"));
        assert_eq!(answer(&answers, "parameters[path]").as_deref(), Some("/srv/shop"));
        assert_eq!(answers.len(), 2);
    }
}
