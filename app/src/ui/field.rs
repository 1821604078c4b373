//! Fields of forms: a label above, the control, a hint and an error below, tied together for those who listen.
//!
//! `name` is what is sent; the control's id is `id` where told, else `name`, so two forms on a page with the same field
//! need ids.

use super::part::{part, shared};
use leptos::prelude::*;

use super::Now;

/// Ids of a field's parts.
struct Ids {
    control: String,
    hint: String,
    error: String,
}

impl Ids {
    fn new(id: String, name: &str) -> Ids {
        let control = if id.is_empty() { format!("field-{name}") } else { id };
        Ids { hint: format!("{control}-hint"), error: format!("{control}-error"), control }
    }

    fn described_by(&self, hint: &str, error: Now<Option<String>>) -> impl Fn() -> Option<String> + Clone + use<> {
        let hint = (!hint.is_empty()).then(|| self.hint.clone());
        let error_id = self.error.clone();
        move || {
            let error = error.seen(Option::is_some).then(|| error_id.clone());
            match (hint.clone(), error) {
                (Some(hint), Some(error)) => Some(format!("{error} {hint}")),
                (hint, error) => hint.or(error),
            }
        }
    }
}

fn label(ids: &Ids, text: String, optional: bool) -> impl IntoView + use<> {
    view! {
        <label for=ids.control.clone() class="text-sm font-medium text-ink">
            {text}
            {optional.then(|| view! { <span class="font-normal text-ink-3">" (optional)"</span> })}
        </label>
    }
}

fn below(ids: &Ids, hint: String, error: Now<Option<String>>) -> impl IntoView + use<> {
    let (hint_id, error_id) = (ids.hint.clone(), ids.error.clone());
    view! {
        {part(move || error.get().map(|text| view! { <p id=error_id.clone() class="text-sm font-medium text-bad">{text}</p> }))}
        {(!hint.is_empty()).then(|| view! { <p id=hint_id class="text-sm text-ink-3">{hint}</p> })}
    }
}

/// One line of text: `<TextInput name="email" label="E-mail" kind="email" autocomplete="email"/>`.
#[component]
pub fn TextInput(
    /// What it is called when sent.
    #[prop(into)]
    name: String,
    /// What it is called on the page.
    #[prop(into)]
    label: String,
    /// Its id; from the name unless told.
    #[prop(optional, into)]
    id: String,
    /// The type of the input.
    #[prop(default = "text")]
    kind: &'static str,
    /// What is in it at first.
    #[prop(optional, into)]
    value: String,
    /// One sentence of help.
    #[prop(optional, into)]
    hint: String,
    /// An example, shown while it is empty.
    #[prop(optional, into)]
    placeholder: String,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Now<Option<String>>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// What a password manager should put in.
    #[prop(optional, into)]
    autocomplete: Option<String>,
) -> impl IntoView {
    let ids = Ids::new(id, &name);
    let described = ids.described_by(&hint, error);
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            {self::label(&ids, label, optional)}
            <input
                id=ids.control.clone()
                name=name
                type=kind
                value=value
                placeholder=(!placeholder.is_empty()).then_some(placeholder)
                autocomplete=autocomplete
                required=!optional
                aria-describedby=described
                aria-invalid=shared(move || error.seen(Option::is_some).then_some("true"))
                class="control focus-vibe"
            />
            {below(&ids, hint, error)}
        </div>
    }
}

/// Several lines of text.
#[component]
pub fn Textarea(
    /// What it is called when sent.
    #[prop(into)]
    name: String,
    /// What it is called on the page.
    #[prop(into)]
    label: String,
    /// Its id; from the name unless told.
    #[prop(optional, into)]
    id: String,
    /// What is in it at first.
    #[prop(optional, into)]
    value: String,
    /// One sentence of help.
    #[prop(optional, into)]
    hint: String,
    /// An example, shown while it is empty.
    #[prop(optional, into)]
    placeholder: String,
    /// What is wrong with it.
    #[prop(optional, into)]
    error: Now<Option<String>>,
    /// Whether it may stay empty.
    #[prop(optional)]
    optional: bool,
    /// Lines shown.
    #[prop(default = 4)]
    rows: u32,
) -> impl IntoView {
    let ids = Ids::new(id, &name);
    let described = ids.described_by(&hint, error);
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            {self::label(&ids, label, optional)}
            <textarea
                id=ids.control.clone()
                name=name
                rows=rows.to_string()
                placeholder=(!placeholder.is_empty()).then_some(placeholder)
                required=!optional
                aria-describedby=described
                aria-invalid=shared(move || error.seen(Option::is_some).then_some("true"))
                class="control focus-vibe"
            >
                {value}
            </textarea>
            {below(&ids, hint, error)}
        </div>
    }
}

/// One of the values of a [`Select`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is shown.
    pub label: String,
}

impl Choice {
    /// A value and its words.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Choice {
        Choice { value: value.into(), label: label.into() }
    }
}

/// One of a few: `<Select name="role" label="Role" choices=vec![Choice::new("viewer", "Viewer")] selected="viewer"/>`.
#[component]
pub fn Select(
    /// What it is called when sent.
    #[prop(into)]
    name: String,
    /// What it is called on the page.
    #[prop(into)]
    label: String,
    /// Its id; from the name unless told.
    #[prop(optional, into)]
    id: String,
    /// What there is to choose from.
    choices: Vec<Choice>,
    /// What is chosen at first.
    #[prop(optional, into)]
    selected: String,
    /// One sentence of help.
    #[prop(optional, into)]
    hint: String,
) -> impl IntoView {
    let ids = Ids::new(id, &name);
    let described = ids.described_by(&hint, Now::stored(None));
    let option = |choice: Choice| {
        let chosen = choice.value == selected;
        view! { <option value=choice.value selected=chosen>{choice.label}</option> }
    };
    view! {
        <div class="flex min-w-0 flex-col gap-1.5">
            {self::label(&ids, label, false)}
            <select id=ids.control.clone() name=name aria-describedby=described class="control focus-vibe">
                {choices.into_iter().map(option).collect_view()}
            </select>
            {below(&ids, hint, Now::stored(None))}
        </div>
    }
}

/// Yes or no. Sends `value` ("true" unless told) when ticked, nothing otherwise.
#[component]
pub fn Checkbox(
    /// What it is called when sent.
    #[prop(into)]
    name: String,
    /// What it is called on the page.
    #[prop(into)]
    label: String,
    /// Its id; from the name unless told.
    #[prop(optional, into)]
    id: String,
    /// Whether it is ticked at first.
    #[prop(optional)]
    checked: bool,
    /// What is sent when ticked.
    #[prop(into, default = "true".to_owned())]
    value: String,
    /// One sentence of help.
    #[prop(optional, into)]
    hint: String,
) -> impl IntoView {
    let ids = Ids::new(id, &name);
    let described = ids.described_by(&hint, Now::stored(None));
    view! {
        <div class="flex min-w-0 flex-col gap-1">
            <label for=ids.control.clone() class="flex min-h-11 items-center gap-3 text-sm font-medium text-ink md:min-h-8">
                <input
                    id=ids.control.clone()
                    name=name
                    type="checkbox"
                    value=value
                    checked=checked
                    aria-describedby=described
                    class="size-5 shrink-0 accent-primary-fill focus-vibe"
                />
                {label}
            </label>
            {below(&ids, hint, Now::stored(None))}
        </div>
    }
}
