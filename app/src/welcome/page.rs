//! The page of the first run.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;

use super::carried::answers;
use super::mission::Mission;
use super::name::Name;
use super::review::Review;
use super::skip::Skip;
use super::squad::Squad;
use super::step::Step;
use super::stepper::Stepper;
use crate::ui::*;

/// One step at a time, each with a way out.
#[component]
pub fn WelcomePage() -> impl IntoView {
    let query = use_query_map();
    let now = memo(move |_| query.seen(|query| Step::parse(query.get_str("step"))));
    let given = memo(move |_| query.seen(answers));
    let document = derived(move || format!("Welcome, step {} of {}", now.get().number(), Step::ALL.len()));
    Effect::new(move |before: Option<Step>| {
        let now = now.get();
        if before.is_some_and(|before| before != now) {
            focus_soon(vec!["step-title".to_owned()]);
        }
        now
    });
    view! {
        <div class="mx-auto max-w-3xl">
            <PageTitle title="Welcome to your squad" document subtitle="Four short steps to your first mission."/>
            {part(move || {
                let (now, answers) = (now.get(), given.get());
                let step = match now {
                    Step::Name => view! { <Name answers/> }.into_any(),
                    Step::Squad => view! { <Squad answers/> }.into_any(),
                    Step::Mission => view! { <Mission answers/> }.into_any(),
                    Step::Launch => view! { <Review answers/> }.into_any(),
                };
                view! {
                    <Stepper now/>
                    <section aria-labelledby="step-title" class="hairline rounded-lg p-5 shadow-card md:p-8">
                        <h2 id="step-title" tabindex="-1" class="mb-4 rounded-sm text-xl font-semibold text-ink focus-vibe">{now.name()}</h2>
                        {step}
                    </section>
                }
            })}
            <Skip/>
        </div>
    }
}
