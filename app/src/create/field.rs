//! The fields of a template's form, made from what it has to be told.

use devsquad::view::ParameterView;
use leptos::prelude::*;

use super::parameters::initial;
use crate::error::Failure;
use crate::ui::*;

/// One field for every parameter, named `parameters[…]`.
#[component]
pub fn ParameterFields(
    /// The parameters.
    parameters: Vec<ParameterView>,
    /// Why the form was refused, if it was.
    #[prop(into)]
    failure: Now<Option<Failure>>,
    /// What is in a field at first, where it is not its default.
    given: Callback<String, Option<String>>,
) -> impl IntoView {
    let field = move |parameter: ParameterView| {
        let name = parameter.name.clone();
        let error = derived(move || field_fault(failure.get().as_ref(), &name));
        let value = given.run(parameter.name.clone()).unwrap_or_else(|| initial(&parameter));
        view! { <ParameterField parameter value error/> }
    };
    view! { <div class="flex flex-col gap-5" spellcheck="false" autocapitalize="none">{parameters.into_iter().map(field).collect_view()}</div> }
}

#[component]
fn ParameterField(parameter: ParameterView, value: String, error: Now<Option<String>>) -> impl IntoView {
    let ParameterView { name, title, description, kind, format, required, default } = parameter;
    let id = format!("parameter-{name}");
    let name = format!("parameters[{name}]");
    let optional = !required || default.is_some();
    let (kind, placeholder) = match (kind.as_str(), format.as_deref()) {
        ("boolean", _) => {
            return view! { <Checkbox name id label=title hint=description checked={value == "true"}/> }.into_any();
        }
        ("integer" | "number", _) => ("number", ""),
        (_, Some("directory")) => ("text", "/home/you/project"),
        (_, _) => ("text", ""),
    };
    view! { <TextInput name id label=title kind value hint=description placeholder error optional autocomplete="off"/> }
        .into_any()
}
