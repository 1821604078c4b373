//! The frame of every page of somebody signed in: bars, navigation, and the page in the middle.

use leptos::prelude::*;
use leptos_router::components::{Outlet, Redirect};
use leptos_router::hooks::use_location;

use super::account::Account;
use super::live_chip::LiveChip;
use super::navigation::{Count, Dock, Needs, SideNavigation};
use super::shortcuts::Shortcuts;
use crate::error::Failure;
use crate::live::use_live;
use crate::session::use_session;
use crate::ui::*;

/// How many decisions and questions wait for a person.
#[server(output = crate::wire::Json)]
pub async fn count_needs() -> Result<usize, Failure> {
    crate::backend::backend()?.count_needs().await
}

/// The frame, or the way to the sign-in page.
#[component]
pub fn Frame() -> impl IntoView {
    let session = use_session();
    if session.get_untracked().is_none() {
        return view! { <Redirect path="/signin"/> }.into_any();
    }
    let live = use_live();
    let needs = Resource::new_blocking(move || live.revision().get(), |_| count_needs());
    let unread = unread();
    close_popovers_after_navigation();
    view! {
        <div class="aurora fixed inset-0 -z-10" aria-hidden="true"></div>
        <a href="#main" class="skip-link focus-vibe">"Skip to main"</a>
        <a href="#navigation" class="skip-link hidden focus-vibe sm:block">"Skip to navigation"</a>
        <TopBar needs/>
        <SideNavigation needs unread/>
        <main id="main" class="px-4 pt-18 pb-28 sm:pl-18 sm:pb-10 md:pt-20 md:pr-6 md:pl-20 lg:pl-66">
            <div class="mx-auto max-w-[100rem]"><Outlet/></div>
        </main>
        <Dock needs unread/>
        <Shortcuts/>
    }
    .into_any()
}

/// What is unread is counted this often at most while something happens.
const COUNT_EVERY: std::time::Duration = std::time::Duration::from_secs(8);

/// How many messages the person has not read. Counted by the browser alone: no page waits for the chat.
fn unread() -> RwSignal<u32> {
    let unread = RwSignal::new(0);
    let path = use_location().pathname;
    let revision = use_live().revision();
    let rests = StoredValue::new(false);
    let again = RwSignal::new(0u32);
    effect(move || {
        path.track();
        revision.track();
        again.track();
        if rests.get_value() {
            return;
        }
        rests.set_value(true);
        leptos::task::spawn_local(async move {
            if let Ok(n) = crate::communication::api::count_unread().await {
                let _ = unread.try_set(n);
            }
        });
        let seen = (path.get_untracked(), revision.get_untracked());
        set_timeout(
            move || {
                let _ = rests.try_set_value(false);
                // What happened while it rested is counted now.
                if path.try_get_untracked().zip(revision.try_get_untracked()).is_some_and(|now| now != seen) {
                    let _ = again.try_update(|n| *n += 1);
                }
            },
            COUNT_EVERY,
        );
    });
    unread
}

#[component]
fn TopBar(needs: Needs) -> impl IntoView {
    let session = use_session();
    view! {
        <header class="topbar">
            <a href="/orchestration" class="flex min-h-11 min-w-0 items-center gap-2 rounded-lg font-semibold text-ink focus-vibe">
                <Mark/>
                <span class="truncate">{part(move || session.get().map(|session| session.project_name))}</span>
            </a>
            <div class="ml-auto flex shrink-0 items-center gap-2 md:gap-3">
                <LiveChip/>
                <a
                    href="/orchestration/approvals"
                    class="btn btn-quiet hidden focus-vibe sm:inline-flex"
                >
                    <Icon glyph=Glyph::Needs class="size-4"/>
                    <span class="max-md:sr-only">"Needs you"</span>
                    <Count needs/>
                </a>
                <Account/>
                <a href="/help" class="btn btn-quiet hidden focus-vibe sm:inline-flex" aria-label="Help"><Icon glyph=Glyph::Help/></a>
            </div>
        </header>
    }
    .into_any()
}

/// The product's mark: three nodes and the ways between them.
#[component]
fn Mark() -> impl IntoView {
    view! {
        <svg class="size-7 shrink-0" viewBox="0 0 28 28" aria-hidden="true" focusable="false">
            <rect width="28" height="28" rx="8" class="fill-primary-fill"></rect>
            <path d="M8.5 9.5 14 18l5.5-8.5" fill="none" stroke-width="2" class="stroke-on-fill"></path>
            <circle cx="8.5" cy="9" r="2.8" class="fill-on-fill"></circle>
            <circle cx="19.5" cy="9" r="2.8" class="fill-on-fill"></circle>
            <circle cx="14" cy="19" r="2.8" class="fill-on-fill"></circle>
        </svg>
    }
}

/// A menu does not outlive the page it was opened on.
fn close_popovers_after_navigation() {
    let path = use_location().pathname;
    effect(move || {
        path.track();
        close_popovers();
    });
}

#[cfg(feature = "hydrate")]
fn close_popovers() {
    use wasm_bindgen::JsCast;

    let Ok(open) = document().query_selector_all("[popover]:popover-open") else { return };
    for at in 0..open.length() {
        if let Some(node) = open.item(at).and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok()) {
            // It may have closed by itself.
            let _ = node.hide_popover();
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn close_popovers() {}
