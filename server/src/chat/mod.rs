//! Chat in Stream's REST dialect: the client, and a server for one machine that speaks the same.
//!
//! One dialect on both sides, so that the hosted service and the embedded server are the same thing to the rest of the program. This
//! part knows nothing of workflows and of agents. The rules of the dialect come from its public documentation and the BSD-3 client in Go.

pub mod check;
pub mod client;
pub mod embedded;
pub mod keys;
pub mod token;
pub mod wire;
