//! What a task was given, and what came out of it.

use devsquad::view::TaskDetail;
use leptos::prelude::*;
use serde_json::Value;

use crate::ui::*;

/// Both, the result first.
#[component]
pub fn Data(
    /// The task.
    detail: Signal<TaskDetail>,
) -> impl IntoView {
    let output = Memo::new(move |_| detail.with(|detail| detail.output.clone()));
    let input = Memo::new(move |_| detail.with(|detail| detail.input.clone()));
    view! {
        {move || output.get().filter(|value| !is_empty(value)).map(|value| view! {
            <section aria-labelledby="output-title">
                <h3 id="output-title" class="panel-title">"Result"</h3>
                <Shown value label="Result"/>
            </section>
        })}
        {move || Some(input.get()).filter(|value| !is_empty(value)).map(|value| view! {
            <details>
                <summary class="panel-title inline-flex min-h-11 items-center gap-1 rounded-sm md:min-h-8 focus-vibe">
                    "What it was given"
                    <Icon glyph=Glyph::ChevronDown class="size-4"/>
                </summary>
                <Shown value label="What it was given"/>
            </details>
        })}
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

/// Words as words, plain fields as a list, the rest as JSON.
#[component]
fn Shown(value: Value, label: &'static str) -> impl IntoView {
    match value {
        Value::String(text) => view! { <Markdown text/> }.into_any(),
        Value::Object(fields) if fields.values().all(is_plain) => {
            let row = |(name, value): (String, Value)| {
                view! {
                    <dt class="text-ink-3">{name.replace('_', " ")}</dt>
                    <dd class="min-w-0 break-words whitespace-pre-line text-ink tabular-nums">{plain(&value)}</dd>
                }
            };
            view! { <dl class="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 text-sm">{fields.into_iter().map(row).collect_view()}</dl> }.into_any()
        }
        value => {
            let text = serde_json::to_string_pretty(&value).unwrap_or_default();
            view! { <pre tabindex="0" role="region" aria-label=format!("{label}, as JSON") class="code-block focus-vibe">{text}</pre> }.into_any()
        }
    }
}

fn is_plain(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Null => "—".to_owned(),
        other => other.to_string(),
    }
}
