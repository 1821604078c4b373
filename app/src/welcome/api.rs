//! Server functions of the first run.
#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments and documents no field")]

use devsquad::id::WorkflowId;
use leptos::prelude::*;

use crate::create::parameters::Given;
use crate::error::Failure;

/// The form the first mission is launched with.
pub const FORM: &str = "mission";
/// The form the first run is skipped with.
pub const SKIP: &str = "skip";

/// Starts the first mission, names the project, and goes to the run page. When the mission is refused nothing is changed.
#[server(output = crate::wire::Json)]
pub async fn begin(
    project: String,
    template: String,
    #[server(default)] parameters: Given,
) -> Result<WorkflowId, Failure> {
    use crate::create::{launching, run_page};
    use crate::ui::flash;
    let begun = async {
        let name = project_name(&project)?;
        let workflow = launching::launch(&template, &parameters).await?;
        crate::backend::backend()?.finish_welcome(name).await?;
        Ok(workflow)
    };
    let begun = begun.await;
    let workflow = flash::answer(FORM, parameters, begun)?;
    flash::go(&run_page(workflow));
    Ok(workflow)
}

/// Ends the first run without a mission, and goes to the overview.
#[server(output = crate::wire::Json)]
pub async fn skip_welcome() -> Result<(), Failure> {
    use crate::ui::flash;
    let skipped = async { crate::backend::backend()?.finish_welcome(None).await };
    flash::answer(SKIP, flash::Fields::new(), skipped.await)?;
    flash::go("/orchestration");
    Ok(())
}

/// The name as it is kept; left empty, the project keeps the one it has.
#[cfg(feature = "ssr")]
fn project_name(given: &str) -> Result<Option<String>, Failure> {
    use devsquad::workflow::definition::NAME_MAX;
    if given.trim().is_empty() {
        return Ok(None);
    }
    devsquad::text::line(given, NAME_MAX).map(Some).map_err(|why| devsquad::Refusal::fault("/project", why).into())
}
