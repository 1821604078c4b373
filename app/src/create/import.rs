//! A workflow from a text: pasted, or read from a file.

use leptos::ev::Event;
use leptos::prelude::*;

use super::api::{IMPORT, Import as ImportText};
use crate::ui::*;

/// A small workflow that shows every part of the form.
const EXAMPLE: &str = "\
name: Review the login form
tasks:
  - key: write
    name: Write the tests
    skills: [{ skill: rust, level: 3 }]
    input: { path: src/login }
  - key: report
    name: Report what was found
    needs: [write]
    checks:
      - kind: peer_review
      - kind: approval
        title: Is the report good enough to send?
";

/// The form a YAML or JSON text is launched with.
#[component]
pub fn Import() -> impl IntoView {
    let form = Form::new::<ImportText>(IMPORT);
    let failure = derived(move || form.failure());
    let error = derived(move || field_fault(failure.get().as_ref(), "text"));
    view! {
        <div class="grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
            <Card title="From a file" id="import">
                <PostForm form=form attr:novalidate=true>
                    <div class="flex flex-col gap-5">
                        <FormFaults failure fields=vec!["text".to_owned()] title="The workflow was not launched"/>
                        <FileButton/>
                        <div class="[&_textarea]:font-mono [&_textarea]:text-sm" spellcheck="false" autocapitalize="none">
                            <Textarea
                                name="text"
                                id=TEXT_ID
                                label="Workflow, as YAML or JSON"
                                rows=16
                                value=form.given("text").unwrap_or_default()
                                error
                            />
                        </div>
                        <div><SubmitButton look=Look::Hero glyph=Glyph::Bolt pending=derived(move || form.pending())>"Launch"</SubmitButton></div>
                    </div>
                </PostForm>
            </Card>
            <Card title="What a file looks like" id="example">
                <pre tabindex="0" aria-label="Example of a workflow file" class="overflow-x-auto rounded-lg border border-line bg-raised p-3 font-mono text-sm text-ink-2 focus-vibe">{EXAMPLE}</pre>
                <p class="mt-3 text-sm text-ink-3">
                    "A task waits for the tasks named in its needs. A check lets another agent or a person look at the result before the workflow goes on."
                </p>
            </Card>
        </div>
    }
}

/// The id of the text's field.
const TEXT_ID: &str = "import-text";

/// Puts a file's text into the field. Only where scripts run: without them the text is pasted.
#[component]
fn FileButton() -> impl IntoView {
    let awake = RwSignal::new(false);
    effect(move || awake.set(true));
    let toasts = use_toasts();
    let on_file = move |event: Event| {
        read_file(&event, move |read| match read {
            Some(text) => fill(&text),
            None => toasts.failed("The file could not be read. Paste its text instead."),
        })
    };
    view! {
        <Only when=move || awake.get()>
            <div class="flex flex-col gap-1.5">
                <label for="import-file" class="text-sm font-medium text-ink">"Read a file into the field below"</label>
                <input
                    id="import-file"
                    type="file"
                    accept=".yaml,.yml,.json,application/json,text/yaml"
                    class="control file:mr-3 file:rounded-sm file:border-0 file:bg-transparent file:font-medium file:text-primary-text focus-vibe"
                    on:change=on_file
                />
            </div>
        </Only>
    }
}

#[cfg(feature = "hydrate")]
fn fill(text: &str) {
    use wasm_bindgen::JsCast;
    let field =
        document().get_element_by_id(TEXT_ID).and_then(|node| node.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
    if let Some(field) = field {
        field.set_value(text);
        // A focus that cannot be moved leaves the page as it was.
        let _ = field.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn fill(_text: &str) {}

#[cfg(feature = "hydrate")]
fn read_file(event: &Event, then: impl Fn(Option<String>) + 'static) {
    use js_sys::{Function, Promise, Reflect};
    use wasm_bindgen::{JsCast, JsValue};

    let text = || -> Result<Promise, JsValue> {
        let input = event.target().ok_or(JsValue::NULL)?;
        let files = Reflect::get(&input, &"files".into())?;
        let file = Reflect::get_u32(files.unchecked_ref(), 0)?;
        let text: Function = Reflect::get(&file, &"text".into())?.dyn_into()?;
        text.call0(&file)?.dyn_into()
    };
    match text() {
        Ok(promise) => when_settled(&promise, move |value| then(value.and_then(|text| text.as_string()))),
        Err(_) => then(None),
    }
}

#[cfg(not(feature = "hydrate"))]
fn read_file(_event: &Event, _then: impl Fn(Option<String>) + 'static) {}
