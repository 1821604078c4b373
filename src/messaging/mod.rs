//! What the system says, and to whom.

pub mod channel;
pub mod message;
#[cfg(test)]
mod samples;
pub mod slash_command;
pub mod user;
pub mod why;
pub mod wording;
