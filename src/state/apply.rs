//! What each event does to the state.

mod conflicts;

use jiff::Timestamp;

use super::{State, TaskRef};
use crate::actor::Actor;
use crate::agent::Agent;
use crate::event::{AttemptOutcome, Change, Reason, TaskLeased, WorkflowCreated};
use crate::id::{AgentId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::workflow::checks::{CheckpointKind, Verdict};
use crate::workflow::conflict::Proposal;
use crate::workflow::question::{Answered, Question};
use crate::workflow::task::{FEEDBACK_MAX, Submission, Waits};
use crate::workflow::{Lease, Stage, Task, TaskState, Workflow, WorkflowStatus};

impl State {
    /// Does what the event says. An event about something unknown does nothing: workflows are folded one by one when
    /// they are taken back into memory, without the agents they speak of.
    pub fn apply(&mut self, at: Timestamp, actor: &Actor, change: &Change) {
        if change.is_durable() {
            self.seq += 1;
        }
        match change {
            Change::AgentRegistered(profile) => {
                self.agents.insert(profile.id, Agent::join((**profile).clone(), at));
            }
            Change::AgentRetired { agent } => self.with_agent(*agent, |agent| agent.retired_at = Some(at)),
            Change::AgentPresenceChanged { agent, online } => self.with_agent(*agent, |agent| agent.online = *online),
            Change::AgentSeen { agent } => self.with_agent(*agent, |agent| agent.last_seen = at),
            Change::WorkflowCreated(created) => self.create(created, actor, at),
            Change::WorkflowPaused { workflow, reason } => self.pause(*workflow, reason),
            Change::WorkflowResumed { workflow } => self.resume(*workflow),
            Change::WorkflowPrioritised { workflow, priority } => {
                self.change_status(*workflow, |workflow| workflow.definition.priority = *priority);
            }
            Change::WorkflowEnded { workflow, status, reason } => self.end(*workflow, *status, reason, at),
            Change::TasksReady { workflow, tasks } => {
                self.each(*workflow, tasks, |state, task| state.ready_task(task, at))
            }
            Change::TaskAssigned { task, agent, withdrawn, .. } => self.assign(*task, *agent, withdrawn.is_some()),
            Change::TaskLeased(leased) => self.lease(leased, at),
            Change::AttemptProgressed { task, progress, note, .. } => self.with_lease(*task, |lease| {
                lease.progress = *progress;
                lease.note.clone_from(note);
            }),
            Change::LeaseExtended { task, expires_at, .. } => self.extend(*task, *expires_at),
            Change::AttemptEnded { task, agent, outcome, reason, message, .. } => {
                self.end_attempt(*task, *agent, *outcome, *reason, message, at);
            }
            Change::TaskRetryScheduled { task, until, .. } => self.back_off(*task, *until),
            Change::QuestionAsked { task, question, .. } => self.ask(*task, question, at),
            Change::QuestionAnswered { task, text, .. } => self.answer(*task, text, actor),
            Change::WaitEscalated { task, step, .. } => {
                if let Some(place) = self.task_ref(*task) {
                    self.move_task(place, |task| task.reminded = *step);
                }
            }
            Change::ConflictRaised { task, conflict, .. } => self.dispute(*task, conflict),
            Change::ResolutionProposed { task, conflict, agent, text, .. } => {
                self.in_conflict(*task, *conflict, |open| {
                    open.proposals.push(Proposal { by: *agent, text: text.clone() });
                })
            }
            Change::ConflictResolved { task, conflict, text, .. } => self.settle(*task, *conflict, text, actor),
            Change::ConflictEscalated { task, conflict, step, .. } => {
                self.in_conflict(*task, *conflict, |open| open.escalated = *step);
            }
            Change::ResultHandedIn { task, submission, .. } => self.hand_in(*task, submission, at),
            Change::CheckpointOpened { task, checkpoint, nth, kind, .. } => {
                if let Some(place) = self.task_ref(*task) {
                    self.index.checkpoints.insert(*checkpoint, place);
                    self.move_task(place, |task| {
                        task.stage = Stage::Check { nth: *nth, checkpoint: *checkpoint };
                        task.reviews_used = 0;
                        task.reminded = 0;
                        task.state = match kind {
                            CheckpointKind::PeerReview => TaskState::Ready { since: at },
                            CheckpointKind::Approval => TaskState::AwaitingApproval { since: at },
                        };
                    });
                }
            }
            Change::CheckpointEscalated { task, .. } => {
                if let Some(place) = self.task_ref(*task) {
                    self.move_task(place, |task| {
                        task.reminded = 0;
                        task.state = TaskState::AwaitingApproval { since: at };
                    });
                }
            }
            Change::CheckpointDecided { task, checkpoint, verdict, note, attempt, .. } => {
                self.index.checkpoints.remove(checkpoint);
                if attempt.is_some() {
                    self.release(*task, AttemptOutcome::Succeeded, at);
                }
                self.decided(*task, *verdict, note);
            }
            Change::CheckpointWaived { task, checkpoint, .. } => {
                self.index.checkpoints.remove(checkpoint);
                if let Some(place) = self.task_ref(*task) {
                    self.move_task(place, |task| task.state = TaskState::Blocked);
                }
            }
            Change::TaskReworked { task, .. } => {
                if let Some(place) = self.task_ref(*task) {
                    self.move_task(place, |task| {
                        task.stage = Stage::Work;
                        task.state = TaskState::Ready { since: at };
                    });
                }
            }
            Change::TaskCompleted { task, submission, .. } => self.complete(*task, submission.as_deref(), at),
            Change::TaskFailed { task, reason, exhausted, .. } => {
                let state = match exhausted {
                    true => TaskState::DeadLetter { at, reason: *reason },
                    false => TaskState::Failed { at, reason: *reason },
                };
                self.finish(*task, state);
            }
            Change::TasksSkipped { workflow, tasks } => {
                self.each(*workflow, tasks, |state, task| state.finish(task, TaskState::Skipped { at }));
            }
            Change::TaskRetried { task, revived, .. } => self.retry(*task, revived, at),
        }
    }

    fn with_agent(&mut self, agent: AgentId, change: impl FnOnce(&mut Agent)) {
        if let Some(found) = self.agents.get_mut(&agent) {
            change(found);
            self.changed.0.insert(agent);
        }
    }

    fn with_lease(&mut self, task: TaskId, change: impl FnOnce(&mut Lease)) {
        if let Some((workflow, at)) = self.task_ref(task)
            && let Some(workflow) = self.workflows.get_mut(&workflow)
            && let TaskState::Leased(lease) = &mut workflow.tasks[at as usize].state
        {
            change(lease);
        }
    }

    fn each(&mut self, workflow: WorkflowId, tasks: &[TaskId], mut act: impl FnMut(&mut State, TaskId)) {
        debug_assert!(tasks.iter().all(|task| self.task_ref(*task).is_none_or(|(of, _)| of == workflow)));
        for task in tasks {
            act(self, *task);
        }
    }

    /// Changes a task and keeps every index true.
    fn move_task(&mut self, place: TaskRef, change: impl FnOnce(&mut Task)) {
        self.leave_lines(place);
        if let Some(workflow) = self.workflows.get_mut(&place.0) {
            change(&mut workflow.tasks[place.1 as usize]);
        }
        self.join_lines(place);
    }

    fn leave_lines(&mut self, place: TaskRef) {
        if let Some(workflow) = self.workflows.get(&place.0) {
            self.index.leave(workflow, place.1);
        }
    }

    fn join_lines(&mut self, place: TaskRef) {
        if let Some(workflow) = self.workflows.get(&place.0) {
            self.index.enter(workflow, place.1);
        }
    }

    fn create(&mut self, created: &WorkflowCreated, actor: &Actor, at: Timestamp) {
        let workflow = Workflow::create(
            created.workflow,
            created.project,
            created.definition.clone(),
            &created.tasks,
            actor.clone(),
            at,
        );
        self.remember(workflow);
    }

    fn pause(&mut self, id: WorkflowId, reason: &str) {
        self.change_status(id, |workflow| {
            workflow.status = WorkflowStatus::Paused;
            workflow.reason = (!reason.is_empty()).then(|| reason.to_owned());
        });
    }

    fn resume(&mut self, id: WorkflowId) {
        self.change_status(id, |workflow| {
            workflow.status = WorkflowStatus::Running;
            workflow.reason = None;
        });
    }

    /// Ready tasks stand in line only while their workflow runs, each by its priority.
    fn change_status(&mut self, id: WorkflowId, change: impl FnOnce(&mut Workflow)) {
        let count = self.workflows.get(&id).map_or(0, |workflow| workflow.tasks.len());
        let places: Vec<TaskRef> = (0u32..).take(count).map(|at| (id, at)).collect();
        for place in &places {
            self.leave_lines(*place);
        }
        if let Some(workflow) = self.workflows.get_mut(&id) {
            change(workflow);
        }
        for place in places {
            self.join_lines(place);
        }
    }

    fn end(&mut self, id: WorkflowId, status: WorkflowStatus, reason: &str, at: Timestamp) {
        let open: Vec<TaskId> = self
            .workflows
            .get(&id)
            .map(|workflow| workflow.tasks.iter().filter(|task| !task.is_terminal()).map(|task| task.id).collect())
            .unwrap_or_default();
        for task in open {
            self.finish(task, TaskState::Cancelled { at });
        }
        self.drop_conflicts(id);
        if let Some(workflow) = self.workflows.get_mut(&id) {
            workflow.status = status;
            workflow.reason = (!reason.is_empty()).then(|| reason.to_owned());
            workflow.completed_at = Some(at);
            if let Some(deadline) = workflow.definition.deadline {
                self.index.deadlines.remove(&(deadline, id));
            }
        }
    }

    fn ready_task(&mut self, task: TaskId, at: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        self.move_task(place, |task| {
            task.state = TaskState::Ready { since: at };
            task.ready_at.get_or_insert(at);
        });
    }

    fn assign(&mut self, task: TaskId, agent: Option<AgentId>, withdrawn: bool) {
        let Some(place) = self.task_ref(task) else { return };
        self.move_task(place, |task| {
            task.assignee = agent;
            task.attempts_used = task.attempts_used.saturating_sub(u32::from(withdrawn));
        });
    }

    fn lease(&mut self, leased: &TaskLeased, at: Timestamp) {
        let Some(place) = self.task_ref(leased.task) else { return };
        self.index.attempt(leased.attempt, place);
        self.move_task(place, |task| {
            task.fence = leased.fence;
            task.last_attempt = Some(leased.attempt);
            task.last_agent = Some(leased.agent);
            task.started_at.get_or_insert(at);
            match leased.review {
                true => task.reviews_used += 1,
                false => {
                    task.attempts_used += 1;
                    task.authors.insert(leased.principal.clone());
                }
            }
            task.state = TaskState::Leased(Lease {
                attempt: leased.attempt,
                agent: leased.agent,
                fence: leased.fence,
                leased_at: at,
                expires_at: leased.expires_at,
                deadline: leased.deadline,
                progress: 0,
                note: String::new(),
            });
        });
        self.with_agent(leased.agent, |agent| agent.live += 1);
    }

    fn extend(&mut self, task: TaskId, expires_at: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        self.move_task(place, |task| {
            if let TaskState::Leased(lease) = &mut task.state {
                lease.expires_at = expires_at;
            }
        });
    }

    /// Gives the slot back to the agent that holds the task, if one does.
    fn release(&mut self, task: TaskId, outcome: AttemptOutcome, at: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        let Some(holder) = self.at(place).and_then(|(_, task)| task.lease()).map(|lease| lease.agent) else { return };
        self.with_agent(holder, |agent| {
            agent.live = agent.live.saturating_sub(1);
            match outcome {
                AttemptOutcome::Failed | AttemptOutcome::TimedOut => agent.record.fail(),
                AttemptOutcome::Lost => agent.record.lose(),
                AttemptOutcome::Succeeded => {
                    agent.last_seen = agent.last_seen.max(at);
                    agent.record.succeed();
                }
                AttemptOutcome::Rejected | AttemptOutcome::Cancelled => {}
            }
        });
    }

    fn end_attempt(
        &mut self,
        task: TaskId,
        agent: AgentId,
        outcome: AttemptOutcome,
        reason: Reason,
        message: &str,
        at: Timestamp,
    ) {
        let Some(place) = self.task_ref(task) else { return };
        self.release(task, outcome, at);
        self.move_task(place, |task| {
            if outcome == AttemptOutcome::Rejected {
                task.declined_by.insert(agent, at);
                match task.stage {
                    Stage::Work => task.attempts_used = task.attempts_used.saturating_sub(1),
                    Stage::Check { .. } => task.reviews_used = task.reviews_used.saturating_sub(1),
                }
            } else if outcome != AttemptOutcome::Cancelled && task.stage == Stage::Work {
                remember_feedback(task, wording::attempt_failed(reason, message));
            }
            // A task between two attempts waits in no line: what follows says where it goes.
            if !task.is_terminal() {
                task.state = TaskState::Blocked;
            }
        });
    }

    fn back_off(&mut self, task: TaskId, until: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        self.move_task(place, |task| task.state = TaskState::BackingOff { until });
    }

    /// Asking is no failure: the attempt counts for nothing.
    fn ask(&mut self, task: TaskId, question: &Question, at: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        self.release(task, AttemptOutcome::Succeeded, at);
        self.move_task(place, |task| {
            task.attempts_used = task.attempts_used.saturating_sub(1);
            task.reminded = 0;
            task.state = TaskState::AwaitingInput { question: question.clone() };
        });
    }

    fn answer(&mut self, task: TaskId, text: &str, actor: &Actor) {
        let Some(place) = self.task_ref(task) else { return };
        self.move_task(place, |task| {
            let before = std::mem::replace(&mut task.state, TaskState::Blocked);
            if let TaskState::AwaitingInput { question } = before {
                let by = actor.person();
                task.answers.push(Answered { question: question.text, answer: text.to_owned(), by });
            }
        });
    }

    fn hand_in(&mut self, task: TaskId, submission: &Submission, at: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        self.release(task, AttemptOutcome::Succeeded, at);
        self.move_task(place, |task| {
            task.submission = Some(submission.clone());
            task.round += 1;
            task.state = TaskState::Blocked;
        });
    }

    fn decided(&mut self, task: TaskId, verdict: Verdict, note: &str) {
        let Some(place) = self.task_ref(task) else { return };
        let author = self.at(place).and_then(|(_, task)| task.submission.as_ref()).map(|submission| submission.agent);
        self.move_task(place, |task| {
            task.state = TaskState::Blocked;
            if verdict == Verdict::Reject {
                remember_feedback(task, wording::sent_back(note));
            }
        });
        if verdict == Verdict::Reject
            && let Some(author) = author
        {
            self.with_agent(author, |agent| agent.record.rejected += 1);
        }
    }

    fn complete(&mut self, task: TaskId, submission: Option<&Submission>, at: Timestamp) {
        let Some(place) = self.task_ref(task) else { return };
        self.release(task, AttemptOutcome::Succeeded, at);
        if let Some(submission) = submission
            && let Some(workflow) = self.workflows.get_mut(&place.0)
        {
            workflow.tasks[place.1 as usize].submission = Some(submission.clone());
        }
        let author = self.at(place).and_then(|(_, task)| task.submission.as_ref()).map(|submission| submission.agent);
        if let Some(author) = author {
            self.with_agent(author, |agent| agent.record.accepted += 1);
        }
        self.finish_released(place, TaskState::Completed { at });
    }

    /// Ends a task, whoever holds it.
    fn finish(&mut self, task: TaskId, state: TaskState) {
        let Some(place) = self.task_ref(task) else { return };
        if self.at(place).is_some_and(|(_, task)| task.ended_at().is_some()) {
            return; // a terminal state absorbs
        }
        if let TaskState::Cancelled { at } = &state {
            self.release(task, AttemptOutcome::Cancelled, *at);
        }
        self.finish_released(place, state);
    }

    /// Ends a task that nobody holds, and tells the tasks after it.
    fn finish_released(&mut self, place: TaskRef, state: TaskState) {
        if let Some(Stage::Check { checkpoint, .. }) = self.at(place).map(|(_, task)| task.stage) {
            self.index.checkpoints.remove(&checkpoint);
        }
        self.move_task(place, |task| task.state = state);
        let Some(workflow) = self.workflows.get_mut(&place.0) else { return };
        workflow.open = workflow.open.saturating_sub(1);
        let completed = workflow.tasks[place.1 as usize].is_completed();
        for child in workflow.children[place.1 as usize].clone() {
            let waits = &mut workflow.tasks[child as usize].waits;
            waits.pending = waits.pending.saturating_sub(1);
            match completed {
                true => waits.completed += 1,
                false => waits.failed += 1,
            }
        }
    }

    fn retry(&mut self, task: TaskId, revived: &[TaskId], at: Timestamp) {
        let Some((id, position)) = self.task_ref(task) else { return };
        let Some(workflow) = self.workflows.get_mut(&id) else { return };
        let again: Vec<u32> = revived.iter().filter_map(|task| workflow.position(*task)).collect();
        for at in again.iter().chain([&position]) {
            let task = &mut workflow.tasks[*at as usize];
            task.state = TaskState::Blocked;
            task.stage = Stage::Work;
            task.generation += 1;
            task.attempts_used = 0;
            task.reviews_used = 0;
            task.round = 0;
            task.submission = None;
            task.declined_by.clear();
        }
        workflow.open =
            u32::try_from(workflow.tasks.iter().filter(|task| !task.is_terminal()).count()).unwrap_or(u32::MAX);
        for at in 0..workflow.tasks.len() {
            let waits = count_waits(workflow, at);
            workflow.tasks[at].waits = waits;
        }
        if workflow.status.is_terminal() {
            workflow.status = WorkflowStatus::Running;
            workflow.reason = None;
            workflow.completed_at = None;
            if let Some(deadline) = workflow.definition.deadline {
                self.index.deadlines.insert((deadline, id));
            }
        }
        self.ready_task(task, at);
    }
}

fn count_waits(workflow: &Workflow, at: usize) -> Waits {
    let mut waits = Waits::default();
    for parent in &workflow.tasks[at].needs {
        let parent = workflow.task(*parent);
        match (parent.is_terminal(), parent.is_completed()) {
            (false, _) => waits.pending += 1,
            (true, true) => waits.completed += 1,
            (true, false) => waits.failed += 1,
        }
    }
    waits
}

fn remember_feedback(task: &mut Task, text: String) {
    task.feedback.push(text);
    if task.feedback.len() > FEEDBACK_MAX {
        task.feedback.remove(0);
    }
}
