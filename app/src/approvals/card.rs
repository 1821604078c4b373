//! One decision: what is asked, about what, on what grounds, and the two answers.

use devsquad::Role;
use devsquad::id::{CheckpointId, WorkflowId};
use devsquad::view::{CheckpointView, NeedView};
use devsquad::workflow::checks::CheckpointKind;
use leptos::prelude::*;
use leptos::web_sys::Element;

use super::artifacts::Artifacts;
use super::earlier::Earlier;
use super::needs::{Deciding, heading_id};
use crate::agents::agent_href;
use crate::session::use_session;
use crate::ui::*;

/// A card with everything needed to decide.
#[component]
pub fn NeedCard(
    /// What is asked.
    need: Now<NeedView>,
    /// The form it is decided with.
    deciding: Deciding,
    /// Whether texts are shown in place; without, the card is for a narrow column.
    previews: bool,
) -> impl IntoView {
    let NeedView { checkpoint, task, author, earlier, artifacts } = need.get_untracked();
    let compact = !previews;
    let heading = heading_id(checkpoint.id);
    let task_href = format!("/orchestration/workflows/{}/tasks/{}", task.workflow, task.task);
    let workflow_href = format!("/orchestration/workflows/{}", task.workflow);
    let surface = if compact { "rounded-lg border border-line bg-raised p-4" } else { "glass p-4 md:p-5" };
    let title = checkpoint.title.clone();
    view! {
        <article aria-labelledby=heading class=format!("flex min-w-0 flex-col gap-4 {surface}")>
            <div>
                <div class="mb-2 flex flex-wrap items-center justify-between gap-2">
                    <Kind checkpoint=checkpoint.clone()/>
                    <span class="text-sm text-ink-3">"Asked " <RelativeTime at=checkpoint.created_at/></span>
                </div>
                <Heading id=heading.clone() title compact/>
                <p class="mt-1 text-sm text-ink-2">
                    <a href=task_href class="link">{task.name}</a>
                    " in "
                    <a href=workflow_href class="link">{task.workflow_name}</a>
                    {author.map(|author| view! { ", made by " <a href=agent_href(author.id) class="link">{author.name}</a> })}
                </p>
            </div>
            <Earlier checks=earlier/>
            <Artifacts artifacts previews/>
            <Answers workflow=task.workflow checkpoint=checkpoint.id deciding/>
        </article>
    }
}

/// What is asked; of the level that fits where the card stands.
#[component]
fn Heading(id: String, title: String, compact: bool) -> impl IntoView {
    if compact {
        view! { <h3 id=id tabindex="-1" class="rounded-sm font-semibold break-words text-ink focus-vibe">{title}</h3> }
            .into_any()
    } else {
        view! { <h2 id=id tabindex="-1" class="rounded-sm text-lg font-semibold break-words text-ink focus-vibe">{title}</h2> }.into_any()
    }
}

#[component]
fn Kind(checkpoint: CheckpointView) -> impl IntoView {
    let (shape, tone, word) = match checkpoint.kind {
        CheckpointKind::Approval => (Shape::Hand, Tone::Wait, "Approval"),
        CheckpointKind::PeerReview => (Shape::Diamond, Tone::Review, "Review"),
    };
    let word = if checkpoint.round > 1 { format!("{word}, round {}", checkpoint.round) } else { word.to_owned() };
    view! { <StatusChip shape=Now::stored(shape) tone=Now::stored(tone) word=Now::stored(word)/> }
}

/// Approve, or request changes with a note.
#[component]
fn Answers(workflow: WorkflowId, checkpoint: CheckpointId, deciding: Deciding) -> impl IntoView {
    if !untrack(|| use_session().may(Role::Reviewer)) {
        return view! { <Notice>"To decide this you need the role reviewer or above. Ask an admin of this organization."</Notice> }.into_any();
    }
    let failure = derived(move || deciding.is_about(checkpoint).then(|| deciding.form.failure()).flatten());
    let note_fault = derived(move || field_fault(failure.get().as_ref(), "note"));
    let pending = derived(move || deciding.form.pending());
    let note_id = format!("note-{checkpoint}");
    let note = deciding.form.given("note").filter(|_| failure.get_untracked().is_some()).unwrap_or_default();
    let focus_note = focus_when_opened(note_id.clone());
    let hidden = move |verdict: &'static str| {
        view! {
            <input type="hidden" name="workflow" value=workflow.to_string()/>
            <input type="hidden" name="checkpoint" value=checkpoint.to_string()/>
            <input type="hidden" name="verdict" value=verdict/>
        }
    };
    view! {
        <div class="flex flex-col gap-3">
            <FormFaults failure fields=vec!["note".to_owned()] title="Nothing was decided"/>
            <div class="flex flex-col gap-2 sm:grid sm:grid-cols-[auto_1fr] sm:items-start sm:gap-3">
                <PostForm form=deciding.form on:submit=move |_| deciding.sending(checkpoint) attr:class="max-sm:[&_button]:w-full">
                    {hidden("approve")}
                    <SubmitButton look=Look::Primary glyph=Glyph::Check pending>"Approve"</SubmitButton>
                </PostForm>
                <details open=note_fault.get_untracked().is_some() on:toggle=focus_note>
                    <summary class=format!("{} w-full sm:w-fit", button_class(Look::Plain))>"Request changes…"</summary>
                    <PostForm form=deciding.form attr:novalidate=true on:submit=move |_| deciding.sending(checkpoint)>
                        <div class="mt-3 flex flex-col gap-3">
                            {hidden("reject")}
                            <Textarea
                                name="note"
                                id=note_id
                                label="What has to change?"
                                hint="The next attempt reads it."
                                rows=3
                                value=note
                                error=note_fault
                            />
                            <div><SubmitButton pending>"Send back"</SubmitButton></div>
                        </div>
                    </PostForm>
                </details>
            </div>
        </div>
    }
    .into_any()
}

/// Opening the note puts the cursor into it.
fn focus_when_opened(note: String) -> impl Fn(leptos::ev::Event) + Clone {
    move |event| {
        if event_target::<Element>(&event).has_attribute("open") {
            focus_soon(vec![note.clone()]);
        }
    }
}
