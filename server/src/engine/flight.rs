//! Ticks on their way to the disk: one that is being written, and meanwhile the rows of what is new in the next.
//!
//! Those rows are most of what a creation writes. Two processors write two ticks in hardly more time than one, and ticks are committed one
//! after the other all the same: the next goes on only when the one before is on the disk.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use devsquad::id::{OrganizationId, WorkflowId};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use super::tick::{Begun, Caller, Committed, Tick};
use crate::store::Store;
use crate::store::journal::Chain;

/// The ticks on their way.
#[derive(Default)]
pub(super) struct Flight {
    first: Option<JoinHandle<Committed>>,
    next: Option<JoinHandle<Begun>>,
    /// Comes when the transaction of the first has begun: only then may the next take a connection, or the two could wait for each other.
    begun: Option<oneshot::Receiver<()>>,
    /// Workflows the next one is about.
    about: HashSet<WorkflowId>,
}

impl Flight {
    pub fn is_empty(&self) -> bool {
        self.first.is_none() && self.next.is_none()
    }

    /// Whether a tick may start; one with creations while another is being written, too.
    pub fn has_room(&self, creates: bool) -> bool {
        self.next.is_none() && (creates || self.first.is_none())
    }

    /// Whether the tick that waits for the one being written is about this workflow.
    pub fn is_about(&self, workflow: WorkflowId) -> bool {
        self.about.contains(&workflow)
    }

    /// Starts a tick for which there is room.
    pub fn start(&mut self, tick: Tick, creates: bool, store: Store, organization: OrganizationId) {
        if creates {
            self.about = tick.entries.iter().filter_map(|entry| entry.event.change.workflow()).collect();
            let before = self.begun.take();
            self.next = Some(tokio::spawn(async move {
                if let Some(before) = before {
                    // Has begun, or is gone: either way it waits for no connection any more.
                    drop(before.await);
                }
                tick.begin(store, organization).await
            }));
        } else {
            let (begun, before) = oneshot::channel();
            self.begun = Some(before);
            self.first = Some(tokio::spawn(async move {
                let tick = tick.begin(store, organization).await;
                // Nobody listens if there is no next one.
                let _ = begun.send(());
                tick.commit().await
            }));
        }
    }

    /// Waits until a tick is durable, or is not; nothing when one went on and there is room again. Never, if there is none. May be
    /// given up and asked again.
    pub async fn step(&mut self) -> Option<Committed> {
        if let Some(first) = &mut self.first {
            let committed = first.await.unwrap_or_else(failed);
            (self.first, self.begun) = (None, None);
            return Some(committed);
        }
        let Some(next) = &mut self.next else { return std::future::pending().await };
        let begun = next.await;
        self.next = None;
        self.about.clear();
        match begun {
            Ok(begun) => {
                self.first = Some(tokio::spawn(begun.commit()));
                None
            }
            Err(error) => Some(failed(error)),
        }
    }

    /// Undoes the tick that waits for the one being written, which failed. Gives those it would have answered.
    pub async fn drop_next(&mut self) -> Vec<Caller> {
        match self.next.take() {
            // Gone with the task, which panicked: their replies are dropped.
            Some(next) => next.await.map(Begun::undo).unwrap_or_default(),
            None => Vec::new(),
        }
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
