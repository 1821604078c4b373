//! What the shapes and lines of the drawing mean.

use devsquad::workflow::task::TaskStatus;
use leptos::prelude::*;

use crate::ui::*;
use crate::workflows::status::task_look;

/// The lines: how they look, what they mean.
const LINES: [(&str, &str, &str); 4] = [
    ("flowing", "plain", "Its result is being used"),
    ("flowed", "plain", "Its result is there"),
    ("waiting", "plain", "Its result is awaited"),
    ("waiting", "critical", "On the longest chain"),
];

/// The legend, opened by its button in the toolbar.
#[component]
pub fn Legend() -> impl IntoView {
    let status = |status: TaskStatus| {
        let (shape, tone, word) = task_look(status);
        view! {
            <li class="flex items-center gap-2">
                <ShapeIcon shape class=format!("size-4 shrink-0 {}", tone.text())/>
                {word}
            </li>
        }
    };
    let line = |(state, weight, words): (&'static str, &'static str, &'static str)| {
        view! {
            <li class="flex items-center gap-2">
                <svg class="h-3 w-8 shrink-0" viewBox="0 0 32 12" aria-hidden="true" focusable="false">
                    <path d="M1 6H31" class="edge" data-state=state data-weight=weight></path>
                </svg>
                {words}
            </li>
        }
    };
    view! {
        <div id="legend" popover="auto" role="dialog" aria-label="Legend" class="menu legend text-sm text-ink-2">
            <ul class="grid grid-cols-2 gap-x-4 gap-y-2" aria-label="Shapes">{TaskStatus::ALL.map(status).collect_view()}</ul>
            <ul class="mt-3 flex flex-col gap-2 border-t border-line pt-3" aria-label="Lines">{LINES.map(line).collect_view()}</ul>
        </div>
    }
    .into_any()
}
