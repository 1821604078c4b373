//! Skills with their levels.

use devsquad::agent::Skill;
use devsquad::agent::skill::LEVEL_MAX;
use leptos::prelude::*;

use crate::ui::{Now, memo, part};

/// A list of skills; each level is a number and as many bars.
#[component]
pub fn Skills(
    /// The skills.
    #[prop(into)]
    skills: Now<Vec<Skill>>,
) -> impl IntoView {
    let skills = memo(move |_| skills.get());
    view! {
        <ul class="flex flex-wrap gap-1.5" aria-label="Skills">
            {part(move || skills.get().into_iter().map(|skill| view! { <SkillChip skill/> }).collect_view())}
        </ul>
    }
}

#[component]
fn SkillChip(skill: Skill) -> impl IntoView {
    let level = skill.level;
    view! {
        <li class="chip chip-quiet min-w-0">
            <span class="truncate">{skill.skill}</span>
            <span aria-hidden="true" class="inline-flex items-center gap-1 tabular-nums"><LevelBars level/>{level}</span>
            <span class="sr-only">{format!("level {level} of {LEVEL_MAX}")}</span>
        </li>
    }
}

/// Rising bars, as many filled as the level.
#[component]
fn LevelBars(level: u8) -> impl IntoView {
    let bar = move |nth: u8| {
        let height = f32::from(nth) * 2.0;
        view! {
            <rect
                x=(f32::from(nth - 1) * 3.6).to_string()
                y=(10.0 - height).to_string()
                width="2.600"
                height=height.to_string()
                rx=".8"
                opacity=if nth <= level { "1" } else { ".25" }
            ></rect>
        }
    };
    view! {
        <svg class="h-2.5 w-4 shrink-0" viewBox="0 0 17 10" fill="currentColor" aria-hidden="true" focusable="false">
            {(1..=LEVEL_MAX).map(bar).collect_view()}
        </svg>
    }
}
