//! The head of a page: its only `h1`, the document's title, and where the focus goes after a navigation.

use super::part::part;
use leptos::html;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_location;

use super::{Now, effect};

/// The id of the heading.
pub const TITLE: &str = "page-title";

/// The path whose heading had the focus last.
#[derive(Clone, Copy)]
struct Focused(StoredValue<Option<String>>);

/// Remembers which page was focused; once, at the root.
pub fn provide_focus() {
    provide_context(Focused(StoredValue::new(None)));
    #[cfg(feature = "hydrate")]
    super::watch_focus();
}

/// The head of every page: `<PageTitle title="Workflows">actions</PageTitle>`. The children stand at its right.
/// `document` is the title of the tab where it differs from the heading.
#[component]
pub fn PageTitle(
    /// The heading.
    #[prop(into)]
    title: Now<String>,
    /// The title of the tab; the heading unless told.
    #[prop(optional, into)]
    document: Option<Now<String>>,
    /// One line under it.
    #[prop(optional, into)]
    subtitle: Option<Now<String>>,
    /// What can be done on this page.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let heading = NodeRef::<html::H1>::new();
    focus_after_navigation(heading);
    let tab = document.unwrap_or(title);
    // The page of an unknown address is gone before its head is written.
    let first = tab.get_untracked();
    view! {
        <Title text=move || tab.try_get().unwrap_or_else(|| first.clone())/>
        <div class="mb-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3 md:mb-6">
            <div class="min-w-0">
                <h1 id=TITLE node_ref=heading tabindex="-1" class="text-2xl font-semibold text-balance break-words text-ink md:text-3xl focus-vibe rounded-sm">
                    {part(move || title.get())}
                </h1>
                {subtitle.map(|text| view! { <p class="mt-1 text-sm text-ink-3 md:text-base">{part(move || text.get())}</p> })}
            </div>
            {children.map(|children| view! { <div class="flex flex-wrap items-center gap-2">{children()}</div> })}
        </div>
    }
}

/// Gives the focus to a heading the first time it appears on a path, except on the page the browser loaded itself.
fn focus_after_navigation(heading: NodeRef<html::H1>) {
    let path = use_location().pathname;
    let Some(Focused(last)) = use_context::<Focused>() else { return };
    effect(move || {
        let Some(heading) = heading.get() else { return };
        let here = path.get_untracked();
        let before = last.try_update_value(|last| last.replace(here.clone())).flatten();
        if before.is_some_and(|before| before != here) {
            // A focus that cannot be moved leaves the page as it was.
            let _ = heading.focus();
        }
    });
}
