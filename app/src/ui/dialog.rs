//! Dialogs on the browser's own `<dialog>`: the focus stays inside, Escape closes, the rest of the page is inert.
//!
//! A [`DialogButton`] opens one by its id, without any script of ours where the browser knows `command`.

use leptos::html;
use leptos::prelude::*;

use super::effect;

use super::button::{Look, button_class};
use super::icon::{Glyph, Icon};

/// A dialog with a title. `id` must be unique on the page. It closes by Escape, by its Close button, and when the page
/// around it changes; a form with `method="dialog"` in it closes it too.
#[component]
pub fn Dialog(
    /// Its id.
    #[prop(into)]
    id: String,
    /// Its heading.
    #[prop(into)]
    title: String,
    /// Opens and closes it from outside; unlinked unless told.
    #[prop(optional)]
    open: Option<RwSignal<bool>>,
    /// Its content.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let heading = format!("{id}-title");
    if let Some(open) = open {
        effect(move || {
            let Some(dialog) = node.get() else { return };
            match (open.get(), dialog.open()) {
                // A dialog which is gone already cannot be opened, and needs not be.
                (true, false) => drop(dialog.show_modal()),
                (false, true) => dialog.close(),
                (true, true) | (false, false) => {}
            }
        });
    }
    view! {
        <dialog
            node_ref=node
            id=id
            aria-labelledby=heading.clone()
            class="dialog"
            on:close=move |_| {
                if let Some(open) = open {
                    open.set(false);
                }
            }
        >
            <div class="mb-3 flex items-start justify-between gap-4">
                <h2 id=heading.clone() class="text-lg font-semibold text-ink">{title}</h2>
                <form method="dialog">
                    <button type="submit" class="-mt-1 -mr-1 grid size-11 place-items-center rounded-lg text-ink-3 hover:text-ink md:size-8 focus-vibe" aria-label="Close">
                        <Icon glyph=Glyph::Cross/>
                    </button>
                </form>
            </div>
            {children()}
        </dialog>
    }
}

/// The button that opens the dialog of that id.
#[component]
pub fn DialogButton(
    /// The dialog's id.
    opens: &'static str,
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
        <button
            type="button"
            class=button_class(look)
            command="show-modal"
            commandfor=opens
            on:click=move |_| open_by_id(opens)
        >
            {glyph.map(|glyph| view! { <Icon glyph class="size-4 shrink-0"/> })}
            {children()}
        </button>
    }
}

/// For browsers that do not know `command`.
#[cfg(feature = "hydrate")]
fn open_by_id(id: &str) {
    use wasm_bindgen::JsCast;
    let found = document().get_element_by_id(id).and_then(|node| node.dyn_into::<web_sys::HtmlDialogElement>().ok());
    if let Some(dialog) = found
        && !dialog.open()
    {
        // Opened already by the browser itself: nothing is lost.
        let _ = dialog.show_modal();
    }
}

#[cfg(not(feature = "hydrate"))]
fn open_by_id(_id: &str) {}

/// Whether a dialog is open: the keys are its own then.
#[cfg(feature = "hydrate")]
pub fn dialog_is_open() -> bool {
    document().query_selector("dialog[open]").ok().flatten().is_some()
}
