//! The checks a result has to pass: those decided, and the one that waits.

use devsquad::view::{CheckpointView, TaskDetail, TaskView};
use devsquad::workflow::checks::CheckpointKind;
use leptos::prelude::*;

use crate::ui::*;
use crate::workflows::decision::Decision;
use crate::workflows::run::Run;

/// The checkpoints, newest first.
#[component]
pub fn Checkpoints(
    /// The task.
    detail: Now<TaskDetail>,
    /// The run it belongs to.
    run: Run,
    /// The task, live.
    task: RwSignal<TaskView>,
) -> impl IntoView {
    let open = memo(move |_| task.seen(|task| task.open_checkpoint));
    let checks = memo(move |_| detail.seen(|detail| detail.checkpoints.clone()));
    view! {
        {part(move || open.get().map(|checkpoint| {
            let asked = checks.seen(|checks| checks.iter().find(|check| check.id == checkpoint).map(|check| check.title.clone()));
            view! { <Decision workflow=run.id checkpoint title=asked.unwrap_or_else(|| "Is the result right?".to_owned())/> }
        }))}
        <Only when=move || checks.seen(|checks| !checks.is_empty())>
            <section aria-labelledby="checks-title">
                <h3 id="checks-title" class="panel-title">"Checks"</h3>
                <ul class="flex flex-col gap-3">
                    <Rows items=checks key=|check: &CheckpointView| check.id let:check>
                        <Check check/>
                    </Rows>
                </ul>
            </section>
        </Only>
    }
    .into_any()
}

fn look(status: &str) -> (Shape, Tone, &'static str) {
    match status {
        "passed" => (Shape::Tick, Tone::Done, "Passed"),
        "failed" => (Shape::Triangle, Tone::Fail, "Sent back"),
        "waived" => (Shape::Chevrons, Tone::Wait, "Let pass"),
        "cancelled" => (Shape::Slash, Tone::Quiet, "Cancelled"),
        _ => (Shape::Diamond, Tone::Review, "Open"),
    }
}

#[component]
fn Check(check: Now<CheckpointView>) -> impl IntoView {
    let CheckpointView { kind, title, round, .. } = check.get_untracked();
    let look = memo(move |_| check.seen(|check| look(&check.status)));
    let kind = match kind {
        CheckpointKind::PeerReview => "Peer review",
        CheckpointKind::Approval => "Approval",
    };
    let by = move || check.seen(|check| check.decided_by.as_ref().map(|name| format!(" by {name}")));
    let at = move || check.seen(|check| check.decided_at.unwrap_or(check.created_at));
    let note = move || check.seen(|check| check.note.clone().filter(|note| !note.is_empty()));
    let round = (round > 1).then(|| format!(", round {round}"));
    view! {
        <li class="flex gap-2.5 text-sm text-ink-2">
            {part(move || view! { <ShapeIcon shape=look.get().0 class=format!("mt-0.5 size-4 shrink-0 {}", look.get().1.text())/> })}
            <div class="min-w-0 grow">
                <p>
                    <span class="font-medium text-ink">{kind}{round}": "{part(move || look.get().2)}</span>
                    {part(by)}
                    ", "
                    <RelativeTime at=derived(at)/>
                </p>
                <p class="break-words text-ink-3">{title}</p>
                {part(move || note().map(|note| view! { <blockquote class="mt-1 border-l-2 border-line pl-3 break-words whitespace-pre-line">{note}</blockquote> }))}
            </div>
        </li>
    }
    .into_any()
}
