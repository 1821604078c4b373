//! What was found before, about the same result.

use devsquad::view::CheckpointView;
use devsquad::workflow::checks::CheckpointKind;
use leptos::prelude::*;

use crate::ui::*;

/// Checks that were decided already.
#[component]
pub fn Earlier(
    /// The checks.
    checks: Vec<CheckpointView>,
) -> impl IntoView {
    (!checks.is_empty()).then(|| {
        view! {
            <ul class="flex flex-col gap-3" aria-label="Earlier checks">
                {checks.into_iter().map(|check| view! { <Check check/> }).collect_view()}
            </ul>
        }
    })
}

#[component]
fn Check(check: CheckpointView) -> impl IntoView {
    let (shape, tone, word) = verdict(&check.status);
    let kind = match check.kind {
        CheckpointKind::PeerReview => "Peer review",
        CheckpointKind::Approval => "Approval",
    };
    let by = check.decided_by.map(|name| format!(" by {name}")).unwrap_or_default();
    let note = check.note.filter(|note| !note.is_empty());
    view! {
        <li class="flex gap-2.5 text-sm text-ink-2">
            <ShapeIcon shape class=format!("mt-0.5 size-4 shrink-0 {}", tone.text())/>
            <div class="min-w-0">
                <p>
                    <span class="font-medium text-ink">{format!("{kind} {word}")}</span>
                    {by}
                    {check.decided_at.map(|at| view! { ", " <RelativeTime at=at/> })}
                </p>
                {note.map(|note| view! { <blockquote class="mt-1 border-l-2 border-line pl-3 break-words whitespace-pre-line">{note}</blockquote> })}
            </div>
        </li>
    }
}

fn verdict(status: &str) -> (Shape, Tone, &'static str) {
    match status {
        "passed" => (Shape::Tick, Tone::Done, "passed"),
        "failed" => (Shape::Triangle, Tone::Fail, "sent it back"),
        "cancelled" => (Shape::Slash, Tone::Quiet, "was cancelled"),
        _ => (Shape::Diamond, Tone::Review, "is open"),
    }
}
