//! What the system says, and to whom.

pub mod message;
pub mod slash_command;
pub mod why;
pub mod wording;
