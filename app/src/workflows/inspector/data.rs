//! What a task was given, and what came out of it.

use devsquad::view::{TaskDetail, Text};
use leptos::prelude::*;
use serde_json::Value;

use crate::ui::*;

/// Both, the result first.
#[component]
pub fn Data(
    /// The task.
    detail: Now<TaskDetail>,
) -> impl IntoView {
    let output = memo(move |_| detail.seen(|detail| detail.output.clone()));
    let text = memo(move |_| detail.seen(|detail| detail.text.clone()));
    let input = memo(move |_| detail.seen(|detail| detail.input.clone()));
    view! {
        {part(move || text.get().map(|text| view! {
            <section aria-labelledby="output-title">
                <h3 id="output-title" class="panel-title">"Result"</h3>
                {written(text)}
            </section>
        }))}
        {part(move || output.get().filter(|value| !is_empty(value)).map(|value| view! {
            <section aria-labelledby="output-title">
                <h3 id="output-title" class="panel-title">"Result"</h3>
                <Shown value label="Result"/>
            </section>
        }))}
        {part(move || Some(input.get()).filter(|value| !is_empty(value)).map(|value| view! {
            <details>
                <summary class="panel-title inline-flex min-h-11 items-center gap-1 rounded-sm md:min-h-8 focus-vibe">
                    "What it was given"
                    <Icon glyph=Glyph::ChevronDown class="size-4"/>
                </summary>
                <Shown value label="What it was given"/>
            </details>
        }))}
    }
    .into_any()
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Levels of fields within fields drawn as lists; deeper is JSON.
const DEPTH_MAX: u32 = 3;

fn written(text: Text) -> AnyView {
    match text {
        Text::Html(html) => view! { <Prose html/> }.into_any(),
        Text::Plain(text) => {
            view! { <p class="text-sm break-words whitespace-pre-wrap text-ink">{text}</p> }.into_any()
        }
    }
}

/// Words as words, fields as lists, the rest as JSON; in a window of its own height.
#[component]
fn Shown(value: Value, label: &'static str) -> impl IntoView {
    view! {
        <div tabindex="0" role="region" aria-label=format!("{label}, in full") class="max-h-96 overflow-auto rounded-lg border border-line p-3 text-sm break-words whitespace-pre-wrap focus-vibe">
            {drawn(value, 0)}
        </div>
    }
    .into_any()
}

fn drawn(value: Value, depth: u32) -> AnyView {
    match value {
        Value::Object(fields) if depth < DEPTH_MAX => {
            let row = |(name, value): (String, Value)| {
                let (around, inside) = if is_plain(&value) {
                    ("flex flex-wrap justify-between gap-x-4", "min-w-0 break-words text-ink tabular-nums")
                } else {
                    ("min-w-0", "mt-1 border-l border-line pl-3")
                };
                view! {
                    <div class=around>
                        <dt class="text-ink-3">{name.replace('_', " ")}</dt>
                        <dd class=inside>{drawn(value, depth + 1)}</dd>
                    </div>
                }
            };
            view! { <dl class="flex min-w-0 flex-col gap-1">{fields.into_iter().map(row).collect_view()}</dl> }
                .into_any()
        }
        value if is_plain(&value) => plain(&value).into_any(),
        value => {
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            view! { <pre class="font-mono text-xs break-words whitespace-pre-wrap text-ink">{text}</pre> }.into_any()
        }
    }
}

/// Whether it fits on a line.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.is_empty(),
        Value::Array(items) => items.iter().all(|item| !item.is_object() && !item.is_array()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "none".to_owned(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(number) => number.to_string(),
        Value::Object(_) => "none".to_owned(),
    }
}
