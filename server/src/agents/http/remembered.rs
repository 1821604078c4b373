//! What was looked up a moment ago, and need not be looked up again: an agent calls many times a second.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::RwLock;

use jiff::{SignedDuration, Timestamp};

/// How long something is remembered. What changed, a token that was revoked, counts within this time.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(4);
/// Things remembered; beyond it all are forgotten and looked up again.
const REMEMBERED_MAX: usize = 20_000;

type Until<V> = (V, Timestamp);

/// Values by their keys, each for a moment.
pub(super) struct Remembered<K, V>(RwLock<HashMap<K, Until<V>>>);

impl<K, V> Default for Remembered<K, V> {
    fn default() -> Remembered<K, V> {
        Remembered(RwLock::default())
    }
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// What was found under `key`, if that was a moment ago.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let all = self.0.read().ok()?;
        all.get(key).filter(|(_, until)| *until > now).map(|(value, _)| value.clone())
    }

    /// Remembers what was found.
    pub fn keep(&self, key: K, value: V, now: Timestamp) {
        if let Ok(mut all) = self.0.write() {
            if all.len() >= REMEMBERED_MAX {
                all.clear();
            }
            all.insert(key, (value, now + REMEMBERED));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_is_known_for_a_moment() {
        let remembered = Remembered::default();
        let found = Timestamp::UNIX_EPOCH;
        remembered.keep("token", 1, found);
        assert_eq!(remembered.get(&"token", found), Some(1));
        assert_eq!(remembered.get(&"other", found), None);
        assert_eq!(remembered.get(&"token", found + REMEMBERED), None, "looked up again");
    }

    #[test]
    fn it_never_grows_without_bound() {
        let remembered = Remembered::default();
        let now = Timestamp::UNIX_EPOCH;
        for key in 0..=REMEMBERED_MAX {
            remembered.keep(key, (), now);
        }
        assert_eq!(remembered.get(&REMEMBERED_MAX, now), Some(()));
        assert_eq!(remembered.get(&0, now), None, "forgotten with all the others");
    }
}
