//! A checkpoint decided where its task is looked at.

use devsquad::Role;
use devsquad::id::{CheckpointId, WorkflowId};
use devsquad::workflow::checks::Verdict;
use leptos::prelude::*;

use crate::approvals::api::{Decide, FORM};
use crate::session::use_session;
use crate::ui::*;

/// What is asked, and the two answers.
#[component]
pub fn Decision(
    /// Of which workflow.
    workflow: WorkflowId,
    /// Which checkpoint.
    checkpoint: CheckpointId,
    /// What is asked.
    title: String,
) -> impl IntoView {
    let form = Form::new::<Decide>(FORM);
    let toasts = use_toasts();
    effect(move || match form.answer() {
        Some(Ok((_, Verdict::Approve))) => toasts.done("Approved. The workflow goes on."),
        Some(Ok((_, Verdict::Reject))) => toasts.done("Sent back with your note."),
        Some(Err(_)) | None => {}
    });
    let failure = derived(move || form.failure());
    let fault = derived(move || field_fault(failure.get().as_ref(), "note"));
    let pending = derived(move || form.pending());
    let ids = move |verdict: Verdict| {
        view! {
            <input type="hidden" name="workflow" value=workflow.to_string()/>
            <input type="hidden" name="checkpoint" value=checkpoint.to_string()/>
            <input type="hidden" name="verdict" value=verdict.as_str()/>
        }
    };
    let answers = move || {
        view! {
            <FormFaults failure fields=vec!["note".to_owned()] title="Nothing was decided"/>
            <div class="flex flex-col gap-3 @lg:flex-row @lg:items-start">
            <PostForm form=form>
                {ids(Verdict::Approve)}
                <SubmitButton glyph=Glyph::Check pending attr:class="btn btn-primary w-full focus-vibe">"Approve"</SubmitButton>
            </PostForm>
            <details class="grow" open=fault.get_untracked().is_some()>
                <summary class=format!("{} w-full @lg:w-fit", button_class(Look::Plain))>"Request changes…"</summary>
                <PostForm form=form attr:novalidate=true>
                    <div class="mt-3 flex flex-col gap-3">
                        {ids(Verdict::Reject)}
                        <Textarea
                            name="note"
                            id=format!("note-{checkpoint}")
                            label="What has to change?"
                            hint="The next attempt reads it."
                            rows=3
                            value=form.given("note").unwrap_or_default()
                            error=fault
                        />
                        <div><SubmitButton pending>"Send back"</SubmitButton></div>
                    </div>
                </PostForm>
            </details>
            </div>
        }
    };
    let may = use_session().may(Role::Reviewer);
    view! {
        <section aria-labelledby="decide-title" class="@container flex flex-col gap-3 rounded-lg border border-warn bg-amber-500/12 p-3">
            <h3 id="decide-title" class="flex gap-2 text-sm font-semibold break-words text-ink">
                <ShapeIcon shape=Shape::Hand class="mt-0.5 size-4 shrink-0 text-warn"/>
                {title}
            </h3>
            {if may {
                answers().into_any()
            } else {
                view! { <p class="text-sm text-ink-2">"To decide this you need the role reviewer or above."</p> }.into_any()
            }}
        </section>
    }
    .into_any()
}
