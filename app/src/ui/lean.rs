//! Leptos' own tools in a form that is compiled once for each type of value.
//!
//! An effect and a look at a value are compiled anew for every closure they are given: half a kilobyte to one, hundreds of
//! times. The closure is boxed here, or called where it stands; the rest is shared. Memos and derived signals: [`super::Now`].

use std::ops::Deref;

use leptos::prelude::*;

/// `Effect::new`, for one that does not ask what it gave last.
pub fn effect(run: impl FnMut() + 'static) {
    fn boxed(run: Box<dyn FnMut()>) {
        Effect::new(run);
    }
    boxed(Box::new(run));
}

/// A look at the value of a signal, which follows it: `with`.
pub trait Seen: Read {
    /// What the look gives.
    fn seen<R>(&self, look: impl FnOnce(&<Self::Value as Deref>::Target) -> R) -> R {
        look(&self.read())
    }
}

impl<S: Read> Seen for S {}

/// A look at the value of a signal, which does not follow it: `with_untracked`.
pub trait SeenOnce: ReadUntracked {
    /// What the look gives.
    fn seen_once<R>(&self, look: impl FnOnce(&<Self::Value as Deref>::Target) -> R) -> R {
        look(&self.read_untracked())
    }
}

impl<S: ReadUntracked> SeenOnce for S {}
