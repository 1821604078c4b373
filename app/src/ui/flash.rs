//! Forms that work without JavaScript: the answer to one is carried over the redirect that follows.
//!
//! With JavaScript a form is sent in the background and its answer is at hand. Without, the browser is redirected, and
//! what was refused, what had been filled in, or a secret that is shown once has to be told on the page that comes then.
//! It travels in a short-lived cookie and not in the address: a link cannot put words into a page's mouth, and a secret
//! stays out of histories and logs.

use std::collections::BTreeMap;

use leptos::prelude::*;
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
