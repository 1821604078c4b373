//! What agents disagree about, and how they and people settle it.

use std::collections::BTreeSet;

use rand::RngExt as _;

use super::{Temper, World, live, owner};
use crate::actor::Actor;
use crate::command::{Command, LeaseGrant};
use crate::event::Change;
use crate::id::{AgentId, WorkflowId};
use crate::workflow::conflict::Conflict;

impl World {
    /// An agent that works disagrees with another one now and then, or, being a liar, with itself.
    pub(super) fn disagree(&mut self, at: usize, lease: &LeaseGrant) {
        if !self.rng.random_bool(0.04) {
            return;
        }
        let agent = self.workers[at].id;
        let mut other = self.rng.random_range(0..self.workers.len());
        if other == at && self.workers[at].temper != Temper::Liar {
            other = (at + 1) % self.workers.len();
        }
        let raised = Command::RaiseConflict {
            attempt: lease.attempt_id,
            fence: lease.fence,
            with: self.workers[other].id,
            subject: "Tabs or spaces?".to_owned(),
            proposal: self.rng.random_bool(0.5).then(|| "Tabs.".to_owned()),
        };
        self.perform(&Actor::Agent { agent }, raised);
    }

    /// Agents argue, agree, meddle with what others argue about, and answer what was settled long ago; people lose patience.
    pub(super) fn argue(&mut self) {
        if self.rng.random_bool(0.005) {
            self.leave();
        }
        for (workflow, open) in self.open_conflicts() {
            let conflict = open.id;
            if self.rng.random_bool(0.02) {
                self.perform(&owner(), Command::ResolveConflict { workflow, conflict, text: "Spaces.".to_owned() });
            }
            if !self.rng.random_bool(0.15) {
                continue;
            }
            let meddler = self.workers[self.rng.random_range(0..self.workers.len())].id;
            let agent = [open.raised_by, open.with, meddler][self.rng.random_range(0..3)];
            let command = match self.rng.random_range(0..8) {
                0 => Command::AcceptResolution { workflow, conflict },
                nth => Command::ProposeResolution { workflow, conflict, text: format!("As in version {nth}.") },
            };
            self.perform(&Actor::Agent { agent }, command.clone());
            self.perform(&Actor::Agent { agent }, command);
        }
    }

    /// An agent that argues leaves for good, and another one like it comes.
    fn leave(&mut self) {
        let argues = |id: AgentId, open: &[(WorkflowId, Conflict)]| open.iter().any(|(_, open)| open.involves(id));
        let open = self.open_conflicts();
        let Some(at) = self.workers.iter().position(|worker| argues(worker.id, &open)) else { return };
        let gone = self.workers.remove(at);
        self.perform(&owner(), Command::RetireAgent { agent: gone.id });
        let left = self.open_conflicts().into_iter().filter(|(_, open)| open.involves(gone.id));
        assert!(left.into_iter().all(|(_, open)| open.escalated > 0), "one of two left, and nobody was told");
        self.joined += 1;
        self.join(self.joined, gone.temper);
    }

    fn open_conflicts(&self) -> Vec<(WorkflowId, Conflict)> {
        let tasks =
            self.state.workflows.values().flat_map(|workflow| workflow.tasks.iter().map(|task| (workflow.id, task)));
        tasks.flat_map(|(id, task)| task.conflicts.iter().map(move |conflict| (id, conflict.clone()))).collect()
    }
}

#[test]
fn agents_disagree_and_agree_people_settle_the_rest_and_nothing_stays_open_behind_an_end() {
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    for seed in 0..8 {
        let world = live(seed, 120);
        assert_eq!(world.open_conflicts(), Vec::new(), "seed {seed}: every workflow has ended");
        let mut between: Vec<(crate::id::ConflictId, [AgentId; 2])> = Vec::new();
        for event in &world.journal {
            match &event.change {
                Change::ConflictRaised { conflict, .. } => {
                    between.push((conflict.id, [conflict.raised_by, conflict.with]));
                }
                Change::ResolutionProposed { conflict, agent, .. } => {
                    let sides = between.iter().find(|(id, _)| id == conflict).expect("it was raised").1;
                    assert!(sides.contains(agent), "seed {seed}: a stranger proposes");
                }
                Change::ConflictResolved { .. } => {
                    seen.insert(if event.actor.agent().is_some() { "agreed" } else { "settled by a person" });
                }
                Change::ConflictEscalated { exhausted, .. } => {
                    seen.insert(if *exhausted { "gone round in circles" } else { "open too long" });
                }
                _ => {}
            }
        }
        assert!(!between.is_empty(), "seed {seed}: nobody ever disagreed");
        assert!(world.refused.contains_key("not_involved"), "seed {seed}: nobody ever meddled");
    }
    let all = BTreeSet::from(["agreed", "settled by a person", "gone round in circles", "open too long"]);
    assert_eq!(seen, all);
}
