//! A workflow: in lists, and on its page.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ActivityLine, News, TaskView, fold};
use crate::agent::Skill;
use crate::id::{AgentId, TaskId, WorkflowId};
use crate::workflow::task::TaskStatus;
use crate::workflow::{Priority, WorkflowStatus};

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
