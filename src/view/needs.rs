//! What waits for a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AgentRef, ArtifactView, CheckpointView, DisputeView, QuestionView};
use crate::id::{TaskId, WorkflowId};
use crate::workflow::task::TaskStatus;

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
    /// What agents cannot agree about.
    #[serde(default)]
    pub conflicts: Vec<DisputeView>,
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
