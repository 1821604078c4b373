//! The templates to choose from.

use devsquad::view::TemplateView;
use leptos::prelude::*;

use super::Stages;
use super::outline::{in_words, stages};
use crate::ui::*;

/// A card for every template.
#[component]
pub fn Gallery(
    /// The templates.
    templates: Vec<TemplateView>,
) -> impl IntoView {
    if templates.is_empty() {
        return view! {
            <EmptyState glyph=Glyph::Workflows title="No templates" text="This server offers none. A workflow can still come from a file.">
                <LinkButton href="?source=file" look=Look::Primary>"From a file"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    view! {
        <ul class="grid gap-4 md:grid-cols-2 xl:grid-cols-3" aria-label="Templates">
            {templates.into_iter().map(|template| view! { <li class="min-w-0"><TemplateCard template/></li> }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn TemplateCard(template: TemplateView) -> impl IntoView {
    let TemplateView { id, name, description, tasks, .. } = template;
    let heading = format!("template-{id}");
    let summary = in_words(&stages(&tasks));
    let label = format!("Use {name}");
    view! {
        <article aria-labelledby=heading class="glass flex h-full flex-col gap-4 p-4 md:p-5">
            <div>
                <h2 id=heading.clone() class="text-lg font-semibold text-ink">{name}</h2>
                <p class="mt-1 text-sm text-ink-2">{description}</p>
            </div>
            <div>
                <p class="mb-3 text-sm font-medium text-ink-3">{summary}</p>
                <Stages tasks/>
            </div>
            <div class="mt-auto">
                <LinkButton href=format!("?template={id}") look=Look::Primary glyph=Glyph::ArrowRight attr:aria-label=label>"Use this template"</LinkButton>
            </div>
        </article>
    }
}
