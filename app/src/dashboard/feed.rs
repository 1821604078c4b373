//! What happens, as it happens. Nothing moves under the pointer or the focus: what is new waits behind a button then.

use devsquad::view::ActivityLine;
use leptos::ev::KeyboardEvent;
use leptos::prelude::*;

use crate::ui::*;

/// The newest events, newest first.
#[component]
pub fn Feed(
    /// The lines.
    activity: Now<Vec<ActivityLine>>,
) -> impl IntoView {
    let hovered = RwSignal::new(false);
    let focused = RwSignal::new(false);
    let asked = RwSignal::new(0u32);
    // What is drawn: the newest, or what was there when the reader came.
    let drawn = memo(move |last: Option<&(u32, Vec<ActivityLine>)>| {
        let asked = asked.get();
        match last {
            Some(last) if (hovered.get() || focused.get()) && last.0 == asked => last.clone(),
            Some(_) | None => (asked, activity.get()),
        }
    });
    let lines = derived(move || drawn.seen(|(_, lines)| lines.clone()));
    let newest = memo(move |_| drawn.seen(|(_, lines)| lines.first().map_or(0, |line| line.seq)));
    let waiting = memo(move |_| activity.seen(|lines| lines.iter().filter(|line| line.seq > newest.get()).count()));
    view! {
        <Only
            when=move || !lines.seen(Vec::is_empty)
            fallback=|| view! { <p class="py-2 text-sm text-ink-3">"Nothing has happened yet."</p> }
        >
            <div
                class="relative"
                on:pointerenter=move |_| hovered.set(true)
                on:pointerleave=move |_| hovered.set(false)
                on:focusin=move |_| focused.set(true)
                on:focusout=move |_| focused.set(false)
            >
                <Only when=move || { waiting.get() > 0 }>
                    <button
                        type="button"
                        class=format!("{} absolute top-1 left-1/2 z-10 -translate-x-1/2 shadow-pop", button_class(Look::Primary))
                        on:click=move |_| asked.update(|n| *n += 1)
                    >
                        {part(move || format!("{} new, show", waiting.get()))}
                    </button>
                </Only>
                <div role="feed" aria-label="Activity, newest first" class="-mx-2 max-h-96 overflow-y-auto px-2" on:keydown=walk>
                    <Rows items=lines key=|line: &ActivityLine| line.seq let:line>
                        <Line line lines/>
                    </Rows>
                </div>
            </div>
        </Only>
    }
}

#[component]
fn Line(line: Now<ActivityLine>, lines: Now<Vec<ActivityLine>>) -> impl IntoView {
    let ActivityLine { seq, at, text, severity, workflow, task, .. } = line.get_untracked();
    let (shape, tone) = look(&severity);
    let id = format!("activity-{seq}");
    let place = move || lines.seen(|lines| lines.iter().position(|line| line.seq == seq)).map_or(0, |at| at + 1);
    let href = workflow.map(|workflow| match task {
        Some(task) => format!("/orchestration/workflows/{workflow}/tasks/{task}"),
        None => format!("/orchestration/workflows/{workflow}"),
    });
    let text = match href {
        Some(href) => {
            view! { <a href=href class="rounded-sm text-ink hover:underline focus-vibe">{text}</a> }.into_any()
        }
        None => view! { <span class="text-ink">{text}</span> }.into_any(),
    };
    view! {
        <article
            tabindex="0"
            aria-labelledby=id
            aria-posinset=shared(move || place().to_string())
            aria-setsize=shared(move || lines.seen(Vec::len).to_string())
            class="flex gap-3 rounded-lg px-2 py-2 text-sm focus-vibe"
        >
            <ShapeIcon shape class=format!("mt-0.5 size-4 shrink-0 {}", tone.text())/>
            <p id=id.clone() class="min-w-0 grow break-words">
                {text}
                <span class="block text-ink-3"><RelativeTime at=at/></span>
            </p>
        </article>
    }
}

/// How loud an event is, to look at.
fn look(severity: &str) -> (Shape, Tone) {
    match severity {
        "critical" => (Shape::Triangle, Tone::Fail),
        "high" => (Shape::Triangle, Tone::Wait),
        "medium" => (Shape::Diamond, Tone::Review),
        _ => (Shape::DottedCircle, Tone::Quiet),
    }
}

/// Page Down and Page Up go from line to line.
#[cfg(feature = "hydrate")]
fn walk(event: KeyboardEvent) {
    use wasm_bindgen::JsCast;

    let Some(here) = document().active_element().and_then(|node| node.closest("article").ok().flatten()) else {
        return;
    };
    let to = match event.key().as_str() {
        "PageDown" => here.next_element_sibling(),
        "PageUp" => here.previous_element_sibling(),
        _ => return,
    };
    event.prevent_default();
    if let Some(line) = to.and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A focus that cannot be moved leaves the page as it was.
        let _ = line.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn walk(_event: KeyboardEvent) {}
