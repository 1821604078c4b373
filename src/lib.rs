//! The rules of Vibe DevSquad Orchestrator. Pure: no clock, no chance, no IO, no async; the time, ids and random numbers
//! come in as arguments, and everything compiles for the browser too.
//!
//! In reading order: what there is (`id`, `actor`, `agent`, `workflow`), what can be asked and what happens (`command`,
//! `event`, `refusal`), how one leads to the other (`state`, `decide`), and how it is told (`messaging`, `view`).

pub mod id;

pub mod actor;
pub mod agent;
pub mod workflow;

pub mod command;
pub mod event;
pub mod refusal;

pub mod decide;
pub mod invariants;
pub mod scheduling;
pub mod state;

pub mod messaging;
#[cfg(test)]
mod simulation;
pub mod text;
pub mod view;
pub mod wire_time;

pub use actor::{Actor, Door, Role};
pub use command::{Answer, Command};
pub use decide::{Draft, Facts, decide};
pub use event::{Change, Event};
pub use refusal::Refusal;
pub use state::State;
