//! Taking an invitation.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::door::Door;
use super::password::{PASSWORD_CHARS_MIN, PasswordInput};
use super::words;
use crate::ui::*;

/// The form that makes an account from an invitation.
#[component]
pub fn InvitePage() -> impl IntoView {
    let token = use_params_map().get_untracked().get("token").unwrap_or_default();
    let error = use_query_map().get_untracked().get("error");
    if error.as_deref() == Some("link") {
        return view! {
            <Door title="This invitation has expired" text="It was used before, or it is older than a week. Ask for a new one." error=None>
                <LinkButton href="/signin">"Sign in instead"</LinkButton>
            </Door>
        }
        .into_any();
    }
    view! {
        <Door title="Join the squad" text="You were invited. Choose how you are called and a password." error=error.as_deref().map(words::error)>
            <form method="post" action=format!("/invite/{token}") class="flex flex-col gap-5">
                <TextInput name="name" label="Your name" autocomplete="name"/>
                <PasswordInput
                    name="password"
                    label="Password"
                    autocomplete="new-password"
                    hint="At least 12 characters. A sentence works well."
                    min_length=PASSWORD_CHARS_MIN
                />
                <SubmitButton look=Look::Hero>"Join"</SubmitButton>
            </form>
        </Door>
    }
    .into_any()
}
