//! How an attempt ended, as a shape, a colour and a word.

use crate::ui::{Shape, Tone};

/// What its status on the wire looks like.
pub fn look(status: &str) -> (Shape, Tone, &'static str) {
    match status {
        "leased" | "running" | "waiting" => (Shape::Ring, Tone::Run, "Running"),
        "succeeded" => (Shape::Tick, Tone::Done, "Handed in"),
        "timed_out" => (Shape::Hourglass, Tone::Fail, "Out of time"),
        "lost" => (Shape::HollowCircle, Tone::Fail, "Lost"),
        "asked" => (Shape::Hand, Tone::Wait, "Asked"),
        "rejected" => (Shape::Chevrons, Tone::Quiet, "Declined"),
        "cancelled" => (Shape::Slash, Tone::Quiet, "Stopped"),
        _ => (Shape::Triangle, Tone::Fail, "Failed"),
    }
}
