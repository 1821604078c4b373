//! What changes in a view, boxed.
//!
//! A closure in a view has a type of its own, and everything that draws it (at first, again, over the server's HTML) is
//! compiled for that type: four kilobytes each. Behind one of these it is compiled once.

use std::sync::{Arc, Mutex};

use leptos::prelude::*;

use super::now::memo;

/// A closure of any body.
pub type Shared<T> = Arc<Mutex<dyn FnMut() -> T + Send>>;

/// The value of an attribute: `class=shared(move || …)`.
pub fn shared<T>(value: impl FnMut() -> T + Send + 'static) -> Shared<T> {
    Arc::new(Mutex::new(value))
}

/// A part of a view: `{part(move || …)}`.
pub fn part<V: IntoView + 'static>(mut view: impl FnMut() -> V + Send + 'static) -> Shared<AnyView> {
    Arc::new(Mutex::new(move || view().into_any()))
}

/// Shows its children only while something holds, and makes them anew each time.
#[component]
pub fn Only(
    /// What has to hold.
    when: impl Fn() -> bool + Send + Sync + 'static,
    /// What stands in their place otherwise.
    #[prop(optional, into)]
    fallback: ViewFn,
    /// What is shown.
    children: ChildrenFn,
) -> impl IntoView {
    let when = memo(move |_| when());
    part(move || if when.get() { children() } else { fallback.run() })
}
