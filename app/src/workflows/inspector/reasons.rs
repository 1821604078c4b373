//! Why this agent: the terms of the match as bars, and in a sentence.

use devsquad::messaging::why;
use devsquad::scheduling::Fit;
use devsquad::view::TaskDetail;
use leptos::prelude::*;

use crate::agents::fit::{Term, share, terms};
use crate::ui::*;

/// Why the newest attempt went to the agent it went to.
#[component]
pub fn Reasons(
    /// The task.
    detail: Now<TaskDetail>,
) -> impl IntoView {
    let newest = memo(move |_| {
        detail.seen(|detail| {
            let attempt = detail.attempts.iter().find(|attempt| attempt.purpose == "work")?;
            attempt.fit.map(|fit| (attempt.agent.name.clone(), fit))
        })
    });
    move || newest.get().map(|(name, fit)| view! { <Match name fit/> })
}

#[component]
fn Match(name: String, fit: Fit) -> impl IntoView {
    let row = |term: Term| {
        let percent = (term.value * 100.0).round() as u32;
        view! {
            <div class="contents">
                <dt class="text-ink-2">{term.name}</dt>
                <dd class="contents">
                    <Bar percent=Now::stored(percent) class="self-center text-secondary-text"/>
                    <span class="text-right text-ink tabular-nums">{share(term.value)}<span class="text-ink-3">{format!(" × {}", share(term.weight))}</span></span>
                </dd>
            </div>
        }
    };
    view! {
        <section aria-labelledby="agent-title">
            <h3 id="agent-title" class="panel-title">"Why this agent"</h3>
            <p class="mb-2 text-sm break-words text-ink">{why::agent(&name, &fit)}</p>
            <dl class="grid grid-cols-[auto_minmax(4rem,1fr)_auto] gap-x-3 gap-y-1 text-sm">{terms(&fit).map(row).collect_view()}</dl>
        </section>
    }
    .into_any()
}
