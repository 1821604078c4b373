//! A batch of the journal, told in lanes: a workflow with the channels of its own is one, and so is every channel that belongs to no
//! workflow. In a lane everything happens in the order of the journal. Several are told at the same time, because each waits for the
//! chat and for the disk most of the time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};

use devsquad::id::{AgentId, WorkflowId};
use devsquad::messaging::channel::{Channel, Letter, letters};
use devsquad::{Change, Event};
use futures::StreamExt as _;

use super::{Messenger, Stuck, is_final};
use crate::store::messenger::Batch;
use crate::store::messenger::roll::Roll;

/// Lanes told at the same time: enough that the disk writes for several of them at once, and few beside the connections that everybody shares.
const LANES_AT_ONCE_MAX: usize = 8;

/// How far a batch was told, when not to its end.
#[derive(Debug)]
pub(super) struct Untold {
    /// The first line that was not told everywhere.
    pub(super) seq: u64,
    /// What held it up.
    pub(super) stuck: Stuck,
}

/// What has an order of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Lane {
    /// A workflow's channel, and those of what is settled in it.
    Workflow(WorkflowId),
    /// Any other channel.
    Channel(Channel),
}

/// What is to be done because of an event.
#[derive(Debug)]
enum Errand {
    /// Telling it in a channel.
    Tell(Box<Letter>),
    /// An agent handed in a result: it is out of trouble.
    Recover(WorkflowId, AgentId),
}

impl Lane {
    fn of(letter: &Letter) -> Lane {
        match (&letter.channel, &letter.post.about.workflow_id) {
            (Channel::Workflow(workflow), _) | (Channel::Coordination(_), Some(workflow)) => Lane::Workflow(*workflow),
            (channel, _) => Lane::Channel(channel.clone()),
        }
    }
}

/// The errands of a batch, lane by lane; the lane with the oldest event first.
#[derive(Debug, Default)]
struct Lanes<'a> {
    lanes: Vec<Vec<(&'a Event, Errand)>>,
    places: HashMap<Lane, usize>,
}

impl<'a> Lanes<'a> {
    fn of(batch: &'a Batch, roll: &Roll) -> Lanes<'a> {
        let mut lanes = Lanes::default();
        for event in &batch.events {
            let project = event.change.workflow().and_then(|workflow| batch.projects.get(&workflow)).copied();
            for letter in letters(event, project, &roll.projects_at(event.at)) {
                lanes.add(Lane::of(&letter), event, Errand::Tell(Box::new(letter)));
            }
            if let (Some((workflow, agent)), Some(project)) = (handed_in(&event.change), project) {
                let emergency = Lane::Channel(Channel::Emergency(project));
                lanes.add(emergency, event, Errand::Recover(workflow, agent));
            }
        }
        lanes
    }

    fn add(&mut self, lane: Lane, event: &'a Event, errand: Errand) {
        let place = *self.places.entry(lane).or_insert(self.lanes.len());
        if place == self.lanes.len() {
            self.lanes.push(Vec::new());
        }
        self.lanes[place].push((event, errand));
    }
}

impl Messenger {
    /// Tells a batch everywhere it is told.
    pub(super) async fn tell_all(&self, batch: &Batch) -> Result<(), Untold> {
        // Once one is held up the others begin nothing more: each would wait for its own deadline.
        let held_up = AtomicBool::new(false);
        let lanes: Vec<_> =
            Lanes::of(batch, &self.roll).lanes.into_iter().map(|lane| self.go(lane, batch, &held_up)).collect();
        let outcomes: Vec<Result<(), (u64, Option<Stuck>)>> =
            futures::stream::iter(lanes).buffer_unordered(LANES_AT_ONCE_MAX).collect().await;
        let untold: Vec<(u64, Option<Stuck>)> = outcomes.into_iter().filter_map(Result::err).collect();
        let first = untold.iter().map(|(seq, _)| *seq).min();
        match first.zip(untold.into_iter().find_map(|(_, stuck)| stuck)) {
            Some((seq, stuck)) => Err(Untold { seq, stuck }),
            None => Ok(()),
        }
    }

    /// Does what is to be done in one lane, until something holds it up; then gives the line at which it stands.
    async fn go(
        &self,
        lane: Vec<(&Event, Errand)>,
        batch: &Batch,
        held_up: &AtomicBool,
    ) -> Result<(), (u64, Option<Stuck>)> {
        for (event, errand) in lane {
            if held_up.load(Ordering::Acquire) {
                return Err((event.seq, None));
            }
            let done = match errand {
                Errand::Tell(letter) => self.tell(event, &letter, batch).await,
                Errand::Recover(workflow, agent) => self.recovered(workflow, agent, batch).await,
            };
            if let Err(stuck) = done {
                held_up.store(true, Ordering::Release);
                return Err((event.seq, Some(stuck)));
            }
        }
        Ok(())
    }

    /// Tells an event in one channel. What the chat refuses for good holds up nothing.
    async fn tell(&self, event: &Event, letter: &Letter, batch: &Batch) -> Result<(), Stuck> {
        match self.deliver(event, letter, batch).await {
            Err(Stuck::Chat(error)) if is_final(&error) => {
                let of_workflow = event.change.workflow().and_then(|workflow| batch.projects.get(&workflow)).copied();
                let project = letter.channel.project().or(of_workflow);
                self.give_up(event, letter, project, &error, batch).await
            }
            other => other,
        }
    }
}

/// The agent that handed in a result, and of which workflow.
fn handed_in(change: &Change) -> Option<(WorkflowId, AgentId)> {
    match change {
        Change::ResultHandedIn { workflow, submission, .. }
        | Change::TaskCompleted { workflow, submission: Some(submission), .. } => Some((*workflow, submission.agent)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use devsquad::Actor;
    use devsquad::id::{ConflictId, EventId, ProjectId, TaskId};
    use devsquad::workflow::WorkflowStatus;
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    const PROJECT: ProjectId = ProjectId(Uuid::from_u128(1));
    const ONE: WorkflowId = WorkflowId(Uuid::from_u128(2));
    const OTHER: WorkflowId = WorkflowId(Uuid::from_u128(3));
    const AGENT: AgentId = AgentId(Uuid::from_u128(4));

    fn failed(workflow: WorkflowId) -> Change {
        Change::WorkflowEnded { workflow, status: WorkflowStatus::Failed, reason: String::new() }
    }

    fn conflict_settled() -> Change {
        let (conflict, task) = (ConflictId(Uuid::from_u128(5)), TaskId(Uuid::from_u128(6)));
        Change::ConflictResolved { workflow: ONE, task, conflict, text: "So be it.".into() }
    }

    /// Each lane as the lines of the journal in it, and in which channels they are told.
    fn lanes_of(changes: Vec<Change>) -> Vec<Vec<String>> {
        let event = |(nth, change): (usize, Change)| Event {
            seq: nth as u64 + 1,
            id: EventId(Uuid::from_u128(100 + nth as u128)),
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::Agent { agent: AGENT },
            change,
        };
        let batch = Batch {
            events: changes.into_iter().enumerate().map(event).collect(),
            projects: [ONE, OTHER].into_iter().map(|workflow| (workflow, PROJECT)).collect(),
            ..Batch::default()
        };
        let said = |(event, errand): &(&Event, Errand)| match errand {
            Errand::Tell(letter) => format!("{} {}", event.seq, letter.channel.purpose().as_str()),
            Errand::Recover(..) => format!("{} recovers", event.seq),
        };
        Lanes::of(&batch, &Roll::default()).lanes.iter().map(|lane| lane.iter().map(said).collect()).collect()
    }

    #[test]
    fn a_workflow_goes_with_what_is_settled_in_it_and_what_several_share_goes_by_itself() {
        let lanes = lanes_of(vec![failed(OTHER), conflict_settled(), failed(ONE), failed(OTHER)]);
        assert_eq!(
            lanes,
            [
                vec!["1 workflow", "4 workflow"],
                vec!["1 emergency", "3 emergency", "4 emergency"],
                vec!["2 workflow", "2 coordination", "3 workflow"],
            ]
        );
    }
}
