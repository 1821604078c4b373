//! What can be done with a run. Every button is a form, so that it works before the page is awake, or without scripts.

use devsquad::Role;
use devsquad::workflow::task::TaskStatus;
use devsquad::workflow::{Priority, WorkflowStatus};
use leptos::prelude::*;

use super::Run;
use crate::session::use_session;
use crate::ui::*;
use crate::workflows::api::{Control, FORM, Steer};
use crate::workflows::status::priority_word;

/// The buttons at the right of the name.
#[component]
pub fn Controls(
    /// The run.
    run: Run,
) -> impl IntoView {
    let status = memo(move |_| run.summary.seen(|summary| summary.status));
    let failed = memo(move |_| {
        run.summary.seen(|summary| summary.count(TaskStatus::Failed) + summary.count(TaskStatus::DeadLetter))
    });
    let form = |done| Form::new::<Steer>(FORM).told(done);
    let pause = form("Paused. What runs may finish; nothing new starts.");
    let (resume, retry) = (form("Resumed."), form("The failed tasks are tried again."));
    let (cancel, rank) = (form("Cancelled."), form("The priority is set."));
    let (priority, ranking) = (memo(move |_| run.summary.seen(|summary| summary.priority)), RwSignal::new(false));
    let asking = RwSignal::new(false);
    effect(move || {
        if cancel.done().is_some() {
            asking.set(false);
        }
    });
    effect(move || {
        if rank.done().is_some() {
            ranking.set(false);
        }
    });
    effect(move || {
        status.track();
        recover_focus(&[TITLE]);
    });
    let session = use_session();
    let is = move |wanted: WorkflowStatus| session.may(Role::Operator) && status.get() == wanted;
    let may_retry = move || {
        let ended_by_choice =
            matches!(status.get(), WorkflowStatus::Cancelled | WorkflowStatus::TimedOut | WorkflowStatus::Completed);
        session.may(Role::Operator) && failed.get() > 0 && !ended_by_choice
    };
    let asks = move |what: Control| {
        view! {
            <input type="hidden" name="workflow" value=run.id.to_string()/>
            <input type="hidden" name="what" value=what.as_str()/>
        }
    };
    view! {
        <Only when=may_retry>
            <PostForm form=retry>
                {asks(Control::RetryFailed)}
                <SubmitButton look=Look::Primary glyph=Glyph::Rotate pending=derived(move || retry.pending())>
                    {part(move || format!("Retry {} failed", failed.get()))}
                </SubmitButton>
            </PostForm>
        </Only>
        <Only when=move || is(WorkflowStatus::Running)>
            <PostForm form=pause>
                {asks(Control::Pause)}
                <SubmitButton look=Look::Plain glyph=Glyph::Pause pending=derived(move || pause.pending())>"Pause"</SubmitButton>
            </PostForm>
        </Only>
        <Only when=move || is(WorkflowStatus::Paused)>
            <PostForm form=resume>
                {asks(Control::Resume)}
                <SubmitButton glyph=Glyph::Play pending=derived(move || resume.pending())>"Resume"</SubmitButton>
            </PostForm>
        </Only>
        <Only when=move || is(WorkflowStatus::Running) || is(WorkflowStatus::Paused)>
            <DialogButton opens="priority" look=Look::Quiet glyph=Glyph::Bolt>"Priority"</DialogButton>
            <DialogButton opens="cancel" look=Look::Quiet glyph=Glyph::Stop>"Cancel"</DialogButton>
        </Only>
        <Dialog id="priority" title="How urgent is this workflow?" open=ranking>
            <PostForm form=rank>
                <div class="flex flex-col gap-4">
                    {asks(Control::Prioritise)}
                    {part(move || view! { <Select name="priority" label="Priority" hint="Its tasks go before those of less urgent workflows; people are reminded sooner." choices=priorities() selected=priority.get().as_str()/> })}
                    <div class="flex justify-end"><SubmitButton look=Look::Primary pending=derived(move || rank.pending())>"Set priority"</SubmitButton></div>
                </div>
            </PostForm>
        </Dialog>
        <Dialog id="cancel" title="Cancel this workflow?" open=asking>
            <p class="text-sm text-ink-2">"Agents stop at their next heartbeat. What is done stays done; nothing else will run."</p>
            <PostForm form=cancel>
                <div class="mt-4 flex flex-col gap-4">
                    {asks(Control::Cancel)}
                    <TextInput name="reason" id="cancel-reason" label="Reason" hint="Shown to everybody who looks at it." optional=true/>
                    <div class="flex flex-wrap justify-end gap-2">
                        <button type="submit" formmethod="dialog" class=button_class(Look::Plain)>"Keep it running"</button>
                        <SubmitButton look=Look::Danger glyph=Glyph::Stop pending=derived(move || cancel.pending())>"Cancel workflow"</SubmitButton>
                    </div>
                </div>
            </PostForm>
        </Dialog>
    }
    .into_any()
}

fn priorities() -> Vec<Choice> {
    let all = [Priority::Urgent, Priority::High, Priority::Normal, Priority::Low];
    all.into_iter().map(|priority| Choice::new(priority.as_str(), priority_word(priority))).collect()
}
