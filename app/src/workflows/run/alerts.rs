//! What somebody who opens a run has to know first.

use devsquad::agent::skill;
use devsquad::messaging::why;
use devsquad::view::{TaskView, WorkflowSummary};
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::task::TaskStatus;
use leptos::prelude::*;

use super::{Places, Run};
use crate::ui::*;

/// Names listed in one alert.
const NAMED_MAX: usize = 3;

/// The strip under the head.
#[component]
pub fn Alerts(
    /// The run.
    run: Run,
    /// Where one is.
    places: Places,
) -> impl IntoView {
    let summary = memo(move |_| run.summary.get());
    let waiting = with_status(run, &[TaskStatus::AwaitingApproval]);
    let asked = with_status(run, &[TaskStatus::AwaitingInput]);
    let failed = with_status(run, &[TaskStatus::Failed, TaskStatus::DeadLetter]);
    view! {
        <div class="flex flex-col gap-2 empty:hidden">
            {part(move || summary.seen(standing))}
            {part(move || summary.seen(|summary| summary.status == WorkflowStatus::Completed).then(|| view! { <Result run places/> }))}
            {part(move || tasks(places, "Waits for your decision:", Tone::Wait, Glyph::Needs, &waiting.get()))}
            {part(move || tasks(places, "Asks you something:", Tone::Wait, Glyph::Needs, &asked.get()))}
            {part(move || tasks(places, "Failed:", Tone::Fail, Glyph::Warning, &failed.get()))}
            <Missing run/>
        </div>
    }
    .into_any()
}

fn with_status(run: Run, statuses: &'static [TaskStatus]) -> Now<Vec<TaskView>> {
    memo(move |_| {
        let stands = |task: &RwSignal<TaskView>| task.seen(|task| statuses.contains(&task.status));
        run.tasks().into_iter().filter(stands).map(|task| task.get_untracked()).collect()
    })
}

/// Why nothing moves.
fn standing(summary: &WorkflowSummary) -> Option<AnyView> {
    let reason = summary.reason.clone().map(|reason| format!(" {reason}")).unwrap_or_default();
    let (tone, glyph, sentence) = match summary.status {
        WorkflowStatus::Running | WorkflowStatus::Completed => return None,
        WorkflowStatus::Paused => {
            (Tone::Wait, Glyph::Pause, format!("Paused: nothing new starts until it is resumed.{reason}"))
        }
        WorkflowStatus::Failed => (Tone::Fail, Glyph::Warning, format!("It failed and nothing more can run.{reason}")),
        WorkflowStatus::TimedOut => (Tone::Fail, Glyph::Clock, format!("It ran out of time.{reason}")),
        WorkflowStatus::Cancelled => (Tone::Quiet, Glyph::Stop, format!("It was cancelled.{reason}")),
    };
    Some(view! { <Notice tone glyph>{sentence}</Notice> }.into_any())
}

/// Links to tasks, in one sentence.
fn tasks(places: Places, words: &'static str, tone: Tone, glyph: Glyph, of: &[TaskView]) -> Option<AnyView> {
    let more = of.len().saturating_sub(NAMED_MAX);
    let link = |task: &TaskView| {
        let (href, name) = (places.to_task(task.id), task.name.clone());
        view! { <a {..stay()} href=href class="link font-medium">{name}</a> }
    };
    let links: Vec<_> = of.iter().take(NAMED_MAX).map(link).collect();
    (!of.is_empty()).then(|| {
        view! {
            <Notice tone glyph>
                <p class="flex flex-wrap gap-x-3">
                    <span>{words}</span>
                    {links}
                    {(more > 0).then(|| format!("and {more} more"))}
                </p>
            </Notice>
        }
        .into_any()
    })
}

/// Where the result of a completed run is: with the tasks nothing else needs.
#[component]
fn Result(run: Run, places: Places) -> impl IntoView {
    let all: Vec<TaskView> = run.tasks().into_iter().map(|task| task.get_untracked()).collect();
    let is_needed = |key: &String| all.iter().any(|task| task.needs.contains(key));
    let last: Vec<TaskView> = all
        .iter()
        .filter(|task| task.status == TaskStatus::Completed && !is_needed(&task.key))
        .take(NAMED_MAX)
        .cloned()
        .collect();
    tasks(places, "Completed. The result is with", Tone::Done, Glyph::Check, &last)
}

/// Skills that a task waits for and no agent has.
#[component]
fn Missing(run: Run) -> impl IntoView {
    let ready = with_status(run, &[TaskStatus::Ready, TaskStatus::Rework]);
    let stuck = memo(move |_| {
        let members = run.members.get();
        let can = |task: &TaskView| members.iter().any(|member| skill::covers(&member.skills, &task.skills));
        let stuck = ready.seen(|ready| ready.iter().find(|task| !can(task)).cloned());
        stuck.map(|task| format!("“{}” cannot begin: no agent has {}.", task.name, why::skills(&task.skills)))
    });
    part(move || {
        stuck.get().map(|words| {
            view! {
                <Notice tone=Tone::Fail glyph=Glyph::Agents>
                    <span>{words}</span>
                    <a href="/orchestration/agents/new" class="link font-medium">"Add an agent"</a>
                </Notice>
            }
        })
    })
}
