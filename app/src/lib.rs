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
pub mod people;

pub mod live;
pub mod session;
pub mod shell;
pub mod ui;
mod wire;

pub mod agents;
pub mod approvals;
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

use agents::{AgentPage, AgentsPage, NewAgentPage};
use approvals::ApprovalsPage;
use create::CreatePage;
use dashboard::DashboardPage;
use errors::NotFoundPage;
use help::HelpPage;
use session::use_session;
use settings::{AppearancePage, PeoplePage};
use shell::Frame;
#[cfg(feature = "ssr")]
pub use shell::{SiteFiles, shell};
use signin::{InvitePage, SignInPage};
use ui::{Announcer, AnnouncerOutlet, ToastOutlet, Toasts, provide_clock, provide_focus};
use welcome::WelcomePage;
use workflows::{RunPage, TaskPage, WorkflowsPage};

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
            <Route path=path!("/signin") view=SignInPage ssr=SsrMode::Async/>
            <Route path=path!("/invite/:token") view=InvitePage ssr=SsrMode::Async/>
            <ParentRoute path=path!("") view=Frame>
                <Route path=path!("/welcome") view=WelcomePage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration") view=DashboardPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows") view=WorkflowsPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows/create") view=CreatePage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows/:workflow_id") view=RunPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/workflows/:workflow_id/tasks/:task_id") view=TaskPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/agents") view=AgentsPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/agents/new") view=NewAgentPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/agents/:agent_id") view=AgentPage ssr=SsrMode::Async/>
                <Route path=path!("/orchestration/approvals") view=ApprovalsPage ssr=SsrMode::Async/>
                <Route path=path!("/settings/people") view=PeoplePage ssr=SsrMode::Async/>
                <Route path=path!("/settings/appearance") view=AppearancePage ssr=SsrMode::Async/>
                <Route path=path!("/help") view=HelpPage ssr=SsrMode::Async/>
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
