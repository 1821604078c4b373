//! Ticks on their way to the disk: one that is being written, and meanwhile the rows of what is new in the next ones.
//!
//! Those rows are most of what a creation writes, and need nothing of any tick before. Two processors write them side by side, and ticks
//! are committed one after the other all the same: a tick goes on only when the one before is on the disk.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use devsquad::id::{OrganizationId, WorkflowId};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use super::tick::{Begun, Caller, Committed, Tick};
use crate::store::Store;
use crate::store::journal::Chain;

/// Ticks whose new rows are written while another one is: with it one more than there are processors on a small machine, for a
/// tick that is being committed waits for the disk.
const NEXT_MAX: usize = 2;

/// The ticks on their way, the oldest first.
#[derive(Default)]
pub(super) struct Flight {
    first: Option<JoinHandle<Committed>>,
    next: VecDeque<Next>,
    /// Comes when the transaction of the last one has begun: only then may another one take a connection, or the two could wait for each
    /// other.
    begun: Option<oneshot::Receiver<()>>,
}

/// A tick whose new rows are written, and which then waits for the one before.
struct Next {
    task: JoinHandle<Begun>,
    /// Workflows it is about.
    about: HashSet<WorkflowId>,
}

impl Flight {
    pub fn is_empty(&self) -> bool {
        self.first.is_none() && self.next.is_empty()
    }

    /// Whether a tick may start; one with creations while others are being written, too.
    pub fn has_room(&self, creates: bool) -> bool {
        self.is_empty() || (creates && self.next.len() < NEXT_MAX)
    }

    /// Whether a tick that waits for the one being written is about this workflow.
    pub fn is_about(&self, workflow: WorkflowId) -> bool {
        self.next.iter().any(|next| next.about.contains(&workflow))
    }

    /// Starts a tick for which there is room.
    pub fn start(&mut self, tick: Tick, creates: bool, store: Store, organization: OrganizationId) {
        let (begun, is_begun) = oneshot::channel();
        let before = self.begun.replace(is_begun);
        if !creates {
            self.first = Some(tokio::spawn(async move { tick.begin(store, organization, begun).await.commit().await }));
            return;
        }
        let about = tick.entries.iter().filter_map(|entry| entry.event.change.workflow()).collect();
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // Has begun, or is gone: either way it waits for no connection any more.
                drop(before.await);
            }
            tick.begin(store, organization, begun).await
        });
        self.next.push_back(Next { task, about });
    }

    /// Waits until a tick is durable, or is not; nothing when one went on and there is room again. Never, if there is none. May be
    /// given up and asked again.
    pub async fn step(&mut self) -> Option<Committed> {
        if let Some(first) = &mut self.first {
            let committed = first.await.unwrap_or_else(failed);
            self.first = None;
            return Some(committed);
        }
        let Some(next) = self.next.front_mut() else { return std::future::pending().await };
        let begun = (&mut next.task).await;
        self.next.pop_front();
        match begun {
            Ok(begun) => {
                self.first = Some(tokio::spawn(begun.commit()));
                None
            }
            Err(error) => Some(failed(error)),
        }
    }

    /// Undoes the ticks that wait for the one being written, which failed. Gives those they would have answered.
    pub async fn drop_next(&mut self) -> Vec<Caller> {
        let mut callers = Vec::new();
        for next in std::mem::take(&mut self.next) {
            // Gone with the task, if it panicked: their replies are dropped.
            callers.extend(next.task.await.map(Begun::undo).unwrap_or_default());
        }
        callers
    }
}

fn failed(error: JoinError) -> Committed {
    Committed {
        callers: Vec::new(),
        published: Arc::from([]),
        ended: Vec::new(),
        chain: Chain::default(),
        took: Duration::ZERO,
        outcome: Err(error.into()),
    }
}
