//! Templates: a workflow with blanks, and how its parameters fill them.
//!
//! A string that is exactly `{{name}}` becomes the parameter's value, typed as it is; `{{name}}` inside a longer string becomes its
//! text. Nothing else is replaced, and what is filled in is never read again, so a value cannot smuggle in another blank.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::definition::{Priority, TaskDefinition, WorkflowDefinition};
use crate::refusal::{Fault, Refusal};
use crate::text;
use crate::view::{ParameterView, TemplateView};

/// Characters of one text parameter: a path, a name, a paragraph.
pub const PARAMETER_CHARS_MAX: usize = 4_096;

/// The kinds of parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ParameterKind {
    /// Text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
}

impl ParameterKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            ParameterKind::String => "string",
            ParameterKind::Integer => "integer",
            ParameterKind::Number => "number",
            ParameterKind::Boolean => "boolean",
        }
    }

    /// What is wrong with a value of this kind, if anything is.
    fn fault(self, value: &Value) -> Option<String> {
        let fits = match self {
            ParameterKind::String => value.is_string(),
            ParameterKind::Integer => value.is_i64() || value.is_u64(),
            ParameterKind::Number => value.is_number(),
            ParameterKind::Boolean => value.is_boolean(),
        };
        if !fits {
            return Some(format!("must be of type {}", self.as_str()));
        }
        match value {
            Value::String(given) => text::paragraph(given, PARAMETER_CHARS_MAX).err(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// What a template has to be told.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Its name, as blanks call it: the key it stands under.
    #[serde(skip)]
    pub name: String,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// How a string is meant (`directory`: the path of a git repository on the server's machine).
    #[serde(default)]
    pub format: Option<String>,
    /// Its label.
    #[serde(default)]
    pub title: String,
    /// What it means.
    #[serde(default)]
    pub description: String,
    /// Whether it must be given.
    #[serde(default)]
    pub required: bool,
    /// What it is when not given.
    #[serde(default)]
    pub default: Option<Value>,
}

/// A workflow with blanks, as its file has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its id, lower case, as addresses have it.
    pub id: String,
    /// Rises with every change that makes another workflow of the same parameters.
    #[serde(default = "first_version")]
    pub version: u32,
    /// Its name.
    pub name: String,
    /// What a workflow made of it is called, with blanks; its own name when not given.
    #[serde(default)]
    pub title: Option<String>,
    /// One paragraph about it.
    #[serde(default)]
    pub description: String,
    /// What kind of workflow it makes.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// How much that matters.
    #[serde(default)]
    pub priority: Priority,
    /// What it has to be told, in the order of its file.
    #[serde(default, deserialize_with = "in_order")]
    pub parameters: Vec<Parameter>,
    /// Its tasks: each a task of a workflow, with blanks.
    pub tasks: Vec<Value>,
}

fn first_version() -> u32 {
    1
}

/// A mapping as a list, because its order is the order of a form.
fn in_order<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Parameter>, D::Error> {
    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Vec<Parameter>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("parameters by name")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vec<Parameter>, A::Error> {
            let mut parameters: Vec<Parameter> = Vec::new();
            while let Some((name, parameter)) = map.next_entry::<String, Parameter>()? {
                if parameters.iter().any(|before| before.name == name) {
                    return Err(A::Error::custom(format!("the parameter {name} is there twice")));
                }
                parameters.push(Parameter { name, ..parameter });
            }
            Ok(parameters)
        }
    }

    deserializer.deserialize_map(InOrder)
}

impl Template {
    /// The values its blanks are filled with: what was given, and the defaults of the rest. Every fault says where it is.
    pub fn values(&self, mut given: BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>, Refusal> {
        let mut faults = Vec::new();
        let mut fault =
            |name: &str, message: String| faults.push(Fault { pointer: format!("/parameters/{name}"), message });
        let mut values = BTreeMap::new();
        for parameter in &self.parameters {
            let value = given.remove(&parameter.name).filter(|value| !value.is_null() && !is_blank(value));
            match value.or_else(|| parameter.default.clone()) {
                None if parameter.required => fault(&parameter.name, "must be given".to_owned()),
                None => {
                    values.insert(parameter.name.clone(), Value::Null);
                }
                Some(value) => match parameter.kind.fault(&value) {
                    Some(message) => fault(&parameter.name, message),
                    None => {
                        values.insert(parameter.name.clone(), tidy(value));
                    }
                },
            }
        }
        for name in given.keys() {
            fault(name, "is no parameter of this template".to_owned());
        }
        if faults.is_empty() { Ok(values) } else { Err(Refusal::Invalid { faults }) }
    }

    /// The workflow it makes of these values. It is not yet checked as a whole: that is done where it is created.
    pub fn definition(&self, values: &BTreeMap<String, Value>) -> Result<WorkflowDefinition, Refusal> {
        let task = |(at, task): (usize, &Value)| {
            serde_json::from_value::<TaskDefinition>(filled(task, values))
                .map_err(|error| Refusal::fault(format!("/tasks/{at}"), error.to_string()))
        };
        Ok(WorkflowDefinition {
            name: self.title.as_deref().map_or_else(|| self.workflow_name(values), |title| interpolated(title, values)),
            kind: self.kind.clone(),
            description: self.description.clone(),
            priority: self.priority,
            deadline: None,
            template: Some(format!("{}@{}", self.id, self.version)),
            parameters: values.clone(),
            tasks: self.tasks.iter().enumerate().map(task).collect::<Result<_, _>>()?,
        })
    }

    /// Its own name, with the directory it is about: a list of ten health checks should say of what.
    fn workflow_name(&self, values: &BTreeMap<String, Value>) -> String {
        let directory = self.parameters.iter().find(|parameter| parameter.format.as_deref() == Some("directory"));
        let path = directory.and_then(|parameter| values.get(&parameter.name)).and_then(Value::as_str);
        match path.and_then(|path| path.trim_end_matches('/').rsplit('/').next()).filter(|name| !name.is_empty()) {
            Some(directory) => format!("{}: {directory}", self.name),
            None => self.name.clone(),
        }
    }

    /// As pages show it.
    pub fn view(&self) -> TemplateView {
        let text = |task: &Value, field: &str| task.get(field).and_then(Value::as_str).map(str::to_owned);
        let needs = |task: &Value| {
            let needs = task.get("needs").and_then(Value::as_array).into_iter().flatten();
            needs.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let task = |task: &Value| {
            let key = text(task, "key").unwrap_or_default();
            (key.clone(), text(task, "name").unwrap_or(key), needs(task))
        };
        TemplateView {
            id: self.id.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            parameters: self.parameters.iter().map(Parameter::view).collect(),
            tasks: self.tasks.iter().map(task).collect(),
        }
    }
}

impl Parameter {
    fn view(&self) -> ParameterView {
        ParameterView {
            name: self.name.clone(),
            title: if self.title.is_empty() { self.name.clone() } else { self.title.clone() },
            description: self.description.clone(),
            kind: self.kind.as_str().to_owned(),
            format: self.format.clone(),
            required: self.required,
            default: self.default.clone(),
        }
    }
}

/// A text field left empty is not given.
fn is_blank(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn tidy(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.trim().to_owned()),
        other => other,
    }
}

/// A value with its blanks filled, wherever they are in it.
fn filled(value: &Value, values: &BTreeMap<String, Value>) -> Value {
    match value {
        Value::String(text) => match whole_blank(text).and_then(|name| values.get(name)) {
            Some(value) => value.clone(),
            None => Value::String(interpolated(text, values)),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| filled(item, values)).collect()),
        Value::Object(fields) => {
            Value::Object(fields.iter().map(|(name, field)| (name.clone(), filled(field, values))).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

/// The name of the blank that a string is, if it is nothing else.
fn whole_blank(text: &str) -> Option<&str> {
    let name = text.strip_prefix("{{")?.strip_suffix("}}")?.trim();
    (!name.contains(['{', '}'])).then_some(name)
}

/// A string with the blanks in it filled; what names no parameter stays as it is.
fn interpolated(text: &str, values: &BTreeMap<String, Value>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("{{") {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = from.find("}}") else {
            out.push_str(from);
            return out;
        };
        match values.get(from[2..end].trim()) {
            Some(Value::String(value)) => out.push_str(value),
            Some(Value::Null) => {}
            Some(value) => out.push_str(&value.to_string()),
            None => out.push_str(&from[..end + 2]),
        }
        rest = &from[end + 2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template() -> Template {
        serde_json::from_value(json!({
            "id": "greet", "name": "Greet", "version": 2,
            "parameters": {
                "zeal": {"type": "integer", "default": 1},
                "path": {"type": "string", "format": "directory", "required": true},
                "loud": {"type": "boolean", "default": false}
            },
            "tasks": [{"key": "hello", "input": {"path": "{{path}}", "n": "{{ zeal }}", "loud": "{{loud}}", "text": "in {{path}} × {{zeal}} {{who}}"}}]
        }))
        .expect("a template")
    }

    fn given(value: Value) -> BTreeMap<String, Value> {
        serde_json::from_value(value).expect("an object")
    }

    #[test]
    fn a_blank_alone_takes_the_typed_value_and_one_in_a_text_its_text() {
        let template = template();
        let values = template.values(given(json!({"path": " /srv/squad/ ", "zeal": 3}))).expect("good");
        let made = template.definition(&values).expect("good");
        assert_eq!(
            made.tasks[0].input,
            json!({"path": "/srv/squad/", "n": 3, "loud": false, "text": "in /srv/squad/ × 3 {{who}}"})
        );
        assert_eq!(made.name, "Greet: squad");
        assert_eq!(made.template.as_deref(), Some("greet@2"));
        assert!(made.validated().is_ok());
    }

    #[test]
    fn a_value_cannot_smuggle_in_a_blank() {
        let template = template();
        let values = template.values(given(json!({"path": "{{zeal}} {{loud}}"}))).expect("good");
        let made = template.definition(&values).expect("good");
        assert_eq!(made.tasks[0].input["text"], "in {{zeal}} {{loud}} × 1 {{who}}");
    }

    #[test]
    fn every_wrong_parameter_is_named() {
        let refused = template().values(given(json!({"path": " ", "zeal": 1.5, "loud": "yes", "ghost": 1})));
        let Err(Refusal::Invalid { faults }) = refused else { panic!("not refused: {refused:?}") };
        let mut pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/parameters/ghost", "/parameters/loud", "/parameters/path", "/parameters/zeal"]);
    }

    #[test]
    fn parameters_keep_the_order_of_the_file() {
        let names: Vec<String> = template().view().parameters.into_iter().map(|parameter| parameter.name).collect();
        // serde_json sorts keys of a value; of a text it keeps them.
        let text = r#"{"id":"a","name":"A","parameters":{"z":{"type":"string"},"a":{"type":"string"}},"tasks":[]}"#;
        let read: Template = serde_json::from_str(text).expect("a template");
        assert_eq!(read.parameters.iter().map(|parameter| parameter.name.as_str()).collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!(names.len(), 3);
    }
}
