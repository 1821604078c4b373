//! What waits for the loop, and what it answers.

use std::collections::HashMap;

use devsquad::id::AgentId;
use devsquad::{Actor, Answer, Command, Refusal};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;

/// Commands that wait for the loop. A tick empties thousands; a longer queue would only add waiting.
pub const COMMANDS_QUEUED_MAX: usize = 8_192;
/// Keys the loop remembers. Beyond it every keyed request is looked up in the database first.
pub const KEYS_REMEMBERED_MAX: usize = 2_000_000;

/// What makes a request the same request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The key, chosen by the caller.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub fingerprint: [u8; 32],
}

/// One wish on its way to the loop.
pub struct Request {
    /// Who.
    pub actor: Actor,
    /// What.
    pub command: Box<Command>,
    /// What the caller waits for.
    pub(super) waiting: Waiting,
    /// What makes it the same request.
    pub key: Option<IdempotencyKey>,
    /// Where the answer goes.
    pub(super) reply: oneshot::Sender<Reply>,
}

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    /// The answer to its command.
    One,
    /// Tasks.
    Claim { agent: AgentId, max: u32, until: Timestamp },
}

/// The loop's answer.
#[derive(Clone, Debug)]
pub(super) enum Reply {
    /// Done, and durable; a lease is still being written.
    Answer(Answer),
    /// Refused; nothing changed.
    Refused(Refusal),
    /// Not known: the loop had to start anew.
    Unavailable(String),
    /// The same key was answered before; the answer is in the database.
    GivenBefore,
}

/// The idempotency keys the loop knows, by hash.
#[derive(Default)]
pub(super) struct Keys {
    known: HashMap<u128, State>,
}

enum State {
    /// Answered and durable.
    Kept,
    /// Being answered: others with the same key wait for the same answer.
    Pending { fingerprint: [u8; 32], others: Vec<oneshot::Sender<Reply>> },
}

/// What is known of a key.
pub(super) enum Known {
    /// Nothing: this is the first.
    First,
    /// Answered before.
    Kept,
    /// Being answered now; the caller was added to those who wait.
    Joined,
    /// Being answered now, for another body.
    OtherBody,
}

pub(super) fn key_hash(principal: &str, key: &str) -> u128 {
    let mut hasher = Sha256::new();
    hasher.update((principal.len() as u64).to_be_bytes());
    hasher.update(principal.as_bytes());
    hasher.update(key.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    u128::from_be_bytes(std::array::from_fn(|at| digest[at]))
}

impl Keys {
    /// Keys that are kept already.
    pub fn kept(keys: impl IntoIterator<Item = (String, String)>) -> Keys {
        Keys { known: keys.into_iter().map(|(principal, key)| (key_hash(&principal, &key), State::Kept)).collect() }
    }

    /// What is known of a key; a caller that is not the first is added to those who wait, which takes its reply.
    pub fn meet(&mut self, hash: u128, fingerprint: &[u8; 32], reply: &mut Option<oneshot::Sender<Reply>>) -> Known {
        match self.known.get_mut(&hash) {
            None => {
                self.known.insert(hash, State::Pending { fingerprint: *fingerprint, others: Vec::new() });
                Known::First
            }
            Some(State::Kept) => Known::Kept,
            Some(State::Pending { fingerprint: other, .. }) if other != fingerprint => Known::OtherBody,
            Some(State::Pending { others, .. }) => {
                others.extend(reply.take());
                Known::Joined
            }
        }
    }

    /// The request was refused or lost: the key is free again. Gives those who wait.
    pub fn release(&mut self, hash: u128) -> Vec<oneshot::Sender<Reply>> {
        match self.known.remove(&hash) {
            Some(State::Pending { others, .. }) => others,
            Some(State::Kept) | None => Vec::new(),
        }
    }

    /// The answer is durable. Gives those who wait.
    pub fn keep(&mut self, hash: u128) -> Vec<oneshot::Sender<Reply>> {
        match self.known.insert(hash, State::Kept) {
            Some(State::Pending { others, .. }) => others,
            Some(State::Kept) | None => Vec::new(),
        }
    }

    /// A request goes on under its key for the next of those who wait for it.
    pub fn hand_over(&mut self, hash: u128, fingerprint: [u8; 32], others: Vec<oneshot::Sender<Reply>>) {
        self.known.insert(hash, State::Pending { fingerprint, others });
    }
}
