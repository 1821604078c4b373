//! Chips: a word in a coloured pill. A status chip adds a shape, so that it never speaks by colour alone.

use leptos::prelude::*;

use super::now::Now;
use super::part::{part, shared};
use super::shape::{Shape, ShapeIcon};

/// What a colour says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing in particular.
    #[default]
    Quiet,
    /// It moves.
    Run,
    /// It is looked at.
    Review,
    /// It may begin.
    Ready,
    /// It ended well.
    Done,
    /// It waits for somebody.
    Wait,
    /// It failed.
    Fail,
}

impl Tone {
    /// The classes of a chip in this tone.
    pub fn chip(self) -> &'static str {
        match self {
            Tone::Quiet => "chip chip-quiet",
            Tone::Run => "chip chip-run",
            Tone::Review => "chip chip-review",
            Tone::Ready => "chip chip-ready",
            Tone::Done => "chip chip-done",
            Tone::Wait => "chip chip-wait",
            Tone::Fail => "chip chip-fail",
        }
    }

    /// The class of text or a line in this tone.
    pub fn text(self) -> &'static str {
        match self {
            Tone::Quiet => "text-ink-3",
            Tone::Run => "text-primary-text",
            Tone::Review => "text-secondary-text",
            Tone::Ready => "text-accent-text",
            Tone::Done => "text-ok",
            Tone::Wait => "text-warn",
            Tone::Fail => "text-bad",
        }
    }

    /// The class of the left edge of what stands in this tone.
    pub fn edge(self) -> &'static str {
        match self {
            Tone::Quiet => "border-l-line-strong",
            Tone::Run => "border-l-primary-text",
            Tone::Review => "border-l-secondary-text",
            Tone::Ready => "border-l-accent-text",
            Tone::Done => "border-l-ok",
            Tone::Wait => "border-l-warn",
            Tone::Fail => "border-l-bad",
        }
    }
}

/// A pill around a few words: `<Chip>"rust 4"</Chip>`.
#[component]
pub fn Chip(
    /// What the colour says.
    #[prop(into, default = Now::stored(Tone::Quiet))]
    tone: Now<Tone>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! { <span class=shared(move || tone.get().chip())>{children()}</span> }
}

/// A status: shape, word and colour, all three live.
#[component]
pub fn StatusChip(
    /// The shape.
    #[prop(into)]
    shape: Now<Shape>,
    /// What the colour says.
    #[prop(into)]
    tone: Now<Tone>,
    /// The word.
    #[prop(into)]
    word: Now<String>,
) -> impl IntoView {
    view! {
        <span class=shared(move || tone.get().chip())>
            {part(move || view! { <ShapeIcon shape=shape.get()/> })}
            <span class="truncate">{part(move || word.get())}</span>
        </span>
    }
}
