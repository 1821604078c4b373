//! What a messenger remembers of the chat, so that it need not ask. Lanes share it; nothing is held locked across a call.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use devsquad::id::TaskId;
use devsquad::messaging::channel::Channel;

use super::KNOWN_MAX;
use crate::chat::wire::{Custom, User};
use crate::store::messenger::rooms::Room;

/// What it remembers.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Channels as they were last seen; nothing for one that was looked for and was not there.
    rooms: Mutex<HashMap<Channel, Option<Room>>>,
    /// What the chat was last told of its users; nothing of those that are only known to be there.
    users: Mutex<HashMap<String, Option<Custom>>>,
    /// Tasks whose threads have a root.
    threads: Mutex<HashSet<TaskId>>,
    /// Those of them that were noted since the bookmark was: should PostgreSQL crash, it forgets them, and this does not.
    threads_noted: Mutex<HashSet<TaskId>>,
    /// Channels in which something was said that the rows do not know of yet.
    spoken_in: Mutex<HashSet<Channel>>,
}

impl Known {
    /// A channel, if it was looked for: as it was seen last, or that it was not there.
    pub(super) fn room(&self, channel: &Channel) -> Option<Option<Room>> {
        locked(&self.rooms).get(channel).cloned()
    }

    /// A channel is so.
    pub(super) fn remember_room(&self, channel: Channel, room: Option<Room>) {
        let mut rooms = locked(&self.rooms);
        if rooms.len() >= KNOWN_MAX {
            rooms.clear();
        }
        rooms.insert(channel, room);
    }

    /// A channel is not as it was.
    pub(super) fn forget_room(&self, channel: &Channel) {
        locked(&self.rooms).remove(channel);
    }

    /// Whether the chat knows this user.
    pub(super) fn has_user(&self, user: &str) -> bool {
        locked(&self.users).contains_key(user)
    }

    /// What the chat was told of its users.
    pub(super) fn users(&self) -> MutexGuard<'_, HashMap<String, Option<Custom>>> {
        locked(&self.users)
    }

    /// The chat was told that these users are so.
    pub(super) fn remember_users(&self, faces: &[User]) {
        let mut users = locked(&self.users);
        if users.len() + faces.len() > KNOWN_MAX {
            users.clear();
        }
        users.extend(faces.iter().map(|face| (face.id.clone(), Some(face.custom.clone()))));
    }

    /// A user is there, whatever it is like.
    pub(super) fn remember_user(&self, user: String) {
        locked(&self.users).entry(user).or_insert(None);
    }

    /// Whether a task's thread has a root.
    pub(super) fn has_thread(&self, task: TaskId) -> bool {
        locked(&self.threads).contains(&task)
    }

    /// A task's thread has a root.
    pub(super) fn remember_thread(&self, task: TaskId) {
        let mut threads = locked(&self.threads);
        if threads.len() >= KNOWN_MAX {
            threads.clear();
        }
        threads.insert(task);
        drop(threads);
        locked(&self.threads_noted).insert(task);
    }

    /// The tasks whose threads were noted since their notes were last on the disk.
    pub(super) fn threads_noted(&self) -> Vec<TaskId> {
        locked(&self.threads_noted).iter().copied().collect()
    }

    /// The notes of these are on the disk.
    pub(super) fn threads_are_kept(&self, tasks: &[TaskId]) {
        let mut noted = locked(&self.threads_noted);
        for task in tasks {
            noted.remove(task);
        }
    }

    /// Threads may have lost their roots.
    pub(super) fn forget_threads(&self) {
        locked(&self.threads).clear();
    }

    /// Something was said in a channel.
    pub(super) fn spoke_in(&self, channel: &Channel) {
        let mut spoken_in = locked(&self.spoken_in);
        if !spoken_in.contains(channel) {
            spoken_in.insert(channel.clone());
        }
    }

    /// The channels in which something was said since this was asked last.
    pub(super) fn take_spoken_in(&self) -> HashSet<Channel> {
        std::mem::take(&mut *locked(&self.spoken_in))
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
