//! The squad at a glance: who is there, and what each does.

use devsquad::view::AgentSummary;
use leptos::prelude::*;

use super::{Load, agent_href};
use crate::ui::*;
use crate::workflows::status::PresenceChip;

/// Agents shown; the roster has the rest.
const MEMBERS_MAX: usize = 10;

/// A line for every agent.
#[component]
pub fn Squad(
    /// The agents.
    agents: Now<Vec<AgentSummary>>,
) -> impl IntoView {
    let shown = memo(move |_| agents.seen(|agents| agents.iter().take(MEMBERS_MAX).cloned().collect::<Vec<_>>()));
    let more = derived(move || agents.seen(Vec::len).saturating_sub(MEMBERS_MAX));
    view! {
        <Only
            when=move || !shown.seen(Vec::is_empty)
            fallback=|| view! {
                <p class="py-2 text-sm text-ink-3">"No agents yet. " <a href="/orchestration/agents/new" class="link">"Connect one"</a></p>
            }
        >
            <ul class="divide-y divide-line" aria-label="Agents">
                <Rows items=shown key=|agent: &AgentSummary| agent.id let:agent>
                    <li><Member agent/></li>
                </Rows>
            </ul>
            <Only when=move || { more.get() > 0 }>
                <p class="border-t border-line pt-2.5 text-sm text-ink-3">{part(move || format!("and {} more", more.get()))}</p>
            </Only>
        </Only>
    }
}

#[component]
fn Member(agent: Now<AgentSummary>) -> impl IntoView {
    let AgentSummary { id, name, .. } = agent.get_untracked();
    let current = memo(move |_| {
        agent.seen(|agent| agent.current.first().map(|task| (task.workflow, task.task, task.name.clone())))
    });
    let last_seen = derived(move || agent.seen(|agent| agent.last_seen_at));
    let now = move || match current.get() {
        Some((workflow, task, name)) => view! {
            "Works on " <a href=format!("/orchestration/workflows/{workflow}/tasks/{task}") class="link">{name}</a>
        }
        .into_any(),
        None => view! { "Last heard of " <RelativeTime at=last_seen/> }.into_any(),
    };
    view! {
        <div class="flex flex-wrap items-center gap-x-3 gap-y-2 py-2.5">
            <Avatar name=name.clone() class="size-9 text-sm"/>
            <div class="min-w-0 grow basis-40">
                <p class="flex flex-wrap items-center gap-x-2 gap-y-1">
                    <a href=agent_href(id) class="-my-2.5 truncate rounded-sm py-2.5 font-medium text-ink hover:underline focus-vibe">{name}</a>
                    <PresenceChip presence=derived(move || agent.seen(|agent| agent.presence))/>
                </p>
                <p class="truncate text-sm text-ink-3">{part(now)}</p>
            </div>
            <div class="w-full sm:w-40"><Load agent/></div>
        </div>
    }
}
