//! Everything that needs a real database or a real server.

mod chaos;
mod chat;
mod door;
mod engine;
mod listener;
mod messenger;
mod schema;
mod support;
mod tidy;
