//! What waits for a person: approvals and reviews that no agent could finish.

pub mod api;
mod artifacts;
mod card;
mod conflicts;
mod earlier;
mod needs;
mod page;
mod questions;

pub use artifacts::Artifacts;
#[cfg(feature = "ssr")]
pub use artifacts::{bytes, draw_texts};
pub use needs::Needs;
pub use page::ApprovalsPage;
