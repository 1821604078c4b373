//! One workflow: a live DAG of tasks, and where it stands.

pub mod checks;
pub mod conflict;
pub mod definition;
pub mod graph;
pub mod layout;
pub mod question;
pub mod task;
pub mod template;
pub mod waiting;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actor::Actor;
use crate::id::{ProjectId, TaskId, WorkflowId};
pub use checks::{CheckpointKind, CheckpointRule};
pub use definition::{EdgeKind, Priority, TaskDefinition, WorkflowDefinition};
pub use task::{Lease, Stage, Submission, Task, TaskState};

/// Where a workflow stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkflowStatus {
    /// Tasks are given out.
    Running,
    /// Nothing new starts; what runs may finish.
    Paused,
    /// Every task ended well.
    Completed,
    /// A task failed for good and nothing more can run.
    Failed,
    /// The deadline passed first.
    TimedOut,
    /// A person ended it.
    Cancelled,
}

impl WorkflowStatus {
    /// Every status, in the order of a life.
    pub const ALL: [WorkflowStatus; 6] = [
        WorkflowStatus::Running,
        WorkflowStatus::Paused,
        WorkflowStatus::Completed,
        WorkflowStatus::Failed,
        WorkflowStatus::TimedOut,
        WorkflowStatus::Cancelled,
    ];

    /// Whether it has ended.
    pub fn is_terminal(self) -> bool {
        match self {
            WorkflowStatus::Running | WorkflowStatus::Paused => false,
            WorkflowStatus::Completed
            | WorkflowStatus::Failed
            | WorkflowStatus::TimedOut
            | WorkflowStatus::Cancelled => true,
        }
    }

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            WorkflowStatus::Running => "running",
            WorkflowStatus::Paused => "paused",
            WorkflowStatus::Completed => "completed",
            WorkflowStatus::Failed => "failed",
            WorkflowStatus::TimedOut => "timed_out",
            WorkflowStatus::Cancelled => "cancelled",
        }
    }

    /// The status of that name, if there is one.
    pub fn parse(name: &str) -> Option<WorkflowStatus> {
        WorkflowStatus::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// A workflow as the engine holds it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workflow {
    /// Its id.
    pub id: WorkflowId,
    /// The work area it belongs to.
    pub project: ProjectId,
    /// Its name, description, priority and deadline as given. `tasks` is emptied: they live in `tasks` below.
    pub definition: WorkflowDefinition,
    /// Where it stands.
    pub status: WorkflowStatus,
    /// Why it is paused or ended, where somebody said so.
    pub reason: Option<String>,
    /// Its tasks, in the order given.
    pub tasks: Vec<Task>,
    /// For every task, the tasks that wait for it.
    pub children: Vec<Vec<u32>>,
    /// Tasks that have not ended.
    pub open: u32,
    /// Who created it.
    pub created_by: Actor,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it ended.
    pub completed_at: Option<Timestamp>,
}

impl Workflow {
    /// Builds the live workflow from its validated definition. `ids` names one task each, in the same order.
    pub fn create(
        id: WorkflowId,
        project: ProjectId,
        mut definition: WorkflowDefinition,
        ids: &[TaskId],
        created_by: Actor,
        now: Timestamp,
    ) -> Workflow {
        let given = std::mem::take(&mut definition.tasks);
        let needs = graph::indices(&given);
        let children = graph::children(&needs);
        let ranks = graph::ranks(&children);
        let tasks: Vec<Task> = given
            .into_iter()
            .zip(needs)
            .zip(ids.iter().zip(ranks))
            .map(|((task, needs), (id, rank))| Task::create(*id, task, needs, rank))
            .collect();
        let open = u32::try_from(tasks.len()).unwrap_or(u32::MAX);
        Workflow {
            id,
            project,
            definition,
            status: WorkflowStatus::Running,
            reason: None,
            tasks,
            children,
            open,
            created_by,
            created_at: now,
            completed_at: None,
        }
    }

    /// The position of a task.
    pub fn position(&self, task: TaskId) -> Option<u32> {
        self.tasks.iter().position(|candidate| candidate.id == task).and_then(|at| u32::try_from(at).ok())
    }

    /// The task at a position.
    pub fn task(&self, at: u32) -> &Task {
        &self.tasks[at as usize]
    }
}
