//! What people see: pages, components, and the one port to the server behind them.
//!
//! In reading order: the document and the routes (here), what surrounds every page (`shell`, `session`, `live`), what
//! pages are built from (`ui`), and a folder for every part of the product, each with its server functions in `api`.
// A page's type names every element in it; the code made from it is nested that deep.
#![recursion_limit = "512"]

#[cfg(all(feature = "ssr", feature = "hydrate"))]
compile_error!("`app` is built for the server (ssr) or for the browser (hydrate), never for both");

#[cfg(feature = "ssr")]
pub mod backend;
pub mod error;
mod pages;
pub mod people;

pub mod live;
pub mod session;
pub mod shell;
pub mod ui;
mod wire;

pub mod agents;
pub mod approvals;
pub mod communication;
pub mod create;
pub mod dashboard;
pub mod errors;
pub mod help;
pub mod settings;
pub mod signin;
pub mod welcome;
pub mod workflows;

use leptos::prelude::*;
use leptos_meta::{Title, provide_meta_context};
use leptos_router::components::{ParentRoute, Redirect, Route, Router, Routes};
use leptos_router::{SsrMode, path};

use errors::NotFoundPage;
use pages::Page;
#[cfg(feature = "hydrate")]
pub use pages::fetch_pieces;
use session::use_session;
use shell::Frame;
#[cfg(feature = "ssr")]
pub use shell::{SiteFiles, shell};
use ui::{Announcer, AnnouncerOutlet, ToastOutlet, Toasts, provide_clock, provide_focus};

/// Every page.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_clock();
    session::provide_session();
    live::provide_live();
    provide_focus();
    provide_context(Announcer::new());
    provide_context(Toasts::new());
    view! {
        <Title formatter=|title: String| format!("{title} · Vibe DevSquad")/>
        <Router>
            <Pages/>
            <AnnouncerOutlet/>
            <ToastOutlet/>
        </Router>
    }
    // Without its type, which names every element of every page: `frontend` and `server` need not know it.
    .into_any()
}

/// Which page stands where. Words come before `:parameters` beside them.
///
/// Every page is rendered whole before it is sent (`Async`), so that it can be read without scripts: leptos_axum 0.8 streams
/// `PartiallyBlocked` pages out of order, as skeletons which a script has to fill.
#[component]
fn Pages() -> impl IntoView {
    view! {
        <Routes fallback=NotFoundPage>
            <Route path=path!("/") view=Home ssr=SsrMode::Async/>
            <Route path=path!("/signin") view=Page::SignIn ssr=SsrMode::Async/>
            <Route path=path!("/invite/:token") view=Page::Invite ssr=SsrMode::Async/>
            <ParentRoute path=path!("") view=Frame>
                <Route path=path!("/welcome") view=Page::Welcome ssr=SsrMode::Async/>
                <Route path=path!("/orchestration") view=Page::Dashboard ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows") view=Page::Workflows ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows/create") view=Page::Create ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows/:workflow_id") view=Page::Run ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows/:workflow_id/tasks/:task_id") view=Page::Task ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/agents") view=Page::Agents ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/agents/new") view=Page::NewAgent ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/agents/:agent_id") view=Page::Agent ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/approvals") view=Page::Approvals ssr=SsrMode::Async/>
                <Route path=path!("/communication") view=Page::Hub ssr=SsrMode::Async/>
                <Route path=path!("/communication/threads") view=Page::Threads ssr=SsrMode::Async/>
                <Route path=path!("/communication/channels") view=Page::Channels ssr=SsrMode::Async/>
                <Route path=path!("/communication/channels/:channel_id") view=Page::Channel ssr=SsrMode::Async/>
                <Route path=path!("/settings/people") view=Page::People ssr=SsrMode::Async/>
                <Route path=path!("/settings/appearance") view=Page::Appearance ssr=SsrMode::Async/>
                <Route path=path!("/help") view=Page::Help ssr=SsrMode::Async/>
            </ParentRoute>
        </Routes>
    }
}

/// The door: on to where this person belongs.
#[component]
fn Home() -> impl IntoView {
    let to = match use_session().get_untracked() {
        None => "/signin",
        Some(session) if !session.welcomed => "/welcome",
        Some(_) => "/orchestration",
    };
    view! { <Redirect path=to/> }
}
