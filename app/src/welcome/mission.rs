//! Step 3: what is done first.

use devsquad::view::TemplateView;
use leptos::prelude::*;

use super::carried::{Answers, Carried, PARAMETERS, answer};
use super::step::Step;
use crate::create::api::load_templates;
use crate::create::outline::{in_words, stages};
use crate::create::{ParameterFields, Stages};
use crate::ui::*;

/// The template of the first mission.
const STARTER: &str = "project-health-check";

/// The mission to begin with; another one where this server has not the usual one.
pub fn starter(templates: &[TemplateView]) -> Option<TemplateView> {
    templates.iter().find(|template| template.id == STARTER).or(templates.first()).cloned()
}

/// The mission, and what it has to be told.
#[component]
pub fn Mission(
    /// The answers so far.
    answers: Answers,
) -> impl IntoView {
    let templates = Resource::new_blocking(|| (), |()| load_templates());
    view! {
        <Loaded resource=templates what="the mission" let:templates>
            {match templates.seen_once(|templates| starter(templates)) {
                Some(template) => view! { <Fields template answers/> }.into_any(),
                None => view! { <EmptyState title="No mission on offer" text="This server has no templates. A workflow can come from a file later."/> }.into_any(),
            }}
        </Loaded>
    }
}

#[component]
fn Fields(template: TemplateView, answers: Answers) -> impl IntoView {
    let TemplateView { name, description, parameters, tasks, .. } = template;
    let summary = in_words(&stages(&tasks));
    let carried = answers.clone();
    view! {
        <h3 class="font-semibold text-ink">{name}</h3>
        <p class="mt-1 mb-5 max-w-prose text-sm text-ink-2">{description}</p>
        <form method="get" action="/welcome">
            <Carried to=Step::Launch answers=carried but=PARAMETERS/>
            <div class="flex flex-col gap-6">
                <ParameterFields
                    parameters
                    failure=Now::stored(None)
                    given=Callback::new(move |name: String| answer(&answers, &format!("{PARAMETERS}{name}]")))
                />
                <details class="rounded-lg border border-line bg-raised">
                    <summary class="flex min-h-11 cursor-pointer items-center gap-2 rounded-lg px-4 text-sm font-medium text-ink focus-vibe">
                        <Icon glyph=Glyph::ChevronDown class="size-4"/>
                        {format!("What will happen: {summary}")}
                    </summary>
                    <div class="border-t border-line p-4"><Stages tasks/></div>
                </details>
                <div><SubmitButton>"Continue"</SubmitButton></div>
            </div>
        </form>
    }
}
