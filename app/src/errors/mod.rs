//! Pages that say what could not be shown.

use leptos::prelude::*;

use crate::error::Failure;
use crate::session::use_session;
use crate::ui::*;

/// There is no page at this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    answer_not_found();
    view! {
        <main id="main" class="mx-auto flex min-h-dvh max-w-xl flex-col justify-center px-4 py-10">
            <GlassCard hairline=true>
                <PageTitle title="There is no such page" document="Not found"/>
                <p class="text-ink-2">"The address may be mistyped, or what it led to was removed."</p>
                <div class="mt-6 flex flex-wrap gap-2"><WayHome/></div>
            </GlassCard>
        </main>
    }
}

/// A page whose data could not be had: missing, forbidden, signed out, or the server could not.
#[component]
pub fn FailurePage(
    /// Why.
    failure: Failure,
) -> impl IntoView {
    if failure.is_not_found() {
        answer_not_found();
    }
    let title = match &failure {
        Failure::SignedOut => "You are signed out",
        missing if missing.is_not_found() => "Not found",
        Failure::Refused { .. } => "Not allowed",
        Failure::Unavailable { .. } => "This page could not be loaded",
    };
    let way_out = match &failure {
        Failure::SignedOut => view! { <LinkButton href="/signin" look=Look::Primary>"Sign in"</LinkButton> }.into_any(),
        Failure::Refused { .. } => view! { <WayHome/> }.into_any(),
        Failure::Unavailable { .. } => view! {
            <LinkButton href="" look=Look::Primary glyph=Glyph::Rotate attr:rel="external">"Try again"</LinkButton>
            <WayHome/>
        }
        .into_any(),
    };
    let advice = match &failure {
        Failure::SignedOut => "Your session ended. Sign in, and you are back where you were.",
        missing if missing.is_not_found() => "The address may be mistyped, or it belongs to another organization.",
        Failure::Refused { .. } => "An admin of this organization can give you the role it needs.",
        Failure::Unavailable { .. } => "Nothing was changed. Try again in a moment.",
    };
    view! {
        <PageTitle title=title/>
        <ErrorPanel title=failure.to_string() message=advice>{way_out}</ErrorPanel>
    }
}

#[component]
fn WayHome() -> impl IntoView {
    let (href, words) = if use_session().get_untracked().is_some() {
        ("/orchestration", "Go to the overview")
    } else {
        ("/signin", "Sign in")
    };
    view! { <LinkButton href=href look=Look::Primary>{words}</LinkButton> }
}

/// Has the server answer 404.
#[cfg(feature = "ssr")]
fn answer_not_found() {
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
}

#[cfg(not(feature = "ssr"))]
fn answer_not_found() {}
