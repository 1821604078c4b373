//! What can be done with a run. Every button is a form, so that it works before the page is awake, or without scripts.

use devsquad::Role;
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::task::TaskStatus;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;

use super::Run;
use crate::error::Failure;
use crate::session::use_session;
use crate::ui::flash::Form;
use crate::ui::*;
use crate::workflows::api::{CancelWorkflow, FORM, PauseWorkflow, ResumeWorkflow, RetryFailed};

/// The buttons at the right of the name.
#[component]
pub fn Controls(
    /// The run.
    run: Run,
) -> impl IntoView {
    let status = Memo::new(move |_| run.summary.with(|summary| summary.status));
    let failed = Memo::new(move |_| {
        run.summary.with(|summary| summary.count(TaskStatus::Failed) + summary.count(TaskStatus::DeadLetter))
    });
    let (pause, resume) = (Form::<PauseWorkflow>::new(FORM), Form::<ResumeWorkflow>::new(FORM));
    let (retry, cancel) = (Form::<RetryFailed>::new(FORM), Form::<CancelWorkflow>::new(FORM));
    tell(pause, "Paused. What runs may finish; nothing new starts.");
    tell(resume, "Resumed.");
    tell(retry, "The failed tasks are tried again.");
    tell(cancel, "Cancelled.");
    let asking = RwSignal::new(false);
    Effect::new(move || {
        if cancel.done().is_some() {
            asking.set(false);
        }
    });
    let session = use_session();
    let is = move |wanted: WorkflowStatus| session.may(Role::Operator) && status.get() == wanted;
    let may_retry = move || {
        let ended_by_choice =
            matches!(status.get(), WorkflowStatus::Cancelled | WorkflowStatus::TimedOut | WorkflowStatus::Completed);
        session.may(Role::Operator) && failed.get() > 0 && !ended_by_choice
    };
    let id = move || view! { <input type="hidden" name="workflow" value=run.id.to_string()/> };
    view! {
        <Only when=may_retry>
            <ActionForm action=retry.action>
                {id()}
                <SubmitButton look=Look::Primary glyph=Glyph::Rotate pending=Signal::derive(move || retry.pending())>
                    {part(move || format!("Retry {} failed", failed.get()))}
                </SubmitButton>
            </ActionForm>
        </Only>
        <Only when=move || is(WorkflowStatus::Running)>
            <ActionForm action=pause.action>
                {id()}
                <SubmitButton look=Look::Plain glyph=Glyph::Pause pending=Signal::derive(move || pause.pending())>"Pause"</SubmitButton>
            </ActionForm>
        </Only>
        <Only when=move || is(WorkflowStatus::Paused)>
            <ActionForm action=resume.action>
                {id()}
                <SubmitButton glyph=Glyph::Play pending=Signal::derive(move || resume.pending())>"Resume"</SubmitButton>
            </ActionForm>
        </Only>
        <Only when=move || is(WorkflowStatus::Running) || is(WorkflowStatus::Paused)>
            <DialogButton opens="cancel" look=Look::Quiet glyph=Glyph::Stop>"Cancel"</DialogButton>
        </Only>
        <Dialog id="cancel" title="Cancel this workflow?" open=asking>
            <p class="text-sm text-ink-2">"Agents stop at their next heartbeat. What is done stays done; nothing else will run."</p>
            <ActionForm action=cancel.action>
                <div class="mt-4 flex flex-col gap-4">
                    {id()}
                    <TextInput name="reason" id="cancel-reason" label="Reason" hint="Shown to everybody who looks at it." optional=true/>
                    <div class="flex flex-wrap justify-end gap-2">
                        <button type="submit" formmethod="dialog" class=button_class(Look::Plain)>"Keep it running"</button>
                        <SubmitButton look=Look::Danger glyph=Glyph::Stop pending=Signal::derive(move || cancel.pending())>"Cancel workflow"</SubmitButton>
                    </div>
                </div>
            </ActionForm>
        </Dialog>
    }
    .into_any()
}

/// Says in a message how a button was answered.
fn tell<S>(form: Form<S>, done: &'static str)
where
    S: ServerFn<Output = (), Error = Failure> + Clone + Send + Sync + 'static,
{
    let toasts = use_toasts();
    Effect::new(move || {
        if let Some(failure) = form.failure() {
            toasts.failed(failure.to_string());
        } else if form.action.value().get().is_some() {
            toasts.done(done);
        }
    });
}
