//! The page of everything that waits for a person.

use leptos::prelude::*;

use super::Needs;
use super::api::{load_needs, load_questions};
use super::questions::Questions;
use crate::live::use_live;
use crate::ui::*;

/// Everything that waits for a person, oldest first.
#[component]
pub fn ApprovalsPage() -> impl IntoView {
    let live = use_live();
    let needs = Resource::new_blocking(move || live.revision().get(), |_| load_needs());
    let asked = Resource::new_blocking(move || live.revision().get(), |_| load_questions());
    view! {
        <PageTitle title="Needs you" subtitle="Answers and decisions the squad cannot go on without, oldest first."/>
        <Loaded resource=asked what="what agents ask" let:open>
            <Questions open on_answered=Callback::new(move |()| asked.refetch())/>
        </Loaded>
        <Loaded resource=needs what="what needs you" let:open>
            <div class="max-w-4xl">
                <Needs needs=open previews=true on_decided=Callback::new(move |()| needs.refetch())>
                    <GlassCard>
                        <EmptyState glyph=Glyph::Check title="Nothing waits for a decision" text="When a task asks for a person, it appears here, and the navigation counts it.">
                            <LinkButton href="/orchestration/workflows">"See the workflows"</LinkButton>
                        </EmptyState>
                    </GlassCard>
                </Needs>
            </div>
        </Loaded>
    }
}
