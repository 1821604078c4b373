//! The files of a result: what can be read in place is shown, everything can be downloaded.

use devsquad::view::{ArtifactView, Text};
use leptos::prelude::*;

use crate::ui::*;

/// The files, those that can be read first.
#[component]
pub fn Artifacts(
    /// The files.
    artifacts: Vec<ArtifactView>,
    /// Whether texts are shown in place.
    previews: bool,
) -> impl IntoView {
    let (read, other): (Vec<_>, Vec<_>) = artifacts.into_iter().partition(|artifact| artifact.text.is_some());
    (!read.is_empty() || !other.is_empty()).then(|| {
        view! {
            <ul class="flex flex-col gap-2" aria-label="Files">
                {read.into_iter().chain(other).map(|artifact| view! { <File artifact previews/> }).collect_view()}
            </ul>
        }
    })
}

#[component]
fn File(artifact: ArtifactView, previews: bool) -> impl IntoView {
    let ArtifactView { name, size, href, text, .. } = artifact;
    let shown = text.filter(|_| previews).map(|text| preview(&name, text));
    let label = format!("Download {name}, {}", bytes(size));
    view! {
        <li class="min-w-0 overflow-hidden rounded-lg border border-line bg-raised">
            <div class="flex items-center gap-3 py-1 pr-1 pl-3">
                <Icon glyph=Glyph::File class="size-5 shrink-0 text-ink-3"/>
                <p class="min-w-0 grow truncate text-sm">
                    <span class="font-medium text-ink">{name.clone()}</span>
                    <span class="ml-2 text-ink-3 tabular-nums">{bytes(size)}</span>
                </p>
                <a href=href download=name.clone() aria-label=label class=button_class(Look::Quiet)>
                    <Icon glyph=Glyph::Download class="size-4 shrink-0"/>
                    <span class="max-sm:hidden">"Download"</span>
                </a>
            </div>
            {shown}
        </li>
    }
}

/// The text of a file, by its name, in a window of its own height which can be scrolled by keyboard.
fn preview(name: &str, text: Text) -> AnyView {
    let content = match text {
        Text::Html(html) => view! { <Prose html/> }.into_any(),
        Text::Plain(text) => {
            view! { <pre class="font-mono text-sm break-words whitespace-pre-wrap text-ink-2">{text}</pre> }.into_any()
        }
    };
    view! {
        <div role="region" aria-label=format!("Preview of {name}") tabindex="0" class="max-h-96 overflow-auto border-t border-line p-4 focus-vibe [&_.prose>:first-child]:mt-0">
            {content}
        </div>
    }
    .into_any()
}

/// Has the Markdown among the files drawn.
#[cfg(feature = "ssr")]
pub fn draw_texts(artifacts: &mut [ArtifactView]) {
    for artifact in artifacts.iter_mut().filter(|artifact| artifact.media_type.starts_with("text/markdown")) {
        if let Some(Text::Plain(text)) = &artifact.text {
            artifact.text = Some(Text::Html(html_of(text)));
        }
    }
}

/// A size for people ("12.3 kB").
pub fn bytes(size: u64) -> String {
    let size = size as f64;
    match size {
        ..1_000.0 => format!("{size} B"),
        ..1_000_000.0 => format!("{:.1} kB", size / 1e3),
        _ => format!("{:.1} MB", size / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn sizes_are_told_in_the_unit_that_fits() {
        assert_eq!([bytes(0), bytes(999), bytes(12_345), bytes(2_500_000)], ["0 B", "999 B", "12.3 kB", "2.5 MB"]);
    }
}
