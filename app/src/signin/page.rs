//! Signing in with e-mail and password.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::door::Door;
use super::password::PasswordInput;
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
                <PasswordInput name="password" label="Password" autocomplete="current-password"/>
                <SubmitButton look=Look::Hero>"Sign in"</SubmitButton>
            </form>
        </Door>
    }
}
