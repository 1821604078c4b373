//! How each status looks: a shape, a tone and a word, so that it is never told by colour alone.

use devsquad::agent::Presence;
use devsquad::workflow::task::TaskStatus;
use devsquad::workflow::{Priority, WorkflowStatus};
use leptos::prelude::*;

use crate::ui::{Now, Shape, StatusChip, Tone, derived, memo};

/// A task's status, to look at.
pub fn task_look(status: TaskStatus) -> (Shape, Tone, &'static str) {
    match status {
        TaskStatus::Blocked => (Shape::HollowCircle, Tone::Quiet, "Waiting"),
        TaskStatus::Ready => (Shape::DottedCircle, Tone::Ready, "Ready"),
        TaskStatus::Running => (Shape::Ring, Tone::Run, "Running"),
        TaskStatus::AwaitingInput => (Shape::Hand, Tone::Wait, "Needs an answer"),
        TaskStatus::InReview => (Shape::Diamond, Tone::Review, "In review"),
        TaskStatus::AwaitingApproval => (Shape::Hand, Tone::Wait, "Needs approval"),
        TaskStatus::Rework => (Shape::Loop, Tone::Wait, "Rework"),
        TaskStatus::Completed => (Shape::Tick, Tone::Done, "Done"),
        TaskStatus::Skipped => (Shape::Chevrons, Tone::Quiet, "Skipped"),
        TaskStatus::Failed => (Shape::Triangle, Tone::Fail, "Failed"),
        TaskStatus::DeadLetter => (Shape::Triangle, Tone::Fail, "Gave up"),
        TaskStatus::Cancelled => (Shape::Slash, Tone::Quiet, "Cancelled"),
    }
}

/// A workflow's status, to look at.
pub fn workflow_look(status: WorkflowStatus) -> (Shape, Tone, &'static str) {
    match status {
        WorkflowStatus::Running => (Shape::Ring, Tone::Run, "Running"),
        WorkflowStatus::Paused => (Shape::Bars, Tone::Wait, "Paused"),
        WorkflowStatus::Completed => (Shape::Tick, Tone::Done, "Completed"),
        WorkflowStatus::Failed => (Shape::Triangle, Tone::Fail, "Failed"),
        WorkflowStatus::TimedOut => (Shape::Hourglass, Tone::Fail, "Out of time"),
        WorkflowStatus::Cancelled => (Shape::Slash, Tone::Quiet, "Cancelled"),
    }
}

/// An agent's presence, to look at.
pub fn presence_look(presence: Presence) -> (Shape, Tone, &'static str) {
    match presence {
        Presence::Available => (Shape::Tick, Tone::Done, "Available"),
        Presence::Busy => (Shape::HalfDisc, Tone::Run, "Busy"),
        Presence::Offline => (Shape::HollowCircle, Tone::Quiet, "Offline"),
        Presence::Error => (Shape::Triangle, Tone::Fail, "Failing"),
    }
}

/// The word for a priority.
pub fn priority_word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "Low",
        Priority::Normal => "Normal",
        Priority::High => "High",
        Priority::Urgent => "Urgent",
    }
}

/// Whether a person should look at a task in this status.
pub fn needs_attention(status: TaskStatus) -> bool {
    match status {
        TaskStatus::AwaitingInput | TaskStatus::AwaitingApproval | TaskStatus::Failed | TaskStatus::DeadLetter => true,
        TaskStatus::Blocked
        | TaskStatus::Ready
        | TaskStatus::Running
        | TaskStatus::InReview
        | TaskStatus::Rework
        | TaskStatus::Completed
        | TaskStatus::Skipped
        | TaskStatus::Cancelled => false,
    }
}

/// A task's status as a chip; a running one says how far it is.
#[component]
pub fn TaskChip(
    /// The status.
    #[prop(into)]
    status: Now<TaskStatus>,
    /// Percent done, said while it runs.
    #[prop(optional, into)]
    progress: Now<u8>,
) -> impl IntoView {
    let look = memo(move |_| task_look(status.get()));
    let word = move || match (status.get(), progress.get()) {
        (TaskStatus::Running, percent @ 1..) => format!("Running {percent} %"),
        _ => look.get().2.to_owned(),
    };
    view! { <StatusChip shape=derived(move || look.get().0) tone=derived(move || look.get().1) word=derived(word)/> }
}

/// A workflow's status as a chip.
#[component]
pub fn WorkflowChip(
    /// The status.
    #[prop(into)]
    status: Now<WorkflowStatus>,
) -> impl IntoView {
    let look = memo(move |_| workflow_look(status.get()));
    view! {
        <StatusChip
            shape=derived(move || look.get().0)
            tone=derived(move || look.get().1)
            word=derived(move || look.get().2.to_owned())
        />
    }
}

/// An agent's presence as a chip.
#[component]
pub fn PresenceChip(
    /// The presence.
    #[prop(into)]
    presence: Now<Presence>,
) -> impl IntoView {
    let look = memo(move |_| presence_look(presence.get()));
    view! {
        <StatusChip
            shape=derived(move || look.get().0)
            tone=derived(move || look.get().1)
            word=derived(move || look.get().2.to_owned())
        />
    }
}
