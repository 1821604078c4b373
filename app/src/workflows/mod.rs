//! Workflows: the list, the run page, the page of one task.

pub mod api;
mod decision;
mod dispute;
mod inspector;
mod list;
mod run;
pub mod status;
mod task_page;

pub(crate) use dispute::Dispute;
pub(crate) use inspector::Inspector;
pub use list::WorkflowsPage;
pub use run::RunPage;
pub(crate) use run::{Places, Run};
pub use task_page::TaskPage;

use devsquad::id::{TaskId, WorkflowId};

/// Where a workflow's run page is.
pub fn run_href(workflow: WorkflowId) -> String {
    format!("/orchestration/workflows/{workflow}")
}

/// Where a task's page is.
pub fn task_href(workflow: WorkflowId, task: TaskId) -> String {
    format!("/orchestration/workflows/{workflow}/tasks/{task}")
}

/// "1 task", "3 tasks".
fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}
