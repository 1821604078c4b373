//! A value as it is now, of any type and compiled once.
//!
//! Leptos compiles a memo, and a signal that is derived or fixed, anew for each type of value: two to three kilobytes each, for
//! dozens of types on a page. Here the value is kept without its type and the type stands beside it: one memo serves all.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;

use leptos::prelude::*;

type Untyped = Arc<dyn Any + Send + Sync>;
type Worked = Arc<dyn Fn() -> Untyped + Send + Sync>;

/// A value that may change; what reads it follows it. Cheap to copy, gone with the part of the page that made it.
pub struct Now<T: 'static> {
    of: Of,
    kind: PhantomData<fn() -> T>,
}

#[derive(Clone, Copy)]
enum Of {
    /// Kept until something it is made of changes.
    Memo(Memo<Untyped>),
    /// Made at each look.
    Derived(StoredValue<Worked>),
    Fixed(StoredValue<Untyped>),
}

impl<T> Clone for Now<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Now<T> {}

/// A value worked out from others, and told on only where it differs from the last, which the closure is given.
pub fn memo<T: PartialEq + Send + Sync + 'static>(value: impl Fn(Option<&T>) -> T + Send + Sync + 'static) -> Now<T> {
    let value = move |last: Option<&Untyped>| Arc::new(value(last.map(typed))) as Untyped;
    Now::new(Of::Memo(untyped_memo(Box::new(value), differ::<T>)))
}

/// A value worked out from others at each look.
pub fn derived<T: Send + Sync + 'static>(value: impl Fn() -> T + Send + Sync + 'static) -> Now<T> {
    Now::new(Of::Derived(StoredValue::new(Arc::new(move || Arc::new(value()) as Untyped))))
}

type Remade = Box<dyn Fn(Option<&Untyped>) -> Untyped + Send + Sync>;

fn untyped_memo(value: Remade, differ: fn(Option<&Untyped>, Option<&Untyped>) -> bool) -> Memo<Untyped> {
    Memo::new_with_compare(value, differ)
}

fn differ<T: PartialEq + 'static>(one: Option<&Untyped>, other: Option<&Untyped>) -> bool {
    one.map(typed::<T>) != other.map(typed::<T>)
}

/// The value with its type, which stands beside it in every `Now`.
fn typed<T: 'static>(value: &Untyped) -> &T {
    match value.downcast_ref() {
        Some(value) => value,
        None => unreachable!("a value is read as what it was written as"),
    }
}

impl Of {
    fn read(self) -> Untyped {
        match self {
            Of::Memo(memo) => memo.get(),
            Of::Derived(value) => (value.get_value())(),
            Of::Fixed(value) => value.get_value(),
        }
    }

    fn try_read(self) -> Option<Untyped> {
        match self {
            Of::Memo(memo) => memo.try_get(),
            Of::Derived(value) => value.try_get_value().map(|value| value()),
            Of::Fixed(value) => value.try_get_value(),
        }
    }

    fn try_read_untracked(self) -> Option<Untyped> {
        match self {
            Of::Memo(memo) => memo.try_get_untracked(),
            Of::Derived(value) => value.try_get_value().map(|value| untrack(|| value())),
            Of::Fixed(value) => value.try_get_value(),
        }
    }

    fn read_untracked(self) -> Untyped {
        match self {
            Of::Memo(memo) => memo.get_untracked(),
            Of::Derived(value) => untrack(value.get_value().as_ref()),
            Of::Fixed(value) => value.get_value(),
        }
    }
}

impl<T: 'static> Now<T> {
    fn new(of: Of) -> Now<T> {
        Now { of, kind: PhantomData }
    }

    /// A look at it, which follows it.
    pub fn seen<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(typed(&self.of.read()))
    }

    /// A look at it, which does not.
    pub fn seen_once<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(typed(&self.of.read_untracked()))
    }

    /// Follows it without a look.
    pub fn track(&self) {
        drop(self.of.read());
    }
}

impl<T: Clone + 'static> Now<T> {
    /// The value, followed.
    pub fn get(&self) -> T {
        self.seen(T::clone)
    }

    /// The value, not followed.
    pub fn get_untracked(&self) -> T {
        self.seen_once(T::clone)
    }

    /// The value, followed; nothing when the part of the page it belongs to has gone.
    pub fn try_get(&self) -> Option<T> {
        self.of.try_read().map(|value| typed::<T>(&value).clone())
    }

    /// The value, not followed; nothing when the part of the page it belongs to has gone.
    pub fn try_get_untracked(&self) -> Option<T> {
        self.of.try_read_untracked().map(|value| typed::<T>(&value).clone())
    }
}

impl<T: Send + Sync + 'static> Now<T> {
    /// A value that stays.
    pub fn stored(value: T) -> Now<T> {
        Now::new(Of::Fixed(StoredValue::new(Arc::new(value))))
    }
}

impl<T: Default + Send + Sync + 'static> Default for Now<T> {
    fn default() -> Now<T> {
        Now::stored(T::default())
    }
}

impl<T: Send + Sync + 'static> From<T> for Now<T> {
    fn from(value: T) -> Now<T> {
        Now::stored(value)
    }
}

impl From<&str> for Now<String> {
    fn from(value: &str) -> Now<String> {
        Now::stored(value.to_owned())
    }
}

impl<T: Clone + Send + Sync + 'static> From<RwSignal<T>> for Now<T> {
    fn from(signal: RwSignal<T>) -> Now<T> {
        derived(move || signal.get())
    }
}
