//! From a template to a workflow that runs.

use std::collections::BTreeMap;

use app::error::Failure;
use devsquad::id::WorkflowId;
use devsquad::workflow::WorkflowDefinition;
use devsquad::{Answer, Command, Refusal};
use serde_json::Value;

use super::WebBackend;
use crate::clock;

impl WebBackend {
    pub(super) async fn launch_template(
        &self,
        template: &str,
        parameters: BTreeMap<String, Value>,
    ) -> Result<WorkflowId, Failure> {
        self.who()?;
        let found = self.app.templates.get(template).ok_or_else(|| Refusal::not_found("template", template))?;
        let values = found.values(parameters)?;
        crate::repository::check(found, &values).await?;
        self.create(found.definition(&values)?).await
    }

    pub(super) async fn create(&self, definition: WorkflowDefinition) -> Result<WorkflowId, Failure> {
        use app::backend::Backend as _;
        let workflow = WorkflowId(clock::fresh_id());
        let project = self.who()?.view.project;
        match self.perform(Command::CreateWorkflow { workflow, project, definition: Box::new(definition) }).await? {
            Answer::WorkflowCreated { workflow } => Ok(workflow),
            Answer::Done
            | Answer::AgentRegistered { .. }
            | Answer::Heartbeat { .. }
            | Answer::ConflictRaised { .. }
            | Answer::Leases { .. } => Ok(workflow),
        }
    }
}
