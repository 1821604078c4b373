//! What agents ask people, each answered in place.

use devsquad::Role;
use devsquad::view::{AskedView, NeedsView, QuestionView};
use leptos::prelude::*;

use crate::agents::agent_href;
use crate::session::use_session;
use crate::ui::*;
use crate::workflows::api::{SteerTask, TASK_FORM, TaskControl};

/// The cards; nothing when nothing is asked.
#[component]
pub fn Questions(
    /// What waits for a person.
    needs: Now<NeedsView>,
) -> impl IntoView {
    let open = memo(move |_| needs.seen(|needs| needs.questions.clone()));
    view! {
        <Only when=move || open.seen(|open| !open.is_empty())>
            <ol class="mb-6 flex max-w-4xl flex-col gap-4" aria-label="Questions of agents, oldest first">
                // Row by row: what somebody is writing must not go because another question came.
                <Rows items=open key=|asked: &AskedView| asked.question.id let:asked>
                    <li class="min-w-0"><Asked asked=asked.get_untracked()/></li>
                </Rows>
            </ol>
        </Only>
    }
    .into_any()
}

#[component]
fn Asked(asked: AskedView) -> impl IntoView {
    let AskedView { question: QuestionView { id, options }, text, agent, task, asked_at } = asked;
    let task_href = format!("/orchestration/workflows/{}/tasks/{}", task.workflow, task.task);
    let workflow_href = format!("/orchestration/workflows/{}", task.workflow);
    let heading = format!("asked-{id}");
    let (workflow, task_id) = (task.workflow, task.task);
    let fields = move || {
        view! {
            <input type="hidden" name="workflow" value=workflow.to_string()/>
            <input type="hidden" name="task" value=task_id.to_string()/>
            <input type="hidden" name="what" value=TaskControl::Answer.as_str()/>
            <input type="hidden" name="about" value=id.to_string()/>
        }
    };
    let form = Form::new::<SteerTask>(TASK_FORM).told("Answered. Whoever works on the task from now on reads it.");
    let pending = derived(move || form.pending());
    let option = move |option: String| {
        view! {
            <li>
                <PostForm form>
                    {fields()}
                    <input type="hidden" name="text" value=option.clone()/>
                    <SubmitButton look=Look::Plain pending>{option}</SubmitButton>
                </PostForm>
            </li>
        }
    };
    let answers = move || {
        view! {
            {(!options.is_empty()).then(|| view! { <ul class="flex flex-wrap gap-2" aria-label="Answers to choose from">{options.iter().cloned().map(option).collect_view()}</ul> })}
            <PostForm form>
                <div class="flex flex-col gap-3">
                    {fields()}
                    <Textarea name="text" id=format!("answer-{id}") label="Your answer" hint="Whoever works on the task from now on reads it." rows=2/>
                    <div><SubmitButton look=Look::Primary pending>"Answer"</SubmitButton></div>
                </div>
            </PostForm>
        }
        .into_any()
    };
    view! {
        <article aria-labelledby=heading class="glass flex min-w-0 flex-col gap-4 p-4 md:p-5">
            <div>
                <div class="mb-2 flex flex-wrap items-center justify-between gap-2">
                    <StatusChip shape=Now::stored(Shape::Hand) tone=Now::stored(Tone::Wait) word=Now::stored("Question".to_owned())/>
                    <span class="text-sm text-ink-3">"Asked " <RelativeTime at=asked_at/></span>
                </div>
                <h2 id=heading.clone() tabindex="-1" class="rounded-sm text-lg font-semibold break-words whitespace-pre-line text-ink focus-vibe">{text}</h2>
                <p class="mt-1 text-sm text-ink-2">
                    {agent.map(|agent| view! { <a href=agent_href(agent.id) class="link">{agent.name}</a> " asks about " })}
                    <a href=task_href class="link">{task.name}</a>
                    " in "
                    <a href=workflow_href class="link">{task.workflow_name}</a>
                </p>
            </div>
            {if untrack(|| use_session().may(Role::Operator)) {
                answers()
            } else {
                view! { <Notice>"To answer this you need the role operator or above. Ask an admin of this organization."</Notice> }.into_any()
            }}
        </article>
    }
    .into_any()
}
