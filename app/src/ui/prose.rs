//! A text with headings, lists and tables.

use leptos::prelude::*;

/// What the server made of a text in Markdown (`html_of`).
#[component]
pub fn Prose(
    /// Elements of our own: nothing else may come here.
    html: String,
) -> impl IntoView {
    view! { <div class="prose" inner_html=html></div> }
}
