//! The doors agents come in by.

pub mod exec;
pub mod http;
pub mod lease;
pub mod sandbox;
pub mod squad;
