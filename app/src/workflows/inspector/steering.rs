//! What a person can do about one task: answer its question, say who does it, have it done again, let its result pass.

use devsquad::Role;
use devsquad::id::{CheckpointId, TaskId};
use devsquad::view::{Member, QuestionView, TaskDetail, TaskView};
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::task::TaskStatus;
use leptos::prelude::*;

use crate::session::use_session;
use crate::ui::*;
use crate::workflows::api::{SteerTask, TASK_FORM, TaskControl};
use crate::workflows::run::Run;

/// The form behind every button here, and what it is about.
#[derive(Clone, Copy)]
struct Steering {
    run: Run,
    task: TaskId,
    form: Form<()>,
}

impl Steering {
    fn new(run: Run, task: TaskId, done: &'static str) -> Steering {
        Steering { run, task, form: Form::new::<SteerTask>(TASK_FORM).told(done) }
    }

    /// A form that does this: its fields, and then its button.
    fn form(self, what: TaskControl, about: String, inside: AnyView) -> AnyView {
        view! {
            <PostForm form=self.form>
                <input type="hidden" name="workflow" value=self.run.id.to_string()/>
                <input type="hidden" name="task" value=self.task.to_string()/>
                <input type="hidden" name="what" value=what.as_str()/>
                <input type="hidden" name="about" value=about/>
                {inside}
            </PostForm>
        }
        .into_any()
    }

    fn pending(self) -> Now<bool> {
        derived(move || self.form.pending())
    }
}

/// The question that an agent asked, and where it is answered.
#[component]
pub fn Question(
    /// The run.
    run: Run,
    /// The task.
    task: RwSignal<TaskView>,
) -> impl IntoView {
    let steering = Steering::new(run, task.seen_once(|task| task.id), "Answered. The task goes on.");
    let open = memo(move |_| task.seen(|task| task.question.clone().map(|question| (question, task.note.clone()))));
    let may = move || use_session().may(Role::Operator);
    let answers = move |QuestionView { id, options }: QuestionView| {
        let option = |option: String| {
            let inside = view! {
                <input type="hidden" name="text" value=option.clone()/>
                <SubmitButton look=Look::Plain pending=steering.pending()>{option}</SubmitButton>
            };
            view! { <li>{steering.form(TaskControl::Answer, id.to_string(), inside.into_any())}</li> }
        };
        let words = view! {
            <div class="flex flex-col gap-3">
                <Textarea name="text" id=format!("answer-{id}") label="Your answer" hint="Whoever works on the task from now on reads it." rows=2/>
                <div><SubmitButton look=Look::Primary pending=steering.pending()>"Answer"</SubmitButton></div>
            </div>
        };
        let offered = (!options.is_empty())
            .then(|| view! { <ul class="flex flex-wrap gap-2" aria-label="Answers to choose from">{options.into_iter().map(option).collect_view()}</ul> });
        view! { {offered}{steering.form(TaskControl::Answer, id.to_string(), words.into_any())} }.into_any()
    };
    part(move || {
        open.get().map(|(question, text)| {
            view! {
                <section aria-labelledby="question-title" class="flex flex-col gap-3 rounded-lg border border-warn bg-amber-500/12 p-3">
                    <h3 id="question-title" class="flex gap-2 text-sm font-semibold break-words whitespace-pre-line text-ink">
                        <ShapeIcon shape=Shape::Hand class="mt-0.5 size-4 shrink-0 text-warn"/>
                        {text}
                    </h3>
                    {if may() {
                        answers(question)
                    } else {
                        view! { <p class="text-sm text-ink-2">"To answer this you need the role operator or above."</p> }.into_any()
                    }}
                </section>
            }
        })
    })
}

/// The button that has a failed task done again, and the choice of who does it.
#[component]
pub fn Steer(
    /// The run.
    run: Run,
    /// The task.
    task: RwSignal<TaskView>,
    /// What was fetched of it.
    detail: Now<TaskDetail>,
) -> impl IntoView {
    let session = use_session();
    let open =
        move || run.summary.seen(|summary| matches!(summary.status, WorkflowStatus::Running | WorkflowStatus::Paused));
    let may_retry = move || {
        let failed = task.seen(|task| matches!(task.status, TaskStatus::Failed | TaskStatus::DeadLetter));
        let revives = open() || run.summary.seen(|summary| summary.status == WorkflowStatus::Failed);
        failed && revives && session.may(Role::Operator)
    };
    let may_assign = move || task.seen(|task| !task.status.is_terminal()) && open() && session.may(Role::Operator);
    let pending = move || {
        detail.seen(|detail| detail.checkpoints.iter().find(|check| check.status == "pending").map(|check| check.id))
    };
    let in_check = move || task.seen(|task| matches!(task.status, TaskStatus::InReview | TaskStatus::AwaitingApproval));
    let may_waive = memo(move |_| pending().filter(|_| in_check() && open() && session.may(Role::Admin)));
    view! {
        <div class="mt-3 flex flex-col items-start gap-2 empty:hidden">
            <Only when=may_retry><Retry run task/></Only>
            <Only when=may_assign><Assign run task/></Only>
            {part(move || may_waive.get().map(|checkpoint| view! { <Waive run task checkpoint/> }))}
        </div>
    }
    .into_any()
}

#[component]
fn Retry(run: Run, task: RwSignal<TaskView>) -> impl IntoView {
    let steering = Steering::new(run, task.seen_once(|task| task.id), "It is tried again.");
    let button = view! { <SubmitButton glyph=Glyph::Rotate pending=steering.pending()>"Try it again"</SubmitButton> };
    steering.form(TaskControl::Retry, String::new(), button.into_any())
}

/// Who does it. Agents with the skills stand first; another one takes an admin's reason.
#[component]
fn Assign(run: Run, task: RwSignal<TaskView>) -> impl IntoView {
    let id = task.seen_once(|task| task.id);
    let steering = Steering::new(run, id, "It is kept for whom you chose.");
    let kept_for = memo(move |_| task.seen(|task| task.kept_for.clone()));
    let choices = move || {
        let needs = task.seen(|task| task.skills.clone());
        let able = |member: &Member| devsquad::agent::skill::covers(&member.skills, &needs);
        let members = run.members.get();
        let (able, others): (Vec<&Member>, Vec<&Member>) = members.iter().partition(|member| able(member));
        let named =
            |member: &Member, without: &str| Choice::new(member.id.to_string(), format!("{}{without}", member.name));
        let mut choices = vec![Choice::new("", "Whoever suits it")];
        choices.extend(able.into_iter().map(|member| named(member, "")));
        choices.extend(others.into_iter().map(|member| named(member, ", without the skills")));
        choices
    };
    let fields = move || {
        let chosen = kept_for.get().map(|agent| agent.id.to_string()).unwrap_or_default();
        view! {
            <div class="mt-3 flex flex-col gap-3">
                <Select name="agent" id=format!("assign-{id}") label="Keep it for" choices=choices() selected=chosen/>
                <TextInput name="text" id=format!("assign-reason-{id}") label="Reason" hint="With one, an admin may choose an agent without the skills." optional=true/>
                <div><SubmitButton pending=steering.pending()>"Assign"</SubmitButton></div>
            </div>
        }
        .into_any()
    };
    view! {
        <details>
            <summary class=format!("{} w-fit", button_class(Look::Quiet))>
                {part(move || match kept_for.get() {
                    Some(agent) => format!("Kept for {}…", agent.name),
                    None => "Assign…".to_owned(),
                })}
            </summary>
            {steering.form(TaskControl::Assign, String::new(), part(fields).into_any())}
        </details>
    }
    .into_any()
}

/// Letting a result pass unexamined, for a reason.
#[component]
fn Waive(run: Run, task: RwSignal<TaskView>, checkpoint: CheckpointId) -> impl IntoView {
    let steering = Steering::new(run, task.seen_once(|task| task.id), "It passed. Your reason stands in the journal.");
    let fields = view! {
        <div class="mt-3 flex flex-col gap-3">
            <Textarea name="text" id=format!("waive-{checkpoint}") label="Why may it pass?" hint="It stands in the journal with your name." rows=2/>
            <div><SubmitButton look=Look::Danger pending=steering.pending()>"Let it pass"</SubmitButton></div>
        </div>
    };
    view! {
        <details>
            <summary class=format!("{} w-fit", button_class(Look::Quiet))>"Let it pass unexamined…"</summary>
            {steering.form(TaskControl::Waive, checkpoint.to_string(), fields.into_any())}
        </details>
    }
    .into_any()
}
