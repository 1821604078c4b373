//! How an agent joins, in four steps.

use leptos::prelude::*;

use crate::ui::*;

const STEPS: [(&str, &str, &str); 4] = [
    ("Register it", "Name, skills and slots. Its token is shown once.", "POST /api/v1/agents"),
    ("Ask for work", "The request waits until there is a task or the time is up.", "POST /api/v1/claims"),
    (
        "Say that it lives",
        "A heartbeat extends the lease and may say that the work is no longer wanted.",
        "POST /api/v1/attempts/{id}/heartbeat",
    ),
    (
        "Hand in the result",
        "Or say why it could not be done, or decline the task.",
        "POST /api/v1/attempts/{id}/complete",
    ),
];

/// The calls an agent makes.
#[component]
pub fn Protocol() -> impl IntoView {
    let step = |(nth, (title, text, call)): (usize, (&'static str, &'static str, &'static str))| {
        view! {
            <li class="flex gap-3">
                <span aria-hidden="true" class="grid size-6 shrink-0 place-items-center rounded-full border border-line-strong text-sm font-semibold text-ink-3">{nth + 1}</span>
                <div class="min-w-0">
                    <p class="text-sm font-medium text-ink">{title}</p>
                    <p class="text-sm text-ink-2">{text}</p>
                    <code class="font-mono text-sm break-all text-ink-3">{call}</code>
                </div>
            </li>
        }
    };
    view! {
        <p class="mb-4 text-sm text-ink-2">"Any program that speaks HTTP can be an agent. Every call carries its token; every result carries the fence it was given."</p>
        <ol class="flex flex-col gap-4">{STEPS.into_iter().enumerate().map(step).collect_view()}</ol>
        <div class="mt-5 flex flex-wrap gap-2">
            <LinkButton href="/orchestration/agents/new" glyph=Glyph::Plus>"Connect an agent"</LinkButton>
            <a href="/api/v1/openapi.json" rel="external" class=button_class(Look::Quiet)>"OpenAPI description"</a>
        </div>
    }
}
