//! The roster: every agent, by name.

use devsquad::Role;
use devsquad::agent::Presence;
use devsquad::view::AgentSummary;
use leptos::prelude::*;

use super::api::load_agents;
use super::card::AgentCard;
use crate::live::use_live;
use crate::session::use_session;
use crate::ui::*;

/// The agents of the organization.
#[component]
pub fn AgentsPage() -> impl IntoView {
    let live = use_live();
    let agents = Resource::new_blocking(move || live.revision().get(), |_| load_agents());
    let may_add = untrack(|| use_session().may(Role::Admin));
    view! {
        <PageTitle title="Agents" subtitle="Who does the work, what each can do, and how busy it is.">
            {may_add.then(|| view! {
                <LinkButton href="/orchestration/agents/new" look=Look::Primary glyph=Glyph::Plus>"Connect an agent"</LinkButton>
            })}
        </PageTitle>
        <Loaded resource=agents what="the agents" let:agents>
            <Roster agents/>
        </Loaded>
    }
}

#[component]
fn Roster(agents: Now<Vec<AgentSummary>>) -> impl IntoView {
    view! {
        <Only when=move || !agents.seen(Vec::is_empty) fallback=NoAgents>
            <p class="mb-3 text-sm text-ink-3" role="status">{part(move || agents.seen(|agents| counted(agents)))}</p>
            <ul class="grid gap-4 sm:grid-cols-2 xl:grid-cols-3" aria-label="Agents">
                <Rows items=agents key=|agent| agent.id let:agent>
                    <li class="min-w-0"><AgentCard agent/></li>
                </Rows>
            </ul>
        </Only>
    }
}

#[component]
fn NoAgents() -> impl IntoView {
    view! {
        <EmptyState glyph=Glyph::Agents title="No agents yet" text="An agent is any program that asks this server for tasks over HTTP.">
            <LinkButton href="/orchestration/agents/new" look=Look::Primary>"Connect an agent"</LinkButton>
        </EmptyState>
    }
}

/// "5 agents: 3 available, 1 busy, 1 offline", and those that fail, if any do.
fn counted(agents: &[AgentSummary]) -> String {
    let of = |presence: Presence| agents.iter().filter(|agent| agent.presence == presence).count();
    let (available, busy, offline) = (of(Presence::Available), of(Presence::Busy), of(Presence::Offline));
    let noun = if agents.len() == 1 { "agent" } else { "agents" };
    let failing = match of(Presence::Error) {
        0 => String::new(),
        n => format!(", {n} failing"),
    };
    format!("{} {noun}: {available} available, {busy} busy, {offline} offline{failing}", agents.len())
}
