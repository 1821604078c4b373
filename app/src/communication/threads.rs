//! The inbox of threads: those that wait for this person, and those they take part in.

use devsquad::view::chat::ThreadView;
use leptos::prelude::*;

use super::api::load_threads;
use super::room::stirred;
use super::thread_href;
use crate::ui::*;

/// The inbox.
#[component]
pub fn ThreadsPage() -> impl IntoView {
    let stirred = stirred();
    let threads = Resource::new_blocking(move || stirred.get(), |_| load_threads());
    view! {
        <BackLink href="/communication" words="Chat".to_owned()/>
        <PageTitle title="Threads" subtitle="What waits for an answer, and where you said something."/>
        <Loaded resource=threads what="your threads" let:threads>
            <Inbox threads/>
        </Loaded>
    }
}

#[component]
fn Inbox(threads: Now<Vec<ThreadView>>) -> impl IntoView {
    let some = move |waits: bool| {
        memo(move |_| {
            threads.seen(|threads| {
                threads.iter().filter(|thread| thread.waits.is_some() == waits).cloned().collect::<Vec<_>>()
            })
        })
    };
    let list = |threads: Now<Vec<ThreadView>>, title: &'static str, id: &'static str| {
        view! {
            <Only when=move || !threads.seen(Vec::is_empty)>
                <Card title=title id=id class="mb-4 max-w-4xl">
                    <ul class="-mx-2 flex flex-col">
                        <Rows items=threads key=|thread: &ThreadView| thread.root.clone() let:thread>
                            <li><ThreadLine thread/></li>
                        </Rows>
                    </ul>
                </Card>
            </Only>
        }
    };
    view! {
        {list(some(true), "Waits for an answer", "waits")}
        {list(some(false), "Yours", "yours")}
        <Only when=move || threads.seen(Vec::is_empty)>
            <GlassCard class="max-w-4xl">
                <EmptyState glyph=Glyph::Thread title="No thread needs you" text="Threads you reply in, and those in which an agent asks for a person, stand here.">
                    <LinkButton href="/communication">"See the channels"</LinkButton>
                </EmptyState>
            </GlassCard>
        </Only>
    }
    .into_any()
}

/// A thread as a line of a list.
#[component]
pub fn ThreadLine(
    /// The thread.
    thread: Now<ThreadView>,
) -> impl IntoView {
    let href = thread.seen_once(|thread| thread_href(&thread.channel, &thread.root));
    let waits = memo(move |_| thread.seen(|thread| thread.waits.clone()));
    let last = memo(move |_| thread.seen(|thread| thread.last.clone()));
    let at = memo(move |_| thread.seen(|thread| thread.at));
    view! {
        <a href=href class="channel-line focus-vibe">
            <Icon glyph=Glyph::Thread class="mt-0.5 size-5 shrink-0 text-ink-3"/>
            <span class="min-w-0 grow">
                <span class="flex items-baseline gap-2">
                    <span class="min-w-0 truncate text-sm font-medium text-ink">{part(move || thread.seen(|thread| thread.title.clone()))}</span>
                    <span class="ml-auto shrink-0 text-xs text-ink-3">{part(move || at.get().map(|at| view! { <RelativeTime at=at/> }))}</span>
                </span>
                <span class="block truncate text-xs text-ink-3">{part(move || thread.seen(|thread| thread.channel_name.clone()))}</span>
                {part(move || waits.get().map(|asked| view! { <span class="mt-1 block text-sm break-words text-ink-2">{asked}</span> }))}
                {part(move || last.get().map(|(by, text)| view! { <span class="mt-1 block truncate text-sm text-ink-2">{format!("{by}: {text}")}</span> }))}
            </span>
        </a>
    }
    .into_any()
}
