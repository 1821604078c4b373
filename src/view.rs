//! What pages show: flat, ready to draw, and kept current in the browser by folding news into it.

pub mod chat;
mod fold;
mod news;

pub use fold::activity;
pub use news::News;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actor::Role;
use crate::agent::{Presence, Skill, SkillNeed};
use crate::id::{AgentId, AttemptId, CheckpointId, ProjectId, QuestionId, TaskId, UserId, WorkflowId};
use crate::scheduling::Fit;
use crate::workflow::checks::{CheckpointKind, CheckpointRule};
use crate::workflow::task::TaskStatus;
use crate::workflow::{EdgeKind, Priority, WorkflowStatus};

/// Who is signed in, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role in this organization.
    pub role: Role,
    /// The organization's name.
    pub organization: String,
    /// The project new work goes to.
    pub project: ProjectId,
    /// The project's name.
    pub project_name: String,
    /// Whether the first-run wizard has been finished or skipped.
    pub welcomed: bool,
}

/// An agent in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentRef {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
}

/// A line in the list of workflows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowSummary {
    /// Its id.
    pub id: WorkflowId,
    /// Its name.
    pub name: String,
    /// What kind of workflow it is.
    pub kind: String,
    /// Where it stands.
    pub status: WorkflowStatus,
    /// How much it matters.
    pub priority: Priority,
    /// Why it is paused or ended.
    pub reason: Option<String>,
    /// The template it was made from.
    pub template: Option<String>,
    /// How many of its tasks are in each status, only those that occur, in the order of a life.
    pub counts: Vec<(TaskStatus, u32)>,
    /// When it must have ended.
    #[serde(with = "crate::wire_time::optional", default)]
    pub deadline: Option<Timestamp>,
    /// When it was created.
    #[serde(with = "crate::wire_time")]
    pub created_at: Timestamp,
    /// When it ended.
    #[serde(with = "crate::wire_time::optional", default)]
    pub completed_at: Option<Timestamp>,
}

impl WorkflowSummary {
    /// How many tasks are in a status.
    pub fn count(&self, status: TaskStatus) -> u32 {
        self.counts.iter().find(|(of, _)| *of == status).map_or(0, |(_, n)| *n)
    }

    /// How many tasks there are.
    pub fn total(&self) -> u32 {
        self.counts.iter().map(|(_, n)| n).sum()
    }

    /// How many have ended, however.
    pub fn ended(&self) -> u32 {
        self.counts.iter().filter(|(status, _)| status.is_terminal()).map(|(_, n)| n).sum()
    }
}

/// One page of the list of workflows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkflowPage {
    /// The lines, newest first.
    pub workflows: Vec<WorkflowSummary>,
    /// How many match in all.
    pub total: u64,
    /// The journal entry they are true at.
    pub seq: u64,
}

/// What the list of workflows is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkflowFilter {
    /// Only this status.
    pub status: Option<WorkflowStatus>,
    /// Only names that contain this, whatever the case.
    pub text: Option<String>,
    /// Which page, from 0.
    pub page: u32,
}

/// Lines on one page of the list of workflows.
pub const WORKFLOWS_PER_PAGE: u32 = 50;

/// The run page: one workflow, whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowView {
    /// Name, status and counts.
    pub summary: WorkflowSummary,
    /// One paragraph about it.
    pub description: String,
    /// The parameters its template was given.
    pub parameters: Vec<(String, Value)>,
    /// Who created it, by name.
    pub created_by: String,
    /// Its tasks, in the order given.
    pub tasks: Vec<TaskView>,
    /// Who could work on them.
    pub members: Vec<Member>,
    /// The newest events, newest first.
    pub activity: Vec<ActivityLine>,
    /// The journal entry it is true at: what comes after is folded in.
    pub seq: u64,
}

/// An agent, as far as a run has to know it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// What it can do.
    pub skills: Vec<Skill>,
}

impl WorkflowView {
    /// The task of that id.
    pub fn task(&self, id: TaskId) -> Option<&TaskView> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// Folds one piece of news in. They must come in the order of their `seq`; one that was folded in already is left out.
    /// Returns whether anything changed. `names` gives an agent's name.
    pub fn fold(&mut self, news: &News, names: &dyn Fn(AgentId) -> Option<String>) -> bool {
        fold::workflow(self, news, names)
    }
}

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

/// One line of a feed of activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityLine {
    /// Its place in the journal.
    pub seq: u64,
    /// When.
    #[serde(with = "crate::wire_time")]
    pub at: Timestamp,
    /// What happened, as a sentence.
    pub text: String,
    /// The event's name on the wire.
    pub kind: String,
    /// How loud it is, by name.
    pub severity: String,
    /// The workflow it is about.
    pub workflow: Option<WorkflowId>,
    /// The task it is about.
    pub task: Option<TaskId>,
}

/// An agent on the roster.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentSummary {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// One sentence about it.
    pub description: String,
    /// `http` or `exec`.
    pub adapter: String,
    /// What it can do.
    pub skills: Vec<Skill>,
    /// Whether it can be given work.
    pub presence: Presence,
    /// Leases it may hold.
    pub capacity: u32,
    /// Leases it holds.
    pub live: u32,
    /// Results accepted.
    pub accepted: u32,
    /// Results sent back.
    pub rejected: u32,
    /// Attempts failed.
    pub failed: u32,
    /// When it was last heard of.
    #[serde(with = "crate::wire_time")]
    pub last_seen_at: Timestamp,
    /// What it works on now.
    pub current: Vec<TaskLink>,
}

/// A task in a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskLink {
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its workflow's name.
    pub workflow_name: String,
    /// The task.
    pub task: TaskId,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub status: TaskStatus,
}

/// An agent's profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgentView {
    /// Who it is.
    pub summary: AgentSummary,
    /// What an hour of it costs.
    pub cost_per_hour: Option<f64>,
    /// When it joined.
    #[serde(with = "crate::wire_time")]
    pub created_at: Timestamp,
    /// Its newest attempts, newest first.
    pub history: Vec<(TaskLink, AttemptView)>,
    /// The journal entry it is true at.
    pub seq: u64,
}

/// Something that waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NeedView {
    /// The open checkpoint.
    pub checkpoint: CheckpointView,
    /// The task it is about.
    pub task: TaskLink,
    /// Who made the result.
    pub author: Option<AgentRef>,
    /// Why earlier checks of the same result were passed.
    pub earlier: Vec<CheckpointView>,
    /// Files to look at.
    pub artifacts: Vec<ArtifactView>,
}

/// Everything that waits for a person, each oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NeedsView {
    /// Results that have to be decided on.
    pub decisions: Vec<NeedView>,
    /// What agents ask.
    pub questions: Vec<AskedView>,
}

/// A question of an agent that waits for a person's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AskedView {
    /// The question.
    pub question: QuestionView,
    /// What is asked.
    pub text: String,
    /// Who asks.
    pub agent: Option<AgentRef>,
    /// The task it is about.
    pub task: TaskLink,
    /// When it was asked.
    #[serde(with = "crate::wire_time")]
    pub asked_at: Timestamp,
}

/// The overview.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DashboardView {
    /// Workflows that run or are paused.
    pub active_workflows: u32,
    /// Tasks an agent works on.
    pub tasks_running: u32,
    /// Tasks that wait for an agent.
    pub tasks_ready: u32,
    /// Tasks completed in the last 24 hours.
    pub completed_today: u32,
    /// Agents that can be reached.
    pub agents_online: u32,
    /// Agents in all.
    pub agents_total: u32,
    /// The workflows that run, and the latest that ended.
    pub workflows: Vec<WorkflowSummary>,
    /// What waits for a person, oldest first.
    pub needs: Vec<NeedView>,
    /// The agents.
    pub agents: Vec<AgentSummary>,
    /// The newest events, newest first.
    pub activity: Vec<ActivityLine>,
    /// The journal entry it is true at.
    pub seq: u64,
}

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

/// A member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonView {
    /// The person.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// When they were last signed in.
    #[serde(with = "crate::wire_time::optional", default)]
    pub last_seen_at: Option<Timestamp>,
}

/// An open invitation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvitationView {
    /// Whom it is for.
    pub email: String,
    /// The role it gives.
    pub role: Role,
    /// Until when it can be taken.
    #[serde(with = "crate::wire_time")]
    pub expires_at: Timestamp,
}
