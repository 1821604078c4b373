//! Data that comes from the server: with the first page, and again whenever it changed.
//!
//! What is drawn from it stays in the document while it is brought up to date: only the texts that differ are written,
//! so that focus, scrolling and half-filled fields survive.

use std::collections::HashMap;
use std::hash::Hash;
use std::pin::Pin;

use leptos::prelude::*;

use super::{ErrorPanel, LinkButton, Look, Skeleton, button_class};
use crate::error::Failure;

/// Shows what a resource gave: `<Loaded resource what="the squad" let:agents>…</Loaded>`, where `agents` is a signal of
/// the newest answer. A later answer that failed leaves the last good one.
#[component]
pub fn Loaded<T, C, V>(
    /// Where it comes from.
    resource: Resource<Result<T, Failure>>,
    /// What it is ("the squad").
    what: &'static str,
    /// Lines of the placeholder.
    #[prop(default = 6)]
    lines: usize,
    /// What stands in its place when it did not come; a panel unless told.
    #[prop(optional)]
    failed: Option<fn(Failure) -> AnyView>,
    /// What is drawn from it.
    children: C,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    C: FnOnce(Signal<T>) -> V + Send + 'static,
    V: IntoView + 'static,
{
    drawn_when_there(
        Box::pin(async move {
            match resource.await {
                Ok(first) => children(newest(resource, first)).into_any(),
                Err(failure) => match failed {
                    Some(failed) => failed(failure),
                    None => view! { <LoadFailed what failure/> }.into_any(),
                },
            }
        }),
        what,
        lines,
    )
}

/// Apart from `Loaded`, so that it is compiled once and not for every page.
fn drawn_when_there(drawn: Pin<Box<dyn Future<Output = AnyView> + Send>>, what: &'static str, lines: usize) -> AnyView {
    view! { <Transition fallback=move || view! { <Skeleton what lines/> }>{Suspend::new(drawn)}</Transition> }
        .into_any()
}

/// The newest good answer.
fn newest<T: Clone + PartialEq + Send + Sync + 'static>(resource: Resource<Result<T, Failure>>, first: T) -> Signal<T> {
    Memo::new(move |last: Option<&T>| match resource.get() {
        Some(Ok(value)) => value,
        Some(Err(_)) | None => last.unwrap_or(&first).clone(),
    })
    .into()
}

/// What stands in place of data that did not come.
#[component]
pub fn LoadFailed(
    /// What did not come.
    what: &'static str,
    /// Why.
    failure: Failure,
) -> impl IntoView {
    let signed_out = failure == Failure::SignedOut;
    view! {
        <ErrorPanel title=format!("Could not load {what}.") message=failure.to_string()>
            {if signed_out {
                view! { <LinkButton href="/signin" look=Look::Primary>"Sign in"</LinkButton> }.into_any()
            } else {
                view! { <a href="" rel="external" class=button_class(Look::Plain)>"Try again"</a> }.into_any()
            }}
        </ErrorPanel>
    }
}

/// The rows of a live list. A row stays in the document while its content changes: it is given a signal of it.
#[component]
pub fn Rows<T, K, R, V>(
    /// The list.
    #[prop(into)]
    items: Signal<Vec<T>>,
    /// What makes an item itself.
    key: fn(&T) -> K,
    /// One row.
    children: R,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: Clone + Eq + Hash + Send + Sync + 'static,
    R: Fn(Signal<T>) -> V + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let by_key = Memo::new(move |_| {
        items.with(|items| items.iter().map(|item| (key(item), item.clone())).collect::<HashMap<K, T>>())
    });
    let row = move |first: T| {
        let itself = key(&first);
        let newest = Memo::new(move |last: Option<&T>| {
            by_key.with(|items| items.get(&itself).cloned()).unwrap_or_else(|| last.unwrap_or(&first).clone())
        });
        children(newest.into())
    };
    view! { <For each=move || items.get() key=key children=row/> }
}
