//! Data that comes from the server: with the first page, and again whenever it changed.
//!
//! What is drawn from it stays in the document while it is brought up to date: only the texts that differ are written,
//! so that focus, scrolling and half-filled fields survive.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;

use super::{ErrorPanel, LinkButton, Look, Now, Skeleton, button_class, memo};
use crate::error::Failure;

/// Lines of a placeholder.
const LINES: usize = 6;

/// Shows what a resource gave: `<Loaded resource what="the squad" let:agents>…</Loaded>`, where `agents` is a signal of
/// the newest answer. A later answer that failed leaves the last good one.
#[component]
pub fn Loaded<T, C, V>(
    /// Where it comes from.
    resource: Resource<Result<T, Failure>>,
    /// What it is ("the squad").
    what: &'static str,
    /// Lines of the placeholder.
    #[prop(default = LINES)]
    lines: usize,
    /// What stands in its place when it did not come; a panel unless told.
    #[prop(optional)]
    failed: Option<fn(Failure) -> AnyView>,
    /// What is drawn from it.
    children: C,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    C: FnOnce(Now<T>) -> V + Send + 'static,
    V: IntoView + 'static,
{
    in_lines(
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

/// What is drawn once it is there; a placeholder until then.
pub fn when_there(drawn: Pin<Box<dyn Future<Output = AnyView> + Send>>, what: &'static str) -> AnyView {
    in_lines(drawn, what, LINES)
}

/// Apart from `Loaded`, so that it is compiled once and not for every page.
fn in_lines(drawn: Pin<Box<dyn Future<Output = AnyView> + Send>>, what: &'static str, lines: usize) -> AnyView {
    view! { <Transition fallback=move || view! { <Skeleton what lines/> }>{Suspend::new(drawn)}</Transition> }
        .into_any()
}

/// The newest good answer.
fn newest<T: Clone + PartialEq + Send + Sync + 'static>(resource: Resource<Result<T, Failure>>, first: T) -> Now<T> {
    memo(move |last: Option<&T>| match resource.get() {
        Some(Ok(value)) => value,
        Some(Err(_)) | None => last.unwrap_or(&first).clone(),
    })
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
    items: Now<Vec<T>>,
    /// What makes an item itself.
    key: fn(&T) -> K,
    /// One row.
    children: R,
) -> impl IntoView
where
    T: Clone + PartialEq + Send + Sync + 'static,
    K: ToString + 'static,
    R: Fn(Now<T>) -> V + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let keys = memo(move |_| items.seen(|items| items.iter().map(|item| key(item).to_string()).collect::<Vec<_>>()));
    let places =
        memo(move |_| keys.seen(|keys| keys.iter().cloned().zip(0usize..).collect::<HashMap<String, usize>>()));
    let row = move |itself: String| {
        let now = move || {
            let at = places.seen(|places| places.get(&itself).copied());
            at.and_then(|at| items.seen(|items| items.get(at).cloned()))
        };
        let Some(first) = untrack(&now) else { return ().into_any() };
        let newest = memo(move |last: Option<&T>| now().unwrap_or_else(|| last.unwrap_or(&first).clone()));
        children(newest).into_any()
    };
    in_order(keys, Arc::new(row))
}

/// Apart from `Rows`, so that what keeps rows in order is compiled once and not for every list.
fn in_order(keys: Now<Vec<String>>, row: Arc<dyn Fn(String) -> AnyView + Send + Sync>) -> AnyView {
    view! { <For each=move || keys.get() key=String::clone children=move |key| row(key)/> }.into_any()
}
