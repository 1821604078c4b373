//! What happens on the server, as it happens: one stream of events for each tab.
//!
//! A page that folds events itself calls [`Live::on_event`] with the `seq` its data is true at; what was missed in
//! between is handed in first. A page that only has to be fetched anew when something changed reads
//! [`Live::revision`] in the source of its `Resource`, inside a `Transition`, so that what is shown stays until the new
//! data is there.

use std::collections::VecDeque;
use std::sync::Arc;

use devsquad::view::News;
use leptos::prelude::*;

use crate::ui::Now;

#[cfg(feature = "hydrate")]
use crate::ui::effect;

#[cfg(feature = "hydrate")]
mod stream;

/// Events kept to fill the gap between a page's data and the stream.
const KEPT_MAX: usize = 1_000;
/// Events collected while paused; more than this is fetched anew instead.
const COLLECTED_MAX: usize = 1_000;

/// Whether what is shown is what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LiveState {
    /// Every event arrives.
    Live,
    /// The stream broke off and is being taken up again.
    Reconnecting,
    /// The browser has no network.
    Offline,
    /// The person wants the page to hold still.
    Paused,
}

/// An event as it came: `News` as JSON. Only a page that folds events reads the whole of it.
#[derive(Clone)]
pub struct Heard {
    /// Its place in the journal; 0 when it is not kept there.
    pub seq: u64,
    /// The whole of it.
    pub text: Arc<str>,
}

type Listener = Arc<dyn Fn(&Heard) + Send + Sync>;

/// The stream of this tab.
#[derive(Clone, Copy)]
pub struct Live {
    state: RwSignal<LiveState>,
    revision: RwSignal<u64>,
    resets: RwSignal<u64>,
    waiting: RwSignal<usize>,
    inside: StoredValue<Inside>,
}

#[derive(Default)]
struct Inside {
    /// The newest entry of the journal that was seen.
    seq: u64,
    /// The newest events, oldest first, without gaps.
    kept: VecDeque<Heard>,
    listeners: Vec<(u64, Listener)>,
    last_listener: u64,
    collected: Vec<Heard>,
    overflown: bool,
    bump_is_due: bool,
}

impl Live {
    fn new() -> Live {
        Live {
            state: RwSignal::new(LiveState::Live),
            revision: RwSignal::new(0),
            resets: RwSignal::new(0),
            waiting: RwSignal::new(0),
            inside: StoredValue::new(Inside::default()),
        }
    }

    /// Whether what is shown is what is.
    pub fn state(self) -> Now<LiveState> {
        self.state.into()
    }

    /// Changes waiting while paused.
    pub fn waiting(self) -> Now<usize> {
        self.waiting.into()
    }

    /// A number that changes, at most four times a second, when something happened.
    pub fn revision(self) -> Now<u64> {
        self.revision.into()
    }

    /// A number that changes when events were lost: what was folded has to be fetched anew.
    pub fn resets(self) -> Now<u64> {
        self.resets.into()
    }

    /// The newest entry of the journal seen here.
    pub fn seq(self) -> u64 {
        self.inside.with_value(|inside| inside.seq)
    }

    /// Data on the page is true at this entry of the journal: the stream begins no later than there.
    pub fn known(self, seq: u64) {
        self.inside.update_value(|inside| {
            if inside.seq == 0 {
                inside.seq = seq;
            }
        });
    }

    /// Hears every event after `seq`, in order, until the page is left.
    pub fn on_event(self, seq: u64, listener: impl Fn(&News) + Send + Sync + 'static) {
        self.known(seq);
        let listener = move |heard: &Heard| match serde_json::from_str(&heard.text) {
            Ok(news) => listener(&news),
            // A newer server may say what this page does not know: what it changed is fetched anew.
            Err(_) => self.reset(),
        };
        let (number, missed, gap) = self
            .inside
            .try_update_value(|inside| {
                inside.last_listener += 1;
                inside.listeners.push((inside.last_listener, Arc::new(listener) as Listener));
                let missed: Vec<Heard> = inside.kept.iter().filter(|event| event.seq > seq).cloned().collect();
                let first_kept = inside.kept.front().map_or(inside.seq + 1, |event| event.seq);
                (inside.last_listener, missed, first_kept > seq + 1)
            })
            .unwrap_or_default();
        for event in &missed {
            self.tell(number, event);
        }
        if gap {
            self.resets.update(|n| *n += 1);
        }
        on_cleanup(move || {
            let _ = self.inside.try_update_value(|inside| inside.listeners.retain(|(other, _)| *other != number));
        });
    }

    fn tell(self, number: u64, event: &Heard) {
        let listener = self.inside.with_value(|inside| {
            inside.listeners.iter().find(|(other, _)| *other == number).map(|(_, listener)| Arc::clone(listener))
        });
        if let Some(listener) = listener {
            listener(event);
        }
    }
}

impl Live {
    /// Between two changes of the revision.
    const BUMP_AFTER: std::time::Duration = std::time::Duration::from_millis(250);

    /// Lets the page hold still: what happens is collected.
    pub fn pause(self) {
        self.state.set(LiveState::Paused);
    }

    /// Goes on, with what was collected.
    pub fn resume(self) {
        let (collected, overflown) = self
            .inside
            .try_update_value(|inside| (std::mem::take(&mut inside.collected), std::mem::take(&mut inside.overflown)))
            .unwrap_or_default();
        self.state.set(LiveState::Live);
        self.waiting.set(0);
        if overflown {
            self.reset();
        } else {
            for event in collected {
                self.hand_out(event);
            }
        }
    }

    /// An event has come in.
    pub fn arrived(self, event: Heard) {
        if event.seq != 0 && event.seq <= self.seq() {
            return;
        }
        if event.seq != 0 {
            self.inside.update_value(|inside| inside.seq = event.seq);
        }
        if self.state.get_untracked() == LiveState::Paused {
            self.collect(event);
        } else {
            self.hand_out(event);
        }
    }

    fn collect(self, event: Heard) {
        if event.seq == 0 {
            return;
        }
        let n = self.inside.try_update_value(|inside| {
            if inside.collected.len() < COLLECTED_MAX {
                inside.collected.push(event);
            } else {
                inside.overflown = true;
            }
            inside.collected.len()
        });
        self.waiting.set(n.unwrap_or_default());
    }

    fn hand_out(self, event: Heard) {
        let listeners = self
            .inside
            .try_update_value(|inside| {
                if event.seq != 0 {
                    inside.kept.push_back(event.clone());
                    if inside.kept.len() > KEPT_MAX {
                        inside.kept.pop_front();
                    }
                }
                inside.listeners.iter().map(|(_, listener)| Arc::clone(listener)).collect::<Vec<_>>()
            })
            .unwrap_or_default();
        for listener in listeners {
            listener(&event);
        }
        if event.seq != 0 {
            self.bump_soon();
        }
    }

    fn bump_soon(self) {
        let due = self.inside.try_update_value(|inside| std::mem::replace(&mut inside.bump_is_due, true));
        if due == Some(false) {
            set_timeout(
                move || {
                    self.inside.update_value(|inside| inside.bump_is_due = false);
                    self.revision.update(|n| *n += 1);
                },
                Self::BUMP_AFTER,
            );
        }
    }

    /// Events were lost: everything is fetched anew.
    pub fn reset(self) {
        self.inside.update_value(|inside| inside.kept.clear());
        self.resets.update(|n| *n += 1);
        self.revision.update(|n| *n += 1);
    }
}

/// Opens the stream, once somebody is signed in; once, at the root.
pub fn provide_live() {
    let live = Live::new();
    provide_context(live);
    #[cfg(feature = "hydrate")]
    effect(move || {
        if crate::session::use_session().get().is_some() {
            stream::open(live);
        }
    });
}

/// The stream of this tab.
pub fn use_live() -> Live {
    use_context().unwrap_or_else(Live::new)
}
