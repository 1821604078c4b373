//! Waiting for a promise of the browser without an async runtime.

use std::rc::Rc;

use js_sys::{Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};

/// Calls `then` once: with the promise's value, or with nothing when it was rejected.
pub fn when_settled(promise: &Promise, then: impl Fn(Option<JsValue>) + 'static) {
    let then = Rc::new(then);
    let (kept, broken) = (Rc::clone(&then), then);
    let kept: Function = Closure::once_into_js(move |value: JsValue| kept(Some(value))).unchecked_into();
    let broken: Function = Closure::once_into_js(move |_: JsValue| broken(None)).unchecked_into();
    // By its name: js-sys wants closures that outlive the call, and these end with it.
    let _ = Reflect::get(promise, &"then".into())
        .and_then(|method| method.dyn_into::<Function>())
        .and_then(|method| method.call2(promise, &kept, &broken));
}
