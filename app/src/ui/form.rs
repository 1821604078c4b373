//! A form, sent in the background where scripts run and by the browser itself where they do not.
//!
//! Leptos' `ActionForm` reads the fields into its function's arguments, to write them out again: a reader, a writer and an
//! action for every function, in every page that has it. The fields go as they are here; only the answer has a type.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::server_fn::ServerFn;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::flash::{Told, heard};
use super::lean::Seen;
use super::{effect, use_toasts};
use crate::error::Failure;

/// A form and its answer, however it was sent; `T` is what it gives when it is done.
pub struct Form<T: 'static> {
    url: &'static str,
    pending: RwSignal<bool>,
    answer: RwSignal<Option<Result<T, Failure>>>,
    heard: StoredValue<Option<Told<T>>>,
}

impl<T> Clone for Form<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Form<T> {}

impl<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static> Form<T> {
    /// A form for that server function. `name` is the one under which its answer is left where it comes by a redirect.
    pub fn new<S: ServerFn<Output = T, Error = Failure>>(name: &'static str) -> Form<T> {
        Form {
            url: S::url(),
            pending: RwSignal::new(false),
            answer: RwSignal::new(None),
            heard: StoredValue::new(heard(name)),
        }
    }

    /// How it was answered since this page came; with JavaScript only.
    pub fn answer(&self) -> Option<Result<T, Failure>> {
        self.answer.get()
    }

    /// What it gave, once it was done.
    pub fn done(&self) -> Option<T> {
        match self.answer() {
            Some(result) => result.ok(),
            None => self.heard.with_value(|heard| match heard {
                Some(Told::Done(value)) => Some(value.clone()),
                Some(Told::Refused { .. }) | None => None,
            }),
        }
    }

    /// Why it was refused, if it was.
    pub fn failure(&self) -> Option<Failure> {
        if let Some(failure) = self.answer.seen(|answer| answer.as_ref().map(|result| result.as_ref().err().cloned())) {
            return failure;
        }
        self.heard.with_value(|heard| match heard {
            Some(Told::Refused { failure, .. }) => Some(failure.clone()),
            Some(Told::Done(_)) | None => None,
        })
    }

    /// What had been filled in under that name before this page came; with JavaScript the page never left.
    pub fn given(&self, name: &str) -> Option<String> {
        self.heard.with_value(|heard| match heard {
            Some(Told::Refused { given, .. }) => given.get(name).cloned(),
            Some(Told::Done(_)) | None => None,
        })
    }

    /// Says in a toast how it is answered each time: with these words where it was done, or why not.
    pub fn told(self, done: &'static str) -> Form<T> {
        let toasts = use_toasts();
        effect(move || match (self.failure(), self.answer().is_some()) {
            (Some(failure), _) => toasts.failed(failure.to_string()),
            (None, true) => toasts.done(done),
            (None, false) => {}
        });
        self
    }

    /// Whether it is under way.
    pub fn pending(&self) -> bool {
        self.pending.get()
    }

    fn submitted(self, event: &SubmitEvent) {
        let read = |text: String| serde_json::from_str(&text).map_err(|_| unreadable());
        let sent = sending::send(self.url, event, move |answer: Result<String, Failure>| {
            // The page may have gone meanwhile, and its signals with it.
            let _ = self.pending.try_set(false);
            let _ = self.answer.try_set(Some(answer.and_then(read)));
        });
        if sent {
            self.pending.set(true);
        }
    }
}

/// The element of a form: its fields, and the button that sends them.
#[component]
pub fn PostForm<T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static>(
    /// What it sends to, and is answered by.
    form: Form<T>,
    /// Fields and button.
    children: Children,
) -> impl IntoView {
    element(form.url, Box::new(move |event| form.submitted(&event)), children)
}

fn element(url: &'static str, on_submit: Box<dyn FnMut(SubmitEvent)>, children: Children) -> AnyView {
    view! { <form method="post" action=url on:submit=on_submit>{children()}</form> }.into_any()
}

fn unreadable() -> Failure {
    Failure::unavailable("The server's answer could not be read. Load the page anew to see what is so.")
}

#[cfg(feature = "hydrate")]
mod sending {
    use std::rc::Rc;

    use leptos::ev::SubmitEvent;
    use leptos::prelude::*;
    use leptos::server_fn::redirect::{REDIRECT_HEADER, call_redirect_hook};
    use wasm_bindgen::JsCast;
    use web_sys::{FormData, HtmlElement, HtmlFormElement, RequestInit, Response, UrlSearchParams};

    use super::unreadable;
    use crate::error::Failure;
    use crate::ui::when_settled;

    /// Sends the form of this event in the browser's place; `then` is given the text of the answer. Returns whether it did: a
    /// button that only closes its dialog sends nothing.
    pub fn send(url: &str, event: &SubmitEvent, then: impl Fn(Result<String, Failure>) + 'static) -> bool {
        if event.default_prevented() {
            return false;
        }
        let button = event.submitter();
        if button.as_ref().is_some_and(|button| button.get_attribute("formmethod").as_deref() == Some("dialog")) {
            return false;
        }
        let Some(fields) = fields(event, button.as_ref()) else { return false };
        event.prevent_default();
        let request = RequestInit::new();
        request.set_method("POST");
        request.set_body(&fields);
        let then: Rc<dyn Fn(Result<String, Failure>)> = Rc::new(then);
        when_settled(&window().fetch_with_str_and_init(url, &request), move |response| match response {
            Some(response) => read(&response.unchecked_into(), Rc::clone(&then)),
            None => then(Err(Failure::unavailable("The server could not be reached. Try again in a moment."))),
        });
        true
    }

    /// As the browser would send them, that of the button included.
    fn fields(event: &SubmitEvent, button: Option<&HtmlElement>) -> Option<UrlSearchParams> {
        let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
        let fields = FormData::new_with_form(&form).ok()?;
        let fields = UrlSearchParams::new_with_str_sequence_sequence(fields.as_ref()).ok()?;
        let of_button = |name| button.and_then(|button| button.get_attribute(name));
        if let (Some(name), Some(value)) = (of_button("name"), of_button("value")) {
            fields.append(&name, &value);
        }
        Some(fields)
    }

    fn read(response: &Response, then: Rc<dyn Fn(Result<String, Failure>)>) {
        let header = |name| response.headers().get(name).ok().flatten();
        let leads_to = header(REDIRECT_HEADER).and_then(|_| header("location"));
        let (ok, Ok(text)) = (response.ok(), response.text()) else { return then(Err(unreadable())) };
        when_settled(&text, move |text| {
            let text = text.and_then(|text| text.as_string());
            then(match text {
                Some(text) if ok => Ok(text),
                Some(text) => Err(serde_json::from_str(&text).unwrap_or_else(|_| unreadable())),
                None => Err(unreadable()),
            });
            if let Some(path) = &leads_to {
                call_redirect_hook(path);
            }
        });
    }
}

#[cfg(not(feature = "hydrate"))]
mod sending {
    use leptos::ev::SubmitEvent;

    use crate::error::Failure;

    /// On the server nobody presses a button.
    pub fn send(_url: &str, _event: &SubmitEvent, _then: impl Fn(Result<String, Failure>) + 'static) -> bool {
        false
    }
}
