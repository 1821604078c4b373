//! Workflows that have ended and left memory, and are asked about once more: they are folded from the journal for whoever asks.

use std::collections::HashMap;

use devsquad::id::WorkflowId;
use devsquad::workflow::Workflow;
use tokio::sync::mpsc;

use super::super::load;
use super::super::queue::{Reply, Request};
use super::{Loop, send};

/// A workflow that was folded.
pub(super) struct Recalled {
    id: WorkflowId,
    /// Who wrote the journal when the folding began: what somebody else wrote may be missing.
    epoch: i64,
    folded: anyhow::Result<Option<Workflow>>,
}

/// What waits for a workflow. Each is folded once for all who ask meanwhile: a second fold could be older than what the first one's
/// requests made of it.
pub(super) struct Recalls {
    waiting: HashMap<WorkflowId, Vec<Request>>,
    folded: mpsc::Sender<Recalled>,
}

impl Recalls {
    pub(super) fn new(folded: mpsc::Sender<Recalled>) -> Recalls {
        Recalls { waiting: HashMap::new(), folded }
    }
}

impl Loop {
    /// Decides a request when its workflow, which is not in memory, is there.
    pub(super) fn recall(&mut self, id: WorkflowId, request: Request) {
        let waiting = self.recalls.waiting.entry(id).or_default();
        waiting.push(request);
        if waiting.len() == 1 {
            self.fold(id);
        }
    }

    fn fold(&self, id: WorkflowId) {
        let (store, organization, epoch) = (self.world.store.clone(), self.world.organization, self.loaded.epoch);
        let send = self.recalls.folded.clone();
        tokio::spawn(async move {
            let folded = load::workflow(&store, organization, id).await;
            // The loop has ended if nobody receives: those who wait see their replies dropped.
            let _ = send.send(Recalled { id, epoch, folded }).await;
        });
    }

    /// Decides what waited for a workflow. It is forgotten again, if none of them changed it: then no tick speaks of it.
    pub(super) fn recalled(&mut self, recalled: Recalled) {
        let Recalled { id, epoch, folded } = recalled;
        let is_there = self.loaded.state.workflows.contains_key(&id);
        if !is_there && epoch != self.loaded.epoch {
            return self.fold(id);
        }
        let requests = self.recalls.waiting.remove(&id).unwrap_or_default();
        match folded {
            Ok(Some(workflow)) if !is_there => self.loaded.state.remember(workflow),
            Err(error) if !is_there => {
                tracing::error!(error = %format!("{error:#}"), workflow.id = %id, "a workflow cannot be read");
                for request in requests {
                    send(Some(request.reply), Reply::Unavailable("the workflow cannot be read".to_owned()));
                }
                return;
            }
            _ => {}
        }
        for request in requests {
            self.decide(request);
        }
        self.dispatch();
        let has_ended = self.loaded.state.workflows.get(&id).is_some_and(|workflow| workflow.status.is_terminal());
        if !is_there && has_ended && !self.is_spoken_of(id) {
            self.loaded.state.forget(id);
        }
    }
}
