//! The page around a form at the door: one card in the middle.

use leptos::prelude::*;

use crate::ui::*;

/// A card with the product's name above it.
#[component]
pub fn Door(
    /// The heading.
    #[prop(into)]
    title: String,
    /// One sentence under it.
    #[prop(optional, into)]
    text: String,
    /// What went wrong before.
    error: Option<&'static str>,
    /// The form.
    children: Children,
) -> impl IntoView {
    view! {
        <div class="aurora fixed inset-0 -z-10" aria-hidden="true"></div>
        <main id="main" class="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center px-4 py-10">
            <p class="mb-4 flex items-center gap-2.5 font-semibold text-ink">
                <svg class="size-8 shrink-0" viewBox="0 0 28 28" aria-hidden="true" focusable="false">
                    <rect width="28" height="28" rx="8" class="fill-primary-fill"></rect>
                    <path d="M8.5 9.5 14 18l5.5-8.5" fill="none" stroke-width="2" class="stroke-on-fill"></path>
                    <circle cx="8.5" cy="9" r="2.8" class="fill-on-fill"></circle>
                    <circle cx="19.5" cy="9" r="2.8" class="fill-on-fill"></circle>
                    <circle cx="14" cy="19" r="2.8" class="fill-on-fill"></circle>
                </svg>
                "Vibe DevSquad Orchestrator"
            </p>
            <div class="hairline animate-pop-in rounded-lg p-5 shadow-card sm:p-8">
                <PageTitle title=title/>
                {(!text.is_empty()).then(|| view! { <p class="-mt-2 mb-5 text-ink-2">{text}</p> })}
                {error.map(|error| view! { <div tabindex="-1" autofocus=true class="mb-5 rounded-lg focus-vibe"><ErrorPanel title="Not yet" message=error/></div> })}
                {children()}
            </div>
            <p class="mt-4 text-sm text-ink-3">
                "Trouble getting in? The one who runs this server can print a sign-in link with " <code class="font-mono">"devsquad link"</code> "."
            </p>
        </main>
    }
}
