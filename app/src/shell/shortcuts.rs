//! Keys that work on every page: `g` and a letter goes somewhere, `c` begins a workflow, `?` lists them.

use leptos::prelude::*;

use crate::ui::*;

/// What each key does: the keys, the words, where it leads.
pub const KEYS: [(&str, &str, &str); 8] = [
    ("g o", "Go to the overview", "/orchestration"),
    ("g w", "Go to workflows", "/orchestration/workflows"),
    ("g n", "Go to what needs you", "/orchestration/approvals"),
    ("g m", "Go to the chat", "/communication"),
    ("g a", "Go to agents", "/orchestration/agents"),
    ("g p", "Go to people", "/settings/people"),
    ("g h", "Go to help", "/help"),
    ("c", "Create a workflow", "/orchestration/workflows/create"),
];

/// Keys of the graph, told here because that is where people look.
pub const GRAPH_KEYS: [(&str, &str); 7] = [
    ("← →", "To the task before, to the task after"),
    ("↑ ↓", "To the neighbour in the same column"),
    ("Home End", "To the first task, to the last"),
    ("n N", "To the next, the previous task that needs attention"),
    ("Enter", "Open the task"),
    ("Esc", "Close it"),
    ("+ − 0 f", "Zoom in, zoom out, natural size, fit"),
];

/// Keys of the chat: on the message that has the focus, and in the field.
pub const CHAT_KEYS: [(&str, &str); 7] = [
    ("↑ ↓", "To the message before, to the one after"),
    ("t", "Open its thread"),
    ("+ .", "React to it, and everything else"),
    ("e q p", "Edit it, quote it, pin it"),
    ("Shift PageUp", "To the first new message"),
    ("Esc", "To the latest message, and write"),
    ("↑", "In an empty field: edit what you wrote last"),
];

/// The sheet that lists the keys, and the listener behind them.
#[component]
pub fn Shortcuts() -> impl IntoView {
    let open = RwSignal::new(false);
    #[cfg(feature = "hydrate")]
    listen(open);
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
        <Dialog id="shortcuts" title="Keyboard shortcuts" open=open>
            <h3 class="mt-1 text-sm font-semibold text-ink">"Anywhere"</h3>
            <dl>{KEYS.map(|(keys, words, _)| row(keys, words)).collect_view()}{row("?", "Show this list")}</dl>
            <h3 class="mt-4 text-sm font-semibold text-ink">"On the graph of a workflow"</h3>
            <dl>{GRAPH_KEYS.map(|(keys, words)| row(keys, words)).collect_view()}</dl>
            <h3 class="mt-4 text-sm font-semibold text-ink">"In a conversation"</h3>
            <dl>{CHAT_KEYS.map(|(keys, words)| row(keys, words)).collect_view()}</dl>
        </Dialog>
    }
    .into_any()
}

/// Between `g` and the letter.
#[cfg(feature = "hydrate")]
const SEQUENCE: std::time::Duration = std::time::Duration::from_millis(1_500);

#[cfg(feature = "hydrate")]
fn listen(open: RwSignal<bool>) {
    use leptos_router::hooks::use_navigate;

    let go = use_navigate();
    let begun = StoredValue::new(false);
    let handle = window_event_listener(leptos::ev::keydown, move |event| {
        if event.ctrl_key() || event.meta_key() || event.alt_key() || event.is_composing() || is_busy() {
            return;
        }
        let key = event.key();
        let first = if begun.get_value() { "g " } else { "" };
        begun.set_value(false);
        if key == "?" {
            open.set(true);
        } else if key == "g" {
            begun.set_value(true);
            set_timeout(move || begun.set_value(false), SEQUENCE);
        } else if let Some((_, _, href)) = KEYS.iter().find(|(keys, ..)| *keys == format!("{first}{key}")) {
            event.prevent_default();
            go(href, Default::default());
        }
    });
    on_cleanup(move || handle.remove());
}

/// Whether the keys belong to somebody else now: a field, or an open dialog.
#[cfg(feature = "hydrate")]
fn is_busy() -> bool {
    use wasm_bindgen::JsCast;

    let in_field = document().active_element().is_some_and(|at| {
        matches!(at.tag_name().as_str(), "INPUT" | "TEXTAREA" | "SELECT")
            || at.dyn_ref::<web_sys::HtmlElement>().is_some_and(web_sys::HtmlElement::is_content_editable)
    });
    dialog_is_open() || in_field
}
