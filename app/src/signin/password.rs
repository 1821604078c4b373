//! The field of a password.

use leptos::prelude::*;

use crate::ui::*;

/// Characters of a new password, at least.
pub const PASSWORD_CHARS_MIN: u32 = 12;

/// A password, which can be looked at where scripts run.
#[component]
pub fn PasswordInput(
    /// What it is called when sent; its id comes from it.
    name: &'static str,
    /// What it is called on the page.
    #[prop(into)]
    label: String,
    /// What a password manager should put in.
    autocomplete: &'static str,
    /// One sentence of help.
    #[prop(optional, into)]
    hint: String,
    /// Characters it needs at least.
    #[prop(optional)]
    min_length: Option<u32>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
) -> impl IntoView {
    let awake = RwSignal::new(false);
    effect(move || awake.set(true));
    let shown = RwSignal::new(false);
    let id = format!("field-{name}");
    let hint_id = format!("{id}-hint");
    let described = (!hint.is_empty()).then(|| hint_id.clone());
    let shows = format!("Show {}", label.to_lowercase());
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            <label for=id.clone() class="text-sm font-medium text-ink">{label}</label>
            <div class="flex gap-2">
                <input
                    id=id
                    name=name
                    type=shared(move || if shown.get() { "text" } else { "password" })
                    autocomplete=autocomplete
                    required=!optional
                    minlength=min_length.map(|n| n.to_string())
                    aria-describedby=described
                    class="control grow focus-vibe"
                />
                <Only when=move || awake.get()>
                    <button
                        type="button"
                        class=button_class(Look::Plain)
                        aria-pressed=shared(move || if shown.get() { "true" } else { "false" })
                        aria-label=shows.clone()
                        on:click=move |_| shown.update(|shown| *shown = !*shown)
                    >
                        <Icon glyph=Glyph::Eye class="size-4 shrink-0"/>
                    </button>
                </Only>
            </div>
            {(!hint.is_empty()).then(|| view! { <p id=hint_id class="text-sm text-ink-3">{hint}</p> })}
        </div>
    }
}
