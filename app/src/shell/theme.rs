//! Light, dark, or what the system says. Kept in a cookie, so that the first picture is right already.

use leptos::prelude::*;

use crate::error::Failure;
use crate::ui::*;

/// The themes, by the name in the cookie.
const THEMES: [(&str, &str, Glyph); 3] =
    [("light", "Light", Glyph::Sun), ("dark", "Dark", Glyph::Moon), ("system", "System", Glyph::Monitor)];

/// A year, in seconds.
#[cfg(feature = "ssr")]
const KEPT_S: u32 = 31_536_000;

/// What `data-theme` has to be for this request; nothing when the system decides.
#[cfg(feature = "ssr")]
pub fn theme_of_request() -> Option<&'static str> {
    let parts = use_context::<http::request::Parts>()?;
    let cookies = parts.headers.get_all(http::header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let chosen = cookies.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix("theme="))?;
    ["light", "dark"].into_iter().find(|theme| *theme == chosen)
}

/// Remembers the theme in a cookie.
#[server(output = crate::wire::Json)]
pub async fn set_theme(
    /// Its name.
    theme: String,
) -> Result<(), Failure> {
    let known = THEMES.iter().map(|(name, ..)| *name).find(|name| *name == theme).unwrap_or("system");
    let kept_s = if known == "system" { 0 } else { KEPT_S };
    let cookie = format!("theme={known}; Path=/; Max-Age={kept_s}; SameSite=Lax");
    if let (Some(response), Ok(cookie)) =
        (use_context::<leptos_axum::ResponseOptions>(), http::HeaderValue::from_str(&cookie))
    {
        response.append_header(http::header::SET_COOKIE, cookie);
    }
    Ok(())
}

/// Three buttons to choose the theme with. They work without scripts; with them, nothing is loaded anew.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let choose = Form::new::<SetTheme>("theme");
    let chosen = RwSignal::new(None::<String>);
    let shown = RwSignal::new("system".to_owned());
    effect(move || {
        if let Some(theme) = chosen.get() {
            show(&theme);
        }
        shown.set(current());
    });
    let button = move |(name, words, glyph): (&'static str, &'static str, Glyph)| {
        view! {
            <button
                type="submit"
                name="theme"
                value=name
                aria-pressed=shared(move || if shown.get() == name { "true" } else { "false" })
                class="segment focus-vibe"
                on:click=move |_| chosen.set(Some(name.to_owned()))
            >
                <Icon glyph class="size-4 shrink-0"/>
                {words}
            </button>
        }
    };
    view! {
        <PostForm form=choose>
            <fieldset class="segments">
                <legend class="sr-only">"Theme"</legend>
                {THEMES.map(button).collect_view()}
            </fieldset>
        </PostForm>
    }
}

#[cfg(feature = "hydrate")]
fn show(theme: &str) {
    let Some(root) = document().document_element() else { return };
    // Setting or removing a known attribute does not fail.
    let _ = match theme {
        "light" | "dark" => root.set_attribute("data-theme", theme),
        _ => root.remove_attribute("data-theme"),
    };
}

#[cfg(not(feature = "hydrate"))]
fn show(_theme: &str) {}

#[cfg(feature = "hydrate")]
fn current() -> String {
    let root = document().document_element();
    root.and_then(|root| root.get_attribute("data-theme")).unwrap_or_else(|| "system".to_owned())
}

#[cfg(not(feature = "hydrate"))]
fn current() -> String {
    String::new()
}
