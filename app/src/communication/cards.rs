//! Messages that are about the work, as cards: what it is, where the work stands now, and what can be done about it.
//!
//! The card shows the work as it is when it is drawn, not as it was when the message was written. The text of the message stands in it, so
//! that a kind nobody here knows still says what it has to say.

use devsquad::Role;
use devsquad::id::CheckpointId;
use devsquad::view::chat::{Elsewhere, MessageView, TaskCard};
use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::api::Say;
use super::message_href;
use crate::approvals::api::Decide;
use crate::ui::*;
use crate::workflows::status::task_look;
use crate::workflows::task_href;

/// A picture, what the colour says, a word.
fn look(kind: &str) -> Option<(Glyph, Tone, &'static str)> {
    Some(match kind {
        "thread" => (Glyph::Thread, Tone::Quiet, "Task"),
        "assignment" => (Glyph::Agents, Tone::Run, "Assigned"),
        "handoff" => (Glyph::ArrowRight, Tone::Review, "Handed in"),
        "review_request" => (Glyph::Eye, Tone::Review, "Review asked"),
        "review_verdict" => (Glyph::Eye, Tone::Review, "Reviewed"),
        "approval_request" => (Glyph::Needs, Tone::Wait, "Decision asked"),
        "approval_decision" => (Glyph::Check, Tone::Done, "Decided"),
        "question" => (Glyph::Help, Tone::Wait, "Question"),
        "answer" => (Glyph::Check, Tone::Done, "Answered"),
        "blocker" => (Glyph::Stop, Tone::Wait, "Held up"),
        "conflict" => (Glyph::Warning, Tone::Wait, "Conflict"),
        "proposal" => (Glyph::Sparkle, Tone::Review, "Proposal"),
        "resolution" => (Glyph::Check, Tone::Done, "Settled"),
        "escalation" => (Glyph::Warning, Tone::Fail, "Escalated"),
        "reminder" => (Glyph::Clock, Tone::Wait, "Reminder"),
        "error_report" => (Glyph::Warning, Tone::Fail, "Failed"),
        "milestone" => (Glyph::Sparkle, Tone::Run, "Milestone"),
        "completion" => (Glyph::Check, Tone::Done, "Completed"),
        "override" => (Glyph::User, Tone::Wait, "Override"),
        "status" => (Glyph::Info, Tone::Quiet, "Status"),
        _ => return None,
    })
}

/// What a message is, in a word.
pub fn word(message: &MessageView) -> Option<&'static str> {
    look(&message.tag.as_ref()?.kind).map(|(_, _, word)| word)
}

/// A message as a card; nothing for one that is only words.
pub fn card(message: &MessageView, role: Role) -> Option<AnyView> {
    let tag = message.tag.as_ref()?;
    let (glyph, tone, word) = look(&tag.kind)?;
    if tag.kind == "thread" {
        return Some(root(message, role));
    }
    let task = message.task.as_ref();
    let about = task.filter(|_| message.parent.is_none()).map(task_line);
    let asked = task.and_then(|task| match tag.kind.as_str() {
        "approval_request" => {
            let (checkpoint, _) = task.decision.as_ref()?;
            // An earlier round's request was answered.
            (tag.checkpoint_id.is_none_or(|id| id == *checkpoint)).then(|| decision(message, task, *checkpoint, role))
        }
        "question" => question(message, task),
        _ => None,
    });
    let over =
        asked.is_none() && matches!(tag.kind.as_str(), "approval_request" | "question") && message.task.is_some();
    Some(
        view! {
            <div class=format!("msg-card {}", tone.edge())>
                <p class="flex flex-wrap items-center gap-x-2 gap-y-1">
                    <span class=tone.chip()><Icon glyph class="size-3.5 shrink-0"/>{word}</span>
                    {over.then(|| view! { <span class="text-xs text-ink-3">"Answered since"</span> })}
                </p>
                <Prose html=html_of(&message.text)/>
                {about}
                {tag.elsewhere.as_ref().map(elsewhere)}
                {asked}
            </div>
        }
        .into_any(),
    )
}

/// The root of a task's thread: the task, and what waits in it.
fn root(message: &MessageView, role: Role) -> AnyView {
    let Some(task) = &message.task else {
        return view! { <p class="font-medium break-words text-ink">{message.text.clone()}</p> }.into_any();
    };
    let decision = task.decision.as_ref().map(|(checkpoint, title)| {
        view! {
            <p class="text-sm font-medium break-words text-ink">{title.clone()}</p>
            {decision(message, task, *checkpoint, role)}
        }
    });
    let question = task.question.as_ref().map(|(text, _)| {
        view! { <p class="text-sm font-medium break-words text-ink">{text.clone()}</p> {question(message, task)} }
    });
    view! {
        <div class=format!("msg-card {}", task_look(task.status).1.edge())>
            {task_line(task)}
            {(decision.is_some() || question.is_some()).then(|| view! { <div class="root-asks">{decision}{question}</div> })}
        </div>
    }
    .into_any()
}

/// The task, where it stands, who has it.
fn task_line(task: &TaskCard) -> AnyView {
    let (shape, tone, word) = task_look(task.status);
    view! {
        <p class="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-ink-2">
            <a href=task_href(task.workflow, task.task) class="link font-medium">{task.name.clone()}</a>
            <span class=tone.chip()><ShapeIcon shape/>{word}</span>
            {task.agent.clone().map(|agent| view! { <span>{agent}</span> })}
        </p>
    }
    .into_any()
}

fn elsewhere(at: &Elsewhere) -> AnyView {
    let href = message_href(&at.channel_id, &at.message_id, at.thread_id.as_deref());
    view! { <p class="text-sm"><a href=href class="link">"Open where it was said"</a></p> }.into_any()
}

/// The two answers to a decision. The form is that of the page of decisions.
fn decision(message: &MessageView, task: &TaskCard, checkpoint: CheckpointId, role: Role) -> AnyView {
    if role < Role::Reviewer {
        return view! { <p class="text-sm text-ink-3">"To decide this you need the role reviewer or above."</p> }
            .into_any();
    }
    let hidden = |verdict: &'static str| {
        view! {
            <input type="hidden" name="workflow" value=task.workflow.to_string()/>
            <input type="hidden" name="checkpoint" value=checkpoint.to_string()/>
            <input type="hidden" name="verdict" value=verdict/>
        }
    };
    let note = format!("note-{}", message.id);
    view! {
        <div class="flex flex-wrap items-start gap-2">
            <form method="post" action=Decide::PATH data-form="decide">
                {hidden("approve")}
                <button type="submit" class=button_class(Look::Primary)><Icon glyph=Glyph::Check class="size-4 shrink-0"/>"Approve"</button>
            </form>
            <details class="min-w-0 open:basis-full">
                <summary class=format!("{} w-fit", button_class(Look::Plain))>"Request changes…"</summary>
                <form method="post" action=Decide::PATH data-form="decide" class="mt-2 flex flex-col gap-2">
                    {hidden("reject")}
                    <label for=note.clone() class="text-sm font-medium text-ink">"What has to change?"</label>
                    <textarea id=note name="note" rows="3" required class="control focus-vibe"></textarea>
                    <div><button type="submit" class=button_class(Look::Primary)>"Send back"</button></div>
                </form>
            </details>
            <a href=task_href(task.workflow, task.task) class=button_class(Look::Quiet)>"See the result"</a>
        </div>
    }
    .into_any()
}

/// An answer is a reply in the task's thread: the engine reads it there.
fn question(message: &MessageView, task: &TaskCard) -> Option<AnyView> {
    let (_, options) = task.question.as_ref()?;
    let thread = message.parent.clone().or_else(|| task.thread.clone()).unwrap_or_else(|| message.id.clone());
    let field = format!("answer-{}", message.id);
    let choice = |option: &String| {
        view! { <button type="submit" name="text" value=option.clone() class=button_class(Look::Plain)>{option.clone()}</button> }
    };
    let hidden = || {
        view! {
            <input type="hidden" name="channel" value=message.channel.clone()/>
            <input type="hidden" name="thread" value=thread.clone()/>
        }
    };
    let choices = (!options.is_empty()).then(|| {
        view! {
            <form method="post" action=Say::PATH data-form="say" class="flex flex-wrap gap-2">
                {hidden()}
                {options.iter().map(choice).collect_view()}
            </form>
        }
    });
    let own = view! {
        <form method="post" action=Say::PATH data-form="say" class="flex flex-col gap-2 sm:flex-row sm:items-end">
            {hidden()}
            <div class="flex min-w-0 grow flex-col gap-1">
                <label for=field.clone() class="text-sm font-medium text-ink">{if options.is_empty() { "Your answer" } else { "Or answer in your own words" }}</label>
                <input id=field name="text" required autocomplete="off" class="control focus-vibe"/>
            </div>
            <button type="submit" class=button_class(Look::Primary)>"Answer"</button>
        </form>
    };
    Some(view! { <div class="flex min-w-0 flex-col gap-2">{choices}{own}</div> }.into_any())
}
