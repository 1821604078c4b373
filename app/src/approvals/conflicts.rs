//! What agents cannot agree about, each settled in place.

use devsquad::view::{DisputeView, NeedsView};
use leptos::prelude::*;

use crate::ui::*;
use crate::workflows::{Dispute, run_href, task_href};

/// The cards; nothing when nobody disagrees.
#[component]
pub fn Disputes(
    /// What waits for a person.
    needs: Now<NeedsView>,
) -> impl IntoView {
    let open = memo(move |_| needs.seen(|needs| needs.conflicts.clone()));
    view! {
        <Only when=move || open.seen(|open| !open.is_empty())>
            <ol class="mb-6 flex max-w-4xl flex-col gap-4" aria-label="Conflicts of agents, oldest first">
                // Row by row: what somebody is writing must not go because another conflict came.
                <Rows items=open key=|dispute: &DisputeView| dispute.conflict.id let:dispute>
                    <li class="min-w-0"><Card dispute/></li>
                </Rows>
            </ol>
        </Only>
    }
    .into_any()
}

#[component]
fn Card(dispute: Now<DisputeView>) -> impl IntoView {
    let DisputeView { conflict, task } = dispute.get_untracked();
    let heading = format!("dispute-{}", conflict.id);
    let newest = derived(move || dispute.seen(|dispute| dispute.conflict.clone()));
    view! {
        <article aria-labelledby=heading class="glass flex min-w-0 flex-col gap-4 p-4 md:p-5">
            <div>
                <div class="mb-2 flex flex-wrap items-center justify-between gap-2">
                    <StatusChip shape=Now::stored(Shape::Triangle) tone=Now::stored(Tone::Wait) word=Now::stored("Conflict".to_owned())/>
                    <span class="text-sm text-ink-3">"Raised " <RelativeTime at=conflict.raised_at/></span>
                </div>
                <h2 id=heading.clone() tabindex="-1" class="rounded-sm text-lg font-semibold break-words whitespace-pre-line text-ink focus-vibe">{conflict.subject}</h2>
                <p class="mt-1 text-sm text-ink-2">
                    "About "
                    <a href=task_href(task.workflow, task.task) class="link">{task.name}</a>
                    " in "
                    <a href=run_href(task.workflow) class="link">{task.workflow_name}</a>
                </p>
            </div>
            <Dispute workflow=task.workflow task=task.task conflict=newest/>
        </article>
    }
    .into_any()
}
