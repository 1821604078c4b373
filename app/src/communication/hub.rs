//! The hub: every conversation that goes on, what waits for an answer, and the search over all of it.

use devsquad::view::chat::{ChannelPage, ChannelSummary, FoundMessage, ThreadView};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::api::{load_channels, load_threads, search};
use super::line::{ChannelLine, PURPOSES};
use super::message_href;
use super::room::stirred;
use super::threads::ThreadLine;
use crate::agents::Squad;
use crate::agents::api::load_agents;
use crate::live::use_live;
use crate::ui::*;

/// Threads shown that wait for an answer: on a phone the channels come after them. The inbox has the rest.
const WAITS_MAX: usize = 5;

/// The hub.
#[component]
pub fn HubPage() -> impl IntoView {
    let live = use_live();
    let stirred = stirred();
    let query = use_query_map();
    let words = memo(move |_| query.seen(|query| query.get("q").unwrap_or_default()));
    let channels = Resource::new_blocking(move || stirred.get(), |_| load_channels(Some(false), String::new(), 0));
    let threads = Resource::new_blocking(move || (stirred.get(), live.resets().get()), |_| load_threads());
    let squad = Resource::new_blocking(move || live.revision().get(), |_| load_agents());
    view! {
        <PageTitle title="Chat" document="Communication" subtitle="Where people and agents talk about the work.">
            <LinkButton href="/communication/threads" glyph=Glyph::Thread>"Threads"</LinkButton>
            <LinkButton href="/communication/channels" glyph=Glyph::List>"All channels"</LinkButton>
        </PageTitle>
        <SearchForm words/>
        {part(move || {
            let words = words.get();
            (!words.is_empty()).then(|| view! { <Found words/> })
        })}
        <div class="hub">
            <div class="min-w-0">
                <Loaded resource=channels what="the channels" let:page>
                    <Sections page/>
                </Loaded>
            </div>
            <Card title="Waits for an answer" id="waits">
                <Loaded resource=threads what="what waits" lines=3 let:threads>
                    <Waits threads/>
                </Loaded>
            </Card>
            <Card title="Squad" id="squad">
                <Loaded resource=squad what="the squad" lines=3 let:agents>
                    <Squad agents/>
                </Loaded>
            </Card>
        </div>
    }
}

/// A form of the page itself: what is searched stands in the address.
#[component]
fn SearchForm(words: Now<String>) -> impl IntoView {
    view! {
        <form method="get" action="/communication" role="search" class="mb-4 flex max-w-2xl gap-2">
            <label for="search-all" class="sr-only">"Search every message"</label>
            <input id="search-all" name="q" type="search" autocomplete="off" placeholder="Search every message" value=words.get_untracked() class="control focus-vibe"/>
            <button type="submit" class=button_class(Look::Plain)><Icon glyph=Glyph::Search class="size-4"/><span class="max-sm:sr-only">"Search"</span></button>
        </form>
    }
    .into_any()
}

#[component]
fn Found(words: String) -> impl IntoView {
    let wanted = words.clone();
    let found = Resource::new_blocking(|| (), move |()| search(String::new(), wanted.clone()));
    view! {
        <Card title=format!("Messages with “{words}”") id="found" class="mb-4">
            <Loaded resource=found what="what was found" let:found>
                <FoundList found/>
            </Loaded>
        </Card>
    }
    .into_any()
}

/// Messages that were found, each a link to its place.
#[component]
pub fn FoundList(
    /// The messages, newest first.
    found: Now<Vec<FoundMessage>>,
) -> impl IntoView {
    let line = |message: FoundMessage| {
        let href = message_href(&message.channel, &message.id, message.thread.as_deref());
        view! {
            <li>
                <a href=href class="channel-line focus-vibe">
                    <span class="min-w-0 grow">
                        <span class="flex flex-wrap items-baseline gap-x-2 text-sm">
                            <span class="font-medium text-ink">{message.by}</span>
                            <span class="min-w-0 truncate text-ink-3">{message.channel_name}</span>
                            <span class="ml-auto text-xs text-ink-3"><RelativeTime at=message.at/></span>
                        </span>
                        <span class="block text-sm break-words text-ink-2">{message.text}</span>
                    </span>
                </a>
            </li>
        }
    };
    part(move || {
        let found = found.get();
        if found.is_empty() {
            return view! { <p role="status" class="text-sm text-ink-3">"No message has all these words."</p> }
                .into_any();
        }
        let count = if found.len() == 1 { "1 message".to_owned() } else { format!("{} messages", found.len()) };
        view! {
            <p role="status" class="mb-2 text-sm text-ink-3">{count}</p>
            <ol class="flex flex-col gap-1" aria-label="Messages found">{found.into_iter().map(line).collect_view()}</ol>
        }
        .into_any()
    })
}

/// The channels, by what they are for.
#[component]
fn Sections(page: Now<ChannelPage>) -> impl IntoView {
    let trouble = memo(move |_| page.seen(|page| page.trouble.clone()));
    let more = memo(move |_| page.seen(|page| page.total as usize > page.channels.len()));
    let none = memo(move |_| page.seen(|page| page.channels.is_empty()));
    let section = move |(purpose, name, _): (&'static str, &'static str, Glyph)| {
        let channels = memo(move |_| {
            page.seen(|page| {
                page.channels.iter().filter(|channel| channel.purpose == purpose).cloned().collect::<Vec<_>>()
            })
        });
        view! {
            <Only when=move || !channels.seen(Vec::is_empty)>
                <Card title=name id=format!("channels-{purpose}") class="mb-4">
                    <ul class="-mx-2 flex flex-col">
                        <Rows items=channels key=|channel: &ChannelSummary| channel.id.clone() let:channel>
                            <li><ChannelLine channel/></li>
                        </Rows>
                    </ul>
                </Card>
            </Only>
        }
    };
    view! {
        {part(move || trouble.get().map(|trouble| view! { <div class="mb-4"><Notice>{trouble}" What is unread cannot be counted."</Notice></div> }))}
        {PURPOSES.map(section).collect_view()}
        <Only when=move || none.get()>
            <GlassCard>
                <EmptyState glyph=Glyph::Chat title="No conversation goes on" text="Every workflow makes its channel when it begins, with a thread for each task.">
                    <LinkButton href="/orchestration/workflows/create" look=Look::Primary>"New workflow"</LinkButton>
                </EmptyState>
            </GlassCard>
        </Only>
        <Only when=move || more.get()>
            <p class="text-sm"><a href="/communication/channels" class="link">"See all channels"</a></p>
        </Only>
    }
    .into_any()
}

/// What waits for a person, the oldest first; as much as leaves room for the rest of the page.
#[component]
fn Waits(threads: Now<Vec<ThreadView>>) -> impl IntoView {
    let waiting = memo(move |_| {
        threads.seen(|threads| {
            threads.iter().filter(|thread| thread.waits.is_some()).take(WAITS_MAX).cloned().collect::<Vec<_>>()
        })
    });
    let more = derived(move || {
        threads.seen(|threads| threads.iter().filter(|thread| thread.waits.is_some()).count()).saturating_sub(WAITS_MAX)
    });
    view! {
        <Only
            when=move || !waiting.seen(Vec::is_empty)
            fallback=|| view! { <p class="text-sm text-ink-3">"Nothing waits for you."</p> }
        >
            <ul class="-mx-2 flex flex-col" aria-label="Waits for an answer, oldest first">
                <Rows items=waiting key=|thread: &ThreadView| thread.root.clone() let:thread>
                    <li><ThreadLine thread/></li>
                </Rows>
            </ul>
            <Only when=move || { more.get() > 0 }>
                <p class="mt-2 text-sm">
                    <a href="/communication/threads" class="link">{part(move || format!("See {} more", more.get()))}</a>
                </p>
            </Only>
        </Only>
    }
    .into_any()
}
