//! The page on which a workflow begins.

use devsquad::Role;
use devsquad::view::TemplateView;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::api::load_templates;
use super::gallery::Gallery;
use super::import::Import;
use super::launch::LaunchTemplate;
use crate::session::use_session;
use crate::ui::*;

const HERE: &str = "/orchestration/workflows/create";
const FROM_FILE: &str = "/orchestration/workflows/create?source=file";

/// From a template or from a file to a workflow that runs.
#[component]
pub fn CreatePage() -> impl IntoView {
    let query = use_query_map();
    let from_file = memo(move |_| query.seen(|query| query.get_str("source") == Some("file")));
    let chosen = memo(move |_| query.seen(|query| query.get("template")));
    let templates = Resource::new_blocking(|| (), |()| load_templates());
    let may_create = untrack(|| use_session().may(Role::Operator));
    view! {
        <PageTitle title="New workflow" subtitle="Pick what has to be done. The squad takes it from there."/>
        <div class="flex flex-col gap-4 md:gap-6">
            {(!may_create).then(|| view! { <Notice>"To launch a workflow you need the role operator or above. You can look around."</Notice> })}
            <Sources from_file/>
            <Only when=move || from_file.get() fallback=move || view! {
                <Loaded resource=templates what="the templates" let:templates>
                    <FromTemplate templates chosen/>
                </Loaded>
            }>
                <Import/>
            </Only>
        </div>
    }
}

/// The two ways to begin.
#[component]
fn Sources(from_file: Now<bool>) -> impl IntoView {
    let link = move |href: &'static str, words: &'static str, glyph: Glyph, is_file: bool| {
        view! {
            <a href=href aria-current=shared(move || (from_file.get() == is_file).then_some("page")) class="segment focus-vibe">
                <Icon glyph class="size-4 shrink-0"/>
                {words}
            </a>
        }
    };
    view! {
        <nav aria-label="How to begin" class="segments w-fit">
            {link(HERE, "From a template", Glyph::Workflows, false)}
            {link(FROM_FILE, "From a file", Glyph::File, true)}
        </nav>
    }
}

/// The chosen template's form, or all of them to choose from.
#[component]
fn FromTemplate(templates: Now<Vec<TemplateView>>, chosen: Now<Option<String>>) -> impl IntoView {
    let found = memo(move |_| {
        let wanted = chosen.get()?;
        templates.seen(|templates| templates.iter().find(|template| template.id == wanted).cloned())
    });
    let all = move || {
        view! {
            {chosen.get().map(|id| view! { <Notice>{format!("There is no template “{id}”. These are on offer.")}</Notice> })}
            <Gallery templates=templates.get()/>
        }
    };
    let form = |template| view! { <LaunchTemplate template/> }.into_any();
    move || found.get().map_or_else(|| all().into_any(), form)
}
