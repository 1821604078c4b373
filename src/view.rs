//! What pages show: flat, ready to draw, and kept current in the browser by folding news into it. A file for each noun; `chat` is a
//! world of its own.

mod agent;
pub mod chat;
mod conflict;
mod dashboard;
mod fold;
mod needs;
mod news;
mod people;
mod task;
mod template;
mod workflow;

pub use agent::{AgentRef, AgentSummary, AgentView};
pub use conflict::{ConflictView, DisputeView};
pub use dashboard::{ActivityLine, DashboardView};
pub use fold::activity;
pub use needs::{AskedView, NeedView, NeedsView, TaskLink};
pub use news::News;
pub use people::{InvitationView, PersonView, SessionView};
pub use task::{
    ArtifactView, AttemptView, CheckpointView, LogLine, PREVIEW_BYTES_MAX, QuestionView, TaskDetail, TaskView, Text,
};
pub use template::{ParameterView, TemplateView};
pub use workflow::{Member, WORKFLOWS_PER_PAGE, WorkflowFilter, WorkflowPage, WorkflowSummary, WorkflowView};
