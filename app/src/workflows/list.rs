//! The list of workflows: what runs, what waits, what is done.

use devsquad::Role;
use devsquad::view::{WORKFLOWS_PER_PAGE, WorkflowFilter, WorkflowPage, WorkflowSummary};
use devsquad::workflow::task::TaskStatus;
use devsquad::workflow::{Priority, WorkflowStatus};
use leptos::prelude::*;
use leptos_router::components::Form;
use leptos_router::hooks::use_query_map;

use super::api::get_workflows;
use super::status::{WorkflowChip, priority_word, workflow_look};
use super::{counted, run_href};
use crate::live::use_live;
use crate::session::use_session;
use crate::ui::*;

const HERE: &str = "/orchestration/workflows";

/// What the address asks for.
fn asked() -> Now<WorkflowFilter> {
    let query = use_query_map();
    memo(move |_| {
        query.seen(|query| WorkflowFilter {
            status: query.get("status").and_then(|name| WorkflowStatus::parse(&name)),
            text: query.get("text").map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()),
            // In the address pages count from 1, as people do.
            page: query.get("page").and_then(|page| page.parse::<u32>().ok()).unwrap_or(1).saturating_sub(1),
        })
    })
}

/// The address of a filter.
fn address(filter: &WorkflowFilter) -> String {
    let mut query = Vec::new();
    if let Some(status) = filter.status {
        query.push(format!("status={}", status.as_str()));
    }
    if let Some(text) = &filter.text {
        query.push(format!("text={}", leptos_router::location::Url::escape(text)));
    }
    if filter.page > 0 {
        query.push(format!("page={}", filter.page + 1));
    }
    if query.is_empty() { HERE.to_owned() } else { format!("{HERE}?{}", query.join("&")) }
}

/// The list.
#[component]
pub fn WorkflowsPage() -> impl IntoView {
    let live = use_live();
    let filter = asked();
    let loaded =
        Resource::new_blocking(move || (filter.get(), live.revision().get()), |(filter, _)| get_workflows(filter));
    let may_create = use_session().may(Role::Operator);
    view! {
        <PageTitle title="Workflows">
            {may_create.then(|| view! { <LinkButton href="/orchestration/workflows/create" look=Look::Hero glyph=Glyph::Plus>"New workflow"</LinkButton> })}
        </PageTitle>
        <div class="mb-4 flex flex-wrap items-center gap-3">
            <States filter/>
            <Search filter/>
        </div>
        <Loaded resource=loaded what="the list of workflows" lines=8 let:page>
            <Lines page filter/>
        </Loaded>
    }
    .into_any()
}

/// The states to choose from, as links.
#[component]
fn States(filter: Now<WorkflowFilter>) -> impl IntoView {
    let link = move |status: Option<WorkflowStatus>| {
        let words = status.map_or("All", |status| workflow_look(status).2);
        let href = move || address(&WorkflowFilter { status, text: filter.get().text, page: 0 });
        view! {
            <li>
                <a href=shared(href) class="segment focus-vibe" aria-current=shared(move || (filter.get().status == status).then_some("true"))>{words}</a>
            </li>
        }
    };
    let states = std::iter::once(None).chain(WorkflowStatus::ALL.map(Some));
    view! {
        <nav aria-label="Workflows by status" class="max-w-full overflow-x-auto rounded-lg [scrollbar-width:none]">
            <ul class="segments w-max max-w-none flex-nowrap">{states.map(link).collect_view()}</ul>
        </nav>
    }
    .into_any()
}

/// The field that narrows the list to names. A plain form: Enter sends it.
#[component]
fn Search(filter: Now<WorkflowFilter>) -> impl IntoView {
    view! {
        <Form method="get" action=HERE attr:class="flex min-w-0 grow gap-2 sm:max-w-xs" attr:role="search">
            {part(move || filter.get().status.map(|status| view! { <input type="hidden" name="status" value=status.as_str()/> }))}
            <label for="filter" class="sr-only">"Filter by name"</label>
            <input id="filter" type="search" name="text" placeholder="Filter by name" value=filter.get_untracked().text class="control focus-vibe"/>
            <button type="submit" class="btn btn-plain shrink-0 focus-vibe" aria-label="Filter"><Icon glyph=Glyph::Search class="size-4"/></button>
        </Form>
    }
    .into_any()
}

#[component]
fn Lines(page: Now<WorkflowPage>, filter: Now<WorkflowFilter>) -> impl IntoView {
    let lines = memo(move |_| page.seen(|page| page.workflows.clone()));
    let total = memo(move |_| page.seen(|page| page.total));
    let live = use_live();
    live.known(page.seen_once(|page| page.seq));
    view! {
        <Only when=move || !lines.seen(Vec::is_empty) fallback=move || view! { <Nothing filter/> }>
            <section aria-label="Workflows" class="glass min-w-0 p-4 sm:p-0 sm:py-1">
                <Table caption="Workflows, newest first" columns=vec!["Workflow", "Status", "Progress", "Priority", "Created", "Took"]>
                    <Rows items=lines key=|line: &WorkflowSummary| line.id let:line>
                        <Line line/>
                    </Rows>
                </Table>
            </section>
            <Pager total filter/>
        </Only>
    }
    .into_any()
}

#[component]
fn Line(line: Now<WorkflowSummary>) -> impl IntoView {
    let WorkflowSummary { id, name, kind, priority, created_at, .. } = line.get_untracked();
    let now = use_now();
    let done = memo(move |_| line.seen(|line| (line.ended(), line.total())));
    let took =
        memo(move |_| line.seen(|line| elapsed(line.created_at, line.completed_at.unwrap_or_else(|| now.get()))));
    let urgency = if priority >= Priority::High { "font-medium text-warn" } else { "" };
    let waiting = move || line.seen(|line| line.count(TaskStatus::AwaitingApproval));
    let failed = move || line.seen(|line| line.count(TaskStatus::Failed) + line.count(TaskStatus::DeadLetter));
    view! {
        <tr role="row">
            <Cell label="Workflow" head=true class="min-w-0">
                <span class="block min-w-0">
                    <a href=run_href(id) class="link font-medium break-words">{name}</a>
                    {(!kind.is_empty()).then(|| view! { <span class="block text-ink-3">{kind.replace('_', " ")}</span> })}
                </span>
            </Cell>
            <Cell label="Status">
                <span class="flex flex-wrap items-center gap-2 max-sm:justify-end">
                    <WorkflowChip status=derived(move || line.seen(|line| line.status))/>
                    {part(move || (waiting() > 0).then(|| view! { <Chip tone=Tone::Wait>{format!("{} for you", waiting())}</Chip> }))}
                    {part(move || (failed() > 0).then(|| view! { <Chip tone=Tone::Fail>{format!("{} failed", failed())}</Chip> }))}
                </span>
            </Cell>
            <Cell label="Progress" class="sm:w-40">
                <span class="flex w-32 items-center gap-2 tabular-nums sm:w-full">
                    <Bar percent=derived(move || done.get().0 * 100 / done.get().1.max(1))/>
                    <span class="whitespace-nowrap">{part(move || format!("{} / {}", done.get().0, done.get().1))}</span>
                </span>
            </Cell>
            <Cell label="Priority"><span class=urgency>{priority_word(priority)}</span></Cell>
            <Cell label="Created"><RelativeTime at=created_at/></Cell>
            <Cell label="Took" class="whitespace-nowrap tabular-nums">{part(move || took.get())}</Cell>
        </tr>
    }
    .into_any()
}

/// Why the list is empty, and what to do about it.
#[component]
fn Nothing(filter: Now<WorkflowFilter>) -> impl IntoView {
    let narrowed = move || filter.get() != WorkflowFilter::default();
    let may_create = use_session().may(Role::Operator);
    view! {
        <GlassCard>
            {part(move || if narrowed() {
                view! {
                    <EmptyState glyph=Glyph::Filter title="No workflow matches" text="Nothing has this status and this name.">
                        <LinkButton href=HERE>"Show all"</LinkButton>
                    </EmptyState>
                }
                .into_any()
            } else {
                view! {
                    <EmptyState glyph=Glyph::Workflows title="No workflows yet" text="A workflow is a set of tasks that your agents do in order, checked before they count.">
                        {may_create.then(|| view! { <LinkButton href="/orchestration/workflows/create" look=Look::Primary>"Start the first one"</LinkButton> })}
                    </EmptyState>
                }
                .into_any()
            })}
        </GlassCard>
    }
    .into_any()
}

/// Forth and back through long lists.
#[component]
fn Pager(total: Now<u64>, filter: Now<WorkflowFilter>) -> impl IntoView {
    let pages = move || total.get().div_ceil(u64::from(WORKFLOWS_PER_PAGE));
    let to = move |page: u32| address(&WorkflowFilter { page, ..filter.get() });
    move || {
        let page = filter.get().page;
        (pages() > 1).then(|| {
            view! {
                <nav aria-label="Pages" class="mt-4 flex items-center justify-between gap-3 text-sm text-ink-2">
                    <span>{format!("Page {} of {}, {}", page + 1, pages(), counted(usize::try_from(total.get()).unwrap_or(usize::MAX), "workflow"))}</span>
                    <span class="flex gap-2">
                        {(page > 0).then(|| view! { <LinkButton href=to(page - 1) glyph=Glyph::ChevronLeft>"Newer"</LinkButton> })}
                        {(u64::from(page) + 1 < pages()).then(|| view! { <LinkButton href=to(page + 1)>"Older"</LinkButton> })}
                    </span>
                </nav>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_has_an_address() {
        assert_eq!(address(&WorkflowFilter::default()), HERE);
        let filter = WorkflowFilter { status: Some(WorkflowStatus::Failed), text: None, page: 2 };
        assert_eq!(address(&filter), "/orchestration/workflows?status=failed&page=3");
    }
}
