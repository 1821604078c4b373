//! What two agents disagree about, drawn wherever a person may settle it.

use devsquad::Role;
use devsquad::id::{TaskId, WorkflowId};
use devsquad::view::ConflictView;
use leptos::prelude::*;

use super::api::{SteerTask, TASK_FORM, TaskControl};
use crate::agents::agent_href;
use crate::session::use_session;
use crate::ui::*;

/// The two, what they propose, and how it was settled or where a person settles it.
#[component]
pub fn Dispute(
    /// Of which workflow.
    workflow: WorkflowId,
    /// About which task.
    task: TaskId,
    /// What they disagree about.
    conflict: Now<ConflictView>,
) -> impl IntoView {
    let ConflictView { id, raised_by, with, .. } = conflict.get_untracked();
    let open = memo(move |_| conflict.seen(ConflictView::is_open));
    let proposals = memo(move |_| conflict.seen(|conflict| conflict.proposals.clone()));
    let proposal = |(by, text): (String, String)| {
        view! {
            <li class="text-sm text-ink-2">
                <span class="font-medium text-ink">{by}</span>
                " proposes"
                <blockquote class="mt-0.5 border-l-2 border-line pl-3 break-words whitespace-pre-line">{text}</blockquote>
            </li>
        }
    };
    let end = move || {
        let (status, resolution) = conflict.seen(|conflict| (conflict.status.clone(), conflict.resolution.clone()));
        match (status.as_str(), resolution) {
            (_, Some(how)) => view! {
                <p class="text-sm text-ink-2">
                    <span class="font-medium text-ink">"Settled"</span>
                    <span class="mt-0.5 block border-l-2 border-ok pl-3 break-words whitespace-pre-line">{how}</span>
                </p>
            }
            .into_any(),
            ("cancelled", None) => {
                view! { <p class="text-sm text-ink-3">"The workflow ended before it was settled."</p> }.into_any()
            }
            _ => ().into_any(),
        }
    };
    let may = untrack(|| use_session().may(Role::Operator));
    view! {
        <div class="flex min-w-0 flex-col gap-3">
            <p class="text-sm text-ink-2">
                <a href=agent_href(raised_by.id) class="link">{raised_by.name}</a>
                " and "
                <a href=agent_href(with.id) class="link">{with.name}</a>
                {part(move || if open.get() { " disagree. The work goes on meanwhile." } else { " disagreed." })}
            </p>
            <Only when=move || proposals.seen(|proposals| !proposals.is_empty())>
                <ol class="flex flex-col gap-2" aria-label="Proposals, oldest first">{part(move || proposals.get().into_iter().map(proposal).collect_view())}</ol>
            </Only>
            {part(end)}
            <Only when=move || open.get()>
                {if may {
                    view! { <Settle workflow task about=id.to_string()/> }.into_any()
                } else {
                    view! { <p class="text-sm text-ink-2">"To settle this you need the role operator or above."</p> }.into_any()
                }}
            </Only>
        </div>
    }
    .into_any()
}

#[component]
fn Settle(workflow: WorkflowId, task: TaskId, about: String) -> impl IntoView {
    let form = Form::new::<SteerTask>(TASK_FORM).told("Settled. Whoever works on the task from now on reads it.");
    let field = format!("settle-{about}");
    view! {
        <PostForm form>
            <div class="flex flex-col gap-3">
                <input type="hidden" name="workflow" value=workflow.to_string()/>
                <input type="hidden" name="task" value=task.to_string()/>
                <input type="hidden" name="what" value=TaskControl::Settle.as_str()/>
                <input type="hidden" name="about" value=about/>
                <Textarea name="text" id=field label="How is it settled?" hint="It ends the argument. Whoever works on the task from now on reads it." rows=2/>
                <div><SubmitButton look=Look::Primary pending=derived(move || form.pending())>"Settle it"</SubmitButton></div>
            </div>
        </PostForm>
    }
    .into_any()
}
