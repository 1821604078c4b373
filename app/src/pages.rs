//! Pages come to the browser in pieces: first what every page needs, then the piece the page is in.
//!
//! `cargo leptos build --split` cuts the WebAssembly at the functions marked `wasm_split`. What two pieces share becomes a
//! file of its own, and so may every set of pieces: there are few of them, each with the pages that are visited together.

use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_router::ChooseView;

use crate::agents::{AgentPage, AgentsPage, NewAgentPage};
use crate::approvals::ApprovalsPage;
use crate::create::CreatePage;
use crate::dashboard::DashboardPage;
use crate::error::Failure;
use crate::help::HelpPage;
use crate::settings::{AppearancePage, PeoplePage};
use crate::signin::{InvitePage, SignInPage};
use crate::ui::LoadFailed;
use crate::welcome::WelcomePage;
use crate::workflows::{RunPage, TaskPage, WorkflowsPage};

/// Every page, as the routes name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Agent,
    Agents,
    Appearance,
    Approvals,
    Create,
    Dashboard,
    Help,
    Invite,
    NewAgent,
    People,
    Run,
    SignIn,
    Task,
    Welcome,
    Workflows,
}

/// A piece of the browser's half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// Where a visit begins.
    Overview,
    /// Workflows and agents, to look through.
    Lists,
    /// One workflow, and the results of its tasks.
    Run,
    /// What waits for a person.
    Needs,
    /// What is done once in a while.
    Rest,
}

impl Page {
    /// Where it is; nowhere when it comes with what every page needs.
    fn piece(self) -> Option<Piece> {
        match self {
            Page::Dashboard => Some(Piece::Overview),
            Page::Workflows | Page::Agents | Page::Agent => Some(Piece::Lists),
            Page::Run | Page::Task => Some(Piece::Run),
            Page::Approvals => Some(Piece::Needs),
            Page::Welcome | Page::Create | Page::NewAgent | Page::People | Page::Appearance | Page::Help => {
                Some(Piece::Rest)
            }
            Page::SignIn | Page::Invite => None,
        }
    }
}

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        let Some(piece) = self.piece() else { return door(self) };
        #[cfg(feature = "ssr")]
        crate::shell::announce_piece(piece.name());
        let drawn = match piece {
            Piece::Overview => overview().await,
            Piece::Lists => lists(self).await,
            Piece::Run => run(self).await,
            Piece::Needs => needs().await,
            Piece::Rest => rest(self).await,
        };
        // No network, or a newer server which has other pieces: loaded anew, the page is whole again.
        let failed =
            |_| view! { <LoadFailed what="this page" failure=Failure::unavailable("A part of it did not come.")/> };
        drawn.unwrap_or_else(|error| failed(error).into_any())
    }

    async fn preload(&self) {
        #[cfg(feature = "hydrate")]
        if let Some(piece) = self.piece() {
            piece.fetch().await;
        }
    }
}

impl Piece {
    #[cfg(feature = "hydrate")]
    const ALL: [Piece; 5] = [Piece::Overview, Piece::Lists, Piece::Run, Piece::Needs, Piece::Rest];

    /// The name of its function, which its file has too.
    #[cfg(any(feature = "ssr", feature = "hydrate"))]
    fn name(self) -> &'static str {
        match self {
            Piece::Overview => "overview",
            Piece::Lists => "lists",
            Piece::Run => "run",
            Piece::Needs => "needs",
            Piece::Rest => "rest",
        }
    }

    #[cfg(feature = "hydrate")]
    async fn fetch(self) {
        // Whoever draws the page then tries again, and says so when it fails.
        let _ = match self {
            Piece::Overview => fetch_overview().await,
            Piece::Lists => fetch_lists().await,
            Piece::Run => fetch_run().await,
            Piece::Needs => fetch_needs().await,
            Piece::Rest => fetch_rest().await,
        };
    }
}

/// Fetches the piece which the page the server rendered is in. It wakes in one go after that, as if there were no pieces.
#[cfg(feature = "hydrate")]
pub async fn fetch_piece() {
    let named = document().query_selector("meta[name=piece]").ok().flatten();
    let name = named.and_then(|meta| meta.get_attribute("content"));
    if let Some(piece) = Piece::ALL.into_iter().find(|piece| name.as_deref() == Some(piece.name())) {
        piece.fetch().await;
    }
}

/// Pages for people who are not signed in: small, and what every page needs is all they need.
fn door(page: Page) -> AnyView {
    match page {
        Page::SignIn => view! { <SignInPage/> }.into_any(),
        Page::Invite => view! { <InvitePage/> }.into_any(),
        _ => ().into_any(),
    }
}

#[wasm_split(overview, wasm_split_path = leptos::wasm_split, preload(fetch_overview), fallible)]
fn overview() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <DashboardPage/> }.into_any())
}

#[wasm_split(lists, wasm_split_path = leptos::wasm_split, preload(fetch_lists), fallible)]
fn lists(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Workflows => view! { <WorkflowsPage/> }.into_any(),
        Page::Agents => view! { <AgentsPage/> }.into_any(),
        Page::Agent => view! { <AgentPage/> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(run, wasm_split_path = leptos::wasm_split, preload(fetch_run), fallible)]
fn run(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Run => view! { <RunPage/> }.into_any(),
        Page::Task => view! { <TaskPage/> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(needs, wasm_split_path = leptos::wasm_split, preload(fetch_needs), fallible)]
fn needs() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <ApprovalsPage/> }.into_any())
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, preload(fetch_rest), fallible)]
fn rest(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Welcome => view! { <WelcomePage/> }.into_any(),
        Page::Create => view! { <CreatePage/> }.into_any(),
        Page::NewAgent => view! { <NewAgentPage/> }.into_any(),
        Page::People => view! { <PeoplePage/> }.into_any(),
        Page::Appearance => view! { <AppearancePage/> }.into_any(),
        Page::Help => view! { <HelpPage/> }.into_any(),
        _ => ().into_any(),
    })
}
