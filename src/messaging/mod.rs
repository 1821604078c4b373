//! What the system says, and to whom.

pub mod message;
pub mod why;
pub mod wording;
