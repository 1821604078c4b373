//! What a workflow can be made from.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A template on offer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TemplateView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// One paragraph about it.
    pub description: String,
    /// What it has to be told.
    pub parameters: Vec<ParameterView>,
    /// Its tasks: key, name, needs.
    pub tasks: Vec<(String, String, Vec<String>)>,
}

/// One parameter of a template.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ParameterView {
    /// Its name.
    pub name: String,
    /// Its label.
    pub title: String,
    /// What it means.
    pub description: String,
    /// `string`, `integer`, `number` or `boolean`.
    pub kind: String,
    /// How a string is meant (`directory`).
    pub format: Option<String>,
    /// Whether it must be given.
    pub required: bool,
    /// What it is when not given.
    pub default: Option<Value>,
}
