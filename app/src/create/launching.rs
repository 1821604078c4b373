//! From a form to a workflow that runs.

use devsquad::Refusal;
use devsquad::id::WorkflowId;

use super::parameters::{self, Given};
use crate::backend::backend;
use crate::error::Failure;

/// Makes a workflow from the template of that id and what its form sent, and starts it.
pub async fn launch(template: &str, given: &Given) -> Result<WorkflowId, Failure> {
    let backend = backend()?;
    let templates = backend.templates().await?;
    let found = templates.iter().find(|candidate| candidate.id == template);
    let values = parameters::values(found.ok_or_else(|| Refusal::not_found("template", template))?, given)?;
    backend.launch(template.to_owned(), values).await
}
