//! Server functions of new workflows.
#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments and documents no field")]

use devsquad::id::WorkflowId;
use devsquad::view::TemplateView;
use leptos::prelude::*;

use super::parameters::Given;
use crate::error::Failure;

/// The form a template is launched with.
pub const LAUNCH: &str = "launch";
/// The form a file is launched with.
pub const IMPORT: &str = "import";

/// The templates on offer.
#[server(output = crate::wire::Json)]
pub async fn load_templates() -> Result<Vec<TemplateView>, Failure> {
    crate::backend::backend()?.templates().await
}

/// Makes a workflow from a template, starts it, and goes to its page.
#[server(output = crate::wire::Json)]
pub async fn launch(template: String, #[server(default)] parameters: Given) -> Result<WorkflowId, Failure> {
    let launched = super::launching::launch(&template, &parameters).await;
    let launched = crate::ui::flash::answer(LAUNCH, parameters, launched)?;
    leptos_axum::redirect(&super::run_page(launched));
    Ok(launched)
}

/// Makes a workflow from a YAML or JSON text, starts it, and goes to its page.
#[server(output = crate::wire::Json)]
pub async fn import(text: String) -> Result<WorkflowId, Failure> {
    use crate::ui::flash;
    let given = flash::fields([("text", &text)]);
    let imported = async { crate::backend::backend()?.import(text).await };
    let imported = flash::answer(IMPORT, given, imported.await)?;
    leptos_axum::redirect(&super::run_page(imported));
    Ok(imported)
}
