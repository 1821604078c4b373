//! The page of a channel.

use devsquad::Refusal;
use devsquad::view::chat::{ChannelView, ChatUser, RowsPage};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::composer::Composer;
use super::list::Messages;
use super::menu::{Menu, MessageMenu};
use super::panel::{Members, Pinned, SearchPanel, ThreadPanel};
use super::talk::Talk;
use crate::communication::api::load_room;
use crate::communication::channel_href;
use crate::communication::line::{few, purpose_words};
use crate::errors::FailurePage;
use crate::ui::*;
use crate::workflows::run_href;
use crate::workflows::status::WorkflowChip;

/// The page of a channel.
#[component]
pub fn ChannelPage() -> impl IntoView {
    let params = use_params_map();
    let id = memo(move |_| params.seen(|params| params.get("channel_id").unwrap_or_default()));
    part(move || match id.get() {
        id if id.is_empty() => {
            view! { <FailurePage failure=Refusal::not_found("channel", "of that name").into()/> }.into_any()
        }
        id => view! { <OneChannel id/> }.into_any(),
    })
}

#[component]
fn OneChannel(id: String) -> impl IntoView {
    let query = use_query_map();
    // A later change of it is a jump on the page that is there.
    let message = query.seen_once(|query| match query.get("thread") {
        None => query.get("message").unwrap_or_default(),
        Some(_) => String::new(),
    });
    let loaded = Resource::new_blocking(|| (), move |()| load_room(id.clone(), message.clone()));
    let failed = |failure| view! { <FailurePage failure/> }.into_any();
    view! {
        <Loaded resource=loaded what="the channel" failed=failed let:newest>
            <Whole newest/>
        </Loaded>
    }
    .into_any()
}

/// Somebody who types.
#[derive(Clone)]
pub struct Typist {
    /// Who.
    pub user: ChatUser,
    /// In which thread, if in one.
    pub thread: Option<String>,
    /// When the last sign of it came, by the browser's clock.
    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "on the server nobody types"))]
    pub sign_ms: f64,
}

/// Everything on the page that belongs together.
#[derive(Clone, Copy)]
pub struct Room {
    /// The channel.
    pub view: RwSignal<ChannelView>,
    /// What is said in it.
    pub talk: Talk,
    /// What is said in the thread that is open.
    pub side: RwSignal<Option<Talk>>,
    /// What can be done with a message.
    pub menu: Menu,
    /// Who types.
    pub typing: RwSignal<Vec<Typist>>,
    /// Who can be named.
    pub people: Now<Vec<ChatUser>>,
}

#[component]
fn Whole(newest: Now<(ChannelView, RowsPage)>) -> impl IntoView {
    let (view, rows) = newest.get_untracked();
    let talk = Talk::new(view.summary.id.clone(), None, view.me.clone(), rows);
    talk.read_at.set(view.read_at.filter(|_| view.summary.unread > 0));
    let menu = Menu::new(view.summary.id.clone());
    let name = Now::stored(format!("Message {}", view.summary.name));
    let view = RwSignal::new(view);
    let room = Room {
        talk,
        side: RwSignal::new(None),
        menu,
        typing: RwSignal::new(Vec::new()),
        people: memo(move |_| view.seen(|view| view.members.clone())),
        view,
    };
    #[cfg(feature = "hydrate")]
    super::live::follow(room);
    let query = use_query_map();
    let thread = memo(move |_| query.seen(|query| query.get("thread").filter(|root| !root.is_empty())));
    let words = memo(move |_| query.seen(|query| query.get("q")));
    let message = memo(move |_| query.seen(|query| query.get("message")));
    effect(move || {
        if let (Some(message), None) = (message.get(), thread.get_untracked()) {
            talk.go_to(message);
        }
    });
    let beside = move || thread.get().is_some() || words.get().is_some();
    view! {
        <a href="#composer" class="skip-link focus-vibe">"Skip to the message field"</a>
        <div class=shared(move || if beside() { "room room-beside" } else { "room" })>
            <section class="room-main" aria-label="Channel">
                <Head room/>
                <Messages talk menu=room.menu name="Messages"/>
                <Typing room thread=None/>
                <Composer talk name people=room.people/>
            </section>
            {part(move || match (thread.get(), words.get()) {
                (Some(root), _) => Some(view! { <ThreadPanel room root at=message.get_untracked()/> }.into_any()),
                (None, Some(words)) => Some(view! { <SearchPanel room words/> }.into_any()),
                (None, None) => None,
            })}
        </div>
        <MessageMenu menu=room.menu/>
    }
    .into_any()
}

/// The head: what it is called, what it belongs to, who is in it, what is pinned, the search.
#[component]
fn Head(room: Room) -> impl IntoView {
    let summary = room.view.seen_once(|view| view.summary.clone());
    let pinned = memo(move |_| room.view.seen(|view| view.pinned.clone()));
    let over = memo(move |_| room.view.seen(|view| view.summary.archived));
    let unread = if summary.unread > 0 { format!(" ({})", few(summary.unread)) } else { String::new() };
    let tab = format!("#{}{unread}", summary.name);
    let workflow = summary.workflow.map(|(id, status)| {
        let status =
            derived(move || room.view.seen(|view| view.summary.workflow.map_or(status, |(_, status)| status)));
        view! {
            <a href=run_href(id) class="btn btn-quiet focus-vibe"><Icon glyph=Glyph::Graph class="size-4 shrink-0"/><span class="max-md:sr-only">"The workflow"</span></a>
            <span class="max-sm:hidden"><WorkflowChip status/></span>
        }
    });
    let search = channel_href(&summary.id);
    view! {
        <div class="room-head">
            <a href="/communication" class="btn btn-quiet shrink-0 px-2 focus-vibe" aria-label="All conversations"><Icon glyph=Glyph::ChevronLeft/></a>
            <PageTitle title=Now::stored(summary.name) document=Now::stored(tab) subtitle=Now::stored(purpose_words(&summary.purpose).to_owned())/>
            <div class="room-tools">
                {workflow}
                <Pinned pinned/>
                <Members people=room.people/>
                <form method="get" action=search.clone() role="search" class="room-search">
                    <label for="search-here" class="sr-only">"Search in this channel"</label>
                    <input id="search-here" name="q" type="search" placeholder="Search" autocomplete="off" class="control focus-vibe"/>
                </form>
                <a href=format!("{search}?q=") {..stay()} class="btn btn-quiet room-find focus-vibe" aria-label="Find in this channel"><Icon glyph=Glyph::Search class="size-4 shrink-0"/></a>
            </div>
        </div>
        <Only when=move || over.get()>
            <p class="flex items-center gap-2 border-b border-line bg-page/60 px-4 py-1.5 text-sm text-ink-3">
                <Icon glyph=Glyph::History class="size-4 shrink-0"/>
                "The work this channel was for is over. It can be read and written in as before."
            </p>
        </Only>
    }
    .into_any()
}

/// Who types; a line that is always there, so that nothing moves.
#[component]
pub fn Typing(
    /// The page.
    room: Room,
    /// The thread, if it is about one.
    thread: Option<String>,
) -> impl IntoView {
    let words = move || {
        let names: Vec<String> = room
            .typing
            .seen(|typing| typing.iter().filter(|by| by.thread == thread).map(|by| by.user.name.clone()).collect());
        match names.as_slice() {
            [] => String::new(),
            [one] => format!("{one} is typing…"),
            [one, other] => format!("{one} and {other} are typing…"),
            many => format!("{} people are typing…", many.len()),
        }
    };
    view! { <p class="talk-typing">{part(words)}</p> }.into_any()
}
