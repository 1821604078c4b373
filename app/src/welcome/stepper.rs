//! Where one is in the first run.

use leptos::prelude::*;

use super::step::Step;
use crate::ui::*;

/// The four steps; the present one is marked.
#[component]
pub fn Stepper(
    /// The present step.
    now: Step,
) -> impl IntoView {
    let item = move |step: Step| {
        let (mark, fill) = if step < now {
            (
                view! { <Icon glyph=Glyph::Check class="size-4"/> }.into_any(),
                "border-primary-fill bg-primary-fill text-on-fill",
            )
        } else if step == now {
            (view! { {step.number()} }.into_any(), "border-primary-fill text-primary-text")
        } else {
            (view! { {step.number()} }.into_any(), "border-line-strong text-ink-3")
        };
        let words = if step == now { "font-semibold text-ink" } else { "text-ink-3 max-sm:sr-only" };
        let done = (step < now).then(|| view! { <span class="sr-only">", done"</span> });
        view! {
            <li
                aria-current=(step == now).then_some("step")
                class="flex min-w-0 items-center gap-2.5 text-sm not-last:grow not-last:after:h-px not-last:after:min-w-2 not-last:after:grow not-last:after:bg-line-strong"
            >
                <span aria-hidden="true" class=format!("grid size-7 shrink-0 place-items-center rounded-full border-2 font-semibold tabular-nums {fill}")>{mark}</span>
                <span class=words>{step.word()}{done}</span>
            </li>
        }
    };
    view! { <ol class="mb-6 flex items-center gap-2.5" aria-label="Steps">{Step::ALL.map(item).collect_view()}</ol> }
}
