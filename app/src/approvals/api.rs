//! Server functions of what waits for a person.
#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments and documents no field")]

use devsquad::id::{CheckpointId, WorkflowId};
use devsquad::view::NeedsView;
use devsquad::workflow::checks::Verdict;
use leptos::prelude::*;

use crate::error::Failure;

/// The form a checkpoint is decided with.
pub const FORM: &str = "decision";

/// What waits for a person, oldest first.
#[server(output = crate::wire::Json)]
pub async fn load_needs() -> Result<NeedsView, Failure> {
    let backend = crate::backend::backend()?;
    let mut decisions = backend.needs().await?;
    for need in &mut decisions {
        super::draw_texts(&mut need.artifacts);
    }
    Ok(NeedsView { decisions, questions: backend.questions().await?, conflicts: backend.conflicts().await? })
}

/// Decides a checkpoint; gives its id and how it was decided.
#[server(output = crate::wire::Json)]
pub async fn decide(
    workflow: WorkflowId,
    checkpoint: CheckpointId,
    verdict: Verdict,
    #[server(default)] note: String,
) -> Result<(CheckpointId, Verdict), Failure> {
    use crate::ui::flash;
    let given = flash::fields([("checkpoint", &checkpoint.to_string()), ("note", &note)]);
    let command = devsquad::Command::DecideCheckpoint { workflow, checkpoint, verdict, note };
    let decided = async { crate::backend::backend()?.perform(command).await };
    flash::answer(FORM, given, decided.await.map(|_| (checkpoint, verdict)))
}
