//! Signing in with e-mail and password.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::door::Door;
use super::words;
use crate::ui::*;

/// The form that signs in.
#[component]
pub fn SignInPage() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let error = query.get_str("error").map(words::error);
    let next = query.get("next").unwrap_or_default();
    view! {
        <Door title="Sign in" error>
            <form method="post" action="/signin" class="flex flex-col gap-5">
                {(!next.is_empty()).then(|| view! { <input type="hidden" name="next" value=next/> })}
                <TextInput name="email" label="E-mail" kind="email" autocomplete="username"/>
                <PasswordInput label="Password" autocomplete="current-password"/>
                <SubmitButton look=Look::Hero>"Sign in"</SubmitButton>
            </form>
        </Door>
    }
}

/// A password, which can be looked at where scripts run.
#[component]
pub fn PasswordInput(
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
) -> impl IntoView {
    let awake = RwSignal::new(false);
    Effect::new(move || awake.set(true));
    let shown = RwSignal::new(false);
    let has_hint = !hint.is_empty();
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            <label for="field-password" class="text-sm font-medium text-ink">{label}</label>
            <div class="flex gap-2">
                <input
                    id="field-password"
                    name="password"
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    required=true
                    minlength=min_length.map(|n| n.to_string())
                    aria-describedby=has_hint.then_some("field-password-hint")
                    class="control grow focus-vibe"
                />
                <Show when=move || awake.get()>
                    <button
                        type="button"
                        class=button_class(Look::Plain)
                        aria-pressed=move || if shown.get() { "true" } else { "false" }
                        aria-label="Show password"
                        on:click=move |_| shown.update(|shown| *shown = !*shown)
                    >
                        <Icon glyph=Glyph::Eye class="size-4 shrink-0"/>
                    </button>
                </Show>
            </div>
            {has_hint.then(|| view! { <p id="field-password-hint" class="text-sm text-ink-3">{hint}</p> })}
        </div>
    }
}
