//! A channel as a line of a list.

use devsquad::view::chat::ChannelSummary;
use leptos::prelude::*;

use super::channel_href;
use crate::ui::*;

/// The kinds of channels, in the order in which they are listed: what the table calls it, a heading, a picture.
pub const PURPOSES: [(&str, &str, Glyph); 8] = [
    ("emergency", "Emergency", Glyph::Warning),
    ("approvals", "Approvals", Glyph::Needs),
    ("project", "Project", Glyph::Overview),
    ("progress", "Progress", Glyph::Sparkle),
    ("workflow", "Workflows", Glyph::Workflows),
    ("coordination", "Coordination", Glyph::Agents),
    ("skill", "Skills", Glyph::Hash),
    ("direct", "Direct", Glyph::User),
];

/// A channel's picture.
pub fn purpose_glyph(purpose: &str) -> Glyph {
    PURPOSES.iter().find(|(name, ..)| *name == purpose).map_or(Glyph::Hash, |(_, _, glyph)| *glyph)
}

/// One sentence of what a channel is for.
pub fn purpose_words(purpose: &str) -> &'static str {
    match purpose {
        "emergency" => "What somebody must act on now.",
        "approvals" => "What waits for a person's decision.",
        "project" => "Everybody in the project.",
        "progress" => "What was reached.",
        "workflow" => "One workflow, a thread for each task.",
        "coordination" => "Those who settle something between them.",
        "skill" => "Those who share a skill.",
        "direct" => "Between one agent and one person.",
        _ => "A channel.",
    }
}

/// "3", or "99+".
pub fn few(n: u32) -> String {
    if n > 99 { "99+".to_owned() } else { n.to_string() }
}

/// The line: its name, what was said last, what is unread and what waits.
#[component]
pub fn ChannelLine(
    /// The channel.
    channel: Now<ChannelSummary>,
) -> impl IntoView {
    let (id, purpose) = channel.seen_once(|channel| (channel.id.clone(), channel.purpose.clone()));
    let unread = memo(move |_| channel.seen(|channel| channel.unread));
    let last = memo(move |_| channel.seen(|channel| channel.last.clone()));
    let at = memo(move |_| channel.seen(|channel| channel.active_at));
    let waiting = memo(move |_| channel.seen(|channel| channel.waiting));
    view! {
        <a href=channel_href(&id) class=shared(move || if unread.get() > 0 { "channel-line channel-unread focus-vibe" } else { "channel-line focus-vibe" })>
            <Icon glyph=purpose_glyph(&purpose) class="mt-0.5 size-5 shrink-0 text-ink-3"/>
            <span class="min-w-0 grow">
                <span class="flex items-baseline gap-2">
                    <span class="channel-name min-w-0 truncate text-sm text-ink">{part(move || channel.seen(|channel| channel.name.clone()))}</span>
                    <span class="ml-auto shrink-0 text-xs text-ink-3">{part(move || at.get().map(|at| view! { <RelativeTime at=at/> }))}</span>
                </span>
                <span class="flex items-center gap-2 text-sm text-ink-3">
                    <span class="min-w-0 grow truncate">{part(move || match last.get() {
                        Some((by, text)) => format!("{by}: {text}"),
                        None => "Nothing was said yet".to_owned(),
                    })}</span>
                    {part(move || (waiting.get() > 0).then(|| view! { <span class="shrink-0 whitespace-nowrap"><Chip tone=Tone::Wait>{waiting_words(waiting.get())}</Chip></span> }))}
                    {part(move || (unread.get() > 0).then(|| view! {
                        <span class="count shrink-0"><span aria-hidden="true">{few(unread.get())}</span><span class="sr-only">{format!(", {} unread", unread.get())}</span></span>
                    }))}
                </span>
            </span>
        </a>
    }
    .into_any()
}

fn waiting_words(n: u32) -> String {
    if n == 1 { "1 waits".to_owned() } else { format!("{n} wait") }
}
