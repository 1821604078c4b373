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

/// Tasks of new workflows with which a tick is full: those still to be created wait for the next. Eight workflows of fifty, whose rows
/// take PostgreSQL ten milliseconds. Two ticks of that size are written side by side; twice as much in one is written by one processor
/// while the other has nothing to do, and everybody waits for its end.
pub(super) const NEW_TASKS_MAX: usize = 400;
/// Ticks whose new rows are written while another one is: with it one more than there are processors on a small machine, for a
/// tick that is being committed waits for the disk.
const NEXT_MAX: usize = 2;

/// The ticks on their way, the oldest first.
#[derive(Default)]
pub(super) struct Flight {
    first: Option<First>,
    next: VecDeque<Next>,
    /// Comes when the transaction of the last one has begun: only then may another one take a connection, or the two could wait for each
    /// other.
    begun: Option<oneshot::Receiver<()>>,
}

/// The tick that is being written to its end.
struct First {
    task: JoinHandle<Committed>,
    new_tasks: usize,
}

/// A tick whose new rows are written, and which then waits for the one before.
struct Next {
    task: JoinHandle<Begun>,
    new_tasks: usize,
    /// Workflows it is about.
    about: HashSet<WorkflowId>,
}

impl Flight {
    pub fn is_empty(&self) -> bool {
        self.first.is_none() && self.next.is_empty()
    }

    /// Whether a tick with so many tasks of new workflows may start.
    pub fn has_room(&self, new_tasks: usize) -> bool {
        let first = self.first.iter().map(|first| first.new_tasks);
        self.is_empty()
            || may_join(new_tasks, first.chain(self.next.iter().map(|next| next.new_tasks)), self.next.len())
    }

    /// Whether a tick that waits for the one being written is about this workflow.
    pub fn is_about(&self, workflow: WorkflowId) -> bool {
        self.next.iter().any(|next| next.about.contains(&workflow))
    }

    /// Starts a tick for which there is room, with so many tasks of new workflows.
    pub fn start(&mut self, tick: Tick, new_tasks: usize, store: Store, organization: OrganizationId) {
        let (begun, is_begun) = oneshot::channel();
        let before = self.begun.replace(is_begun);
        if new_tasks == 0 {
            let task = tokio::spawn(async move { tick.begin(store, organization, begun).await.commit().await });
            self.first = Some(First { task, new_tasks });
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
        self.next.push_back(Next { task, new_tasks, about });
    }

    /// Waits until a tick is durable, or is not; nothing when one went on and there is room again. Never, if there is none. May be
    /// given up and asked again.
    pub async fn step(&mut self) -> Option<Committed> {
        if let Some(first) = &mut self.first {
            let committed = (&mut first.task).await.unwrap_or_else(failed);
            self.first = None;
            return Some(committed);
        }
        let Some(next) = self.next.front_mut() else { return std::future::pending().await };
        let (begun, new_tasks) = ((&mut next.task).await, next.new_tasks);
        self.next.pop_front();
        match begun {
            Ok(begun) => {
                self.first = Some(First { task: tokio::spawn(begun.commit()), new_tasks });
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

/// Whether a tick may start beside those on their way, of which so many wait: only with tasks of new workflows, and only when it is full or
/// has as many as they have together. What a tick costs whatever is in it, all share who are in it, and when it lands, as many ask again
/// at once. If the first to ask began one, each would have a tick of their own.
fn may_join(new_tasks: usize, on_their_way: impl Iterator<Item = usize>, waiting: usize) -> bool {
    let is_large = new_tasks >= NEW_TASKS_MAX || new_tasks >= on_their_way.sum();
    new_tasks > 0 && is_large && waiting < NEXT_MAX
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_joins_others_when_it_is_full_or_as_large_as_they_are() {
        let joins = |new_tasks, others: &[usize], waiting| may_join(new_tasks, others.iter().copied(), waiting);
        assert!(joins(50, &[50], 0));
        assert!(!joins(50, &[50, 50], 1), "the next one waits for another");
        assert!(joins(100, &[50, 50], 1));
        assert!(joins(NEW_TASKS_MAX, &[NEW_TASKS_MAX, NEW_TASKS_MAX], 1), "none has more");
        assert!(!joins(NEW_TASKS_MAX, &[50, 50, 50], NEXT_MAX), "there are connections for three");
        assert!(joins(1, &[0], 0), "a tick without creations holds none back");
        assert!(!joins(0, &[0], 0), "what changes may be rows of the tick before");
    }
}
