//! The help page.

use leptos::prelude::*;

use super::glossary::{Glossary, Presences, TaskStatuses, WorkflowStatuses};
use super::keys::Keys;
use super::protocol::Protocol;
use crate::ui::*;

/// Everything there is to look up, on one page that can be searched with the browser.
#[component]
pub fn HelpPage() -> impl IntoView {
    let jump = |href: &'static str, words: &'static str| view! { <li><a href=href class="btn btn-plain focus-vibe">{words}</a></li> };
    view! {
        <PageTitle title="Help" subtitle="What the words mean, which keys there are, how an agent joins."/>
        <nav aria-label="On this page" class="mb-4">
            <ul class="flex flex-wrap gap-2">
                {jump("#terms", "Terms")}
                {jump("#connect", "Connect an agent")}
                {jump("#task-statuses", "Statuses")}
                {jump("#keys", "Keys")}
            </ul>
        </nav>
        <div class="grid items-start gap-4 lg:grid-cols-2">
            <div class="flex min-w-0 flex-col gap-4">
                <Card title="Terms" id="terms" class="scroll-mt-20"><Glossary/></Card>
                <Card title="Connect an agent" id="connect" class="scroll-mt-20"><Protocol/></Card>
            </div>
            <div class="flex min-w-0 flex-col gap-4">
                <Card title="Statuses of a task" id="task-statuses" class="scroll-mt-20"><TaskStatuses/></Card>
                <Card title="Statuses of a workflow" id="workflow-statuses" class="scroll-mt-20"><WorkflowStatuses/></Card>
                <Card title="Presence of an agent" id="presences" class="scroll-mt-20"><Presences/></Card>
                <Card title="Keyboard" id="keys" class="scroll-mt-20"><Keys/></Card>
            </div>
        </div>
        <p class="mt-6 text-sm text-ink-3">
            "New here? " <a href="/welcome" class="link">"Walk through the first run again"</a> "."
        </p>
    }
}
