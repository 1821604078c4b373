//! Step 4: a last look, and off it goes.

use devsquad::id::WorkflowId;
use devsquad::view::{ParameterView, TemplateView};
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::api::{Begin, FORM};
use super::carried::{Answers, PARAMETERS, PROJECT, answer};
use super::mission::starter;
use super::step::Step;
use crate::create::api::load_templates;
use crate::create::outline::{in_words, stages};
use crate::create::{ParameterFields, run_page};
use crate::session::use_session;
use crate::ui::*;

/// What was answered, and the button that starts it.
#[component]
pub fn Review(
    /// The answers.
    answers: Answers,
) -> impl IntoView {
    let templates = Resource::new_blocking(|| (), |()| load_templates());
    view! {
        <Loaded resource=templates what="the mission" let:templates>
            {templates.seen_once(|templates| starter(templates)).map(|template| view! { <Launch template answers/> })}
        </Loaded>
    }
}

#[component]
fn Launch(template: TemplateView, answers: Answers) -> impl IntoView {
    let TemplateView { id, name, parameters, tasks, .. } = template;
    let form = Form::new::<Begin>(FORM);
    let failure = derived(move || form.failure());
    let session = use_session();
    let project = answer(&answers, PROJECT)
        .or_else(|| session.get_untracked().map(|session| session.project_name))
        .unwrap_or_default();
    go_when_begun(form, project.clone());
    let fields: Vec<String> = parameters.iter().map(|parameter| parameter.name.clone()).collect();
    let back = format!("/welcome?{}", query(Step::Mission, &answers));
    let told = parameters.clone().into_iter().map(|parameter| {
        let text = answer(&answers, &format!("{PARAMETERS}{}]", parameter.name));
        (parameter.title.clone(), shown(&parameter, text))
    });
    let line = |(term, text): (String, String)| {
        view! {
            <div class="flex flex-col gap-x-4 py-2.5 sm:flex-row">
                <dt class="text-sm font-medium text-ink-3 sm:w-48 sm:shrink-0">{term}</dt>
                <dd class="min-w-0 text-ink break-all">{text}</dd>
            </div>
        }
    };
    let lines = [
        ("Project".to_owned(), project.clone()),
        ("Mission".to_owned(), name),
        ("Work".to_owned(), in_words(&stages(&tasks))),
    ];
    let sent = answers.clone();
    view! {
        <dl class="divide-y divide-line">{lines.into_iter().chain(told).map(line).collect_view()}</dl>
        <PostForm form=form attr:novalidate=true>
            <input type="hidden" name="project" value=project/>
            <input type="hidden" name="template" value=id/>
            <div class="mt-5 flex flex-col gap-5">
                <FormFaults failure fields title="The mission was not launched"/>
                // What was refused can be mended here; until then the fields travel unseen.
                <div class=shared(move || if failure.seen(Option::is_some) { "" } else { "hidden" })>
                    <ParameterFields
                        parameters
                        failure
                        given=Callback::new(move |name: String| form.given(&name).or_else(|| answer(&sent, &format!("{PARAMETERS}{name}]"))))
                    />
                </div>
                <div class="flex flex-wrap gap-2">
                    <SubmitButton look=Look::Hero glyph=Glyph::Bolt pending=derived(move || form.pending())>"Launch the squad"</SubmitButton>
                    <LinkButton href=back look=Look::Quiet>"Back"</LinkButton>
                </div>
            </div>
        </PostForm>
    }
}

/// Goes to the run page once it began, and tells the bar above how the project is called now.
fn go_when_begun(form: Form<WorkflowId>, project: String) {
    let session = use_session();
    let navigate = use_navigate();
    effect(move || {
        let Some(Ok(workflow)) = form.answer() else { return };
        if let Some(mut known) = session.get_untracked() {
            known.welcomed = true;
            if !project.trim().is_empty() {
                project.trim().clone_into(&mut known.project_name);
            }
            session.set(Some(known));
        }
        navigate(&run_page(workflow), Default::default());
    });
}

/// What was answered, for people.
fn shown(parameter: &ParameterView, text: Option<String>) -> String {
    match (parameter.kind.as_str(), text.as_deref()) {
        ("boolean", Some("true" | "on")) => "Yes".to_owned(),
        ("boolean", _) => "No".to_owned(),
        (_, Some("") | None) => parameter.default.as_ref().map_or("Not given".to_owned(), ToString::to_string),
        (_, Some(text)) => text.to_owned(),
    }
}

/// The query of a step with the answers so far.
fn query(step: Step, answers: &Answers) -> String {
    let mut query = leptos_router::params::ParamsMap::new();
    query.insert("step", step.number().to_string());
    for (name, value) in answers {
        query.insert(name.clone(), value.clone());
    }
    query.to_query_string().trim_start_matches('?').to_owned()
}
