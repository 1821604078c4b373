//! Who is signed in, at the right of the top bar.

use leptos::prelude::*;

use super::theme::ThemeSwitch;
use crate::session::use_session;
use crate::ui::*;

/// The first letters of up to two words.
fn initials(name: &str) -> String {
    name.split_whitespace().take(2).filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect()
}

/// The button with the initials, and what opens under it.
#[component]
pub fn Account() -> impl IntoView {
    let session = use_session();
    let name = move || session.get().map(|session| session.name).unwrap_or_default();
    view! {
        <button
            type="button"
            popovertarget="account"
            aria-label=shared(move || format!("Account of {}", name()))
            class="hidden size-9 shrink-0 place-items-center rounded-full bg-primary-fill text-sm font-semibold text-on-fill sm:grid focus-vibe"
        >
            {part(move || initials(&name()))}
        </button>
        <div id="account" popover="auto" role="dialog" aria-label="Account" class="menu w-72">
            <div class="border-b border-line pb-3">
                <p class="truncate font-semibold text-ink">{part(name)}</p>
                <p class="truncate text-sm text-ink-3">{part(move || session.get().map(|session| session.email))}</p>
                <p class="mt-1 text-sm text-ink-3">
                    {part(move || session.get().map(|session| format!("{} in {}", capitalized(session.role.as_str()), session.organization)))}
                </p>
            </div>
            <div class="py-3"><ThemeSwitch/></div>
            <form method="post" action="/signout" class="border-t border-line pt-2">
                <button type="submit" class="btn btn-quiet w-full justify-start focus-vibe"><Icon glyph=Glyph::SignOut class="size-4"/>"Sign out"</button>
            </form>
        </div>
    }
    .into_any()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_two_words_at_most() {
        assert_eq!(initials("nora de vries"), "ND");
        assert_eq!(initials("Nora"), "N");
        assert_eq!(initials(""), "");
    }
}
