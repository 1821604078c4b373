//! What an agent did lately, and why it was chosen for it.

use devsquad::scheduling::Fit;
use devsquad::view::{AgentView, AttemptView, TaskLink};
use leptos::prelude::*;

use super::card::task_href;
use super::fit::{Term, share, terms};
use super::outcome;
use crate::ui::*;

type Entry = (TaskLink, AttemptView);

/// Its newest attempts.
#[component]
pub fn History(
    /// The agent.
    agent: Now<AgentView>,
) -> impl IntoView {
    let entries = memo(move |_| agent.seen(|agent| agent.history.clone()));
    view! {
        <Card title="History" id="history">
            <Only
                when=move || !entries.seen(Vec::is_empty)
                fallback=|| view! { <EmptyState glyph=Glyph::History title="Nothing yet" text="Its attempts appear here, each with the reasons it was chosen."/> }
            >
                <Table caption="Newest attempts, newest first" columns=vec!["Task", "Outcome", "Began", "Took", "Why this agent"]>
                    <Rows items=entries key=|entry: &Entry| entry.1.id let:entry>
                        <Row entry/>
                    </Rows>
                </Table>
            </Only>
        </Card>
    }
}

#[component]
fn Row(entry: Now<Entry>) -> impl IntoView {
    let (task, attempt) = entry.get_untracked();
    let href = task_href(&task);
    let look = memo(move |_| entry.seen(|(_, attempt)| outcome::look(&attempt.status)));
    let word = move || {
        if entry.seen(|(_, attempt)| attempt.purpose == "review") {
            format!("{} (review)", look.get().2)
        } else {
            look.get().2.to_owned()
        }
    };
    let now = use_now();
    let took = memo(move |_| {
        entry.seen(|(_, attempt)| elapsed(attempt.leased_at, attempt.ended_at.unwrap_or_else(|| now.get())))
    });
    let message = move || entry.seen(|(_, attempt)| attempt.message.clone().filter(|text| !text.is_empty()));
    view! {
        <tr role="row">
            <Cell label="Task" class="min-w-0">
                <span class="block min-w-0">
                    <a href=href class="link font-medium">{task.name}</a>
                    <span class="block text-ink-3">{task.workflow_name}</span>
                </span>
            </Cell>
            <Cell label="Outcome">
                <span class="flex min-w-0 flex-col items-start gap-1">
                    <StatusChip shape=derived(move || look.get().0) tone=derived(move || look.get().1) word=derived(word)/>
                    {part(move || message().map(|text| view! { <span class="max-w-xs break-words text-ink-3">{text}</span> }))}
                </span>
            </Cell>
            <Cell label="Began"><RelativeTime at=attempt.leased_at/></Cell>
            <Cell label="Took" class="tabular-nums whitespace-nowrap">{part(move || took.get())}</Cell>
            <Cell label="Why this agent">{attempt.fit.map(|fit| view! { <Why fit/> })}</Cell>
        </tr>
    }
}

/// The score, and on demand what it is made of.
#[component]
fn Why(fit: Fit) -> impl IntoView {
    let line = |term: Term| {
        view! {
            <div class="contents">
                <dt class="text-ink-2"><span class="font-medium text-ink">{term.name}</span><span class="block text-ink-3">{term.meaning}</span></dt>
                <dd class="text-right whitespace-nowrap text-ink-2">
                    {format!("{} × {} = ", share(term.value), share(term.weight))}
                    <span class="font-medium text-ink">{share(term.added())}</span>
                </dd>
            </div>
        }
    };
    view! {
        <details class="min-w-0">
            <summary class="inline-flex min-h-11 cursor-pointer items-center gap-1 rounded-sm font-medium text-primary-text tabular-nums md:min-h-8 focus-vibe">
                {format!("Fit {}", share(fit.score))}
                <Icon glyph=Glyph::ChevronDown class="size-4"/>
            </summary>
            <dl class="mt-1 grid max-w-sm grid-cols-[1fr_auto] gap-x-4 gap-y-1.5 tabular-nums">
                {terms(&fit).map(line).collect_view()}
                <dt class="border-t border-line pt-1.5 font-medium text-ink">"Fit"</dt>
                <dd class="border-t border-line pt-1.5 text-right font-semibold text-ink">{share(fit.score)}</dd>
            </dl>
        </details>
    }
}
