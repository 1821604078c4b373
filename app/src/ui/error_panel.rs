//! What is said when something did not work, or deserves notice.

use leptos::prelude::*;

use super::chip::Tone;
use super::icon::{Glyph, Icon};

/// A part of the page that could not be shown: what happened, and what to do. The children are the way out.
#[component]
pub fn ErrorPanel(
    /// What could not be done, in a few words.
    #[prop(into, default = "This part could not be loaded.".to_owned())]
    title: String,
    /// Why.
    #[prop(into)]
    message: String,
    /// The way out.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div role="alert" class="flex gap-3 rounded-lg border border-line bg-red-500/12 p-4">
            <Icon glyph=Glyph::Warning class="mt-0.5 size-5 shrink-0 text-bad"/>
            <div class="min-w-0">
                <p class="font-semibold text-ink">{title}</p>
                <p class="mt-0.5 text-sm break-words text-ink-2">{message}</p>
                {children.map(|children| view! { <div class="mt-3 flex flex-wrap gap-2">{children()}</div> })}
            </div>
        </div>
    }
}

/// A strip across the page: a sentence with a tone.
#[component]
pub fn Notice(
    /// What the colour says.
    #[prop(default = Tone::Wait)]
    tone: Tone,
    /// A picture.
    #[prop(default = Glyph::Info)]
    glyph: Glyph,
    /// The sentence, and what can be done.
    children: Children,
) -> impl IntoView {
    let edge = tone.edge();
    view! {
        <div class=format!("flex items-start gap-3 rounded-lg border border-l-4 border-line bg-raised px-4 py-3 text-sm text-ink {edge}")>
            <Icon glyph class=format!("mt-0.5 size-4 shrink-0 {}", tone.text())/>
            <div class="flex min-w-0 grow flex-wrap items-center gap-x-4 gap-y-2 break-words">{children()}</div>
        </div>
    }
}
