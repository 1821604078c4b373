//! Everything about one task: beside the run on a wide window, over it on a phone, and as the body of the task page.

mod attempts;
mod checkpoints;
mod conflicts;
mod data;
mod log;
mod reasons;
mod steering;

use devsquad::id::TaskId;
use devsquad::view::{TaskDetail, TaskView};
use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::hooks::use_navigate;

use super::api::get_task;
use super::run::{Places, Run};
use super::status::TaskChip;
use super::task_href;
use crate::agents::agent_href;
use crate::approvals::Artifacts;
use crate::communication::thread_of;
use crate::ui::*;
use attempts::Attempts;
use checkpoints::Checkpoints;
use conflicts::Conflicts;
use data::Data;
use log::Log;
use reasons::Reasons;
use steering::{Question, Steer};

/// The id of the panel's heading.
const PANEL_TITLE: &str = "inspector-title";
/// Changes of the task are fetched at most this often.
const REFETCH_AFTER: std::time::Duration = std::time::Duration::from_millis(300);

/// The panel on the run page.
#[component]
pub fn Inspector(
    /// The run.
    run: Run,
    /// The task.
    task: TaskId,
    /// Where one is.
    places: Places,
) -> impl IntoView {
    let Some(live) = run.task(task) else {
        return view! {
            <aside aria-label="Task" class="inspector">
                <ErrorPanel title="There is no such task" message="It belongs to another workflow, or the address is mistyped.">
                    <LinkButton href=places.without_task()>"Close"</LinkButton>
                </ErrorPanel>
            </aside>
        }
        .into_any();
    };
    let version = refetched_with(run, live);
    let detail = Resource::new_blocking(move || version.get(), move |_| get_task(run.id, task));
    let name = live.seen_once(|task| task.name.clone());
    focus_when_opened_by_hand();
    let back_to = vec![format!("node-{task}"), format!("row-{task}")];
    let go = use_navigate();
    let close = on_escape({
        let back_to = back_to.clone();
        move || {
            go(&places.without_task(), NavigateOptions { scroll: false, ..NavigateOptions::default() });
            focus_soon(back_to.clone());
        }
    });
    view! {
        <aside aria-labelledby=PANEL_TITLE class="inspector" on:keydown=close>
            <div class="mb-3 flex items-start justify-between gap-3">
                <h2 id=PANEL_TITLE tabindex="-1" class="min-w-0 rounded-sm text-lg font-semibold break-words text-ink focus-vibe">{name}</h2>
                <a
                    href=shared(move || places.without_task())
                    {..stay()}
                    aria-label="Close the task"
                    class="-mt-1 -mr-1 grid size-11 shrink-0 place-items-center rounded-lg text-ink-3 hover:text-ink md:size-8 focus-vibe"
                    on:click=move |_| focus_soon(back_to.clone())
                >
                    <Icon glyph=Glyph::Cross/>
                </a>
            </div>
            <Loaded resource=detail what="the task" let:detail>
                <TaskPanel detail run task=live/>
            </Loaded>
            <p class="mt-5 text-sm"><a href=task_href(run.id, task) class="link">"Open as a page"</a></p>
        </aside>
    }
    .into_any()
}

/// A number that changes soon after the task did, or what is disagreed about in its run.
pub fn refetched_with(run: Run, task: RwSignal<TaskView>) -> RwSignal<u32> {
    let version = RwSignal::new(0u32);
    let is_due = StoredValue::new(false);
    Effect::new(move |first: Option<()>| {
        task.track();
        run.argued.track();
        if first.is_some() && is_due.try_update_value(|due| std::mem::replace(due, true)) == Some(false) {
            set_timeout(
                move || {
                    let _ = is_due.try_set_value(false);
                    let _ = version.try_update(|n| *n += 1);
                },
                REFETCH_AFTER,
            );
        }
    });
    version
}

/// The focus goes to what was opened, unless the page was loaded with it open.
fn focus_when_opened_by_hand() {
    effect(move || {
        let at = document().active_element().map(|at| at.tag_name());
        if at.is_some_and(|name| name.eq_ignore_ascii_case("a")) {
            focus_soon(vec![PANEL_TITLE.to_owned()]);
        }
    });
}

/// What is known about a task, from what is asked first to what is asked last.
#[component]
pub fn TaskPanel(
    /// What was fetched.
    detail: Now<TaskDetail>,
    /// The run it belongs to.
    run: Run,
    /// The task, live.
    task: RwSignal<TaskView>,
) -> impl IntoView {
    let status = memo(move |_| task.seen(|task| task.status));
    let workflow = memo(move |_| run.summary.seen(|summary| summary.status));
    let agent = memo(move |_| task.seen(|task| task.agent.clone()));
    let why = memo(move |_| task.seen(|task| devsquad::messaging::why::state(task, &run.snapshot(), workflow.get())));
    // What was pressed goes away with the state or, later, with what is fetched after it.
    effect(move || {
        status.track();
        detail.track();
        recover_focus(&[PANEL_TITLE, TITLE]);
    });
    let artifacts = memo(move |_| detail.seen(|detail| detail.artifacts.clone()));
    let conversation = thread_of(run.id, task.seen_once(|task| task.id));
    view! {
        <div class="flex min-w-0 flex-col gap-5">
            <div class="flex flex-wrap items-center gap-x-3 gap-y-2 text-sm text-ink-2">
                <TaskChip status=status progress=derived(move || task.seen(|task| task.progress))/>
                {part(move || agent.get().map(|agent| view! {
                    <span class="inline-flex items-center gap-2">
                        <Avatar name=agent.name.clone() class="size-6 text-xs"/>
                        <a href=agent_href(agent.id) class="link">{agent.name}</a>
                    </span>
                }))}
                <span class="tabular-nums">{part(move || task.seen(attempts_words))}</span>
                <a href=conversation class="link inline-flex items-center gap-1"><Icon glyph=Glyph::Chat class="size-4 shrink-0"/>"Open the conversation"</a>
            </div>
            <Question run task/>
            <section aria-labelledby="why-title">
                <h3 id="why-title" class="panel-title">"Why it stands here"</h3>
                <p class="text-sm break-words text-ink">{part(move || why.get())}</p>
                <Steer run task detail/>
            </section>
            <Conflicts detail run task/>
            <Checkpoints detail run task/>
            <Only when=move || artifacts.seen(|artifacts| !artifacts.is_empty())>
                <section aria-labelledby="files-title">
                    <h3 id="files-title" class="panel-title">"Files"</h3>
                    {part(move || view! { <Artifacts artifacts=artifacts.get() previews=true/> })}
                </section>
            </Only>
            <Reasons detail/>
            <Data detail/>
            <Attempts detail/>
            <Neighbours run task/>
            <Log detail/>
        </div>
    }
    .into_any()
}

fn attempts_words(task: &TaskView) -> String {
    match task.attempts_used {
        0 => "Not begun".to_owned(),
        n => format!("Attempt {n} of {}", task.max_attempts.max(n)),
    }
}

/// The tasks before and after it.
#[component]
fn Neighbours(run: Run, task: RwSignal<TaskView>) -> impl IntoView {
    let TaskView { key, needs, skills, .. } = task.get_untracked();
    let all = run.tasks();
    let links = |wanted: &dyn Fn(&TaskView) -> bool| {
        let found: Vec<RwSignal<TaskView>> = all.iter().copied().filter(|other| other.seen_once(wanted)).collect();
        let link = |other: RwSignal<TaskView>| {
            let (id, name) = other.seen_once(|other| (other.id, other.name.clone()));
            view! { <li><a href=task_href(run.id, id) class="link">{name}</a></li> }
        };
        let none = found.is_empty().then(|| view! { <li class="text-ink-3">"Nothing"</li> });
        view! { <ul class="flex flex-wrap gap-x-3 gap-y-1">{found.into_iter().map(link).collect_view()}{none}</ul> }
    };
    let before = links(&|other| needs.contains(&other.key));
    let after = links(&|other| other.needs.contains(&key));
    let asked: Vec<String> = skills.iter().map(|need| format!("{} {}", need.skill, need.level)).collect();
    view! {
        <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-sm text-ink-2">
            <dt class="text-ink-3">"Needs"</dt><dd>{before}</dd>
            <dt class="text-ink-3">"Needed by"</dt><dd>{after}</dd>
            {(!asked.is_empty()).then(|| view! {
                <dt class="text-ink-3">"Skills"</dt>
                <dd class="flex flex-wrap gap-1.5">{asked.into_iter().map(|skill| view! { <Chip>{skill}</Chip> }).collect_view()}</dd>
            })}
        </dl>
    }
    .into_any()
}
