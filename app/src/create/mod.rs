//! New workflows: from a template, or from a file.

pub mod api;
mod field;
mod gallery;
mod import;
mod launch;
#[cfg(feature = "ssr")]
pub mod launching;
pub mod outline;
mod page;
pub mod parameters;
mod stages;

pub use field::ParameterFields;
pub use page::CreatePage;
pub use stages::Stages;

use devsquad::id::WorkflowId;

/// Where a workflow is watched.
pub fn run_page(workflow: WorkflowId) -> String {
    format!("/orchestration/workflows/{workflow}")
}
