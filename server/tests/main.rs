//! Everything that needs a real database or a real server.

#[macro_use]
mod support;

mod chaos;
mod chat;
mod conflicts;
mod door;
mod engine;
mod faults;
mod listener;
mod messenger;
mod rooms;
mod schema;
mod start;
mod tidy;
mod verify;
