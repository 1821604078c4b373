//! Buttons, and links that look like them.

use leptos::prelude::*;

use super::icon::{Glyph, Icon};
use super::now::Now;
use super::part::shared;

/// How much a button asks to be pressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// One of several.
    #[default]
    Plain,
    /// The one most people want.
    Primary,
    /// The one thing the page is for; once on a page.
    Hero,
    /// Without an edge, for bars and rows.
    Quiet,
    /// It ends or removes something.
    Danger,
}

/// The classes of a button of that look, for elements the kit does not make.
pub fn button_class(look: Look) -> &'static str {
    match look {
        Look::Plain => "btn btn-plain focus-vibe",
        Look::Primary => "btn btn-primary focus-vibe",
        Look::Hero => "btn btn-hero focus-vibe",
        Look::Quiet => "btn btn-quiet focus-vibe",
        Look::Danger => "btn btn-danger focus-vibe",
    }
}

/// A button that does something here: `<Button glyph=Glyph::Pause on:click=…>"Pause"</Button>`.
/// Without words it needs `attr:aria-label`.
#[component]
pub fn Button(
    /// How much it asks to be pressed.
    #[prop(default = Look::Plain)]
    look: Look,
    /// An icon before the words.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Whether it cannot be pressed now.
    #[prop(optional, into)]
    disabled: Now<bool>,
    /// The words.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <button type="button" class=button_class(look) disabled=shared(move || disabled.get())>
            {glyph.map(|glyph| view! { <Icon glyph class="size-4 shrink-0"/> })}
            {children.map(|children| children())}
        </button>
    }
}

/// The button that sends a form. While `pending`, it is shown as busy and cannot be pressed twice.
#[component]
pub fn SubmitButton(
    /// How much it asks to be pressed.
    #[prop(default = Look::Primary)]
    look: Look,
    /// An icon before the words.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// Whether the form is on its way.
    #[prop(optional, into)]
    pending: Now<bool>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <button type="submit" class=button_class(look) aria-busy=shared(move || pending.get().then_some("true")) disabled=shared(move || pending.get())>
            {glyph.map(|glyph| view! { <Icon glyph class="size-4 shrink-0"/> })}
            {children()}
        </button>
    }
}

/// A link that looks like a button: `<LinkButton href="/orchestration/workflows/create">"New workflow"</LinkButton>`.
#[component]
pub fn LinkButton(
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// How much it asks to be pressed.
    #[prop(default = Look::Plain)]
    look: Look,
    /// An icon before the words.
    #[prop(optional, into)]
    glyph: Option<Glyph>,
    /// The words.
    children: Children,
) -> impl IntoView {
    view! {
        <a href=href class=button_class(look)>
            {glyph.map(|glyph| view! { <Icon glyph class="size-4 shrink-0"/> })}
            {children()}
        </a>
    }
}
