//! The overview.

use devsquad::Role;
use devsquad::view::DashboardView;
use leptos::prelude::*;

use super::api::load_dashboard;
use super::feed::Feed;
use super::figures::Figures;
use super::quest_log::{QuestLog, QuestStrip};
use super::workflows::Workflows;
use crate::agents::Squad;
use crate::approvals::Needs;
use crate::live::use_live;
use crate::session::use_session;
use crate::ui::*;

/// Decisions shown; the page of them has the rest.
const NEEDS_MAX: usize = 4;

/// In five seconds: what moves, what needs you, and whether the squad is well.
#[component]
pub fn DashboardPage() -> impl IntoView {
    let live = use_live();
    let overview = Resource::new_blocking(move || live.revision().get(), |_| load_dashboard());
    let session = use_session();
    let project = derived(move || session.get().map(|session| session.project_name).unwrap_or_default());
    let document = derived(move || format!("Overview · {}", project.get()));
    view! {
        <PageTitle title="Overview" document>
            {untrack(|| session.may(Role::Operator)).then(|| view! {
                <LinkButton href="/orchestration/workflows/create" look=Look::Primary glyph=Glyph::Plus>"New workflow"</LinkButton>
            })}
        </PageTitle>
        <Loaded resource=overview what="the overview" lines=12 let:view>
            <Overview view on_decided=Callback::new(move |()| overview.refetch())/>
        </Loaded>
    }
}

#[component]
fn Overview(view: Now<DashboardView>, on_decided: Callback<()>) -> impl IntoView {
    use_live().known(view.seen_once(|view| view.seq));
    let is_new = memo(move |_| view.seen(|view| view.workflows.is_empty()));
    let needs = derived(move || view.seen(|view| view.needs.iter().take(NEEDS_MAX).cloned().collect::<Vec<_>>()));
    let more = derived(move || view.seen(|view| view.needs.len().saturating_sub(NEEDS_MAX)));
    view! {
        <div class="flex flex-col gap-4 lg:grid lg:grid-cols-12">
            <div class="order-3 lg:order-none lg:col-span-12"><Figures view/></div>
            <Only when=move || is_new.get()>
                <div class="order-1 lg:order-none lg:col-span-12"><QuestLog view/></div>
            </Only>
            <Only when=move || !is_new.get()>
                <Card title="Needs you" id="needs" class="order-1 lg:order-none lg:col-span-5 lg:col-start-8 lg:row-start-2">
                    <Needs needs on_decided>
                        <p class="flex items-center gap-2.5 py-2 text-sm text-ink-3">
                            <ShapeIcon shape=Shape::Tick class="size-5 shrink-0 text-ok"/>
                            "Nothing waits for you."
                        </p>
                    </Needs>
                    <Only when=move || { more.get() > 0 }>
                        <a href="/orchestration/approvals" class="link mt-3 inline-flex min-h-11 items-center text-sm md:min-h-8">
                            {part(move || format!("{} more wait", more.get()))}
                        </a>
                    </Only>
                </Card>
                <div class="order-2 min-w-0 lg:order-none lg:col-span-7 lg:col-start-1 lg:row-start-2"><Workflows view/></div>
            </Only>
            <Card
                title="Squad"
                id="squad"
                class="order-4 lg:order-none lg:col-span-7"
                actions=|| view! { <a href="/orchestration/agents" class="link text-sm">"All agents"</a> }
            >
                <Squad agents=derived(move || view.seen(|view| view.agents.clone()))/>
            </Card>
            <Card title="Activity" id="activity" class="order-5 lg:order-none lg:col-span-5">
                <Feed activity=derived(move || view.seen(|view| view.activity.clone()))/>
            </Card>
            <Only when=move || !is_new.get()>
                <div class="order-6 lg:order-none lg:col-span-12"><QuestStrip view/></div>
            </Only>
        </div>
    }
}
