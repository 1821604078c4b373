//! The first run: name the project, meet the squad, choose a mission, launch it. Steps are in the query, so that every one
//! is a page of its own and works without scripts.

pub mod api;
mod carried;
mod mission;
mod name;
mod page;
mod review;
mod skip;
mod squad;
mod step;
mod stepper;

pub use page::WelcomePage;
