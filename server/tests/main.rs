//! Everything that needs a real database or a real server.

mod chaos;
mod chat;
mod door;
mod engine;
mod messenger;
mod rooms;
mod schema;
mod support;
mod tidy;
