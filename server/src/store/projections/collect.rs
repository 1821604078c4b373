//! From events and the state after them to the rows they touch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use devsquad::event::{TaskLeased, WorkflowCreated};
use devsquad::id::{AgentId, AttemptId, CheckpointId, TaskId, WorkflowId};
use devsquad::state::State;
use devsquad::workflow::checks::Verdict;
use devsquad::workflow::{Stage, Submission, Task, TaskState, Workflow};
use devsquad::{Change, Event};
use serde::Serialize;
use uuid::Uuid;

use super::super::journal::Entry;
use super::{
    ArtifactRow, Assigned, AssignedRow, AttemptMoved, CheckpointDecided, EdgeRow, NewAttempt, NewCheckpoint, NewTask,
    NewWorkflow, TaskRow, Touched, WorkflowRow,
};

/// Whether other tasks wait for it: whether it has edges.
fn is_needed(state: &State, task: TaskId) -> bool {
    state.task_ref(task).and_then(|place| state.at(place)).is_none_or(|(_, task)| task.rank > 0)
}

impl Touched {
    /// The rows touched by `entries`, after which the state is `state`. `seen` are agents heard of meanwhile, whom no event
    /// speaks of; `assigned` are rows that need not be written again.
    pub fn collect(
        entries: &[Entry],
        state: &State,
        seen: &BTreeSet<AgentId>,
        assigned: &mut Assigned,
        fresh_id: &mut dyn FnMut() -> Uuid,
    ) -> Touched {
        let mut touched = Touched::default();
        // In order: the rows of one workflow lie together.
        let mut tasks: BTreeSet<TaskId> = BTreeSet::new();
        let mut workflows: BTreeMap<WorkflowId, u64> = BTreeMap::new();
        let mut created: HashMap<WorkflowId, (&WorkflowCreated, &Event)> = HashMap::new();
        let mut agents: BTreeSet<AgentId> = seen.clone();
        let mut joined: BTreeSet<AgentId> = BTreeSet::new();
        for entry in entries {
            let event = &entry.event;
            agents.extend(event.change.agent());
            if let Some(workflow) = event.change.workflow() {
                workflows.insert(workflow, event.seq);
            }
            match &event.change {
                Change::WorkflowCreated(new) => drop(created.insert(new.workflow, (new, event))),
                change => tasks.extend(change.tasks()),
            }
            if let Change::AgentRegistered(profile) = &event.change {
                joined.insert(profile.id);
            }
            touched.event(event, state, assigned, &mut agents, &mut tasks, fresh_id);
        }
        for (id, position) in &workflows {
            let Some(workflow) = state.workflows.get(id) else { continue };
            let row = workflow_row(workflow, *position);
            match created.get(id) {
                Some((created, event)) => {
                    touched.new_workflows.push(new_workflow(created, event, row));
                    let new = workflow.tasks.iter().zip(0i32..);
                    touched.new_tasks.extend(new.map(|(task, ordinal)| new_task(workflow, task, ordinal)));
                    touched.tasks.extend(workflow.tasks.iter().filter(|task| !is_untouched(task)).map(task_row));
                }
                None => touched.workflows.push(row),
            }
        }
        let old = tasks.iter().filter_map(|task| state.task_ref(*task)).filter(|place| !created.contains_key(&place.0));
        touched.tasks.extend(old.filter_map(|place| state.at(place)).map(|(_, task)| task_row(task)));
        touched.edges_settled.retain(|(task, _)| is_needed(state, *task));
        let found = agents.iter().filter_map(|id| state.agents.get(id).map(|agent| (*id, agent.clone())));
        (touched.new_agents, touched.agents) = found.partition(|(id, _)| joined.contains(id));
        touched
    }

    fn event(
        &mut self,
        event: &Event,
        state: &State,
        assigned: &mut Assigned,
        agents: &mut BTreeSet<AgentId>,
        tasks: &mut BTreeSet<TaskId>,
        fresh_id: &mut dyn FnMut() -> Uuid,
    ) {
        let at = event.at;
        self.asked.event(event);
        self.disputed.event(event);
        match &event.change {
            Change::WorkflowCreated(created) => self.edges_of(created, fresh_id),
            Change::TaskLeased(leased) => {
                self.leased(leased, event);
                if assigned.is_due(leased.workflow, leased.agent, at) {
                    let row = AssignedRow { id: fresh_id(), status: "active", assigned_at: at, last_activity: at };
                    self.assigned.insert((leased.workflow, leased.agent), row);
                }
            }
            Change::AttemptProgressed { attempt, progress, note, .. } => {
                let moved = self.attempt(*attempt);
                moved.progress = Some(i32::from(*progress));
                moved.note = Some(note.clone());
            }
            Change::AttemptEnded { attempt, outcome, reason, message, .. } => {
                let moved = self.attempt(*attempt);
                moved.status = Some(outcome.as_str());
                moved.reason = Some(reason.as_str());
                moved.message = Some(message.clone());
                moved.ended_at = Some(at);
            }
            Change::QuestionAsked { attempt, question, .. } => {
                let moved = self.attempt(*attempt);
                moved.status = Some("asked");
                moved.message = Some(question.text.clone());
                moved.ended_at = Some(at);
            }
            Change::ResultHandedIn { workflow, task, submission } => {
                self.handed_in(*workflow, *task, submission, event, fresh_id)
            }
            Change::TaskCompleted { workflow, task, submission } => {
                if let Some(submission) = submission {
                    self.handed_in(*workflow, *task, submission, event, fresh_id);
                } else if let Some((_, task)) = state.task_ref(*task).and_then(|place| state.at(place)) {
                    agents.extend(task.submission.as_ref().map(|submission| submission.agent));
                }
                self.edges_settled.push((*task, "satisfied"));
            }
            Change::TaskFailed { task, .. } => self.edges_settled.push((*task, "failed")),
            Change::TasksSkipped { tasks, .. } => {
                self.edges_settled.extend(tasks.iter().map(|task| (*task, "failed")));
            }
            Change::TaskRetried { task, revived, .. } => {
                tasks.extend(revived);
                self.edges_settled.extend(revived.iter().chain([task]).map(|task| (*task, "pending")));
            }
            Change::CheckpointOpened { workflow, task, checkpoint, kind, title, sha256, round, .. } => {
                let generation =
                    state.task_ref(*task).and_then(|place| state.at(place)).map_or(1, |(_, task)| task.generation);
                let new = NewCheckpoint {
                    workflow: *workflow,
                    task: *task,
                    kind: kind.as_str(),
                    title: title.clone(),
                    generation: generation.cast_signed(),
                    round: round.cast_signed(),
                    sha256: unhex(sha256),
                    created_at: at,
                    decided: None,
                };
                self.checkpoints.insert(*checkpoint, new);
            }
            Change::CheckpointDecided { task, checkpoint, verdict, note, attempt, .. } => {
                let status = match verdict {
                    Verdict::Approve => "passed",
                    Verdict::Reject => "failed",
                };
                self.decided(*checkpoint, status, note, event);
                if let Some(attempt) = attempt {
                    let moved = self.attempt(*attempt);
                    moved.status = Some("succeeded");
                    moved.ended_at = Some(at);
                }
                agents.extend(event.actor.agent());
                if let Some((_, task)) = state.task_ref(*task).and_then(|place| state.at(place)) {
                    agents.extend(task.submission.as_ref().map(|submission| submission.agent));
                }
            }
            Change::CheckpointWaived { checkpoint, reason, .. } => self.decided(*checkpoint, "waived", reason, event),
            Change::WorkflowEnded { workflow, .. } => {
                self.ended.push((*workflow, at));
                assigned.end(*workflow);
                for (_, row) in self.assigned.iter_mut().filter(|((of, _), _)| of == workflow) {
                    (row.status, row.last_activity) = ("released", at);
                }
                if let Some(workflow) = state.workflows.get(workflow) {
                    tasks.extend(workflow.tasks.iter().filter(|task| task.ended_at() == Some(at)).map(|task| task.id));
                    let cancelled =
                        workflow.tasks.iter().filter(|task| matches!(task.state, TaskState::Cancelled { .. }));
                    self.edges_settled.extend(cancelled.map(|task| (task.id, "failed")));
                }
            }
            Change::AgentRetired { agent } => self.retired.push((*agent, at)),
            Change::AgentRegistered(_)
            | Change::AgentPresenceChanged { .. }
            | Change::AgentSeen { .. }
            | Change::WorkflowPaused { .. }
            | Change::WorkflowResumed { .. }
            | Change::WorkflowPrioritised { .. }
            | Change::TaskAssigned { .. }
            | Change::QuestionAnswered { .. }
            | Change::WaitEscalated { .. }
            | Change::ConflictRaised { .. }
            | Change::ResolutionProposed { .. }
            | Change::ConflictResolved { .. }
            | Change::ConflictEscalated { .. }
            | Change::TasksReady { .. }
            | Change::LeaseExtended { .. }
            | Change::TaskRetryScheduled { .. }
            | Change::CheckpointEscalated { .. }
            | Change::TaskReworked { .. } => {}
        }
    }

    fn decided(&mut self, checkpoint: CheckpointId, status: &'static str, note: &str, event: &Event) {
        let decided = CheckpointDecided {
            status,
            decided_by: serde_json::to_string(&event.actor).unwrap_or_else(|_| "{}".to_owned()),
            note: note.to_owned(),
            decided_at: event.at,
        };
        match self.checkpoints.get_mut(&checkpoint) {
            Some(new) => new.decided = Some(decided),
            None => {
                self.checkpoints_decided.insert(checkpoint, decided);
            }
        }
    }

    /// Where a change to an attempt goes: into its new row, if it began in this tick.
    fn attempt(&mut self, attempt: AttemptId) -> &mut AttemptMoved {
        match self.attempts.get_mut(&attempt) {
            Some(new) => &mut new.end,
            None => self.attempts_moved.entry(attempt).or_default(),
        }
    }

    fn edges_of(&mut self, created: &WorkflowCreated, fresh_id: &mut dyn FnMut() -> Uuid) {
        let definition = &created.definition;
        let ids: HashMap<&str, TaskId> =
            definition.tasks.iter().zip(&created.tasks).map(|(task, id)| (task.key.as_str(), *id)).collect();
        for (task, child) in definition.tasks.iter().zip(&created.tasks) {
            for parent in task.needs.iter().filter_map(|need| ids.get(need.as_str())) {
                self.edges.push(EdgeRow {
                    id: fresh_id(),
                    workflow: created.workflow,
                    parent: *parent,
                    child: *child,
                    kind: task.edge.as_str(),
                });
            }
        }
    }

    fn leased(&mut self, leased: &TaskLeased, event: &Event) {
        let new = NewAttempt {
            workflow: leased.workflow,
            task: leased.task,
            agent: leased.agent,
            purpose: if leased.review { "review" } else { "work" },
            fence: leased.fence.cast_signed(),
            fit: serde_json::to_string(&leased.fit).unwrap_or_else(|_| "{}".to_owned()),
            leased_at: event.at,
            expires_at: leased.expires_at,
            end: AttemptMoved::default(),
        };
        self.attempts.insert(leased.attempt, new);
    }

    fn handed_in(
        &mut self,
        workflow: WorkflowId,
        task: TaskId,
        submission: &Submission,
        event: &Event,
        fresh_id: &mut dyn FnMut() -> Uuid,
    ) {
        let moved = self.attempt(submission.attempt);
        moved.status = Some("succeeded");
        moved.ended_at = Some(event.at);
        moved.progress = Some(100);
        for artifact in &submission.artifacts {
            self.artifacts.push(ArtifactRow {
                id: fresh_id(),
                workflow,
                task,
                attempt: submission.attempt,
                name: artifact.name.clone(),
                media_type: artifact.media_type.clone(),
                sha256: unhex(&artifact.sha256),
                size: artifact.size.cast_signed(),
                at: event.at,
            });
        }
    }
}

fn new_workflow(created: &WorkflowCreated, event: &Event, row: WorkflowRow) -> NewWorkflow {
    let definition = &created.definition;
    NewWorkflow {
        project: created.project.0,
        user: event.actor.person().map(|user| user.0),
        name: definition.name.clone(),
        kind: definition.kind.clone(),
        description: definition.description.clone(),
        template: definition.template.clone(),
        parameters: serde_json::to_string(&definition.parameters).unwrap_or_else(|_| "{}".to_owned()),
        deadline: definition.deadline,
        tasks_total: i32::try_from(created.tasks.len()).unwrap_or(i32::MAX),
        created_at: event.at,
        row,
    }
}

fn workflow_row(workflow: &Workflow, position: u64) -> WorkflowRow {
    let completed = workflow.tasks.iter().filter(|task| task.is_completed()).count();
    WorkflowRow {
        id: workflow.id,
        status: workflow.status.as_str(),
        reason: workflow.reason.clone(),
        priority: workflow.definition.priority.as_str(),
        tasks_completed: i32::try_from(completed).unwrap_or(i32::MAX),
        position: position.cast_signed(),
        started_at: workflow.tasks.iter().filter_map(|task| task.started_at).min(),
        completed_at: workflow.completed_at,
    }
}

fn new_task(workflow: &Workflow, task: &Task, ordinal: i32) -> NewTask {
    let needs: Vec<&str> = task.needs.iter().map(|at| workflow.task(*at).key.as_str()).collect();
    NewTask {
        id: task.id,
        workflow: workflow.id,
        ordinal,
        key: task.key.clone(),
        name: task.name.clone(),
        kind: task.kind.clone(),
        dependencies: list(&needs),
        skills: list(&task.skills),
        checks: list(&task.checks),
        input: (!task.input.is_null()).then(|| task.input.to_string()),
        max_attempts: task.max_attempts.cast_signed(),
        timeout_s: task.timeout_s.cast_signed(),
        rank: f64::from(task.rank),
        status: if is_untouched(task) { task.status().as_str() } else { "blocked" },
        stage: stage(task),
        ready_at: task.ready_at,
    }
}

/// A list as JSON; nothing for an empty one, which costs nothing to read.
fn list<T: Serialize>(items: &[T]) -> Option<String> {
    if items.is_empty() { None } else { serde_json::to_string(items).ok() }
}

/// Whether nothing has happened to it but that it was made, and can be begun or not. The rest of its row is as the table has it.
fn is_untouched(task: &Task) -> bool {
    matches!(task.state, TaskState::Blocked | TaskState::Ready { .. })
        && task.fence == 0
        && task.generation == 1
        && task.feedback.is_empty()
}

fn stage(task: &Task) -> String {
    match task.stage {
        Stage::Work => "work".to_owned(),
        Stage::Check { nth, .. } => format!("check {}", nth + 1),
    }
}

/// The part of a task's row that changes.
fn task_row(task: &Task) -> TaskRow {
    let lease = task.lease();
    let (reason, not_before) = match &task.state {
        TaskState::Failed { reason, .. } | TaskState::DeadLetter { reason, .. } => (Some(reason.as_str()), None),
        TaskState::BackingOff { until } => (None, Some(*until)),
        TaskState::Skipped { .. } => (Some("dependency_failed"), None),
        TaskState::Blocked
        | TaskState::Ready { .. }
        | TaskState::Leased(_)
        | TaskState::AwaitingApproval { .. }
        | TaskState::AwaitingInput { .. }
        | TaskState::Completed { .. }
        | TaskState::Cancelled { .. } => (None, None),
    };
    let submission = task.submission.as_ref();
    let question = match &task.state {
        TaskState::AwaitingInput { question } => Some(question),
        _ => None,
    };
    let asks = question.map(|question| question.asked_by);
    let agent = lease.map(|lease| lease.agent).or(asks).or_else(|| submission.map(|submission| submission.agent));
    let note = match (lease, question) {
        (Some(lease), _) => Some(lease.note.clone()),
        (None, Some(question)) => Some(question.text.clone()),
        (None, None) => task.feedback.last().cloned(),
    };
    TaskRow {
        id: task.id,
        agent: agent.map(|agent| agent.0),
        status: task.status().as_str(),
        stage: stage(task),
        reason,
        output: submission.map(|submission| submission.output.to_string()),
        sha256: submission.map(|submission| unhex(&submission.sha256)).filter(|hash| hash.len() == 32),
        progress: if task.is_completed() { 100 } else { lease.map_or(0, |lease| i32::from(lease.progress)) },
        note: note.filter(|note| !note.is_empty() && !task.is_completed()),
        attempts_used: task.attempts_used.cast_signed(),
        fence: task.fence.cast_signed(),
        generation: task.generation.cast_signed(),
        not_before,
        ready_at: task.ready_at,
        started_at: task.started_at,
        completed_at: task.ended_at(),
    }
}

/// Bytes of lower-case hex; what is not hex gives nothing.
fn unhex(hex: &str) -> Vec<u8> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    digits.unwrap_or_default().chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
