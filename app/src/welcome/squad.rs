//! Step 2: who does the work.

use devsquad::agent::Presence;
use devsquad::view::AgentSummary;
use leptos::prelude::*;

use super::carried::{Answers, Carried};
use super::step::Step;
use crate::agents::api::load_agents;
use crate::live::use_live;
use crate::ui::*;
use crate::workflows::status::PresenceChip;

/// The agents, with their presence as it changes.
#[component]
pub fn Squad(
    /// The answers so far.
    answers: Answers,
) -> impl IntoView {
    let live = use_live();
    let agents = Resource::new_blocking(move || live.revision().get(), |_| load_agents());
    view! {
        <p class="mb-4 max-w-prose text-ink-2">"Built-in agents run on this server, need no key, and send nothing anywhere."</p>
        <Loaded resource=agents what="the squad" let:agents>
            <p class="mb-2 text-sm text-ink-3" role="status">{part(move || agents.seen(|agents| reachable(agents)))}</p>
            <ul class="grid gap-x-6 sm:grid-cols-2" aria-label="Agents">
                <Rows items=agents key=|agent: &AgentSummary| agent.id let:agent>
                    <li><Member agent/></li>
                </Rows>
            </ul>
        </Loaded>
        <form method="get" action="/welcome">
            <Carried to=Step::Mission answers/>
            <div class="mt-6 flex flex-wrap items-center gap-2">
                <SubmitButton>"Continue"</SubmitButton>
                <LinkButton href="/orchestration/agents/new" look=Look::Quiet>"Connect your own"</LinkButton>
            </div>
        </form>
    }
}

#[component]
fn Member(agent: Now<AgentSummary>) -> impl IntoView {
    let AgentSummary { name, description, .. } = agent.get_untracked();
    view! {
        <div class="flex items-start gap-3 border-t border-line py-3">
            <Avatar name=name.clone() class="size-9 text-sm"/>
            <div class="min-w-0 grow">
                <p class="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
                    <span class="font-medium text-ink">{name}</span>
                    <PresenceChip presence=derived(move || agent.seen(|agent| agent.presence))/>
                </p>
                <p class="text-sm text-ink-3">{description}</p>
            </div>
        </div>
    }
}

/// "4 of 4 can be reached".
fn reachable(agents: &[AgentSummary]) -> String {
    let online = agents.iter().filter(|agent| agent.presence != Presence::Offline).count();
    format!("{online} of {} can be reached", agents.len())
}
