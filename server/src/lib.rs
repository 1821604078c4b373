//! The parts of the server.
//!
//! Arrows: `store → –` · `chat → store` · `engine → store` · `agents → chat, engine, store` · `web → engine, agents, chat, listener, store` · `messenger → engine, chat, store` ·
//! `listener → engine, chat, store, messenger` · `cli → all`.
//! Everything may use `devsquad`, `config`, `clock`, `connection`; the doors share `problem` and `feed`, the web and the messenger `online`.

pub mod agents;
pub mod bench;
pub mod chat;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connection;
pub mod engine;
pub mod feed;
pub mod listener;
pub mod messenger;
pub mod online;
pub mod problem;
pub mod repository;
pub mod squad;
pub mod store;
pub mod templates;
pub mod web;
