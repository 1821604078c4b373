//! The doors agents come in by.

pub mod http;
pub mod lease;
pub mod squad;
