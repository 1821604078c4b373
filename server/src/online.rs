//! Which people have a page open: who listens to `/live` says so as long as it does.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use devsquad::id::UserId;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock;

/// How long somebody counts as there after their last page was closed: a page that is loaded anew is closed for a moment.
pub const AWAY_AFTER: Duration = Duration::from_secs(15);

/// Who is there. Cheap to clone; its clones are one.
#[derive(Clone, Debug)]
pub struct Online {
    people: Arc<Mutex<HashMap<UserId, Seen>>>,
    changed: Arc<watch::Sender<u64>>,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    pages: usize,
    last: Timestamp,
}

impl Seen {
    fn is_there(self, now: Timestamp) -> bool {
        self.pages > 0 || self.last + AWAY_AFTER > now
    }
}

impl Default for Online {
    fn default() -> Self {
        Online { people: Arc::default(), changed: Arc::new(watch::channel(0).0) }
    }
}

impl Online {
    /// Somebody has a page open, until what is given back is dropped.
    pub fn here(&self, person: UserId) -> Here {
        let now = clock::now();
        self.with(|people| {
            people.retain(|_, seen| seen.is_there(now));
            let seen = people.entry(person).or_insert(Seen { pages: 0, last: now });
            seen.pages += 1;
            seen.last = now;
        });
        self.tell();
        Here { online: self.clone(), person }
    }

    /// Whether somebody is there.
    pub fn is_online(&self, person: UserId, now: Timestamp) -> bool {
        self.with(|people| people.get(&person).is_some_and(|seen| seen.is_there(now)))
    }

    /// Whether somebody closed their last page a moment ago, and may be away soon.
    pub fn is_settling(&self, now: Timestamp) -> bool {
        self.with(|people| people.values().any(|seen| seen.pages == 0 && seen.is_there(now)))
    }

    /// Tells when somebody comes or goes.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Nothing in here panics while it holds the lock, so a poisoned one is as good.
    fn with<T>(&self, look: impl FnOnce(&mut HashMap<UserId, Seen>) -> T) -> T {
        look(&mut self.people.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self) {
        self.changed.send_modify(|version| *version = version.wrapping_add(1));
    }
}

/// A page that is open.
#[derive(Debug)]
pub struct Here {
    online: Online,
    person: UserId,
}

impl Drop for Here {
    fn drop(&mut self) {
        let now = clock::now();
        self.online.with(|people| {
            if let Some(seen) = people.get_mut(&self.person) {
                seen.pages = seen.pages.saturating_sub(1);
                seen.last = now;
            }
        });
        self.online.tell();
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn somebody_is_there_until_the_last_page_is_closed_for_a_while() {
        let online = Online::default();
        let nora = UserId(Uuid::from_u128(1));
        let now = clock::now();
        assert!(!online.is_online(nora, now));
        let (one, other) = (online.here(nora), online.here(nora));
        drop(one);
        assert!(online.is_online(nora, now + AWAY_AFTER * 10));
        drop(other);
        assert!(online.is_online(nora, now), "it may be a page that loads anew");
        assert!(online.is_settling(now));
        let later = clock::now() + AWAY_AFTER;
        assert!(!online.is_online(nora, later) && !online.is_settling(later));
    }
}
