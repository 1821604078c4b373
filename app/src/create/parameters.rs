//! From what a form sends, text under every name, to the values a template takes.

use std::collections::BTreeMap;

use devsquad::Refusal;
use devsquad::refusal::Fault;
use devsquad::view::{ParameterView, TemplateView};
use serde_json::Value;

use crate::error::Failure;

/// What a form sends: the text of every field by its name.
pub type Given = BTreeMap<String, String>;

/// The values of a template's parameters, read from the texts of its form. Every field that cannot be read is named.
pub fn values(template: &TemplateView, given: &Given) -> Result<BTreeMap<String, Value>, Failure> {
    let mut values = BTreeMap::new();
    let mut faults = Vec::new();
    for parameter in &template.parameters {
        let text = given.get(&parameter.name).map_or("", |text| text.trim());
        match value(parameter, text) {
            Ok(Some(value)) => {
                values.insert(parameter.name.clone(), value);
            }
            Ok(None) => {}
            Err(message) => faults.push(Fault { pointer: pointer(&parameter.name), message }),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(Refusal::Invalid { faults }.into()) }
}

/// Where a fault of this parameter is.
pub fn pointer(name: &str) -> String {
    format!("/parameters/{name}")
}

/// The text its field holds at first.
pub fn initial(parameter: &ParameterView) -> String {
    match &parameter.default {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn value(parameter: &ParameterView, text: &str) -> Result<Option<Value>, String> {
    match (parameter.kind.as_str(), text) {
        // A box that is not ticked is not sent at all.
        ("boolean", text) => Ok(Some(Value::Bool(matches!(text, "true" | "on")))),
        (_, "") if parameter.required && parameter.default.is_none() => Err("must be filled in".to_owned()),
        (_, "") => Ok(None),
        ("integer", text) => {
            text.parse::<i64>().map(|n| Some(n.into())).map_err(|_| "must be a whole number".to_owned())
        }
        ("number", text) => match text.parse::<f64>().ok().and_then(serde_json::Number::from_f64) {
            Some(number) => Ok(Some(Value::Number(number))),
            None => Err("must be a number".to_owned()),
        },
        (_, text) => Ok(Some(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameter(name: &str, kind: &str, required: bool, default: Option<Value>) -> ParameterView {
        ParameterView {
            name: name.to_owned(),
            title: name.to_owned(),
            description: String::new(),
            kind: kind.to_owned(),
            format: None,
            required,
            default,
        }
    }

    fn template(parameters: Vec<ParameterView>) -> TemplateView {
        TemplateView {
            id: "t".to_owned(),
            name: "T".to_owned(),
            description: String::new(),
            parameters,
            tasks: Vec::new(),
        }
    }

    fn given(pairs: &[(&str, &str)]) -> Given {
        pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn texts_become_values_of_the_kind_asked_for() {
        let template = template(vec![
            parameter("path", "string", true, None),
            parameter("days", "integer", false, Some(json!(90))),
            parameter("share", "number", false, None),
            parameter("deep", "boolean", false, None),
        ]);
        let values =
            values(&template, &given(&[("path", " /srv/app "), ("days", "30"), ("share", "0.5"), ("deep", "true")]));
        assert_eq!(
            serde_json::to_value(values.expect("all of them can be read")).expect("json"),
            json!({"path": "/srv/app", "days": 30, "share": 0.5, "deep": true})
        );
    }

    #[test]
    fn what_is_left_empty_is_left_to_the_template_unless_it_is_required() {
        let template =
            template(vec![parameter("path", "string", true, None), parameter("days", "integer", false, None)]);
        let failure = values(&template, &given(&[("days", "")])).expect_err("the path is missing");
        assert_eq!(failure.to_string(), "/parameters/path: must be filled in");
    }

    #[test]
    fn a_box_that_is_not_sent_is_not_ticked() {
        let template = template(vec![parameter("deep", "boolean", true, None)]);
        assert_eq!(values(&template, &Given::new()).expect("a value")["deep"], json!(false));
    }
}
