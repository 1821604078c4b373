//! How an agent of one's own joins: a form, then its token and a command to try it with.

use leptos::prelude::*;

use super::agent_href;
use super::api::{AddAgent, FORM, NewAgent};
use crate::ui::*;

/// The fields that show their own faults.
const FIELDS: [&str; 3] = ["name", "skills", "capacity"];

/// Registers an agent that speaks HTTP.
#[component]
pub fn NewAgentPage() -> impl IntoView {
    let form = Form::new::<AddAgent>(FORM);
    let origin = RwSignal::new(SharedValue::new(origin).into_inner());
    // Behind a proxy only the browser knows the scheme.
    effect(move || {
        if let Ok(seen) = window().location().origin() {
            origin.set(seen);
        }
    });
    view! {
        <BackLink href="/orchestration/agents" words="Agents".to_owned()/>
        <PageTitle title="Connect an agent" subtitle="Any program that speaks HTTP can join. It asks for tasks, works, and hands in results."/>
        <div class="max-w-2xl">
            {part(move || match form.done() {
                Some(agent) => view! { <Joined agent origin=origin.get()/> }.into_any(),
                None => view! { <Register form/> }.into_any(),
            })}
        </div>
    }
}

#[component]
fn Register(form: Form<NewAgent>) -> impl IntoView {
    let error = move |field: &'static str| derived(move || field_fault(form.failure().as_ref(), field));
    let given = move |field: &str, otherwise: &str| form.given(field).unwrap_or_else(|| otherwise.to_owned());
    view! {
        <GlassCard>
            <PostForm form=form attr:novalidate=true>
                <div class="flex flex-col gap-5">
                    <FormFaults failure=derived(move || form.failure()) fields=FIELDS.map(str::to_owned).to_vec() title="The agent was not registered"/>
                    <TextInput name="name" label="Name" value=given("name", "") error=error("name") autocomplete="off" hint="How it is called on the roster and in reports."/>
                    <TextInput
                        name="skills"
                        label="Skills"
                        value=given("skills", "")
                        error=error("skills")
                        autocomplete="off"
                        placeholder="rust:4, review"
                        hint="Separated by commas. A level from 1 (beginner) to 5 (expert) may follow a colon; without one it is 3."
                    />
                    <TextInput
                        name="capacity"
                        label="Slots"
                        kind="number"
                        value=given("capacity", "1")
                        error=error("capacity")
                        hint="How many tasks it works on at the same time."
                        attr:inputmode="numeric"
                    />
                    <div><SubmitButton look=Look::Hero pending=derived(move || form.pending())>"Register agent"</SubmitButton></div>
                </div>
            </PostForm>
        </GlassCard>
    }
}

/// What to do with the token, which is shown this once.
#[component]
fn Joined(agent: NewAgent, origin: String) -> impl IntoView {
    let NewAgent { id, name, token } = agent;
    let command = format!("python3 examples/agent.py --server {origin} --token {token}");
    effect(|| focus_soon(vec!["joined".to_owned()]));
    view! {
        <GlassCard hairline=true>
            <div class="flex flex-col gap-5">
                <div>
                    <h2 id="joined" tabindex="-1" class="rounded-sm text-lg font-semibold text-ink focus-vibe">{format!("{name} has joined")}</h2>
                    <p class="mt-1 text-sm text-ink-2">"It shows as available once its program asks for work."</p>
                </div>
                <div class="flex flex-col gap-2">
                    <h3 class="text-sm font-medium text-ink">"Its token"</h3>
                    <CopyText text=token label="the token"/>
                    <p class="text-sm font-medium text-warn">"This is the only time it is shown. Keep it like a password."</p>
                </div>
                <div class="flex flex-col gap-2">
                    <h3 class="text-sm font-medium text-ink">"Try it"</h3>
                    <CopyText text=command label="the command"/>
                    <p class="text-sm text-ink-3">"Run it in the repository of this server. The example is a starting point for your own."</p>
                </div>
                <div class="flex flex-wrap gap-2">
                    <LinkButton href=agent_href(id) look=Look::Primary>"Open its profile"</LinkButton>
                    <LinkButton href="/orchestration/agents/new" attr:rel="external">"Connect another"</LinkButton>
                </div>
            </div>
        </GlassCard>
    }
}

/// How many slots a text asks for.
#[cfg(feature = "ssr")]
pub fn slots(text: &str) -> Result<u32, crate::error::Failure> {
    let wrong = |_| devsquad::Refusal::fault("/capacity", "must be a whole number of 1 or more").into();
    text.trim().parse().map_err(wrong)
}

/// Where this server is reached, as the browser sees it.
#[cfg(feature = "ssr")]
fn origin() -> String {
    let header = |name: http::HeaderName| {
        let parts = use_context::<http::request::Parts>()?;
        parts.headers.get(name)?.to_str().ok().map(str::to_owned)
    };
    let referer = header(http::header::REFERER).unwrap_or_default();
    match (header(http::header::HOST), referer.starts_with("https://")) {
        (Some(host), true) => format!("https://{host}"),
        (Some(host), false) => format!("http://{host}"),
        (None, _) => String::new(),
    }
}

#[cfg(not(feature = "ssr"))]
fn origin() -> String {
    String::new()
}
