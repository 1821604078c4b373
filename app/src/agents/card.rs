//! One agent on the roster.

use devsquad::view::{AgentSummary, TaskLink};
use leptos::prelude::*;

use super::skills::Skills;
use super::{Load, adapter_words, agent_href};
use crate::ui::*;
use crate::workflows::status::PresenceChip;

/// Who it is, what it can do, how busy it is, and how its work was received.
#[component]
pub fn AgentCard(
    /// The agent.
    agent: Now<AgentSummary>,
) -> impl IntoView {
    let AgentSummary { id, name, description, adapter, .. } = agent.get_untracked();
    let heading = format!("agent-{id}");
    view! {
        <article aria-labelledby=heading class="glass flex h-full min-w-0 flex-col gap-4 p-4">
            <div class="flex items-start gap-3">
                <Avatar name=name.clone()/>
                <div class="min-w-0 grow">
                    <h2 id=heading.clone() class="text-base font-semibold text-ink">
                        <a href=agent_href(id) class="-my-2.5 line-clamp-3 rounded-sm py-2.5 break-words hover:underline focus-vibe md:-my-1 md:py-1">{name}</a>
                    </h2>
                    <p class="truncate text-sm text-ink-3">{adapter_words(&adapter)}</p>
                </div>
                <PresenceChip presence=derived(move || agent.seen(|agent| agent.presence))/>
            </div>
            {(!description.is_empty()).then(|| view! { <p class="text-sm text-ink-2">{description}</p> })}
            <Skills skills=derived(move || agent.seen(|agent| agent.skills.clone()))/>
            <Load agent/>
            <Record agent/>
            <Now agent/>
        </article>
    }
}

/// How its work was received, in three figures.
#[component]
fn Record(agent: Now<AgentSummary>) -> impl IntoView {
    let figure = |label: &'static str, value: Now<u32>| {
        view! {
            <div class="flex min-w-0 flex-col-reverse">
                <dt class="text-sm text-ink-3">{label}</dt>
                <dd class="text-lg font-semibold text-ink tabular-nums">{part(move || value.get())}</dd>
            </div>
        }
    };
    view! {
        <dl class="grid grid-cols-3 gap-2 border-t border-line pt-3" aria-label="Its work so far">
            {figure("Accepted", derived(move || agent.seen(|agent| agent.accepted)))}
            {figure("Sent back", derived(move || agent.seen(|agent| agent.rejected)))}
            {figure("Failed", derived(move || agent.seen(|agent| agent.failed)))}
        </dl>
    }
}

/// What it works on, or when it was last heard of.
#[component]
fn Now(agent: Now<AgentSummary>) -> impl IntoView {
    let current = memo(move |_| agent.seen(|agent| agent.current.clone()));
    let last_seen = derived(move || agent.seen(|agent| agent.last_seen_at));
    view! {
        <div class="mt-auto text-sm text-ink-3">
            <Only when=move || current.seen(Vec::is_empty) fallback=move || view! { <Current current/> }>
                <p>"Last heard of " <RelativeTime at=last_seen/></p>
            </Only>
        </div>
    }
}

/// The tasks it holds, as links.
#[component]
pub fn Current(
    /// The tasks.
    #[prop(into)]
    current: Now<Vec<TaskLink>>,
) -> impl IntoView {
    let line = |link: TaskLink| {
        let href = task_href(&link);
        view! {
            <li class="truncate">
                "Works on "
                <a href=href class="link">{link.name}</a>
            </li>
        }
    };
    view! { <ul>{part(move || current.get().into_iter().map(line).collect_view())}</ul> }
}

/// Where a task is shown.
pub fn task_href(link: &TaskLink) -> String {
    format!("/orchestration/workflows/{}/tasks/{}", link.workflow, link.task)
}
