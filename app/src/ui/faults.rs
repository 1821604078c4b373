//! What is wrong with a form: beside the field where it is about one, above the form where it is not.

use devsquad::refusal::Fault;
use leptos::prelude::*;

use super::{Glyph, Icon, Now, effect};
use crate::error::Failure;

/// What is wrong with the field of that name, as a sentence.
pub fn field_fault(failure: Option<&Failure>, field: &str) -> Option<String> {
    faults(failure).iter().find(|fault| field_of(&fault.pointer) == field).map(|fault| sentence(&fault.message))
}

/// What is wrong with a form, above it: faults of no field of it, each with its place, or why it failed as a whole. When
/// something is wrong, the focus goes to the first field at fault.
#[component]
pub fn FormFaults(
    /// Why it was refused, if it was.
    #[prop(into)]
    failure: Now<Option<Failure>>,
    /// The fields that show their own faults.
    #[prop(into)]
    fields: Vec<String>,
    /// What could not be done, in a few words.
    #[prop(into)]
    title: String,
) -> impl IntoView {
    effect(move || {
        if failure.seen(Option::is_some) {
            request_animation_frame(focus_first_fault);
        }
    });
    let lines = move || {
        failure
            .seen(|failure| failure.as_ref().map(|failure| lines(failure, &fields)).filter(|lines| !lines.is_empty()))
    };
    move || {
        lines().map(|lines| {
            view! {
                <div role="alert" class="flex gap-3 rounded-lg border border-line bg-red-500/12 p-4">
                    <Icon glyph=Glyph::Warning class="mt-0.5 size-5 shrink-0 text-bad"/>
                    <div class="min-w-0 text-sm text-ink-2">
                        <p class="text-base font-semibold text-ink">{title.clone()}</p>
                        <ul class="mt-1 flex flex-col gap-1">{lines.into_iter().map(line).collect_view()}</ul>
                    </div>
                </div>
            }
        })
    }
}

fn line((place, text): (String, String)) -> impl IntoView {
    let place = (!place.is_empty()).then(|| view! { <code class="mr-2 font-mono break-all text-ink">{place}</code> });
    view! { <li class="break-words">{place}{text}</li> }
}

/// Places and sentences to show above the form.
fn lines(failure: &Failure, fields: &[String]) -> Vec<(String, String)> {
    let faults = faults(Some(failure));
    let is_shown_below = |fault: &&Fault| fields.iter().any(|field| field == field_of(&fault.pointer));
    let (below, above): (Vec<&Fault>, Vec<&Fault>) = faults.iter().partition(is_shown_below);
    if faults.is_empty() {
        return vec![(String::new(), failure.to_string())];
    }
    let mut lines: Vec<_> = above.iter().map(|fault| (fault.pointer.clone(), sentence(&fault.message))).collect();
    match (below.len(), lines.is_empty()) {
        // The focus is at the field, and its fault beside it.
        (0, _) | (1, true) => {}
        (1, false) => lines.push((String::new(), "One field below needs your attention.".to_owned())),
        (n, _) => lines.push((String::new(), format!("{n} fields below need your attention."))),
    }
    lines
}

fn faults(failure: Option<&Failure>) -> &[Fault] {
    match failure {
        Some(Failure::Refused { faults, .. }) => faults,
        Some(Failure::SignedOut | Failure::Unavailable { .. }) | None => &[],
    }
}

/// The field a pointer is about: its first segment, and below `/parameters` the second.
fn field_of(pointer: &str) -> &str {
    let path = pointer.strip_prefix("/parameters/").or_else(|| pointer.strip_prefix('/')).unwrap_or(pointer);
    path.split('/').next().unwrap_or("")
}

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut letters = fragment.chars();
    let first: String = letters.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    let end = if fragment.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

#[cfg(feature = "hydrate")]
fn focus_first_fault() {
    use wasm_bindgen::JsCast;
    let found = document().query_selector("[aria-invalid=true]").ok().flatten();
    if let Some(field) = found.and_then(|node| node.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A focus that cannot be moved leaves the page as it was.
        let _ = field.focus();
    }
}

#[cfg(not(feature = "hydrate"))]
fn focus_first_fault() {}

#[cfg(test)]
mod tests {
    use devsquad::Refusal;

    use super::*;

    fn failure(faults: &[(&str, &str)]) -> Failure {
        let fault = |(pointer, message): &(&str, &str)| Fault {
            pointer: (*pointer).to_owned(),
            message: (*message).to_owned(),
        };
        Refusal::Invalid { faults: faults.iter().map(fault).collect() }.into()
    }

    #[test]
    fn a_fault_stands_beside_its_field_and_the_rest_above() {
        let failure =
            failure(&[("/parameters/path", "is no directory"), ("/tasks/2/needs", "no task has the key “x”")]);
        assert_eq!(field_fault(Some(&failure), "path").as_deref(), Some("Is no directory."));
        assert_eq!(
            lines(&failure, &["path".to_owned()]),
            [
                ("/tasks/2/needs".to_owned(), "No task has the key “x”.".to_owned()),
                (String::new(), "One field below needs your attention.".to_owned()),
            ]
        );
    }

    #[test]
    fn one_fault_of_one_field_needs_no_words_above() {
        assert_eq!(lines(&failure(&[("/note", "is missing")]), &["note".to_owned()]), []);
    }

    #[test]
    fn a_list_is_one_field() {
        assert_eq!(field_of("/skills/0/level"), "skills");
        assert_eq!(field_of(""), "");
    }
}
