//! A text to take along: shown whole, selected by one click, copied by a button where scripts run.

use leptos::prelude::*;

use super::part::shared;
use super::{Glyph, Icon, Look, button_class, effect, use_toasts};

/// A line or block of text to copy. `label` says what it is ("the token").
#[component]
pub fn CopyText(
    /// The text.
    #[prop(into)]
    text: String,
    /// What it is called.
    #[prop(into)]
    label: String,
) -> impl IntoView {
    let awake = RwSignal::new(false);
    effect(move || awake.set(true));
    let toasts = use_toasts();
    let copied = text.clone();
    let name = format!("Copy {label}");
    let on_copy = move |_| {
        let label = label.clone();
        copy(&copied, move |done| match done {
            true => toasts.done(format!("Copied {label}.")),
            false => toasts.failed(format!("The browser did not allow copying. Select {label} and copy it by hand.")),
        });
    };
    view! {
        <div class="flex min-w-0 flex-col gap-2 sm:flex-row sm:items-start">
            <code class="min-w-0 grow rounded-lg border border-line bg-raised px-3 py-2.5 font-mono text-sm break-all text-ink select-all">
                {text}
            </code>
            <button
                type="button"
                class=shared(move || format!("{} {}", button_class(Look::Plain), if awake.get() { "" } else { "invisible" }))
                aria-label=name
                on:click=on_copy
            >
                <Icon glyph=Glyph::Copy class="size-4 shrink-0"/>
                "Copy"
            </button>
        </div>
    }
}

/// Puts a text where the browser keeps what is copied, and says whether it did.
#[cfg(feature = "hydrate")]
pub fn copy(text: &str, then: impl Fn(bool) + 'static) {
    use js_sys::{Function, Promise, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    let write = || -> Result<Promise, JsValue> {
        let clipboard = Reflect::get(&window().navigator(), &"clipboard".into())?;
        let write: Function = Reflect::get(&clipboard, &"writeText".into())?.dyn_into()?;
        write.call1(&clipboard, &text.into())?.dyn_into()
    };
    match write() {
        Ok(promise) => super::when_settled(&promise, move |value| then(value.is_some())),
        Err(_) => then(false),
    }
}

/// On the server nothing is copied.
#[cfg(not(feature = "hydrate"))]
pub fn copy(_text: &str, _then: impl Fn(bool) + 'static) {}
