//! One task in the drawing: a link to its details, told by shape, word, edge and colour.

use devsquad::id::TaskId;
use devsquad::view::TaskView;
use devsquad::workflow::task::TaskStatus;
use leptos::prelude::*;

use super::{Drawing, SIZES, sizes};
use crate::ui::*;
use crate::workflows::status::task_look;

/// The id of a task's node.
pub fn node_id(task: TaskId) -> String {
    format!("node-{task}")
}

/// One node: its place, and the light that runs round it while it runs.
#[component]
pub fn Node(drawing: Drawing, at: u32) -> impl IntoView {
    let task = drawing.run.tasks()[at as usize];
    let is_running = memo(move |_| task.seen(|task| task.status == TaskStatus::Running));
    let place = move || {
        let corner = drawing.layout.seen(|layout| layout.nodes.get(at as usize).copied().unwrap_or_default());
        format!("translate({} {})", corner.x, corner.y)
    };
    let broad = move |more: f64| shared(move || (sizes(drawing.direction.get()).width + more).to_string());
    let high = |more: f64| (SIZES.height + more).to_string();
    view! {
        <g transform=shared(place)>
            <rect
                class=shared(move || if is_running.get() { "node-beam" } else { "hidden" })
                x="-1.5"
                y="-1.5"
                width=broad(3.0)
                height=high(3.0)
                rx="9.5"
                pathLength="100"
            ></rect>
            <foreignObject width=broad(0.0) height=high(0.0)>{view! { <Face drawing at/> }.into_any()}</foreignObject>
        </g>
    }
    .into_any()
}

/// What is written on a node. A component of its own: inside an svg an `a` would be taken for svg's.
#[component]
fn Face(drawing: Drawing, at: u32) -> impl IntoView {
    let task = drawing.run.tasks()[at as usize];
    let id = task.seen_once(|task| task.id);
    let short = task.seen_once(|task| task.name.clone());
    let status = memo(move |_| task.seen(|task| task.status));
    let is_open = memo(move |_| drawing.places.task().get() == Some(id));
    let line = memo(move |_| task.seen(second_line));
    let ties = ties(drawing, at);
    let percent = memo(move |_| task.seen(|task| u32::from(task.progress)));
    let picture = move || {
        let (shape, tone, _) = task_look(status.get());
        view! { <ShapeIcon shape class=format!("size-4 shrink-0 {}", tone.text())/> }
    };
    view! {
        <a
            id=node_id(id)
            href=shared(move || drawing.places.to_task(id))
            {..stay()}
            tabindex=shared(move || if drawing.current.get() == at { "0" } else { "-1" })
            aria-current=shared(move || is_open.get().then_some("true"))
            data-status=shared(move || status.get().as_str())
            class="node"
            on:focus=move |_| drawing.current.set(at)
        >
            <span class="flex min-w-0 items-center gap-2">
                {part(picture)}
                <span class="truncate text-sm font-semibold text-ink">{short}</span>
            </span>
            <span class="mt-1 flex min-w-0 items-baseline gap-1.5 text-xs">
                <span class=shared(move || format!("shrink-0 font-medium {}", task_look(status.get()).1.text()))>
                    <span class="sr-only">", "</span>
                    {part(move || line.get().0)}
                </span>
                <span class="sr-only">{part(move || line.seen(|(_, who)| if who.is_empty() { "" } else { ", " }))}</span>
                <span class="truncate text-ink-3">{part(move || line.get().1)}</span>
                <span class="sr-only">{ties}</span>
            </span>
            <span class=shared(move || if status.get() == TaskStatus::Running { "mt-auto block" } else { "hidden" })><Bar percent=percent/></span>
        </a>
    }
    .into_any()
}

/// The status in a word or two, and who has it.
fn second_line(task: &TaskView) -> (String, String) {
    let word = task_look(task.status).2;
    let word = match task.status {
        TaskStatus::Running if task.progress > 0 => format!("{word} {} %", task.progress),
        TaskStatus::Failed | TaskStatus::DeadLetter => {
            format!("{word}, {} of {}", task.attempts_used, task.max_attempts)
        }
        _ => word.to_owned(),
    };
    let again = if task.attempts_used > 1 && !task.status.is_terminal() {
        format!(", try {}", task.attempts_used)
    } else {
        String::new()
    };
    let who =
        task.agent.as_ref().filter(|_| task.status != TaskStatus::Blocked).map_or("", |agent| agent.name.as_str());
    (word, format!("{who}{again}"))
}

/// What it hangs together with, for those who listen: ", depends on Design, needed by Tests and Docs".
fn ties(drawing: Drawing, at: u32) -> String {
    let tasks = drawing.run.tasks();
    let called =
        |at: u32| tasks.get(at as usize).map(|task| task.seen_once(|task| task.name.clone())).unwrap_or_default();
    let (before, after): (Vec<String>, Vec<String>) = drawing.needs.with_value(|needs| {
        let after =
            (0u32..).zip(needs).filter(|(_, list)| list.contains(&at)).map(|(other, _)| called(other)).collect();
        (needs.get(at as usize).into_iter().flatten().map(|other| called(*other)).collect(), after)
    });
    let part = |words: &str, names: Vec<String>| {
        if names.is_empty() { String::new() } else { format!(", {words} {}", names.join(" and ")) }
    };
    format!("{}{}", part("depends on", before), part("needed by", after))
}
