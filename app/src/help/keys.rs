//! The keys, as the shell listens for them.

use leptos::prelude::*;

use crate::shell::{CHAT_KEYS, GRAPH_KEYS, KEYS};

/// Every key and what it does.
#[component]
pub fn Keys() -> impl IntoView {
    let row = |keys: &'static str, words: &'static str| {
        let caps = keys.split(' ').map(|key| view! { <kbd class="kbd">{key}</kbd> }).collect_view();
        view! {
            <div class="flex items-center justify-between gap-4 py-1.5">
                <dt class="text-sm text-ink-2">{words}</dt>
                <dd class="flex shrink-0 gap-1">{caps}</dd>
            </div>
        }
    };
    view! {
        <h3 class="text-sm font-semibold text-ink">"Anywhere"</h3>
        <dl>{KEYS.map(|(keys, words, _)| row(keys, words)).collect_view()}{row("?", "Show the list of keys")}</dl>
        <h3 class="mt-4 text-sm font-semibold text-ink">"On the graph of a workflow"</h3>
        <dl>{GRAPH_KEYS.map(|(keys, words)| row(keys, words)).collect_view()}</dl>
        <h3 class="mt-4 text-sm font-semibold text-ink">"In a conversation"</h3>
        <dl>{CHAT_KEYS.map(|(keys, words)| row(keys, words)).collect_view()}</dl>
        <p class="mt-3 text-sm text-ink-3">"Single keys rest while you type in a field or a dialog is open."</p>
    }
}
