//! Templates that come with the server, and workflows read from text.

use anyhow::Context as _;
use devsquad::Refusal;
use devsquad::view::TemplateView;
use devsquad::workflow::WorkflowDefinition;
use devsquad::workflow::template::Template;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Bytes of a text that is imported.
pub const IMPORT_BYTES_MAX: usize = 256 * 1_024;

/// Brackets within brackets in a YAML text. Its scanner looks at every open one for each word, so a hundred thousand would keep a
/// core busy for a minute; a workflow needs a handful.
const BRACKETS_DEEP_MAX: usize = 128;

/// The files, by name, as they lie in `templates/`.
const BUILT_IN: [(&str, &str); 1] =
    [("project-health-check.yaml", include_str!("../../templates/project-health-check.yaml"))];

/// The templates on offer.
#[derive(Clone, Debug)]
pub struct Templates {
    all: Vec<Template>,
}

impl Templates {
    /// Those that come with the server.
    pub fn built_in() -> anyhow::Result<Templates> {
        let read = |(name, text): &(&str, &str)| {
            parse::<Template>(text)
                .map_err(|refusal| anyhow::anyhow!("{refusal}"))
                .with_context(|| format!("templates/{name}"))
        };
        Ok(Templates { all: BUILT_IN.iter().map(read).collect::<anyhow::Result<_>>()? })
    }

    /// The template of that id.
    pub fn get(&self, id: &str) -> Option<&Template> {
        self.all.iter().find(|template| template.id == id)
    }

    /// All of them, as pages show them.
    pub fn views(&self) -> Vec<TemplateView> {
        self.all.iter().map(Template::view).collect()
    }
}

/// A workflow from a YAML or JSON text. What does not fit says where it stands.
pub fn import(text: &str) -> Result<WorkflowDefinition, Refusal> {
    if text.len() > IMPORT_BYTES_MAX {
        return Err(Refusal::fault("", format!("is longer than {} KiB", IMPORT_BYTES_MAX / 1_024)));
    }
    if text.trim().is_empty() {
        return Err(Refusal::fault("", "is empty; paste a workflow in YAML or JSON"));
    }
    parse(text)
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Refusal> {
    if text.trim_start().starts_with('{') {
        let mut json = serde_json::Deserializer::from_str(text);
        let read = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| Refusal::fault(pointer(error.path()), error.inner().to_string()))?;
        json.end().map_err(|error| Refusal::fault("", error.to_string()))?;
        return Ok(read);
    }
    if brackets_deep(text) > BRACKETS_DEEP_MAX {
        return Err(Refusal::fault("", "has too many brackets within brackets"));
    }
    serde_path_to_error::deserialize(serde_yaml_ng::Deserializer::from_str(text)).map_err(|error| {
        let message = error.inner().to_string();
        // The path stands in the pointer; in the sentence the line is left.
        let own = message
            .split_once(": ")
            .filter(|(path, _)| *path == error.path().to_string())
            .map(|(_, rest)| rest.to_owned());
        Refusal::fault(pointer(error.path()), own.unwrap_or(message))
    })
}

/// How deep brackets stand within each other, those in quotes included: to be safe, not exact.
fn brackets_deep(text: &str) -> usize {
    let mut open = 0_usize;
    text.bytes().fold(0, |deepest, byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        deepest.max(open)
    })
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |mut out, segment| {
        match segment {
            Segment::Seq { index } => out.push_str(&format!("/{index}")),
            Segment::Map { key } => out.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn fault(text: &str) -> (String, String) {
        match import(text) {
            Err(Refusal::Invalid { faults }) => (faults[0].pointer.clone(), faults[0].message.clone()),
            other => panic!("not refused: {other:?}"),
        }
    }

    #[test]
    fn every_built_in_template_makes_a_workflow_that_holds_together() {
        let templates = Templates::built_in().expect("they can be read");
        for view in templates.views() {
            let template = templates.get(&view.id).expect("it is there");
            let given: BTreeMap<String, serde_json::Value> = view
                .parameters
                .iter()
                .filter(|parameter| parameter.required)
                .map(|parameter| match parameter.kind.as_str() {
                    "string" => (parameter.name.clone(), json!("/tmp/x")),
                    "boolean" => (parameter.name.clone(), json!(true)),
                    _ => (parameter.name.clone(), json!(1)),
                })
                .collect();
            let made = template.definition(&template.values(given).expect("good values")).expect("good tasks");
            assert_eq!(made.validated().map(|made| made.tasks.len()), Ok(view.tasks.len()), "{}", view.id);
        }
    }

    #[test]
    fn every_template_file_is_built_in() {
        let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/../templates");
        let mut files: Vec<String> = std::fs::read_dir(dir)
            .expect("the directory")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name.ends_with(".yaml"))
            .collect();
        files.sort();
        assert_eq!(files, BUILT_IN.map(|(name, _)| name));
    }

    /// The names of the fields a value is written with, against those its schema knows.
    fn assert_same_fields(written: &serde_json::Value, schema: &serde_json::Value) {
        let names =
            |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(written), names(&schema["properties"]));
    }

    #[test]
    fn the_published_schema_knows_every_field_and_limit() {
        use devsquad::workflow::definition::{
            ATTEMPTS_MAX, CHECKS_MAX, KEY_MAX, NAME_MAX, NEEDS_MAX, TASKS_MAX, TIMEOUT_S_MAX,
        };
        let schema = include_str!("../../docs/schema/workflow.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).expect("json");
        // Every field says something: what says nothing is not written.
        let workflow = import(
            "name: w\ntasks: [{key: a, type: t, needs: [b], edge: all_done, input: 1, skills: [{skill: x}], \
             checks: [{kind: approval, title: t, skill: s}]}, {key: b}]",
        );
        let written = serde_json::to_value(workflow.expect("good")).expect("json");
        let (task, defs) = (&written["tasks"][0], &schema["$defs"]);
        assert_same_fields(&written, &schema);
        assert_same_fields(task, &defs["task"]);
        assert_same_fields(&task["skills"][0], &defs["skill"]);
        assert_same_fields(&task["checks"][0], &defs["check"]);
        let of_task = &defs["task"]["properties"];
        assert_eq!(schema["properties"]["tasks"]["maxItems"], TASKS_MAX);
        assert_eq!(schema["properties"]["name"]["maxLength"], NAME_MAX);
        assert_eq!(of_task["key"]["maxLength"], KEY_MAX);
        assert_eq!(of_task["needs"]["maxItems"], NEEDS_MAX);
        assert_eq!(of_task["checks"]["maxItems"], CHECKS_MAX);
        assert_eq!(of_task["timeout_s"]["maximum"], TIMEOUT_S_MAX);
        assert_eq!(of_task["max_attempts"]["maximum"], ATTEMPTS_MAX);
        assert_eq!(of_task["timeout_s"]["default"], task["timeout_s"]);
        assert_eq!(of_task["max_attempts"]["default"], task["max_attempts"]);
    }

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml =
            import("name: w\ntasks:\n  - key: a\n  - {key: b, needs: [a], skills: [{skill: rust}]}\n").expect("yaml");
        let json =
            import(r#"{"name":"w","tasks":[{"key":"a"},{"key":"b","needs":["a"],"skills":[{"skill":"rust"}]}]}"#)
                .expect("json");
        assert_eq!(yaml, json);
        assert!(yaml.validated().is_ok());
    }

    #[test]
    fn a_fault_says_where_it_stands() {
        assert_eq!(fault("name: w\ntasks:\n  - key: a\n    timeout_s: soon\n").0, "/tasks/0/timeout_s");
        assert_eq!(fault(r#"{"name":"w","tasks":[{"key":"a","retries":3}]}"#).0, "/tasks/0/retries");
        assert_eq!(fault("name: w\ntasks:\n  - key: a\n    edge: sometimes\n").0, "/tasks/0/edge");
        assert_eq!(fault("").1, "is empty; paste a workflow in YAML or JSON");
        assert!(fault(r#"{"name":"w","tasks":[]} x"#).1.contains("trailing"));
    }

    #[test]
    fn a_text_made_to_explode_does_not() {
        let started = crate::clock::instant();
        let bomb = format!("a: &a [x]\n{}", (0..40).map(|n| format!("b{n}: &b{n} [*a,*a]\n")).collect::<String>());
        assert!(import(&bomb).is_err());
        let deep = format!("name: w\ntasks: {}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(import(&deep).is_err());
        for heap in [
            "- ".repeat(100_000),
            "? ".repeat(100_000),
            "a: ".repeat(50_000),
            "\"".repeat(200_000),
            "&a ".repeat(60_000),
        ] {
            assert!(import(&heap).is_err());
        }
        assert!(started.elapsed().as_secs() < 5, "it took {:?}", started.elapsed());
    }
}
