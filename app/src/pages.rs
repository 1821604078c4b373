//! Pages come to the browser in pieces: first what every page needs, then the piece the page is in.
//!
//! `cargo leptos build --split` cuts the WebAssembly at the functions marked `wasm_split`. What two pieces share becomes a
//! file of its own, and so may every set of pieces: there are few of them, each with the pages that are visited together.

use std::task::{Context, Poll, Waker};

use devsquad::id::TaskId;
use leptos::prelude::*;
use leptos::wasm_split::{SplitLoaderError, wasm_split};
use leptos_router::ChooseView;
#[cfg(feature = "ssr")]
use leptos_router::hooks::use_query_map;

use crate::agents::{AgentPage, AgentsPage, NewAgentPage};
use crate::approvals::ApprovalsPage;
use crate::communication::{ChannelPage, ChannelsPage, HubPage, ThreadsPage};
use crate::create::CreatePage;
use crate::dashboard::DashboardPage;
use crate::error::Failure;
use crate::help::HelpPage;
use crate::settings::{AppearancePage, PeoplePage};
use crate::signin::{InvitePage, SignInPage};
#[cfg(feature = "ssr")]
use crate::ui::SeenOnce;
use crate::ui::{LoadFailed, when_there};
use crate::welcome::WelcomePage;
use crate::workflows::{Inspector, Places, Run, RunPage, TaskPage, WorkflowsPage};

/// Every page, as the routes name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Agent,
    Agents,
    Appearance,
    Approvals,
    Channel,
    Channels,
    Create,
    Dashboard,
    Help,
    Hub,
    Invite,
    NewAgent,
    People,
    Run,
    SignIn,
    Task,
    Threads,
    Welcome,
    Workflows,
}

/// A piece of the browser's half.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    /// What stands how, and what waits for a person.
    Overview,
    /// Workflows, agents and channels, to look through.
    Lists,
    /// One workflow.
    Run,
    /// One conversation.
    Chat,
    /// One of its tasks: a page, and the panel on the page of its workflow.
    Task,
    /// The door, and what begins.
    Begin,
    /// Who is there, and what they talk about.
    Rest,
}

impl Page {
    /// Where it is.
    fn piece(self) -> Piece {
        match self {
            Page::Dashboard | Page::Approvals => Piece::Overview,
            Page::Workflows | Page::Agents | Page::Agent | Page::Channels => Piece::Lists,
            Page::Channel => Piece::Chat,
            Page::Run => Piece::Run,
            Page::Task => Piece::Task,
            Page::SignIn | Page::Invite | Page::Welcome | Page::Create | Page::NewAgent | Page::Help => Piece::Begin,
            Page::Hub | Page::Threads | Page::People | Page::Appearance => Piece::Rest,
        }
    }

    /// Tells the browser which pieces it needs before the page can wake: its own, and that of a task open on it.
    #[cfg(feature = "ssr")]
    fn announce(self, own: Piece) {
        let with_task = self == Page::Run && use_query_map().seen_once(|query| query.get("task").is_some());
        let pieces = [Some(own), with_task.then_some(Piece::Task)];
        crate::shell::announce_pieces(&pieces.into_iter().flatten().map(Piece::name).collect::<Vec<_>>());
    }
}

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        let piece = self.piece();
        #[cfg(feature = "ssr")]
        self.announce(piece);
        let drawn = match piece {
            Piece::Overview => overview(self).await,
            Piece::Lists => lists(self).await,
            Piece::Chat => chat().await,
            Piece::Run => run().await,
            Piece::Task => task(None).await,
            Piece::Begin => begin(self).await,
            Piece::Rest => rest(self).await,
        };
        drawn.unwrap_or_else(|_| did_not_come("this page"))
    }

    async fn preload(&self) {
        #[cfg(feature = "hydrate")]
        self.piece().fetch().await;
    }
}

/// The panel of a task, whose piece comes when it is wanted first.
pub(crate) fn inspector(run: Run, of: TaskId, places: Places) -> AnyView {
    let beside = Some((run, of, places));
    let mut drawn = Box::pin(async move { task(beside).await.unwrap_or_else(|_| did_not_come("the task")) });
    // On the server, and where the piece is there already, nothing has to be waited for.
    match drawn.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(drawn) => drawn,
        Poll::Pending => when_there(drawn, "the task"),
    }
}

/// No network, or a newer server which has other pieces: loaded anew, the page is whole again.
fn did_not_come(what: &'static str) -> AnyView {
    view! { <LoadFailed what failure=Failure::unavailable("A part of it did not come.")/> }.into_any()
}

impl Piece {
    #[cfg(feature = "hydrate")]
    const ALL: [Piece; 7] =
        [Piece::Overview, Piece::Lists, Piece::Chat, Piece::Begin, Piece::Run, Piece::Task, Piece::Rest];

    /// The name of its function, which its file has too.
    #[cfg(any(feature = "ssr", feature = "hydrate"))]
    fn name(self) -> &'static str {
        match self {
            Piece::Overview => "overview",
            Piece::Lists => "lists",
            Piece::Chat => "chat",
            Piece::Run => "run",
            Piece::Task => "task",
            Piece::Begin => "begin",
            Piece::Rest => "rest",
        }
    }

    #[cfg(feature = "hydrate")]
    async fn fetch(self) {
        // Whoever draws the page then tries again, and says so when it fails.
        let _ = match self {
            Piece::Overview => fetch_overview().await,
            Piece::Lists => fetch_lists().await,
            Piece::Chat => fetch_chat().await,
            Piece::Run => fetch_run().await,
            Piece::Task => fetch_task().await,
            Piece::Begin => fetch_begin().await,
            Piece::Rest => fetch_rest().await,
        };
    }
}

/// Fetches the pieces which the page the server rendered is in. It wakes in one go after that, as if there were no pieces.
#[cfg(feature = "hydrate")]
pub async fn fetch_pieces() {
    for piece in Piece::ALL {
        if document()
            .query_selector(&format!("meta[name=piece][content={}]", piece.name()))
            .is_ok_and(|meta| meta.is_some())
        {
            piece.fetch().await;
        }
    }
}

#[wasm_split(overview, wasm_split_path = leptos::wasm_split, preload(fetch_overview), fallible)]
fn overview(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Dashboard => view! { <DashboardPage/> }.into_any(),
        Page::Approvals => view! { <ApprovalsPage/> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(lists, wasm_split_path = leptos::wasm_split, preload(fetch_lists), fallible)]
fn lists(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Workflows => view! { <WorkflowsPage/> }.into_any(),
        Page::Agents => view! { <AgentsPage/> }.into_any(),
        Page::Agent => view! { <AgentPage/> }.into_any(),
        Page::Channels => view! { <ChannelsPage/> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(chat, wasm_split_path = leptos::wasm_split, preload(fetch_chat), fallible)]
fn chat() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <ChannelPage/> }.into_any())
}

#[wasm_split(run, wasm_split_path = leptos::wasm_split, preload(fetch_run), fallible)]
fn run() -> Result<AnyView, SplitLoaderError> {
    Ok(view! { <RunPage/> }.into_any())
}

/// The panel of a task beside its run; a page of its own without.
#[wasm_split(task, wasm_split_path = leptos::wasm_split, preload(fetch_task), fallible)]
fn task(beside: Option<(Run, TaskId, Places)>) -> Result<AnyView, SplitLoaderError> {
    Ok(match beside {
        None => view! { <TaskPage/> }.into_any(),
        Some((run, task, places)) => view! { <Inspector run task places/> }.into_any(),
    })
}

#[wasm_split(begin, wasm_split_path = leptos::wasm_split, preload(fetch_begin), fallible)]
fn begin(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::SignIn => view! { <SignInPage/> }.into_any(),
        Page::Invite => view! { <InvitePage/> }.into_any(),
        Page::Welcome => view! { <WelcomePage/> }.into_any(),
        Page::Create => view! { <CreatePage/> }.into_any(),
        Page::NewAgent => view! { <NewAgentPage/> }.into_any(),
        Page::Help => view! { <HelpPage/> }.into_any(),
        _ => ().into_any(),
    })
}

#[wasm_split(rest, wasm_split_path = leptos::wasm_split, preload(fetch_rest), fallible)]
fn rest(page: Page) -> Result<AnyView, SplitLoaderError> {
    Ok(match page {
        Page::Hub => view! { <HubPage/> }.into_any(),
        Page::Threads => view! { <ThreadsPage/> }.into_any(),
        Page::People => view! { <PeoplePage/> }.into_any(),
        Page::Appearance => view! { <AppearancePage/> }.into_any(),
        _ => ().into_any(),
    })
}
