//! Forms that work without JavaScript: the answer to one is carried over the redirect that follows.
//!
//! With JavaScript a form is sent in the background and its answer is at hand. Without, the browser is redirected, and
//! what was refused, what had been filled in, or a secret that is shown once has to be told on the page that comes then.
//! It travels in a short-lived cookie and not in the address: a link cannot put words into a page's mouth, and a secret
//! stays out of histories and logs.

use std::collections::BTreeMap;

use leptos::prelude::*;
use leptos::server::ServerActionError;
use leptos::server_fn::ServerFn;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Failure;

/// The texts of a form's fields, by name.
pub type Fields = BTreeMap<String, String>;

/// How a form was answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told<T> {
    /// It was done.
    Done(T),
    /// It was not.
    Refused {
        /// Why.
        failure: Failure,
        /// What had been filled in.
        given: Fields,
    },
}

/// A form and its answer, however it was sent.
pub struct Form<S>
where
    S: ServerFn + 'static,
    S::Output: 'static,
{
    /// What `ActionForm` takes.
    pub action: ServerAction<S>,
    heard: StoredValue<Option<Told<S::Output>>>,
}

impl<S> Clone for Form<S>
where
    S: ServerFn + 'static,
    S::Output: 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Form<S>
where
    S: ServerFn + 'static,
    S::Output: 'static,
{
}

impl<S> Form<S>
where
    S: ServerFn<Error = Failure> + Clone + Send + Sync + 'static,
    S::Output: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    /// The form of that name, with the answer it was given before this page, if there is one.
    pub fn new(name: &'static str) -> Form<S> {
        // The router offers an error found in the address; whoever makes a link could write it.
        provide_context(ServerActionError::new("", ""));
        Form { action: ServerAction::new(), heard: StoredValue::new(heard(name)) }
    }

    /// What it gave, once it was done.
    pub fn done(&self) -> Option<S::Output> {
        match self.action.value().get() {
            Some(result) => result.ok(),
            None => self.heard.with_value(|heard| match heard {
                Some(Told::Done(value)) => Some(value.clone()),
                Some(Told::Refused { .. }) | None => None,
            }),
        }
    }

    /// Why it was refused, if it was.
    pub fn failure(&self) -> Option<Failure> {
        match self.action.value().get() {
            Some(result) => result.err(),
            None => self.heard.with_value(|heard| match heard {
                Some(Told::Refused { failure, .. }) => Some(failure.clone()),
                Some(Told::Done(_)) | None => None,
            }),
        }
    }

    /// What had been filled in under that name before this page came; with JavaScript the page never left.
    pub fn given(&self, name: &str) -> Option<String> {
        self.heard.with_value(|heard| match heard {
            Some(Told::Refused { given, .. }) => given.get(name).cloned(),
            Some(Told::Done(_)) | None => None,
        })
    }

    /// Whether it is under way.
    pub fn pending(&self) -> bool {
        self.action.pending().get()
    }
}

/// The word left for this page under that name. The server reads it from the cookie, which ends with it; the browser
/// reads it from the page.
pub fn heard<T: Serialize + DeserializeOwned + 'static>(name: &'static str) -> Option<T> {
    #[cfg(feature = "ssr")]
    let read = || super::flash_cookie::take(name);
    #[cfg(not(feature = "ssr"))]
    let read = || {
        let _ = name;
        None
    };
    SharedValue::new(read).into_inner()
}

/// Names and texts as `Fields`.
pub fn fields<const N: usize>(pairs: [(&str, &str); N]) -> Fields {
    pairs.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

/// Passes a server function's result on, and leaves it for the page where that comes by a redirect.
#[cfg(feature = "ssr")]
pub fn answer<T: Clone + Serialize>(name: &str, given: Fields, result: Result<T, Failure>) -> Result<T, Failure> {
    use super::flash_cookie;
    let told = match &result {
        Ok(value) => Told::Done(value.clone()),
        Err(failure) => {
            flash_cookie::answer_with(status(failure));
            Told::Refused { failure: failure.clone(), given }
        }
    };
    // A form with more than a cookie holds keeps its answer and loses its fields; the browser's Back has them.
    let kept = flash_cookie::leave(name, &told);
    if let (false, Told::Refused { failure, .. }) = (kept, told) {
        flash_cookie::leave(name, &Told::<T>::Refused { failure, given: Fields::new() });
    }
    result
}

/// The status a failure is answered with: a refusal is no error of the server.
#[cfg(feature = "ssr")]
fn status(failure: &Failure) -> http::StatusCode {
    use devsquad::refusal::RefusalKind;
    use http::StatusCode;
    match failure {
        Failure::Refused { kind, .. } => match kind {
            RefusalKind::NotFound => StatusCode::NOT_FOUND,
            RefusalKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
            RefusalKind::Forbidden => StatusCode::FORBIDDEN,
            RefusalKind::Conflict => StatusCode::CONFLICT,
            RefusalKind::TooMuch => StatusCode::TOO_MANY_REQUESTS,
        },
        Failure::SignedOut => StatusCode::UNAUTHORIZED,
        Failure::Unavailable { .. } => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// Leads a plain form on to another page; with JavaScript the page goes by itself.
#[cfg(feature = "ssr")]
pub fn go(path: &str) {
    if super::flash_cookie::is_plain_form() {
        leptos_axum::redirect(path);
    }
}
