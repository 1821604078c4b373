//! What the words mean, and how each status looks.

use devsquad::agent::Presence;
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::task::TaskStatus;
use leptos::prelude::*;

use crate::ui::Now;
use crate::workflows::status::{PresenceChip, TaskChip, WorkflowChip};

const TERMS: [(&str, &str); 13] = [
    ("Workflow", "Tasks that belong together, with who waits for whom. It runs until every task has ended."),
    ("Task", "One piece of work for one agent. It says which skills are needed and what is given."),
    (
        "Agent",
        "A program that asks for tasks, works and hands in results. Built-in ones run on this server; yours connect over HTTP.",
    ),
    (
        "Skill and level",
        "What an agent can do, from 1 (beginner) to 5 (expert). A task goes to nobody below the level it asks for.",
    ),
    ("Slot", "Room for one task. An agent with 4 slots works on up to 4 tasks at once."),
    ("Attempt", "One try of one agent at one task. A task has a limited number of them."),
    (
        "Lease",
        "The right to work on a task for a while. It ends when heartbeats stop, and the task goes to somebody else.",
    ),
    ("Fence", "A number above that of the attempt before. A result with an old one no longer counts."),
    ("Fit", "How well an agent suits a task: skill, record, load and cost, weighted. It is kept with every attempt."),
    (
        "Checkpoint",
        "Something that must be found good before a task is done: a peer review by another agent, or your approval.",
    ),
    ("Peer review", "Another agent, independent of the author, examines the result. Sent back, it is reworked."),
    (
        "Conflict",
        "What two agents disagree about over a task. They settle it by proposals, or a person does; the work goes on meanwhile.",
    ),
    ("Template", "A workflow to use again. It asks for what changes from run to run."),
];

/// The terms.
#[component]
pub fn Glossary() -> impl IntoView {
    let line = |(term, meaning): (&'static str, &'static str)| {
        view! {
            <div>
                <dt class="text-sm font-semibold text-ink">{term}</dt>
                <dd class="text-sm text-ink-2">{meaning}</dd>
            </div>
        }
    };
    view! { <dl class="flex flex-col gap-3.5">{TERMS.map(line).collect_view()}</dl> }
}

/// A status and its meaning.
#[component]
fn Meaning(meaning: &'static str, children: Children) -> impl IntoView {
    view! {
        <div class="flex flex-col gap-1 sm:grid sm:grid-cols-[10rem_1fr] sm:items-start sm:gap-3">
            <dt class="flex">{children()}</dt>
            <dd class="text-sm text-ink-2 sm:pt-0.5">{meaning}</dd>
        </div>
    }
}

/// The statuses of a task.
#[component]
pub fn TaskStatuses() -> impl IntoView {
    let line = |status: TaskStatus| view! { <Meaning meaning=task_meaning(status)><TaskChip status=Now::stored(status)/></Meaning> };
    view! { <dl class="flex flex-col gap-3">{TaskStatus::ALL.map(line).collect_view()}</dl> }
}

/// The statuses of a workflow.
#[component]
pub fn WorkflowStatuses() -> impl IntoView {
    let line = |status: WorkflowStatus| view! { <Meaning meaning=workflow_meaning(status)><WorkflowChip status=Now::stored(status)/></Meaning> };
    view! { <dl class="flex flex-col gap-3">{WorkflowStatus::ALL.map(line).collect_view()}</dl> }
}

/// Whether an agent can be given work.
#[component]
pub fn Presences() -> impl IntoView {
    let line = |presence: Presence| view! { <Meaning meaning=presence_meaning(presence)><PresenceChip presence=Now::stored(presence)/></Meaning> };
    view! { <dl class="flex flex-col gap-3">{Presence::ALL.map(line).collect_view()}</dl> }
}

fn task_meaning(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Blocked => "Tasks before it have not ended.",
        TaskStatus::Ready => "It waits for an agent with the skills and a free slot.",
        TaskStatus::Running => "An agent works on it.",
        TaskStatus::AwaitingInput => "The agent asked people something. The task goes on with the answer.",
        TaskStatus::InReview => "Another agent examines the result.",
        TaskStatus::AwaitingApproval => "A person has to decide. It stands under Needs you.",
        TaskStatus::Rework => "The result was sent back and waits for a new attempt.",
        TaskStatus::Completed => "The result is accepted.",
        TaskStatus::Skipped => "It will not run, because a task before it failed.",
        TaskStatus::Failed => "It failed in a way that trying again does not mend.",
        TaskStatus::DeadLetter => "Every attempt was used up.",
        TaskStatus::Cancelled => "Its workflow was ended first.",
    }
}

fn workflow_meaning(status: WorkflowStatus) -> &'static str {
    match status {
        WorkflowStatus::Running => "Tasks are given out.",
        WorkflowStatus::Paused => "Nothing new starts; what runs may finish.",
        WorkflowStatus::Completed => "Every task ended well.",
        WorkflowStatus::Failed => "A task failed for good and nothing more can run.",
        WorkflowStatus::TimedOut => "The deadline passed first.",
        WorkflowStatus::Cancelled => "A person ended it.",
    }
}

fn presence_meaning(presence: Presence) -> &'static str {
    match presence {
        Presence::Available => "Heard of lately, with a free slot.",
        Presence::Busy => "Heard of lately, every slot is taken.",
        Presence::Offline => "Not heard of for a while. Check that its program runs.",
        Presence::Error => "Its last attempts all failed. Others are given work before it; look at its history.",
    }
}
