//! What stands where nothing is.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};

/// Says why there is nothing, and what to do about it; the children are the way out (a [`super::LinkButton`]).
#[component]
pub fn EmptyState(
    /// A picture.
    #[prop(default = Glyph::Sparkle)]
    glyph: Glyph,
    /// What there is none of, in a few words.
    #[prop(into)]
    title: String,
    /// One sentence more.
    #[prop(optional, into)]
    text: String,
    /// The way out.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="flex flex-col items-center gap-2 px-4 py-10 text-center">
            <span class="mb-1 grid size-12 place-items-center rounded-full bg-vibe-primary/12 text-primary-text">
                <Icon glyph class="size-6"/>
            </span>
            <p class="text-base font-semibold text-ink">{title}</p>
            {(!text.is_empty()).then(|| view! { <p class="max-w-prose text-sm text-ink-3">{text}</p> })}
            {children.map(|children| view! { <div class="mt-3 flex flex-wrap justify-center gap-2">{children()}</div> })}
        </div>
    }
}
