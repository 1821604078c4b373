//! The server functions of the workflow pages: each asks the one port, and nothing else.
#![expect(missing_docs, reason = "the macro makes a struct of each function whose fields are the arguments")]

use devsquad::id::{TaskId, WorkflowId};
use devsquad::view::{TaskDetail, WorkflowFilter, WorkflowPage, WorkflowView};
#[cfg(feature = "ssr")]
use devsquad::{Answer, Command, workflow::task::TaskStatus};
use leptos::prelude::*;

#[cfg(feature = "ssr")]
use crate::backend::backend;
use crate::error::Failure;
#[cfg(feature = "ssr")]
use crate::ui::flash::{self, Fields};

/// One page of the list.
#[server(output = crate::wire::Json)]
pub async fn get_workflows(filter: WorkflowFilter) -> Result<WorkflowPage, Failure> {
    backend()?.workflows(filter).await
}

/// One workflow.
#[server(output = crate::wire::Json)]
pub async fn get_workflow(id: WorkflowId) -> Result<WorkflowView, Failure> {
    backend()?.workflow(id).await
}

/// One task, with everything about it.
#[server(output = crate::wire::Json)]
pub async fn get_task(workflow: WorkflowId, task: TaskId) -> Result<TaskDetail, Failure> {
    backend()?.task(workflow, task).await
}

/// The form of the run controls.
pub const FORM: &str = "run";

/// Lets nothing new start.
#[server(output = crate::wire::Json)]
pub async fn pause_workflow(workflow: WorkflowId, #[server(default)] reason: String) -> Result<(), Failure> {
    told(backend()?.perform(Command::PauseWorkflow { workflow, reason }).await)
}

/// Gives out tasks again.
#[server(output = crate::wire::Json)]
pub async fn resume_workflow(workflow: WorkflowId) -> Result<(), Failure> {
    told(backend()?.perform(Command::ResumeWorkflow { workflow }).await)
}

/// Ends a workflow.
#[server(output = crate::wire::Json)]
pub async fn cancel_workflow(workflow: WorkflowId, #[server(default)] reason: String) -> Result<(), Failure> {
    told(backend()?.perform(Command::CancelWorkflow { workflow, reason }).await)
}

/// Has one failed task done again.
#[server(output = crate::wire::Json)]
pub async fn retry_task(workflow: WorkflowId, task: TaskId) -> Result<(), Failure> {
    told(backend()?.perform(Command::RetryTask { workflow, task }).await)
}

/// Has every failed task done again.
#[server(output = crate::wire::Json)]
pub async fn retry_failed(workflow: WorkflowId) -> Result<(), Failure> {
    let backend = backend()?;
    let failed = |status| matches!(status, TaskStatus::Failed | TaskStatus::DeadLetter);
    let mut last = Ok(Answer::Done);
    for task in backend.workflow(workflow).await?.tasks.into_iter().filter(|task| failed(task.status)) {
        last = backend.perform(Command::RetryTask { workflow, task: task.id }).await;
    }
    told(last)
}

/// Passes an answer on, with or without JavaScript.
#[cfg(feature = "ssr")]
fn told(answer: Result<Answer, Failure>) -> Result<(), Failure> {
    flash::answer(FORM, Fields::new(), answer.map(drop))
}
