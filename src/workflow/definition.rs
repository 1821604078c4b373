//! What a workflow is asked to be: the form it is sent in, and whether it holds together.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Display;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::checks::CheckpointRule;
use super::graph;
use crate::agent::skill::{LEVEL_MAX, SkillNeed};
use crate::messaging::wording;
use crate::refusal::{Fault, Refusal};
use crate::text;

/// Tasks in one workflow: the graph still draws, a snapshot stays small, one creation fits one transaction.
pub const TASKS_MAX: usize = 10_000;
/// Dependencies of one task.
pub const NEEDS_MAX: usize = 1_000;
/// Characters in a name.
pub const NAME_MAX: usize = 200;
/// Characters in a key: it stands in urls and chat commands.
pub const KEY_MAX: usize = 100;
/// Characters in a description.
pub const DESCRIPTION_MAX: usize = 5_000;
/// Skills asked of one agent.
pub const SKILL_NEEDS_MAX: usize = 16;
/// Checkpoints on one task.
pub const CHECKS_MAX: usize = 8;
/// Attempts at one task before it is given up.
pub const ATTEMPTS_MAX: u32 = 100;
/// Seconds one attempt may take: a week.
pub const TIMEOUT_S_MAX: u32 = 7 * 24 * 3_600;
/// Bytes of one task's input as JSON.
pub const INPUT_BYTES_MAX: usize = 256 * 1_024;
/// Faults listed in one answer; a thousand would help nobody.
const FAULTS_MAX: usize = 20;

/// How much a workflow matters, by name on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// When nothing else waits.
    Low,
    /// As it comes.
    #[default]
    Normal,
    /// Before the normal.
    High,
    /// Before everything.
    Urgent,
}

impl Priority {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::High => "high",
            Priority::Urgent => "urgent",
        }
    }

    /// The priority of that name, if there is one.
    pub fn parse(name: &str) -> Option<Priority> {
        [Priority::Low, Priority::Normal, Priority::High, Priority::Urgent].into_iter().find(|p| p.as_str() == name)
    }
}

/// What an edge asks of the tasks before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// All must have completed.
    #[default]
    AllSucceeded,
    /// All must have ended, however.
    AllDone,
    /// One completed is enough.
    AnySucceeded,
}

impl EdgeKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            EdgeKind::AllSucceeded => "all_succeeded",
            EdgeKind::AllDone => "all_done",
            EdgeKind::AnySucceeded => "any_succeeded",
        }
    }

    /// Whether it asks what edges ask of which nothing is said.
    fn is_all_succeeded(&self) -> bool {
        *self == EdgeKind::AllSucceeded
    }
}

/// One task as sent. Written down, what says nothing is left out: a quarter of what the journal keeps of a creation. Figures are
/// always there, for what they are when nothing is said may change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskDefinition {
    /// Its key, unique in the workflow; other tasks name it in `needs`.
    pub key: String,
    /// Its name for people; the key when not given.
    #[serde(default)]
    pub name: String,
    /// What kind of work it is; agents read it to know what to do.
    #[serde(default, rename = "type", skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// Keys of the tasks it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// What it asks of them.
    #[serde(default, skip_serializing_if = "EdgeKind::is_all_succeeded")]
    pub edge: EdgeKind,
    /// Skills the agent must have.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<SkillNeed>,
    /// What the agent is given.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub input: Value,
    /// Seconds one attempt may take.
    #[serde(default = "default_timeout_s")]
    pub timeout_s: u32,
    /// Attempts before it is given up.
    #[serde(default = "default_max_attempts")]
    pub max_attempts: u32,
    /// Checkpoints its result has to pass.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckpointRule>,
}

fn default_timeout_s() -> u32 {
    3_600
}

fn default_max_attempts() -> u32 {
    3
}

/// A workflow as sent: the body of `POST /api/v1/workflows`, and what a template gives when its parameters are in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkflowDefinition {
    /// Its name.
    pub name: String,
    /// What kind of workflow it is.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// One paragraph for people.
    #[serde(default)]
    pub description: String,
    /// How much it matters.
    #[serde(default)]
    pub priority: Priority,
    /// When it must have ended.
    #[serde(with = "crate::wire_time::optional", default)]
    pub deadline: Option<Timestamp>,
    /// The template it was made from.
    #[serde(default)]
    pub template: Option<String>,
    /// The parameters the template was given.
    #[serde(default)]
    pub parameters: BTreeMap<String, Value>,
    /// Its tasks.
    pub tasks: Vec<TaskDefinition>,
}

impl WorkflowDefinition {
    /// Tidies names and checks that the whole holds together. Every fault says where it is; a cycle is named.
    pub fn validated(mut self) -> Result<WorkflowDefinition, Refusal> {
        let mut faults = Faults::default();
        self.name = faults.text("/name", &self.name, NAME_MAX);
        self.kind = faults.optional_text("/type", &self.kind, KEY_MAX);
        self.description = faults.optional_text("/description", &self.description, DESCRIPTION_MAX);
        for (name, value) in &self.parameters {
            faults.value(format_args!("/parameters/{}", escape(name)), value);
        }
        if self.tasks.is_empty() {
            faults.push("/tasks", wording::no_tasks());
        }
        if self.tasks.len() > TASKS_MAX {
            faults.push("/tasks", wording::too_many("tasks", TASKS_MAX));
            return faults.refuse(self);
        }
        for (at, task) in self.tasks.iter_mut().enumerate() {
            faults.task(at, task);
        }
        faults.references(&self.tasks);
        if faults.is_empty()
            && let Some(cycle) = graph::find_cycle(&graph::indices(&self.tasks))
        {
            let keys: Vec<&str> = cycle.iter().map(|at| self.tasks[*at as usize].key.as_str()).collect();
            let first = cycle.first().copied().unwrap_or_default();
            faults.push(format_args!("/tasks/{first}/needs"), wording::cycle(&keys));
        }
        faults.refuse(self)
    }
}

/// The faults found so far.
#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place is put into words only where something is wrong: nearly always nothing is.
    fn push(&mut self, pointer: impl Display, message: impl Into<String>) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(Fault { pointer: pointer.to_string(), message: message.into() });
        }
    }

    fn refuse<T>(self, good: T) -> Result<T, Refusal> {
        if self.0.is_empty() { Ok(good) } else { Err(Refusal::Invalid { faults: self.0 }) }
    }

    fn text(&mut self, pointer: impl Display, given: &str, max: usize) -> String {
        match text::line(given, max) {
            Ok(clean) => clean,
            Err(why) => {
                self.push(pointer, why);
                String::new()
            }
        }
    }

    fn optional_text(&mut self, pointer: impl Display, given: &str, max: usize) -> String {
        if given.is_empty() { String::new() } else { self.paragraph(pointer, given, max) }
    }

    fn paragraph(&mut self, pointer: impl Display, given: &str, max: usize) -> String {
        match text::paragraph(given, max) {
            Ok(clean) => clean,
            Err(why) => {
                self.push(pointer, why);
                String::new()
            }
        }
    }

    fn value(&mut self, pointer: impl Display, value: &Value) {
        if let Err((inside, why)) = text::storable(value) {
            self.push(format_args!("{pointer}{inside}"), why);
        }
    }

    fn task(&mut self, at: usize, task: &mut TaskDefinition) {
        let here = format_args!("/tasks/{at}");
        match (text::key(&task.key, KEY_MAX), task.name.is_empty()) {
            (Err(why), _) => self.push(format_args!("{here}/key"), why),
            (Ok(()), true) => task.name.clone_from(&task.key),
            (Ok(()), false) => task.name = self.text(format_args!("{here}/name"), &task.name, NAME_MAX),
        }
        task.kind = self.optional_text(format_args!("{here}/type"), &task.kind, KEY_MAX);
        self.value(format_args!("{here}/input"), &task.input);
        if task.input.to_string().len() > INPUT_BYTES_MAX {
            self.push(format_args!("{here}/input"), wording::too_long("input", INPUT_BYTES_MAX, "bytes"));
        }
        self.range(format_args!("{here}/timeout_s"), task.timeout_s, TIMEOUT_S_MAX);
        self.range(format_args!("{here}/max_attempts"), task.max_attempts, ATTEMPTS_MAX);
        self.count(format_args!("{here}/needs"), "needs", task.needs.len(), NEEDS_MAX);
        self.count(format_args!("{here}/checks"), "checks", task.checks.len(), CHECKS_MAX);
        self.count(format_args!("{here}/skills"), "skills", task.skills.len(), SKILL_NEEDS_MAX);
        for (nth, need) in task.skills.iter().enumerate() {
            self.skill(format_args!("{here}/skills/{nth}"), &need.skill, need.level);
        }
        for (nth, check) in task.checks.iter_mut().enumerate() {
            let there = format_args!("{here}/checks/{nth}");
            if let Some(title) = &check.title {
                check.title = Some(self.text(format_args!("{there}/title"), title, NAME_MAX));
            }
            if let Some(skill) = &check.skill {
                self.skill(there, skill, 1);
            }
        }
    }

    fn skill(&mut self, pointer: impl Display, skill: &str, level: u8) {
        if let Err(why) = text::key(skill, KEY_MAX) {
            self.push(format_args!("{pointer}/skill"), why);
        }
        self.range(format_args!("{pointer}/level"), u32::from(level), u32::from(LEVEL_MAX));
    }

    fn range(&mut self, pointer: impl Display, given: u32, max: u32) {
        if given == 0 || given > max {
            self.push(pointer, wording::out_of_range(1, u64::from(max)));
        }
    }

    fn count(&mut self, pointer: impl Display, noun: &str, given: usize, max: usize) {
        if given > max {
            self.push(pointer, wording::too_many(noun, max));
        }
    }

    /// Keys are unique; every need names another task, once.
    fn references(&mut self, tasks: &[TaskDefinition]) {
        let mut seen: HashMap<&str, usize> = HashMap::new();
        for (at, task) in tasks.iter().enumerate() {
            if let Some(first) = seen.insert(&task.key, at) {
                self.push(format_args!("/tasks/{at}/key"), wording::duplicate_key(&task.key, first));
            }
        }
        for (at, task) in tasks.iter().enumerate() {
            let mut named: HashMap<&str, ()> = HashMap::new();
            for (nth, need) in task.needs.iter().enumerate() {
                let pointer = format_args!("/tasks/{at}/needs/{nth}");
                if !seen.contains_key(need.as_str()) {
                    self.push(pointer, wording::unknown_key(need));
                } else if named.insert(need, ()).is_some() {
                    self.push(pointer, wording::repeated_need(need));
                }
            }
        }
    }
}

/// A JSON pointer segment (RFC 6901).
fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn define(tasks: Value) -> Result<WorkflowDefinition, Refusal> {
        serde_json::from_value::<WorkflowDefinition>(json!({"name": "w", "tasks": tasks}))
            .expect("the form")
            .validated()
    }

    fn faults(tasks: Value) -> Vec<(String, String)> {
        match define(tasks) {
            Err(Refusal::Invalid { faults }) => faults.into_iter().map(|f| (f.pointer, f.message)).collect(),
            other => panic!("not refused as invalid: {other:?}"),
        }
    }

    #[test]
    fn a_cycle_is_named_in_order() {
        let found = faults(json!([
            {"key": "a", "needs": ["c"]}, {"key": "b", "needs": ["a"]}, {"key": "c", "needs": ["b"]}, {"key": "d"}
        ]));
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("a → b → c → a"), "{}", found[0].1);
    }

    #[test]
    fn a_task_cannot_wait_for_itself() {
        assert!(faults(json!([{"key": "a", "needs": ["a"]}]))[0].1.contains("a → a"));
    }

    #[test]
    fn every_fault_says_where_it_is() {
        let found = faults(json!([
            {"key": "a", "needs": ["ghost"], "timeout_s": 0}, {"key": "a"}, {"key": "b\u{0}"}, {"key": "c", "name": "\u{0}"},
            {"key": "d", "input": {"x/y": ["\u{0}"]}}
        ]));
        let pointers: Vec<&str> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(
            pointers,
            [
                "/tasks/0/timeout_s",
                "/tasks/2/key",
                "/tasks/3/name",
                "/tasks/4/input/x~1y/0",
                "/tasks/1/key",
                "/tasks/0/needs/0"
            ]
        );
    }

    #[test]
    fn ten_thousand_tasks_are_the_most() {
        let tasks = |n: usize| Value::Array((0..n).map(|i| json!({"key": format!("t{i}")})).collect());
        assert!(define(tasks(TASKS_MAX)).is_ok());
        assert_eq!(faults(tasks(TASKS_MAX + 1))[0].0, "/tasks");
    }

    #[test]
    fn names_fall_back_to_keys() {
        assert_eq!(define(json!([{"key": "a"}])).expect("good").tasks[0].name, "a");
    }

    #[test]
    fn what_says_nothing_is_not_written_and_read_as_nothing() {
        let full = json!([
            {"key": "a", "type": "x", "edge": "all_done", "skills": [{"skill": "s", "level": 2}], "input": {"n": null},
             "checks": [{"kind": "peer_review"}], "timeout_s": 5, "max_attempts": 1},
            {"key": "b", "needs": ["a"]}
        ]);
        let defined = define(full).expect("good");
        let written = serde_json::to_value(&defined.tasks).expect("JSON");
        assert_eq!(
            written[1],
            json!({"key": "b", "name": "b", "needs": ["a"], "timeout_s": default_timeout_s(), "max_attempts": default_max_attempts()})
        );
        let read: Vec<TaskDefinition> = serde_json::from_value(written).expect("the form");
        assert_eq!(read, defined.tasks);
    }
}
