//! The list of what waits for a person, each decided in place.

use devsquad::id::CheckpointId;
use devsquad::view::NeedView;
use devsquad::workflow::checks::Verdict;
use leptos::prelude::*;

use super::api::{Decide, FORM};
use super::card::NeedCard;
use crate::ui::*;

/// What the cards of one list share.
#[derive(Clone, Copy)]
pub struct Deciding {
    /// The form behind all of them.
    pub form: Form<(CheckpointId, Verdict)>,
    /// Which card was sent last.
    sent: RwSignal<Option<CheckpointId>>,
    /// Where the focus goes when it was decided: the cards after it, then those before it.
    next: StoredValue<Vec<CheckpointId>>,
    open: Now<Vec<NeedView>>,
}

impl Deciding {
    /// A card is being sent.
    pub fn sending(self, checkpoint: CheckpointId) {
        let ids: Vec<CheckpointId> = self.open.seen_once(|open| open.iter().map(|need| need.checkpoint.id).collect());
        let at = ids.iter().position(|id| *id == checkpoint).unwrap_or(ids.len());
        let (before, after) = ids.split_at(at);
        self.next.set_value(after.iter().skip(1).chain(before.iter().rev()).copied().collect());
        self.sent.set(Some(checkpoint));
    }

    /// Whether the form's answer is about this card.
    pub fn is_about(self, checkpoint: CheckpointId) -> bool {
        match self.sent.get() {
            Some(sent) => sent == checkpoint,
            None => self.form.given("checkpoint").is_some_and(|given| given == checkpoint.to_string()),
        }
    }
}

/// The id of a card's heading.
pub fn heading_id(checkpoint: CheckpointId) -> String {
    format!("need-{checkpoint}")
}

/// The cards; the children are shown when there is none.
#[component]
pub fn Needs(
    /// What waits, oldest first.
    needs: Now<Vec<NeedView>>,
    /// Told after each decision.
    on_decided: Callback<()>,
    /// Whether texts are shown in place; without, the cards are for a narrow column.
    #[prop(optional)]
    previews: bool,
    /// What stands where nothing waits.
    children: ChildrenFn,
) -> impl IntoView {
    let decided = RwSignal::new(Vec::<CheckpointId>::new());
    let open = memo(move |_| {
        let waits = |need: &&NeedView| decided.seen(|decided| !decided.contains(&need.checkpoint.id));
        needs.seen(|needs| needs.iter().filter(waits).cloned().collect::<Vec<_>>())
    });
    let deciding = Deciding {
        form: Form::new::<Decide>(FORM),
        sent: RwSignal::new(None),
        next: StoredValue::new(Vec::new()),
        open,
    };
    let toasts = use_toasts();
    effect(move || {
        let Some(Ok((checkpoint, verdict))) = deciding.form.answer() else { return };
        toasts.done(match verdict {
            Verdict::Approve => "Approved.",
            Verdict::Reject => "Sent back with your note.",
        });
        decided.update(|decided| decided.push(checkpoint));
        let next = deciding.next.get_value().into_iter().map(heading_id);
        focus_soon(next.chain(["needs-done".to_owned()]).collect());
        on_decided.run(());
    });
    view! {
        <Only
            when=move || !open.seen(Vec::is_empty)
            fallback=move || view! { <div id="needs-done" tabindex="-1" class="rounded-lg focus-vibe">{children()}</div> }
        >
            <ol class="flex flex-col gap-4" aria-label="Waiting for you, oldest first">
                <Rows items=open key=|need: &NeedView| need.checkpoint.id let:need>
                    <li class="min-w-0"><NeedCard need deciding previews/></li>
                </Rows>
            </ol>
        </Only>
    }
}
