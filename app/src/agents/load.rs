//! How much of an agent is in use.

use devsquad::view::AgentSummary;
use leptos::prelude::*;

use crate::ui::{Bar, Now, derived, memo, part};

/// Slots in use, in words and as a bar.
#[component]
pub fn Load(
    /// The agent.
    agent: Now<AgentSummary>,
) -> impl IntoView {
    let used = memo(move |_| agent.seen(|agent| (agent.live, agent.capacity)));
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            <p class="text-sm text-ink-3 tabular-nums">{part(move || words(used.get()))}</p>
            <Bar percent=derived(move || percent(used.get()))/>
        </div>
    }
}

fn words((live, capacity): (u32, u32)) -> String {
    format!("{live} of {capacity} {} in use", if capacity == 1 { "slot" } else { "slots" })
}

fn percent((live, capacity): (u32, u32)) -> u32 {
    live.saturating_mul(100).checked_div(capacity).unwrap_or(0).min(100)
}
