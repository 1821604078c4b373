//! The quest log on the page: whole on a new installation, a strip with the next step later.

use devsquad::view::DashboardView;
use leptos::prelude::*;

use super::quests::{HEALTH_CHECK, Quest, quests};
use crate::ui::*;

/// Where the browser keeps that the strip was closed.
#[cfg(feature = "hydrate")]
const CLOSED_KEY: &str = "quest-strip-closed";

/// All steps, and the one to take first.
#[component]
pub fn QuestLog(
    /// The overview.
    view: Now<DashboardView>,
) -> impl IntoView {
    let steps = memo(move |_| view.seen(quests));
    let done = memo(move |_| steps.seen(|steps| steps.iter().filter(|step| step.done).count()));
    view! {
        <section aria-labelledby="quests-title" class="hairline rounded-lg p-5 shadow-card md:p-8">
            <div class="flex flex-col gap-6 lg:flex-row lg:items-start lg:gap-12">
                <div class="lg:max-w-sm">
                    <p class="text-sm font-medium text-secondary-text">
                        {part(move || format!("Quest log, {} of {} done", done.get(), steps.seen(Vec::len)))}
                    </p>
                    <h2 id="quests-title" class="mt-1 text-xl font-semibold text-balance text-ink md:text-2xl">"Your squad is ready for its first mission"</h2>
                    <p class="mt-2 text-ink-2">
                        "Point it at a git repository on this server. Seven tasks examine it, an eighth writes the report, another agent counts every figure again, and you have the last word."
                    </p>
                    <div class="mt-5">
                        <LinkButton href=HEALTH_CHECK look=Look::Hero glyph=Glyph::Bolt>"Run a health check"</LinkButton>
                    </div>
                </div>
                <ol class="grow divide-y divide-line" aria-label="Steps">
                    {part(move || steps.get().into_iter().enumerate().map(|(nth, step)| view! { <Step nth step/> }).collect_view())}
                </ol>
            </div>
        </section>
    }
}

#[component]
fn Step(nth: usize, step: Quest) -> impl IntoView {
    let Quest { title, why, done, href } = step;
    let mark = if done {
        view! { <ShapeIcon shape=Shape::Tick class="size-6 shrink-0 text-ok"/> }.into_any()
    } else {
        view! {
            <span aria-hidden="true" class="grid size-6 shrink-0 place-items-center rounded-full border border-line-strong text-sm font-semibold text-ink-3 tabular-nums">
                {nth + 1}
            </span>
        }
        .into_any()
    };
    view! {
        <li class="flex items-start gap-3 py-3 first:pt-0 last:pb-0">
            {mark}
            <div class="min-w-0">
                <a href=href class="-my-2.5 inline-block rounded-sm py-2.5 font-medium text-ink hover:underline focus-vibe">{title}</a>
                {done.then(|| view! { <span class="ml-2 text-sm text-ok">"Done"</span> })}
                <p class="text-sm text-ink-3">{why}</p>
            </div>
        </li>
    }
}

/// The next step, until there is none or it is not wanted.
#[component]
pub fn QuestStrip(
    /// The overview.
    view: Now<DashboardView>,
) -> impl IntoView {
    let next = memo(move |_| view.seen(quests).into_iter().find(|step| !step.done));
    let closed = RwSignal::new(false);
    let awake = RwSignal::new(false);
    effect(move || {
        closed.set(was_closed());
        awake.set(true);
    });
    let strip = move |Quest { title, why, href, .. }: Quest| {
        view! {
            <Notice tone=Tone::Review glyph=Glyph::Sparkle>
                <p class="min-w-0 grow basis-60">
                    <span class="font-semibold">{format!("Next: {}. ", title)}</span>
                    {why}
                </p>
                <LinkButton href=href>"Show me"</LinkButton>
                <Only when=move || awake.get()>
                    <Button look=Look::Quiet on:click=move |_| { keep_closed(); closed.set(true) }>"Not now"</Button>
                </Only>
            </Notice>
        }
    };
    move || next.get().filter(|_| !closed.get()).map(strip)
}

#[cfg(feature = "hydrate")]
fn was_closed() -> bool {
    let storage = window().local_storage().ok().flatten();
    storage.is_some_and(|storage| storage.get_item(CLOSED_KEY).ok().flatten().is_some())
}

#[cfg(not(feature = "hydrate"))]
fn was_closed() -> bool {
    false
}

#[cfg(feature = "hydrate")]
fn keep_closed() {
    if let Ok(Some(storage)) = window().local_storage() {
        // A browser that keeps nothing shows the strip again.
        let _ = storage.set_item(CLOSED_KEY, "yes");
    }
}

#[cfg(not(feature = "hydrate"))]
fn keep_closed() {}
