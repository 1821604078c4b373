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
    // One alone is given the width of two.
    let alone = templates.len() == 1;
    let columns = if alone { "max-w-4xl" } else { "md:grid-cols-2 2xl:grid-cols-3" };
    view! {
        <ul class=format!("grid gap-4 {columns}") aria-label="Templates">
            {templates.into_iter().map(|template| view! { <li class="min-w-0"><TemplateCard template alone/></li> }).collect_view()}
        </ul>
    }
    .into_any()
}

#[component]
fn TemplateCard(template: TemplateView, alone: bool) -> impl IntoView {
    let TemplateView { id, name, description, tasks, .. } = template;
    let heading = format!("template-{id}");
    let summary = in_words(&stages(&tasks));
    view! {
        <article
            aria-labelledby=heading
            class=format!("glass flex h-full flex-col gap-x-10 gap-y-5 p-4 md:p-5 {}", if alone { "lg:grid lg:grid-cols-2" } else { "" })
        >
            <div class="flex flex-col items-start gap-4">
                <div>
                    <h2 id=heading.clone() class="text-lg font-semibold text-ink">{name.clone()}</h2>
                    <p class="mt-1 text-sm text-ink-2">{description}</p>
                </div>
                <LinkButton href=format!("?template={id}") look=Look::Primary glyph=Glyph::ArrowRight>
                    "Use this template" <span class="sr-only">{format!(": {name}")}</span>
                </LinkButton>
            </div>
            <div>
                <p class="mb-3 text-sm font-medium text-ink-3">{summary}</p>
                <Stages tasks/>
            </div>
        </article>
    }
}
