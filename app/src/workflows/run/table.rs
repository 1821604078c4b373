//! The run as a table: everything the graph shows, for reading.

use devsquad::view::TaskView;
use leptos::prelude::*;

use super::Run;
use super::places::Places;
use crate::agents::agent_href;
use crate::ui::*;
use crate::workflows::status::TaskChip;

/// The table of tasks, in the order work flows.
#[component]
pub fn TaskTable(
    /// The run.
    run: Run,
    /// Where one is.
    places: Places,
) -> impl IntoView {
    let tasks = in_order(run);
    view! {
        <section aria-label="Tasks" class="glass min-w-0 p-4 sm:p-0 sm:py-1">
            <Table caption="Tasks of this workflow, in the order work flows" columns=vec!["Task", "Status", "Agent", "Waits for", "Attempts", "Took"]>
                {tasks.into_iter().map(|task| view! { <Row run task places/> }).collect_view()}
            </Table>
        </section>
    }
    .into_any()
}

/// A task stands after all it needs.
fn in_order(run: Run) -> Vec<RwSignal<TaskView>> {
    let tasks = run.tasks();
    let order = devsquad::workflow::graph::topological_order(&run.needs());
    let order = order.unwrap_or_else(|| (0u32..).take(tasks.len()).collect());
    order.into_iter().filter_map(|at| tasks.get(at as usize).copied()).collect()
}

#[component]
fn Row(run: Run, task: RwSignal<TaskView>, places: Places) -> impl IntoView {
    let TaskView { id, name, needs, max_attempts, .. } = task.get_untracked();
    let now = use_now();
    let needed: Vec<String> = run
        .tasks()
        .into_iter()
        .filter_map(|other| other.seen_once(|other| needs.contains(&other.key).then(|| other.name.clone())))
        .collect();
    let needed = if needed.is_empty() { "Nothing".to_owned() } else { needed.join(", ") };
    let span = memo(move |_| task.seen(|task| (task.started_at, task.completed_at)));
    let took = memo(move |_| match span.get() {
        (Some(from), to) => elapsed(from, to.unwrap_or_else(|| now.get())),
        (None, _) => "Not begun".to_owned(),
    });
    let agent = memo(move |_| task.seen(|task| task.agent.clone()));
    let open = move || (places.task().get() == Some(id)).then_some("true");
    view! {
        <tr role="row" aria-current=shared(open) class="aria-[current]:bg-vibe-primary/12">
            <Cell label="Task" head=true class="min-w-0 font-medium">
                <a id=format!("row-{id}") href=shared(move || places.to_task(id)) {..stay()} class="link break-words">{name}</a>
            </Cell>
            <Cell label="Status">
                <TaskChip status=derived(move || task.seen(|task| task.status)) progress=derived(move || task.seen(|task| task.progress))/>
            </Cell>
            <Cell label="Agent">
                {part(move || match agent.get() {
                    Some(agent) => view! { <a href=agent_href(agent.id) class="link">{agent.name}</a> }.into_any(),
                    None => view! { <span class="text-ink-3">"Nobody yet"</span> }.into_any(),
                })}
            </Cell>
            <Cell label="Waits for" class="max-w-xs"><span class="break-words max-sm:text-right">{needed}</span></Cell>
            <Cell label="Attempts" class="whitespace-nowrap tabular-nums">
                {part(move || format!("{} of {max_attempts}", task.seen(|task| task.attempts_used)))}
            </Cell>
            <Cell label="Took" class="whitespace-nowrap tabular-nums">{part(move || took.get())}</Cell>
        </tr>
    }
    .into_any()
}
