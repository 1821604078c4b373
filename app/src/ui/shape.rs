//! Shapes that tell a status without colour: each differs in outline, so that no two are told apart by hue alone.

use leptos::prelude::*;

/// An outline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Nothing has happened yet.
    HollowCircle,
    /// Something may begin.
    DottedCircle,
    /// Something goes on; turns while it does.
    Ring,
    /// Somebody looks at it.
    Diamond,
    /// Somebody is needed.
    Hand,
    /// It goes round once more.
    Loop,
    /// It ended well.
    Tick,
    /// It ended badly.
    Triangle,
    /// It was ended.
    Slash,
    /// It was passed over.
    Chevrons,
    /// It rests.
    Bars,
    /// Time ran out.
    Hourglass,
    /// Half of it.
    HalfDisc,
}

/// A shape, for eyes only: a word stands beside it.
#[component]
pub fn ShapeIcon(
    /// Which.
    shape: Shape,
    /// Size and colour.
    #[prop(into, default = "size-4 shrink-0".to_owned())]
    class: String,
) -> impl IntoView {
    view! {
        <svg
            class=class
            viewBox="0 0 16 16"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            focusable="false"
        >
            {outline(shape)}
        </svg>
    }
}

fn outline(shape: Shape) -> AnyView {
    match shape {
        Shape::HollowCircle => view! { <circle cx="8" cy="8" r="5.5" stroke-dasharray="2.2 2.12"></circle> }.into_any(),
        Shape::DottedCircle => {
            view! { <circle cx="8" cy="8" r="5.5"></circle><circle cx="8" cy="8" r="1.2" fill="currentColor"></circle> }.into_any()
        }
        Shape::Ring => view! {
            <circle cx="8" cy="8" r="5.5" opacity=".25"></circle>
            <circle class="ring-turn" cx="8" cy="8" r="5.5" pathLength="100" stroke-dasharray="70 30"></circle>
        }
        .into_any(),
        Shape::Diamond => view! { <path d="M8 2l6 6-6 6-6-6 6-6Z"></path> }.into_any(),
        Shape::Hand => view! { <path d="M5.3 1.800h5.400l3.5 3.500v5.400l-3.5 3.500H5.300l-3.5-3.500V5.300l3.5-3.500ZM8 5v3.500M8 11h.01"></path> }.into_any(),
        Shape::Loop => view! { <path d="M13.5 3v3.500H10M13.2 6.500A5.5 5.5 0 1 0 13.5 9"></path> }.into_any(),
        Shape::Tick => view! {
            <circle cx="8" cy="8" r="6.5" fill="currentColor" stroke="none"></circle>
            <path class="stroke-raised" d="m5 8.2 2.2 2.200L11 6.3" stroke-width="1.8"></path>
        }
        .into_any(),
        Shape::Triangle => view! { <path d="M8 2 1.5 13.500h13L8 2ZM8 6.500v3M8 11.500h.01"></path> }.into_any(),
        Shape::Slash => view! { <circle cx="8" cy="8" r="5.5"></circle><path d="M4.2 11.800l7.6-7.6"></path> }.into_any(),
        Shape::Chevrons => view! { <path d="M3.5 4l4 4-4 4M8.5 4l4 4-4 4"></path> }.into_any(),
        Shape::Bars => view! { <path d="M5.5 3.500v9M10.5 3.500v9"></path> }.into_any(),
        Shape::Hourglass => view! { <path d="M4 2h8M4 14h8M5 2c0 4 6 4.5 6 6 0-1.5-6-2-6 6M11 2c0 4-6 4.5-6 6 0-1.5 6-2 6 6"></path> }.into_any(),
        Shape::HalfDisc => view! {
            <circle cx="8" cy="8" r="5.5"></circle><path d="M8 2.500a5.5 5.5 0 0 1 0 11Z" fill="currentColor" stroke="none"></path>
        }
        .into_any(),
    }
}
