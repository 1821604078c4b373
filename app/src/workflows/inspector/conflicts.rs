//! What agents disagree about over the task.

use devsquad::view::{ConflictView, TaskDetail, TaskView};
use leptos::prelude::*;

use crate::ui::*;
use crate::workflows::Dispute;
use crate::workflows::run::Run;

/// The conflicts, newest first; nothing where there was none.
#[component]
pub fn Conflicts(
    /// The task.
    detail: Now<TaskDetail>,
    /// The run it belongs to.
    run: Run,
    /// The task, live.
    task: RwSignal<TaskView>,
) -> impl IntoView {
    let conflicts = memo(move |_| detail.seen(|detail| detail.conflicts.clone()));
    let task = task.seen_once(|task| task.id);
    view! {
        <Only when=move || conflicts.seen(|conflicts| !conflicts.is_empty())>
            <section aria-labelledby="conflicts-title">
                <h3 id="conflicts-title" class="panel-title">"Disagreements"</h3>
                <ul class="flex flex-col gap-4">
                    <Rows items=conflicts key=|conflict: &ConflictView| conflict.id let:conflict>
                        <li class="min-w-0">
                            <p class="mb-1 text-sm font-semibold break-words whitespace-pre-line text-ink">{conflict.get_untracked().subject}</p>
                            <Dispute workflow=run.id task conflict/>
                        </li>
                    </Rows>
                </ul>
            </section>
        </Only>
    }
    .into_any()
}
