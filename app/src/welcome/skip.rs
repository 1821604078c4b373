//! The way out of the first run.

use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_router::hooks::use_navigate;

use super::api::SkipWelcome;
use crate::session::use_session;
use crate::ui::*;

/// To the overview, without a mission.
#[component]
pub fn Skip() -> impl IntoView {
    let skip = ServerAction::<SkipWelcome>::new();
    let session = use_session();
    let navigate = use_navigate();
    let failure = Signal::derive(move || skip.value().get().and_then(Result::err));
    Effect::new(move || {
        let Some(Ok(())) = skip.value().get() else { return };
        if let Some(mut known) = session.get_untracked() {
            known.welcomed = true;
            session.set(Some(known));
        }
        navigate("/orchestration", Default::default());
    });
    view! {
        <div class="mt-3 flex flex-col items-start gap-3">
            <FormFaults failure fields=Vec::new() title="This was not noted"/>
            <ActionForm action=skip>
                <SubmitButton look=Look::Quiet pending=skip.pending()>"Skip, take me to the overview"</SubmitButton>
            </ActionForm>
        </div>
    }
}
