//! Step 1: what the project is called.

use leptos::prelude::*;

use super::carried::{Answers, Carried, PROJECT, answer};
use super::step::Step;
use crate::session::use_session;
use crate::ui::*;

/// The name, prefilled.
#[component]
pub fn Name(
    /// The answers so far.
    answers: Answers,
) -> impl IntoView {
    let now = use_session().get_untracked().map(|session| session.project_name).unwrap_or_default();
    let value = answer(&answers, PROJECT).unwrap_or(now);
    view! {
        <form method="get" action="/welcome">
            <Carried to=Step::Squad answers but=PROJECT/>
            <div class="flex flex-col gap-5">
                <TextInput name=PROJECT label="Project" value hint="It stands at the top of every page. It can be changed later." autocomplete="off" attr:maxlength="200"/>
                <div><SubmitButton>"Continue"</SubmitButton></div>
            </div>
        </form>
    }
}
