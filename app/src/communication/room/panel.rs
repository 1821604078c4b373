//! What stands beside a channel: a thread, or what was found in it; and what its head opens.

use devsquad::view::chat::{ChatUser, FoundMessage, RowsPage};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::composer::Composer;
use super::list::Messages;
use super::page::{Room, Typing};
use super::talk::Talk;
use crate::communication::api::{Rows as Which, load_rows, search};
use crate::communication::channel_href;
use crate::communication::hub::FoundList;
use crate::ui::*;

/// The id of the panel's heading.
const PANEL_TITLE: &str = "thread-title";

/// The field of the words that are searched.
const SEARCH: &str = "search-in";

/// The focus goes back to where one writes. On glass that would open the keyboard: there it goes to the heading.
fn back_to_channel() {
    let to = if super::dom::is_touch() { TITLE } else { "composer" };
    focus_soon(vec![to.to_owned()]);
}

/// A panel with a heading and a way out; a sheet on a phone.
#[component]
fn Panel(room: Room, title: &'static str, children: Children) -> impl IntoView {
    let href = channel_href(&room.talk.channel());
    let go = use_navigate();
    let to = href.clone();
    let close = on_escape(move || {
        go(&to, NavigateOptions { scroll: false, ..NavigateOptions::default() });
        back_to_channel();
    });
    view! {
        <aside aria-labelledby=PANEL_TITLE class="room-panel" on:keydown=close>
            <div class="flex items-center justify-between gap-3 border-b border-line py-1.5 pr-1.5 pl-4">
                <h2 id=PANEL_TITLE tabindex="-1" class="rounded-sm font-semibold text-ink focus-vibe">{title}</h2>
                <a href=href.clone() {..stay()} class="btn btn-quiet focus-vibe" on:click=move |_| back_to_channel()>
                    <Icon glyph=Glyph::Cross class="size-4 shrink-0"/>
                    "Close"
                </a>
            </div>
            {children()}
        </aside>
    }
    .into_any()
}

/// A thread: its root, the replies, and where one answers.
#[component]
pub fn ThreadPanel(
    /// The page.
    room: Room,
    /// The root.
    root: String,
    /// The message to begin at.
    at: Option<String>,
) -> impl IntoView {
    let channel = room.talk.channel();
    let of = root.clone();
    let begin = at.clone();
    let rows = Resource::new_blocking(
        || (),
        move |()| {
            let (channel, root) = (channel.clone(), of.clone());
            match begin.clone() {
                Some(message) if message != root => load_rows(channel, root, Which::Around, message),
                _ => load_rows(channel, root, Which::Newest, String::new()),
            }
        },
    );
    focus_when_opened_by_hand();
    view! {
        <Panel room title="Thread">
            <Loaded resource=rows what="the thread" let:page>
                <Thread room root page at/>
            </Loaded>
        </Panel>
    }
    .into_any()
}

#[component]
fn Thread(room: Room, root: String, page: Now<RowsPage>, at: Option<String>) -> impl IntoView {
    let talk = Talk::new(room.talk.channel(), Some(root.clone()), room.talk.me(), page.get_untracked());
    room.side.set(Some(talk));
    on_cleanup(move || {
        let _ = room.side.try_set(None);
    });
    effect(move || {
        if let Some(message) = at.clone() {
            talk.go_to(message);
        }
    });
    effect(|| {
        // The heading was there first.
        if document().active_element().is_some_and(|at| at.id() == PANEL_TITLE) && !super::dom::is_touch() {
            focus_soon(vec!["thread-composer".to_owned()]);
        }
    });
    view! {
        <Messages talk menu=room.menu name="Replies"/>
        <Typing room thread=Some(root)/>
        <Composer talk name=Now::stored("Reply in the thread".to_owned()) people=room.people/>
    }
    .into_any()
}

/// The focus goes to what was opened, unless the page was loaded with it open.
fn focus_when_opened_by_hand() {
    effect(move || {
        let at = document().active_element().map(|at| at.tag_name());
        if at.is_some_and(|name| !name.eq_ignore_ascii_case("body")) {
            focus_soon(vec![PANEL_TITLE.to_owned()]);
        }
    });
}

/// What was found in the channel.
#[component]
pub fn SearchPanel(
    /// The page.
    room: Room,
    /// The words.
    words: String,
) -> impl IntoView {
    let channel = room.talk.channel();
    let wanted = words.clone();
    let found = Resource::new_blocking(|| (), move |()| search(channel.clone(), wanted.clone()));
    let begins = words.trim().is_empty();
    effect(move || {
        if begins {
            focus_soon(vec![SEARCH.to_owned()]);
        }
    });
    let everywhere = format!("/communication?q={}", words.replace(['&', '#', '%', '+'], " "));
    let list = (!begins).then(|| {
        view! {
            <Loaded resource=found what="what was found" let:found>
                <FoundList found/>
            </Loaded>
            <p class="mt-4 text-sm"><a href=everywhere class="link">"Search every channel"</a></p>
        }
    });
    view! {
        <Panel room title="Found here">
            <div class="min-h-0 grow overflow-y-auto p-4">
                <form method="get" action=channel_href(&room.talk.channel()) role="search" aria-label="Messages here" class="mb-3 flex gap-2">
                    <label for=SEARCH class="sr-only">"Words to look for in this channel"</label>
                    <input id=SEARCH name="q" type="search" placeholder="Search in this channel" autocomplete="off" value=words class="control focus-vibe"/>
                    <button type="submit" class=button_class(Look::Plain)>"Search"</button>
                </form>
                {list}
            </div>
        </Panel>
    }
    .into_any()
}

/// The button that shows what is pinned.
#[component]
pub fn Pinned(
    /// The messages.
    pinned: Now<Vec<FoundMessage>>,
) -> impl IntoView {
    let words = move || format!("{} pinned", pinned.seen(Vec::len));
    view! {
        <Only when=move || !pinned.seen(Vec::is_empty)>
            <button type="button" popovertarget="pinned" class="btn btn-quiet focus-vibe"><Icon glyph=Glyph::Pin class="size-4 shrink-0"/><span class="max-md:sr-only">{part(words)}</span></button>
            <div id="pinned" popover="auto" role="dialog" aria-label="Pinned messages" class="menu max-h-96 w-80 overflow-y-auto">
                <FoundList found=pinned/>
            </div>
        </Only>
    }
    .into_any()
}

/// The button that shows who is here.
#[component]
pub fn Members(
    /// Agents and people.
    people: Now<Vec<ChatUser>>,
) -> impl IntoView {
    let count = move || match people.seen(Vec::len) {
        1 => "1 member".to_owned(),
        n => format!("{n} members"),
    };
    let line = |user: ChatUser| {
        let kind = match (user.is_agent(), user.presence.as_str()) {
            (true, "") => "Agent".to_owned(),
            (true, presence) => format!("Agent, {presence}"),
            (false, _) if user.is_person() => "Person".to_owned(),
            (false, _) => "The engine".to_owned(),
        };
        let shape = match (user.is_agent(), user.presence.as_str()) {
            (true, "available") => Some((Shape::DottedCircle, Tone::Done)),
            (true, "busy") => Some((Shape::Ring, Tone::Run)),
            (true, "error") => Some((Shape::Triangle, Tone::Fail)),
            (true, _) => Some((Shape::HollowCircle, Tone::Quiet)),
            (false, _) => None,
        };
        let profile = user.id.strip_prefix("agent-").map(|id| format!("/orchestration/agents/{id}"));
        let name = user.name.clone();
        let name = match profile {
            Some(href) => view! { <a href=href class="link block truncate text-sm font-medium">{name}</a> }.into_any(),
            None => view! { <span class="block truncate text-sm font-medium text-ink">{name}</span> }.into_any(),
        };
        view! {
            <li class="flex items-center gap-3 py-1.5">
                <Avatar name=user.name class="size-8 text-xs"/>
                <span class="min-w-0 grow">
                    {name}
                    <span class="block text-xs text-ink-3">{kind}</span>
                </span>
                {shape.map(|(shape, tone)| view! { <ShapeIcon shape class=format!("size-4 shrink-0 {}", tone.text())/> })}
            </li>
        }
    };
    view! {
        <button type="button" popovertarget="members" class="btn btn-quiet focus-vibe"><Icon glyph=Glyph::People class="size-4 shrink-0"/><span class="max-md:sr-only">{part(count)}</span></button>
        <div id="members" popover="auto" role="dialog" aria-label="Members" class="menu max-h-96 w-72 overflow-y-auto">
            <ul aria-label="Members">{part(move || people.get().into_iter().map(line).collect_view())}</ul>
        </div>
    }
    .into_any()
}
