//! Claims of agents that wait for tasks: whom to answer, and until when.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use devsquad::State;
use devsquad::decide::{Draft, Facts, Grants, dispatch};
use devsquad::scheduling::claims::{ClaimId, Claimant, Claims};
use jiff::Timestamp;
use tokio::sync::oneshot;

use super::queue::Reply;
use crate::store::idempotency::Kept;

/// An agent's claim that waits for tasks.
pub(super) struct Claim {
    pub claimant: Claimant,
    pub until: Timestamp,
    pub reply: oneshot::Sender<Reply>,
    pub key: Option<(u128, Kept)>,
}

/// The claims that wait.
#[derive(Default)]
pub(super) struct Waiters {
    claims: HashMap<ClaimId, Claim>,
    ranked: Claims,
    until: BTreeSet<(Timestamp, ClaimId)>,
}

impl Waiters {
    /// A claim came, or one goes on for another caller.
    pub fn add(&mut self, claim: Claim, state: &State) {
        let id = self.ranked.add(claim.claimant, state);
        self.until.insert((claim.until, id));
        self.claims.insert(id, claim);
    }

    /// Takes a claim out, to answer it.
    pub fn take(&mut self, id: ClaimId) -> Option<Claim> {
        let claim = self.claims.remove(&id)?;
        self.until.remove(&(claim.until, id));
        self.ranked.remove(id);
        Some(claim)
    }

    /// Takes out those that have waited long enough.
    pub fn take_over(&mut self, now: Timestamp) -> Vec<Claim> {
        let over: Vec<ClaimId> = self.until.iter().take_while(|(until, _)| *until <= now).map(|(_, id)| *id).collect();
        over.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// Takes out those whose caller has gone.
    pub fn take_gone(&mut self) -> Vec<Claim> {
        let gone: Vec<ClaimId> =
            self.claims.iter().filter(|(_, claim)| claim.reply.is_closed()).map(|(id, _)| *id).collect();
        gone.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// Takes out all.
    pub fn take_all(&mut self) -> Vec<Claim> {
        self.until.clear();
        self.ranked = Claims::default();
        self.claims.drain().map(|(_, claim)| claim).collect()
    }

    /// When the first of them has waited long enough.
    pub fn next_over(&self) -> Option<Timestamp> {
        self.until.first().map(|(until, _)| *until)
    }

    /// The keys they came with are not theirs any more, and the state they were ranked by is gone.
    pub fn begin_anew(&mut self) {
        for claim in self.claims.values_mut() {
            claim.key = None;
        }
        self.ranked.forget_boards();
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.claims.is_empty()
    }

    /// Gives ready tasks to those that wait: what each of them got, and those found without a caller on the way.
    pub fn dispatch(&mut self, draft: &mut Draft<'_>, facts: &mut Facts<'_>) -> (Grants, Vec<Claim>) {
        let Waiters { claims, ranked, .. } = self;
        let gone = RefCell::new(Vec::new());
        let is_gone = |id: ClaimId| {
            let is_gone = claims.get(&id).is_none_or(|claim| claim.reply.is_closed());
            if is_gone {
                gone.borrow_mut().push(id);
            }
            is_gone
        };
        let grants = dispatch(draft, ranked, &is_gone, facts);
        let gone = gone.into_inner().into_iter().filter_map(|id| self.take(id)).collect();
        (grants, gone)
    }
}
