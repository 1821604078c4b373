//! Every attempt at a task: who, when, how it ended, and what was said about it.

use devsquad::view::{AttemptView, TaskDetail};
use leptos::prelude::*;

use crate::agents::agent_href;
use crate::agents::outcome;
use crate::ui::*;

/// The attempts, newest first.
#[component]
pub fn Attempts(
    /// The task.
    detail: Now<TaskDetail>,
) -> impl IntoView {
    let attempts = memo(move |_| detail.seen(|detail| detail.attempts.clone()));
    view! {
        <Only when=move || attempts.seen(|attempts| !attempts.is_empty())>
            <section aria-labelledby="attempts-title">
                <h3 id="attempts-title" class="panel-title">"Attempts"</h3>
                <ol class="flex flex-col gap-3">
                    <Rows items=attempts key=|attempt: &AttemptView| attempt.id let:attempt>
                        <Attempt attempt/>
                    </Rows>
                </ol>
            </section>
        </Only>
    }
    .into_any()
}

#[component]
fn Attempt(attempt: Now<AttemptView>) -> impl IntoView {
    let now = use_now();
    let AttemptView { agent, purpose, leased_at, .. } = attempt.get_untracked();
    let look = memo(move |_| attempt.seen(|attempt| outcome::look(&attempt.status)));
    let took = memo(move |_| attempt.seen(|attempt| elapsed(leased_at, attempt.ended_at.unwrap_or_else(|| now.get()))));
    let message = move || attempt.seen(|attempt| attempt.message.clone().filter(|text| !text.is_empty()));
    let review = (purpose == "review").then_some(", review");
    view! {
        <li class="flex gap-2.5 text-sm">
            {part(move || view! { <ShapeIcon shape=look.get().0 class=format!("mt-0.5 size-4 shrink-0 {}", look.get().1.text())/> })}
            <div class="min-w-0 grow">
                <p class="flex flex-wrap justify-between gap-x-3 text-ink-2">
                    <span><a href=agent_href(agent.id) class="link">{agent.name}</a>{review}": " <span class="font-medium text-ink">{part(move || look.get().2)}</span></span>
                    <span class="text-ink-3 tabular-nums"><RelativeTime at=leased_at/>", "{part(move || took.get())}</span>
                </p>
                {part(move || message().map(|text| view! { <p class="mt-0.5 break-words whitespace-pre-line text-ink-2">{text}</p> }))}
            </div>
        </li>
    }
    .into_any()
}
