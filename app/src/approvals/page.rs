//! The page of everything that waits for a person.

use leptos::prelude::*;

use super::Needs;
use super::api::load_needs;
use super::conflicts::Disputes;
use super::questions::Questions;
use crate::live::use_live;
use crate::ui::*;

/// Everything that waits for a person, oldest first.
#[component]
pub fn ApprovalsPage() -> impl IntoView {
    let live = use_live();
    let needs = Resource::new_blocking(move || live.revision().get(), |_| load_needs());
    view! {
        <PageTitle title="Needs you" subtitle="Answers and decisions the squad cannot go on without, oldest first."/>
        <Loaded resource=needs what="what needs you" let:open>
            <Questions needs=open/>
            <Disputes needs=open/>
            <div class="max-w-4xl">
                <Needs needs=derived(move || open.seen(|open| open.decisions.clone())) previews=true on_decided=Callback::new(move |()| needs.refetch())>
                    // Under a question or a conflict there is nothing to say of what does not wait.
                    <Only when=move || open.seen(|open| open.questions.is_empty() && open.conflicts.is_empty())>
                        <GlassCard>
                            <EmptyState glyph=Glyph::Check title="Nothing waits for you" text="When a task asks for a person, it appears here, and the navigation counts it.">
                                <LinkButton href="/orchestration/workflows">"See the workflows"</LinkButton>
                            </EmptyState>
                        </GlassCard>
                    </Only>
                </Needs>
            </div>
        </Loaded>
    }
}
