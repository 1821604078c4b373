//! The run as what happened, newest first.

use devsquad::view::ActivityLine;
use leptos::prelude::*;

use super::Run;
use crate::ui::*;
use crate::workflows::task_href;

/// What happened.
#[component]
pub fn History(
    /// The run.
    run: Run,
) -> impl IntoView {
    let (progress, trouble) = (RwSignal::new(false), RwSignal::new(false));
    let lines = derived(move || {
        let shown = |line: &&ActivityLine| {
            (progress.get() || line.kind != "attempt_progressed") && (!trouble.get() || line.severity != "low")
        };
        run.activity.seen(|lines| lines.iter().filter(shown).cloned().collect::<Vec<_>>())
    });
    let tick = |of: RwSignal<bool>, words: &'static str| {
        view! {
            <label class="flex min-h-11 items-center gap-2 text-sm text-ink-2 md:min-h-8">
                <input type="checkbox" class="size-5 accent-primary-fill focus-vibe" on:change=move |event| of.set(event_target_checked(&event))/>
                {words}
            </label>
        }
    };
    view! {
        <section aria-labelledby="history-title" class="glass min-w-0 p-4">
            <div class="mb-2 flex flex-wrap items-center gap-x-6 gap-y-1">
                <h2 id="history-title" class="mr-auto text-lg font-semibold text-ink">"What happened"</h2>
                {tick(trouble, "Only what went wrong")}
                {tick(progress, "With progress reports")}
            </div>
            <Only when=move || !lines.seen(Vec::is_empty) fallback=|| view! { <p class="py-4 text-sm text-ink-3">"Nothing to show."</p> }>
                <ol class="flex flex-col">
                    <Rows items=lines key=|line: &ActivityLine| line.seq let:line>
                        <Line run line=line.get_untracked()/>
                    </Rows>
                </ol>
            </Only>
        </section>
    }
    .into_any()
}

#[component]
fn Line(run: Run, line: ActivityLine) -> impl IntoView {
    let (shape, tone) = match line.severity.as_str() {
        "critical" | "high" => (Shape::Triangle, Tone::Fail),
        "medium" => (Shape::Diamond, Tone::Wait),
        _ => (Shape::DottedCircle, Tone::Quiet),
    };
    let words = match line.task {
        Some(task) => {
            view! { <a href=task_href(run.id, task) class="hover:underline focus-vibe">{line.text}</a> }.into_any()
        }
        None => line.text.into_any(),
    };
    view! {
        <li class="flex gap-3 border-b border-line py-2 text-sm last:border-b-0">
            <ShapeIcon shape class=format!("mt-1 size-3.5 shrink-0 {}", tone.text())/>
            <p class="min-w-0 grow break-words text-ink">{words}</p>
            <span class="shrink-0 text-ink-3"><RelativeTime at=line.at/></span>
        </li>
    }
    .into_any()
}
