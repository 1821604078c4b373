//! The server functions of the workflow pages: each asks the one port, and nothing else.
#![expect(missing_docs, reason = "the macro makes a struct of each function whose fields are the arguments")]

use devsquad::id::{TaskId, WorkflowId};
#[cfg(feature = "ssr")]
use devsquad::view::Text;
use devsquad::view::{TaskDetail, WorkflowFilter, WorkflowPage, WorkflowView};
use devsquad::workflow::Priority;
#[cfg(feature = "ssr")]
use devsquad::{Answer, Command, Refusal, workflow::task::TaskStatus};
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
    /// Say how urgent it is.
    Prioritise,
}

impl Control {
    /// Its name in a form.
    pub fn as_str(self) -> &'static str {
        match self {
            Control::Pause => "pause",
            Control::Resume => "resume",
            Control::Cancel => "cancel",
            Control::RetryFailed => "retry_failed",
            Control::Prioritise => "prioritise",
        }
    }
}

/// Does one of these. One function for all: each is five kilobytes of the browser's half.
#[server(output = crate::wire::Json)]
pub async fn steer(
    workflow: WorkflowId,
    what: Control,
    #[server(default)] reason: String,
    #[server(default)] priority: Priority,
) -> Result<(), Failure> {
    let command = match what {
        Control::Pause => Command::PauseWorkflow { workflow, reason },
        Control::Resume => Command::ResumeWorkflow { workflow },
        Control::Cancel => Command::CancelWorkflow { workflow, reason },
        Control::Prioritise => Command::SetPriority { workflow, priority },
        Control::RetryFailed => return told(retry_failed(workflow).await),
    };
    told(backend()?.perform(command).await)
}

/// The form of what can be done with one task.
pub const TASK_FORM: &str = "task";

/// What can be done with one task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskControl {
    /// Have it done again.
    Retry,
    /// Keep it for an agent, or for nobody in particular.
    Assign,
    /// Answer its question.
    Answer,
    /// Let its result pass unexamined.
    Waive,
    /// Settle what agents disagree about.
    Settle,
}

impl TaskControl {
    /// Its name in a form.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskControl::Retry => "retry",
            TaskControl::Assign => "assign",
            TaskControl::Answer => "answer",
            TaskControl::Waive => "waive",
            TaskControl::Settle => "settle",
        }
    }
}

/// Does one of these. `about` is the id of the question, the checkpoint or the conflict, `agent` that of the agent; empty where there is none.
#[server(output = crate::wire::Json)]
pub async fn steer_task(
    workflow: WorkflowId,
    task: TaskId,
    what: TaskControl,
    #[server(default)] about: String,
    #[server(default)] agent: String,
    #[server(default)] text: String,
) -> Result<(), Failure> {
    let told_nothing = |noun| Failure::from(Refusal::not_found(noun, &about));
    let command = match what {
        TaskControl::Retry => Command::RetryTask { workflow, task },
        TaskControl::Assign => {
            let unknown = |_| Failure::from(Refusal::not_found("agent", &agent));
            let agent =
                Some(agent.as_str()).filter(|id| !id.is_empty()).map(str::parse).transpose().map_err(unknown)?;
            Command::AssignTask { workflow, task, agent, reason: text }
        }
        TaskControl::Answer => {
            let question = about.parse().map_err(|_| told_nothing("question"))?;
            Command::AnswerQuestion { workflow, question, text }
        }
        TaskControl::Waive => {
            let checkpoint = about.parse().map_err(|_| told_nothing("checkpoint"))?;
            Command::WaiveCheckpoint { workflow, checkpoint, reason: text }
        }
        TaskControl::Settle => {
            let conflict = about.parse().map_err(|_| told_nothing("conflict"))?;
            Command::ResolveConflict { workflow, conflict, text }
        }
    };
    let done = backend()?.perform(command).await;
    flash::answer(TASK_FORM, Fields::new(), done.map(drop))
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
