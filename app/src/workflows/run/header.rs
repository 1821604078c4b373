//! The head of a run: what it is, where it stands, what can be done.

use devsquad::view::WorkflowSummary;
use devsquad::workflow::task::TaskStatus;
use devsquad::workflow::{Priority, WorkflowStatus};
use leptos::prelude::*;

use super::Run;
use super::controls::Controls;
use crate::communication::channel_of;
use crate::ui::*;
use crate::workflows::status::{WorkflowChip, priority_word, task_look, workflow_look};

/// Percent of tasks that have ended.
fn percent(summary: &WorkflowSummary) -> u32 {
    summary.ended() * 100 / summary.total().max(1)
}

/// The head of the run page.
#[component]
pub fn Header(
    /// The run.
    run: Run,
) -> impl IntoView {
    let summary = run.summary;
    let name = derived(move || summary.seen(|summary| summary.name.clone()));
    let tab =
        derived(move || summary.seen(|summary| format!("{} — {}", summary.name, workflow_look(summary.status).2)));
    let done = memo(move |_| summary.seen(|summary| (summary.ended(), summary.total(), percent(summary))));
    view! {
        <header>
            <BackLink href="/orchestration/workflows" words="Workflows".to_owned()/>
            <PageTitle title=name document=tab>
                <LinkButton href=channel_of(run.id) glyph=Glyph::Chat>"Conversation"</LinkButton>
                <Controls run/>
            </PageTitle>
            <div class="glass flex flex-wrap items-center gap-x-6 gap-y-3 p-3 md:px-4">
                <div class="flex items-center gap-3">
                    <ProgressRing
                        percent=derived(move || done.get().2)
                        label=derived(move || format!("{} of {} tasks ended", done.get().0, done.get().1))
                    />
                    <p class="text-sm text-ink-2">
                        <span class="block text-base font-semibold text-ink tabular-nums">{part(move || format!("{} / {}", done.get().0, done.get().1))}</span>
                        "tasks ended"
                    </p>
                </div>
                <WorkflowChip status=derived(move || summary.seen(|summary| summary.status))/>
                {part(move || priority(summary.seen(|summary| summary.priority)))}
                <Counts summary=summary.into()/>
                <Times summary=summary.into()/>
            </div>
        </header>
    }
    .into_any()
}

/// Said only when it is not the usual one.
fn priority(priority: Priority) -> Option<impl IntoView> {
    let tone = match priority {
        Priority::Normal => return None,
        Priority::Urgent | Priority::High => Tone::Wait,
        Priority::Low => Tone::Quiet,
    };
    Some(view! { <Chip tone=tone>{format!("{} priority", priority_word(priority))}</Chip> })
}

/// How many tasks stand where.
#[component]
fn Counts(summary: Now<WorkflowSummary>) -> impl IntoView {
    let counts = memo(move |_| summary.seen(|summary| summary.counts.clone()));
    let one = |(status, n): (TaskStatus, u32)| {
        let (shape, tone, word) = task_look(status);
        view! {
            <li class="inline-flex items-center gap-1.5 text-sm text-ink-2">
                <ShapeIcon shape class=format!("size-3.5 shrink-0 {}", tone.text())/>
                <span class="tabular-nums">{n}</span>
                {word.to_lowercase()}
            </li>
        }
    };
    view! { <ul class="flex flex-wrap gap-x-4 gap-y-1" aria-label="Tasks by status">{part(move || counts.get().into_iter().map(one).collect_view())}</ul> }
}

/// When it began and how long it took, or takes.
#[component]
fn Times(summary: Now<WorkflowSummary>) -> impl IntoView {
    let now = use_now();
    let began = derived(move || summary.seen(|summary| summary.created_at));
    let ended = memo(move |_| summary.seen(|summary| (summary.completed_at, summary.status)));
    let took = memo(move |_| elapsed(began.get(), ended.get().0.unwrap_or_else(|| now.get())));
    let words = move || match ended.get().1 {
        WorkflowStatus::Running | WorkflowStatus::Paused => "Running for",
        WorkflowStatus::Completed | WorkflowStatus::Failed | WorkflowStatus::TimedOut | WorkflowStatus::Cancelled => {
            "Took"
        }
    };
    let deadline =
        move || summary.seen(|summary| summary.deadline).map(|at| format!("Due {}", relative(at, now.get())));
    view! {
        <dl class="flex flex-wrap gap-x-6 gap-y-1 text-sm">
            <div><dt class="text-ink-3">"Started"</dt><dd class="font-medium text-ink"><RelativeTime at=began/></dd></div>
            <div><dt class="text-ink-3">{words}</dt><dd class="font-medium text-ink tabular-nums">{part(move || took.get())}</dd></div>
            {part(move || deadline().map(|due| view! { <div><dt class="text-ink-3">"Deadline"</dt><dd class="font-medium text-ink">{due}</dd></div> }))}
        </dl>
    }
    .into_any()
}
