//! A template's form: what it has to be told, and what will happen.

use devsquad::view::TemplateView;
use leptos::prelude::*;

use super::api::{LAUNCH, Launch};
use super::outline::{in_words, stages};
use super::{ParameterFields, Stages};
use crate::ui::*;

/// The form, and the outline beside it.
#[component]
pub fn LaunchTemplate(
    /// The template.
    template: TemplateView,
) -> impl IntoView {
    let TemplateView { id, name, description, parameters, tasks } = template;
    let form = Form::new::<Launch>(LAUNCH);
    let failure = derived(move || form.failure());
    let fields: Vec<String> = parameters.iter().map(|parameter| parameter.name.clone()).collect();
    let summary = in_words(&stages(&tasks));
    view! {
        <div class="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Card title=name id="parameters">
                <p class="mb-5 max-w-prose text-sm text-ink-2">{description}</p>
                <PostForm form=form attr:novalidate=true>
                    <input type="hidden" name="template" value=id/>
                    <div class="flex flex-col gap-5">
                        <FormFaults failure fields title="The workflow was not launched"/>
                        <ParameterFields parameters failure given=Callback::new(move |name: String| form.given(&name))/>
                        <div class="flex flex-wrap gap-2">
                            <SubmitButton look=Look::Hero glyph=Glyph::Bolt pending=derived(move || form.pending())>"Launch"</SubmitButton>
                            <LinkButton href="/orchestration/workflows/create">"Other templates"</LinkButton>
                        </div>
                    </div>
                </PostForm>
            </Card>
            <Card title="What will happen" id="outline">
                <p class="mb-4 text-sm text-ink-3">{summary}</p>
                <Stages tasks/>
            </Card>
        </div>
    }
}
