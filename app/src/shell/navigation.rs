//! The ways through the product: at the side on a wide window, as a rail on a tablet, as a dock on a phone.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use super::theme::ThemeSwitch;
use crate::error::Failure;
use crate::session::use_session;
use crate::ui::*;

/// One destination.
#[derive(Clone, Copy)]
struct Place {
    href: &'static str,
    name: &'static str,
    glyph: Glyph,
    counts: Counts,
}

/// What a destination's badge counts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    Nothing,
    Needs,
    Unread,
}

const OVERVIEW: Place =
    Place { href: "/orchestration", name: "Overview", glyph: Glyph::Overview, counts: Counts::Nothing };
const WORKFLOWS: Place =
    Place { href: "/orchestration/workflows", name: "Workflows", glyph: Glyph::Workflows, counts: Counts::Nothing };
const NEEDS: Place =
    Place { href: "/orchestration/approvals", name: "Needs you", glyph: Glyph::Needs, counts: Counts::Needs };
const AGENTS: Place =
    Place { href: "/orchestration/agents", name: "Agents", glyph: Glyph::Agents, counts: Counts::Nothing };
const CHAT: Place = Place { href: "/communication", name: "Chat", glyph: Glyph::Chat, counts: Counts::Unread };
const CHANNELS: Place =
    Place { href: "/communication/channels", name: "Channels", glyph: Glyph::Hash, counts: Counts::Nothing };
const THREADS: Place =
    Place { href: "/communication/threads", name: "Threads", glyph: Glyph::Thread, counts: Counts::Nothing };
const PEOPLE: Place = Place { href: "/settings/people", name: "People", glyph: Glyph::People, counts: Counts::Nothing };
const APPEARANCE: Place =
    Place { href: "/settings/appearance", name: "Appearance", glyph: Glyph::Palette, counts: Counts::Nothing };
const HELP: Place = Place { href: "/help", name: "Help", glyph: Glyph::Help, counts: Counts::Nothing };

/// Whether a page belongs to a destination.
fn is_at(path: &str, href: &str) -> bool {
    if href == OVERVIEW.href || href == CHAT.href {
        path == href
    } else {
        path == href || path.strip_prefix(href).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// The column at the side: icons alone on a tablet, with names where there is room.
#[component]
pub fn SideNavigation(
    /// What waits for a person.
    needs: Needs,
    /// What they have not read.
    unread: RwSignal<u32>,
) -> impl IntoView {
    view! {
        <nav
            id="navigation"
            aria-label="Primary"
            tabindex="-1"
            class="fixed top-14 bottom-0 left-0 z-20 hidden w-14 flex-col gap-1 overflow-y-auto border-r border-line bg-surface px-2 py-4 sm:flex lg:w-60 lg:px-3"
        >
            <Group name="Orchestrate" places=&[OVERVIEW, WORKFLOWS, NEEDS, AGENTS] needs unread/>
            <Group name="Communicate" places=&[CHAT, CHANNELS, THREADS] needs unread/>
            <Group name="Manage" places=&[PEOPLE, APPEARANCE, HELP] needs unread/>
        </nav>
    }
    .into_any()
}

#[component]
fn Group(name: &'static str, places: &'static [Place], needs: Needs, unread: RwSignal<u32>) -> impl IntoView {
    view! {
        <p class="hidden px-3 pt-3 pb-1 text-xs font-semibold tracking-wide text-ink-3 uppercase first:pt-0 lg:block" aria-hidden="true">{name}</p>
        <ul class="flex flex-col gap-1 not-last:mb-2" aria-label=name>
            {places.iter().map(|place| view! { <li><SideLink place=*place needs unread/></li> }).collect_view()}
        </ul>
    }
}

#[component]
fn SideLink(place: Place, needs: Needs, unread: RwSignal<u32>) -> impl IntoView {
    let path = use_location().pathname;
    view! {
        <a
            href=place.href
            aria-current=shared(move || is_at(&path.get(), place.href).then_some("page"))
            class="side-link focus-vibe"
        >
            <Icon glyph=place.glyph/>
            <span class="grow truncate max-lg:sr-only">{place.name}</span>
            {badge(place, needs, unread)}
        </a>
    }
}

/// The number beside a destination.
fn badge(place: Place, needs: Needs, unread: RwSignal<u32>) -> AnyView {
    match place.counts {
        Counts::Nothing => ().into_any(),
        Counts::Needs => view! { <Count needs/> }.into_any(),
        Counts::Unread => part(move || {
            let n = unread.get();
            (n > 0).then(|| {
                let said = if n == 1 { ", 1 unread message".to_owned() } else { format!(", {n} unread messages") };
                number(n as usize, said)
            })
        })
        .into_any(),
    }
}

fn number(n: usize, said: String) -> AnyView {
    let shown = if n > 99 { "99+".to_owned() } else { n.to_string() };
    view! { <span class="count"><span aria-hidden="true">{shown}</span><span class="sr-only">{said}</span></span> }
        .into_any()
}

/// How many decisions wait for a person, as the server last said.
pub type Needs = Resource<Result<usize, Failure>>;

/// The number in a badge; nothing when there is nothing.
#[component]
pub fn Count(
    /// What waits for a person.
    needs: Needs,
) -> impl IntoView {
    let badge = move |n: usize| {
        number(n, if n == 1 { ", 1 decision waiting".to_owned() } else { format!(", {n} decisions waiting") })
    };
    view! {
        <Transition>
            {move || Suspend::new(async move { needs.await.ok().filter(|n| *n > 0).map(badge) })}
        </Transition>
    }
}

/// The bar at the bottom of a phone.
#[component]
pub fn Dock(
    /// What waits for a person.
    needs: Needs,
    /// What they have not read.
    unread: RwSignal<u32>,
) -> impl IntoView {
    let path = use_location().pathname;
    let link = move |place: Place| {
        view! {
            <li class="grow basis-0">
                <a
                    href=place.href
                    aria-current=shared(move || is_at(&path.get(), place.href).then_some("page"))
                    class="dock-link focus-vibe"
                >
                    <Icon glyph=place.glyph/>
                    <span>{place.name}</span>
                    {(place.counts != Counts::Nothing).then(|| view! { <span class="absolute top-1 left-1/2 ml-1">{badge(place, needs, unread)}</span> })}
                </a>
            </li>
        }
    };
    view! {
        <nav aria-label="Primary" class="dock sm:hidden">
            <ul class="flex">
                {[OVERVIEW, WORKFLOWS, CHAT, NEEDS].map(link).collect_view()}
                <li class="grow basis-0">
                    <button type="button" class="dock-link w-full focus-vibe" popovertarget="more">
                        <Icon glyph=Glyph::More/>
                        <span>"More"</span>
                    </button>
                </li>
            </ul>
        </nav>
        <More/>
    }
    .into_any()
}

/// What does not fit on the dock.
#[component]
fn More() -> impl IntoView {
    let session = use_session();
    let link = |place: Place| {
        view! {
            <li><a href=place.href class="side-link min-h-12 focus-vibe"><Icon glyph=place.glyph/><span class="grow">{place.name}</span></a></li>
        }
    };
    view! {
        <div id="more" popover="auto" role="dialog" aria-label="More" class="sheet">
            <div class="mb-2 flex items-center justify-between">
                <p class="truncate font-semibold text-ink">{part(move || session.get().map(|session| session.name))}</p>
                <button type="button" class="btn btn-quiet focus-vibe" popovertarget="more" popovertargetaction="hide">"Close"</button>
            </div>
            <ul class="mb-4 flex flex-col gap-1">{[AGENTS, CHANNELS, THREADS, PEOPLE, APPEARANCE, HELP].map(link).collect_view()}</ul>
            <ThemeSwitch/>
            <form method="post" action="/signout" class="mt-4">
                <button type="submit" class="btn btn-plain w-full focus-vibe"><Icon glyph=Glyph::SignOut class="size-4"/>"Sign out"</button>
            </form>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_current_on_its_pages_and_no_others() {
        assert!(is_at("/communication/channels/x", CHANNELS.href) && !is_at("/communication/channels/x", CHAT.href));
        assert!(is_at("/orchestration", OVERVIEW.href));
        assert!(!is_at("/orchestration/workflows", OVERVIEW.href));
        assert!(is_at("/orchestration/workflows/7", WORKFLOWS.href));
        assert!(!is_at("/orchestration/workflowsx", WORKFLOWS.href));
    }
}
