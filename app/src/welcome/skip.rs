//! The way out of the first run.

use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::api::{SKIP, SkipWelcome};
use crate::session::use_session;
use crate::ui::*;

/// To the overview, without a mission.
#[component]
pub fn Skip() -> impl IntoView {
    let form = Form::new::<SkipWelcome>(SKIP);
    let session = use_session();
    let navigate = use_navigate();
    let failure = derived(move || form.failure());
    effect(move || {
        let Some(Ok(())) = form.answer() else { return };
        if let Some(mut known) = session.get_untracked() {
            known.welcomed = true;
            session.set(Some(known));
        }
        navigate("/orchestration", Default::default());
    });
    view! {
        <div class="mt-3 flex flex-col items-start gap-3">
            <FormFaults failure fields=Vec::new() title="This was not noted"/>
            <PostForm form=form>
                <SubmitButton look=Look::Quiet pending=derived(move || form.pending())>"Skip, take me to the overview"</SubmitButton>
            </PostForm>
        </div>
    }
}
