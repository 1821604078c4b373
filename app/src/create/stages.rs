//! A template's tasks as people read them: stage by stage, what runs at once side by side.

use leptos::prelude::*;

use super::outline::{Task, stages};

/// The stages, numbered.
#[component]
pub fn Stages(
    /// The tasks.
    tasks: Vec<Task>,
) -> impl IntoView {
    let line = |tasks: &[Task], at: &usize| view! { <li class="min-w-0 break-words">{tasks[*at].1.clone()}</li> };
    let stage = |(nth, positions): (usize, Vec<usize>)| {
        view! {
            <li class="relative flex gap-3 pb-3 last:pb-0 not-last:before:absolute not-last:before:top-6 not-last:before:bottom-0 not-last:before:left-3 not-last:before:w-px not-last:before:bg-line">
                <span aria-hidden="true" class="grid size-6 shrink-0 place-items-center rounded-full border border-line bg-raised text-xs font-semibold text-ink-3 tabular-nums">
                    {nth + 1}
                </span>
                <ul class="flex min-w-0 flex-col gap-0.5 pt-0.5 text-sm text-ink-2" aria-label=format!("Stage {}", nth + 1)>
                    {positions.iter().map(|at| line(&tasks, at)).collect_view()}
                </ul>
            </li>
        }
    };
    view! { <ol class="flex flex-col" aria-label="Stages">{stages(&tasks).into_iter().enumerate().map(stage).collect_view()}</ol> }
}
