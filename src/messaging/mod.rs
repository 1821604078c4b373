//! What the system says, and to whom.

pub mod why;
pub mod wording;
