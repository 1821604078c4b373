//! The overview: what moves, what needs a person, and whether the squad is well.

pub mod api;
mod feed;
mod figures;
mod page;
mod quest_log;
mod quests;
mod workflow_card;
mod workflows;

pub use page::DashboardPage;
pub use quests::HEALTH_CHECK;
