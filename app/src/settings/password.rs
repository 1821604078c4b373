//! One's own password.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use crate::signin::password::{PASSWORD_CHARS_MIN, PasswordInput};
use crate::signin::words;
use crate::ui::*;

/// A plain form; the answer comes back as a code in the address.
#[component]
pub fn Password(
    /// The page it stands on.
    here: &'static str,
) -> impl IntoView {
    let query = use_query_map().get_untracked();
    let done = query.get_str("done") == Some("password");
    let error = query.get_str("error").map(|code| match code {
        "credentials" => "The present password is not right.",
        other => words::error(other),
    });
    view! {
        <Card title="Your password" id="password">
            <form method="post" action="/password" class="flex flex-col gap-4">
                {done.then(|| view! {
                    <div role="status"><Notice tone=Tone::Done glyph=Glyph::Check>"Your password is changed. Other browsers are signed out."</Notice></div>
                })}
                {error.map(|message| view! { <ErrorPanel title="Your password was not changed" message/> })}
                <input type="hidden" name="next" value=here/>
                <PasswordInput
                    name="current"
                    label="Present password"
                    autocomplete="current-password"
                    hint="Leave it empty if you have none yet, because you came by a link."
                    optional=true
                />
                <PasswordInput
                    name="password"
                    label="New password"
                    autocomplete="new-password"
                    hint="At least 12 characters. A sentence works well."
                    min_length=PASSWORD_CHARS_MIN
                />
                <div><SubmitButton look=Look::Plain>"Change password"</SubmitButton></div>
            </form>
        </Card>
    }
}
