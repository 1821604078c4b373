//! The server functions of the workflow pages: each asks the one port, and nothing else.
#![expect(missing_docs, reason = "the macro makes a struct of each function whose fields are the arguments")]

use devsquad::id::{TaskId, WorkflowId};
#[cfg(feature = "ssr")]
use devsquad::view::Text;
use devsquad::view::{TaskDetail, WorkflowFilter, WorkflowPage, WorkflowView};
#[cfg(feature = "ssr")]
use devsquad::{Answer, Command, workflow::task::TaskStatus};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

#[cfg(feature = "ssr")]
use crate::approvals::draw_texts;
#[cfg(feature = "ssr")]
use crate::backend::backend;
use crate::error::Failure;
#[cfg(feature = "ssr")]
use crate::ui::{
    flash::{self, Fields},
    html_of,
};

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
    let mut detail = backend()?.task(workflow, task).await?;
    draw_texts(&mut detail.artifacts);
    if let Some(Text::Plain(text)) = &detail.text {
        detail.text = Some(Text::Html(html_of(text)));
    }
    Ok(detail)
}

/// The form of the run controls.
pub const FORM: &str = "run";

/// What can be done with a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Control {
    /// Let nothing new start.
    Pause,
    /// Give out tasks again.
    Resume,
    /// End it.
    Cancel,
    /// Have every failed task done again.
    RetryFailed,
}

impl Control {
    /// Its name in a form.
    pub fn as_str(self) -> &'static str {
        match self {
            Control::Pause => "pause",
            Control::Resume => "resume",
            Control::Cancel => "cancel",
            Control::RetryFailed => "retry_failed",
        }
    }
}

/// Does one of these. One function for all: each is five kilobytes of the browser's half.
#[server(output = crate::wire::Json)]
pub async fn steer(workflow: WorkflowId, what: Control, #[server(default)] reason: String) -> Result<(), Failure> {
    let command = match what {
        Control::Pause => Command::PauseWorkflow { workflow, reason },
        Control::Resume => Command::ResumeWorkflow { workflow },
        Control::Cancel => Command::CancelWorkflow { workflow, reason },
        Control::RetryFailed => return told(retry_failed(workflow).await),
    };
    told(backend()?.perform(command).await)
}

/// Has one failed task done again.
#[server(output = crate::wire::Json)]
pub async fn retry_task(workflow: WorkflowId, task: TaskId) -> Result<(), Failure> {
    told(backend()?.perform(Command::RetryTask { workflow, task }).await)
}

#[cfg(feature = "ssr")]
async fn retry_failed(workflow: WorkflowId) -> Result<Answer, Failure> {
    let backend = backend()?;
    let failed = |status| matches!(status, TaskStatus::Failed | TaskStatus::DeadLetter);
    let mut last = Ok(Answer::Done);
    for task in backend.workflow(workflow).await?.tasks.into_iter().filter(|task| failed(task.status)) {
        last = backend.perform(Command::RetryTask { workflow, task: task.id }).await;
    }
    last
}

/// Passes an answer on, with or without JavaScript.
#[cfg(feature = "ssr")]
fn told(answer: Result<Answer, Failure>) -> Result<(), Failure> {
    flash::answer(FORM, Fields::new(), answer.map(drop))
}
