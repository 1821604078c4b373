//! A task: in its graph, and on its page, with what was made and said of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AgentRef, ConflictView};
use crate::agent::SkillNeed;
use crate::id::{AttemptId, CheckpointId, QuestionId, TaskId, WorkflowId};
use crate::scheduling::Fit;
use crate::workflow::EdgeKind;
use crate::workflow::checks::{CheckpointKind, CheckpointRule};
use crate::workflow::task::TaskStatus;

/// One task on the run page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskView {
    /// Its id.
    pub id: TaskId,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What kind of work it is.
    pub kind: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Keys of the tasks it needs.
    pub needs: Vec<String>,
    /// What it asks of them.
    pub edge: EdgeKind,
    /// Skills the agent must have.
    pub skills: Vec<SkillNeed>,
    /// Checkpoints its result has to pass.
    pub checks: Vec<CheckpointRule>,
    /// Who works on it, or did last.
    pub agent: Option<AgentRef>,
    /// Percent done.
    pub progress: u8,
    /// What the agent says it is doing, or why the task ended as it did.
    pub note: String,
    /// Attempts begun which count against those allowed.
    pub attempts_used: u32,
    /// Attempts allowed.
    pub max_attempts: u32,
    /// Whether a result was handed in before: what is asked for now is rework.
    pub handed_in: bool,
    /// Until when it waits before it is tried again.
    #[serde(with = "crate::wire_time::optional", default)]
    pub not_before: Option<Timestamp>,
    /// When it became ready.
    #[serde(with = "crate::wire_time::optional", default)]
    pub ready_at: Option<Timestamp>,
    /// When its first attempt began.
    #[serde(with = "crate::wire_time::optional", default)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(with = "crate::wire_time::optional", default)]
    pub completed_at: Option<Timestamp>,
    /// The checkpoint that waits for a decision, if one does.
    pub open_checkpoint: Option<CheckpointId>,
    /// For whom a person keeps it, if for anybody.
    pub kept_for: Option<AgentRef>,
    /// The question that waits for an answer, if one does; its text is the note.
    pub question: Option<QuestionView>,
}

/// A question that waits for an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionView {
    /// Its id.
    pub id: QuestionId,
    /// Answers to choose from; others are welcome too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// Everything about one task, for the inspector and the task page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskDetail {
    /// The task.
    pub task: TaskView,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its workflow's name.
    pub workflow_name: String,
    /// What the agent was given.
    pub input: Value,
    /// The accepted or handed-in result, unless it is a text.
    pub output: Option<Value>,
    /// The accepted or handed-in result, if it is a text.
    pub text: Option<Text>,
    /// Its attempts, newest first.
    pub attempts: Vec<AttemptView>,
    /// Its checkpoints, newest first.
    pub checkpoints: Vec<CheckpointView>,
    /// What agents disagree about, or did, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<ConflictView>,
    /// Files it handed in, newest attempt first.
    pub artifacts: Vec<ArtifactView>,
    /// The newest lines of the newest attempt's log, oldest first.
    pub log: Vec<LogLine>,
    /// The journal entry it is true at.
    pub seq: u64,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AttemptView {
    /// Its id.
    pub id: AttemptId,
    /// Who.
    pub agent: AgentRef,
    /// `work` or `review`.
    pub purpose: String,
    /// Its fence.
    pub fence: u64,
    /// `running`, or how it ended.
    pub status: String,
    /// Why it ended.
    pub reason: Option<String>,
    /// What was said about it.
    pub message: Option<String>,
    /// Why this agent.
    pub fit: Option<Fit>,
    /// When it began.
    #[serde(with = "crate::wire_time")]
    pub leased_at: Timestamp,
    /// When it ended.
    #[serde(with = "crate::wire_time::optional", default)]
    pub ended_at: Option<Timestamp>,
}

/// One quality checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointView {
    /// Its id.
    pub id: CheckpointId,
    /// What kind.
    pub kind: CheckpointKind,
    /// What is asked.
    pub title: String,
    /// `pending`, `passed`, `failed` or `cancelled`.
    pub status: String,
    /// Which round of work it examines.
    pub round: u32,
    /// Who decided, by name.
    pub decided_by: Option<String>,
    /// Why.
    pub note: Option<String>,
    /// When it was opened.
    #[serde(with = "crate::wire_time")]
    pub created_at: Timestamp,
    /// When it was decided.
    #[serde(with = "crate::wire_time::optional", default)]
    pub decided_at: Option<Timestamp>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArtifactView {
    /// Its id.
    pub id: uuid::Uuid,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Where it can be had.
    pub href: String,
    /// Its text, where it is Markdown or plain text of at most `PREVIEW_BYTES_MAX` and this is wanted.
    pub text: Option<Text>,
}

/// A text from an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// As it was written.
    Plain(String),
    /// Elements of our own which the server made of Markdown: it can neither run nor load anything.
    Html(String),
}

/// Bytes of a file shown in place; more is downloaded.
pub const PREVIEW_BYTES_MAX: u64 = 256 * 1_024;

/// One line of an attempt's log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number, from 1.
    pub line_no: u32,
    /// When it was written.
    #[serde(with = "crate::wire_time")]
    pub at: Timestamp,
    /// The line.
    pub line: String,
}
