//! One agent's profile.

use devsquad::id::AgentId;
use devsquad::view::{AgentSummary, AgentView};
use devsquad::{Refusal, Role};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::adapter_words;
use super::api::{RETIRE, RetireAgent, load_agent};
use super::card::Current;
use super::history::History;
use super::load::Load;
use super::skills::Skills;
use crate::communication::api;
use crate::errors::FailurePage;
use crate::live::use_live;
use crate::session::use_session;
use crate::ui::*;
use crate::workflows::status::PresenceChip;

/// An agent: what it can do, how its work was received, what it did and why it was chosen.
#[component]
pub fn AgentPage() -> impl IntoView {
    let params = use_params_map();
    let live = use_live();
    let agent = Resource::new_blocking(
        move || (params.seen(|params| params.get("agent_id").unwrap_or_default()), live.revision().get()),
        |(given, _)| async move {
            match given.parse::<AgentId>() {
                Ok(id) => load_agent(id).await,
                Err(_) => Err(Refusal::not_found("agent", given).into()),
            }
        },
    );
    view! {
        <Loaded resource=agent what="the agent" failed=|failure| view! { <FailurePage failure/> }.into_any() let:agent>
            <Profile agent/>
        </Loaded>
    }
}

#[component]
fn Profile(agent: Now<AgentView>) -> impl IntoView {
    use_live().known(agent.seen_once(|agent| agent.seq));
    let summary = derived(move || agent.seen(|agent| agent.summary.clone()));
    let name = derived(move || summary.seen(|agent| agent.name.clone()));
    let about = derived(move || summary.seen(about));
    let may_retire = untrack(|| use_session().may(Role::Admin));
    view! {
        <BackLink href="/orchestration/agents" words="Agents".to_owned()/>
        <PageTitle title=name subtitle=about>
            <PresenceChip presence=derived(move || summary.seen(|agent| agent.presence))/>
            <TalkTo agent=summary/>
        </PageTitle>
        <div class="flex flex-col gap-4">
            <Figures agent/>
            <div class="grid gap-4 lg:grid-cols-2">
                <Card title="Skills" id="skills">
                    <Skills skills=derived(move || summary.seen(|agent| agent.skills.clone()))/>
                </Card>
                <Card title="Now" id="now">
                    <div class="flex flex-col gap-3 text-sm text-ink-2">
                        <Load agent=summary/>
                        <Current current=derived(move || summary.seen(|agent| agent.current.clone()))/>
                        <p class="text-ink-3">"Last heard of " <RelativeTime at=derived(move || summary.seen(|agent| agent.last_seen_at))/></p>
                    </div>
                </Card>
            </div>
            <History agent/>
            {may_retire.then(|| view! { <Retire agent=summary/> })}
        </div>
    }
}

/// The way to what is said between the agent and the reader.
#[component]
fn TalkTo(agent: Now<AgentSummary>) -> impl IntoView {
    let form = Form::new::<api::TalkTo>(api::TALK);
    let toasts = use_toasts();
    effect(move || {
        if let Some(failure) = form.failure() {
            toasts.failed(failure.to_string());
        }
    });
    view! {
        <PostForm form>
            <input type="hidden" name="agent" value=shared(move || agent.seen(|agent| agent.id.to_string()))/>
            <SubmitButton look=Look::Plain glyph=Glyph::Chat pending=derived(move || form.pending())>"Message"</SubmitButton>
        </PostForm>
    }
    .into_any()
}

#[component]
fn Figures(agent: Now<AgentView>) -> impl IntoView {
    let count =
        move |pick: fn(&AgentSummary) -> u32| derived(move || agent.seen(|agent| pick(&agent.summary).to_string()));
    let cost =
        derived(move || agent.seen(|agent| agent.cost_per_hour.map_or("Free".to_owned(), |cost| format!("{cost:.2}"))));
    view! {
        <Stats label="Its work so far" columns="grid-cols-2 lg:grid-cols-4">
            <Stat label="Accepted" value=count(|agent| agent.accepted) note=Now::stored("results that passed".to_owned())/>
            <Stat label="Sent back" value=count(|agent| agent.rejected) note=Now::stored("results to be reworked".to_owned())/>
            <Stat label="Failed" value=count(|agent| agent.failed) note=Now::stored("attempts without a result".to_owned())/>
            <Stat label="Cost per hour" value=cost note=Now::stored("as registered".to_owned())/>
        </Stats>
    }
}

/// Lets it leave, after a second thought.
#[component]
fn Retire(agent: Now<AgentSummary>) -> impl IntoView {
    let form = Form::new::<RetireAgent>(RETIRE);
    let failure = derived(move || form.failure());
    view! {
        <details open=failure.get_untracked().is_some()>
            <summary class="btn btn-quiet w-fit focus-vibe"><Icon glyph=Glyph::Trash class="size-4"/>"Retire this agent…"</summary>
            <div class="mt-2 flex max-w-prose flex-col gap-3 rounded-lg border border-line bg-raised p-4">
                <FormFaults failure fields=Vec::new() title="It was not retired"/>
                <p class="text-sm text-ink-2">
                    "Its token stops working at once, and the tasks it holds go back to the queue. Its history stays. This cannot be undone."
                </p>
                <PostForm form=form>
                    <input type="hidden" name="agent" value=shared(move || agent.seen(|agent| agent.id.to_string()))/>
                    <SubmitButton look=Look::Danger pending=derived(move || form.pending())>"Retire for good"</SubmitButton>
                </PostForm>
            </div>
        </details>
    }
}

/// Who it is, in a line.
fn about(agent: &AgentSummary) -> String {
    match agent.description.as_str() {
        "" => adapter_words(&agent.adapter),
        description => description.to_owned(),
    }
}
