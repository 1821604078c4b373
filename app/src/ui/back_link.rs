//! The way back to what a page belongs to.

use leptos::prelude::*;

use super::{Glyph, Icon, Now, part};

/// A link above the title.
#[component]
pub fn BackLink(
    /// Where to.
    #[prop(into)]
    href: String,
    /// What is there.
    #[prop(into)]
    words: Now<String>,
) -> impl IntoView {
    view! {
        <p class="mb-1 text-sm">
            <a href=href class="-ml-1 inline-flex min-h-11 min-w-0 items-center gap-1 rounded-lg pr-2 break-words text-primary-text hover:underline md:min-h-8 focus-vibe">
                <Icon glyph=Glyph::ChevronLeft class="size-4 shrink-0"/>
                {part(move || words.get())}
            </a>
        </p>
    }
}
