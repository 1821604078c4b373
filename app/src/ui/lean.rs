//! Leptos' own tools in a form that is compiled once for each type of value.
//!
//! A memo, an effect, a derived signal and a look at a value are each compiled anew for every closure they are given: half a
//! kilobyte to one, hundreds of times. The closure is boxed here, or called where it stands; the rest is shared.

use std::ops::Deref;

use leptos::prelude::*;

/// `Memo::new`.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Memo<T> {
    type Value<T> = Box<dyn Fn(Option<&T>) -> T + Send + Sync>;
    fn boxed<T: PartialEq + Send + Sync + 'static>(value: Value<T>) -> Memo<T> {
        Memo::new(value)
    }
    boxed(Box::new(value))
}

/// `Signal::derive`.
pub fn derived<T: Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Signal<T> {
    fn boxed<T: Send + Sync + 'static>(value: Box<dyn Fn() -> T + Send + Sync>) -> Signal<T> {
        Signal::derive(value)
    }
    boxed(Box::new(value))
}

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
