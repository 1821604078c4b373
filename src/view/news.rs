//! An event as open pages are told of it: its sentence, and what it changes on them.
//!
//! A page needs neither the whole event (a workflow's definition, an agent's output) nor the rules that say what follows from
//! it. One flat record for every kind of event is also read by one piece of code, where an enum takes one for each variant.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ActivityLine, QuestionView};
use crate::event::{AttemptOutcome, Change, Event};
use crate::id::{AgentId, CheckpointId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::workflow::checks::{CheckpointKind, Verdict};
use crate::workflow::task::TaskStatus;
use crate::workflow::{Priority, WorkflowStatus};

/// What an open page is told. What is absent has not changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct News {
    /// The event's place in the journal; 0 when it is not kept there.
    pub seq: u64,
    /// When it happened.
    #[serde(with = "crate::wire_time")]
    pub at: Timestamp,
    /// The event's name on the wire.
    pub name: String,
    /// How loud it is.
    pub severity: String,
    /// The event as a sentence; tasks and agents are marked in it, see [`named`].
    pub text: String,
    /// The workflow it is about.
    pub workflow: Option<WorkflowId>,
    /// The tasks it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskId>,
    /// Where these tasks stand now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskStatus>,
    /// Who was given them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// Percent done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u8>,
    /// What the agent is doing, or why the attempt ended as it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the attempt that ended counts for nothing: the agent declined it or asked something, or a person took it back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub declined: bool,
    /// Until when they wait before they are tried again.
    #[serde(with = "crate::wire_time::optional", default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The checkpoint that waits for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<CheckpointId>,
    /// The question that waits for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<QuestionView>,
    /// For whom a person keeps them, where a person said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept_for: Option<AgentId>,
    /// Tasks that wait again because one before them does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revived: Vec<TaskId>,
    /// Where the workflow stands now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow_status: Option<WorkflowStatus>,
    /// How urgent the workflow is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Priority>,
    /// Why it stands there; empty when there is nothing to say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

/// Around an id in a sentence. Private use: text from outside that holds them names nothing and is shown as it is.
const TASK: char = '\u{e000}';
const AGENT: char = '\u{e001}';
const END: char = '\u{e002}';

impl News {
    /// What pages are told of an event.
    pub fn of(event: &Event) -> News {
        let task = |id: TaskId| Some(format!("{TASK}{id}{END}"));
        let agent = |id: AgentId| Some(format!("{AGENT}{id}{END}"));
        let mut news = News {
            seq: event.seq,
            at: event.at,
            name: event.change.name().to_owned(),
            severity: event.change.severity().as_str().to_owned(),
            text: wording::event(event, &task, &agent),
            workflow: event.change.workflow(),
            tasks: event.change.tasks().to_vec(),
            status: None,
            agent: None,
            progress: None,
            note: None,
            declined: false,
            until: None,
            checkpoint: None,
            question: None,
            kept_for: None,
            revived: Vec::new(),
            workflow_status: None,
            priority: None,
            reason: String::new(),
        };
        news.tell(&event.change);
        news
    }

    fn tell(&mut self, change: &Change) {
        match change {
            // A page that shows it has loaded it.
            Change::WorkflowCreated(_) => self.tasks.clear(),
            Change::WorkflowPaused { reason, .. } => {
                self.workflow_status = Some(WorkflowStatus::Paused);
                self.reason.clone_from(reason);
            }
            Change::WorkflowResumed { .. } => self.workflow_status = Some(WorkflowStatus::Running),
            Change::WorkflowEnded { status, reason, .. } => {
                self.workflow_status = Some(*status);
                self.reason.clone_from(reason);
            }
            Change::WorkflowPrioritised { priority, .. } => self.priority = Some(*priority),
            Change::TasksReady { .. } => self.status = Some(TaskStatus::Ready),
            Change::TaskAssigned { agent, withdrawn, .. } => {
                self.kept_for = *agent;
                self.declined = withdrawn.is_some();
            }
            Change::TaskLeased(leased) => {
                self.status = Some(if leased.review { TaskStatus::InReview } else { TaskStatus::Running });
                self.agent = Some(leased.agent);
                self.progress = Some(0);
                self.note = Some(String::new());
            }
            Change::AttemptProgressed { progress, note, .. } => {
                self.progress = Some(*progress);
                self.note = Some(note.clone());
            }
            Change::AttemptEnded { outcome, reason, message, .. } => {
                self.declined = *outcome == AttemptOutcome::Rejected;
                self.note = Some(wording::attempt_failed(*reason, message));
            }
            Change::TaskRetryScheduled { until, .. } => {
                self.status = Some(TaskStatus::Ready);
                self.until = Some(*until);
            }
            Change::QuestionAsked { question, .. } => {
                self.status = Some(TaskStatus::AwaitingInput);
                self.declined = true;
                self.note = Some(question.text.clone());
                self.question = Some(QuestionView { id: question.id, options: question.options.clone() });
            }
            Change::ResultHandedIn { .. } => self.progress = Some(100),
            Change::CheckpointOpened { kind: CheckpointKind::PeerReview, .. } => {
                self.status = Some(TaskStatus::InReview);
            }
            Change::CheckpointOpened { kind: CheckpointKind::Approval, checkpoint, .. }
            | Change::CheckpointEscalated { checkpoint, .. } => {
                self.status = Some(TaskStatus::AwaitingApproval);
                self.checkpoint = Some(*checkpoint);
            }
            Change::CheckpointDecided { verdict, note, .. } => {
                self.note = (*verdict == Verdict::Reject).then(|| wording::sent_back(note));
            }
            Change::TaskReworked { .. } => self.status = Some(TaskStatus::Rework),
            Change::TaskCompleted { .. } => {
                self.status = Some(TaskStatus::Completed);
                self.progress = Some(100);
            }
            Change::TaskFailed { reason, message, exhausted, .. } => {
                self.status = Some(if *exhausted { TaskStatus::DeadLetter } else { TaskStatus::Failed });
                self.note = Some(wording::attempt_failed(*reason, message));
            }
            Change::TasksSkipped { .. } => self.status = Some(TaskStatus::Skipped),
            Change::TaskRetried { revived, .. } => {
                self.status = Some(TaskStatus::Ready);
                self.progress = Some(0);
                self.revived.clone_from(revived);
                self.workflow_status = Some(WorkflowStatus::Running);
            }
            Change::AgentRegistered(_)
            | Change::AgentRetired { .. }
            | Change::AgentPresenceChanged { .. }
            | Change::AgentSeen { .. }
            | Change::QuestionAnswered { .. }
            | Change::WaitEscalated { .. }
            | Change::ConflictRaised { .. }
            | Change::ResolutionProposed { .. }
            | Change::ConflictResolved { .. }
            | Change::ConflictEscalated { .. }
            | Change::CheckpointWaived { .. }
            | Change::LeaseExtended { .. } => {}
        }
    }

    /// Whether the journal keeps it.
    pub fn is_durable(&self) -> bool {
        self.seq != 0
    }

    /// As a line of a feed.
    pub(super) fn line(
        &self,
        tasks: &dyn Fn(TaskId) -> Option<String>,
        agents: &dyn Fn(AgentId) -> Option<String>,
    ) -> ActivityLine {
        ActivityLine {
            seq: self.seq,
            at: self.at,
            text: named(&self.text, tasks, agents),
            kind: self.name.clone(),
            severity: self.severity.clone(),
            workflow: self.workflow,
            task: match self.tasks.as_slice() {
                [one] => Some(*one),
                _ => None,
            },
        }
    }
}

/// A sentence with the names of the tasks and agents marked in it. What has no name is called by what it is.
fn named(text: &str, tasks: &dyn Fn(TaskId) -> Option<String>, agents: &dyn Fn(AgentId) -> Option<String>) -> String {
    let mut named = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find([TASK, AGENT]) {
        let (before, marked) = rest.split_at(at);
        named.push_str(before);
        let is_task = marked.starts_with(TASK);
        let inside = marked.trim_start_matches([TASK, AGENT]);
        let name = inside.split_once(END).and_then(|(id, after)| {
            let name = if is_task {
                tasks(id.parse().ok()?).unwrap_or_else(|| "a task".to_owned())
            } else {
                agents(id.parse().ok()?).unwrap_or_else(|| "An agent".to_owned())
            };
            Some((name, after))
        });
        rest = match name {
            Some((name, after)) => {
                named.push_str(&name);
                after
            }
            None => inside,
        };
    }
    named + rest
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::actor::Actor;
    use crate::event::Reason;
    use crate::id::{AttemptId, EventId};

    fn of(change: Change) -> News {
        News::of(&Event {
            seq: 7,
            id: EventId(Uuid::from_u128(1)),
            at: Timestamp::from_second(1_700_000_000).expect("a moment"),
            actor: Actor::System,
            change,
        })
    }

    #[test]
    fn names_come_where_the_ids_stand() {
        let (task, agent) = (TaskId(Uuid::from_u128(2)), AgentId(Uuid::from_u128(3)));
        let news = of(Change::AttemptEnded {
            workflow: WorkflowId(Uuid::from_u128(4)),
            task,
            attempt: AttemptId(Uuid::from_u128(5)),
            agent,
            outcome: AttemptOutcome::Failed,
            reason: Reason::Network,
            message: "It broke. \u{e000}not an id\u{e002}".to_owned(),
        });
        let line = |known: bool| {
            news.line(&|id| (known && id == task).then(|| "Build".to_owned()), &|id| {
                (known && id == agent).then(|| "Ada".to_owned())
            })
        };
        assert_eq!(line(true).text, "“Build”: Ada failed. It broke. not an id\u{e002}");
        assert_eq!(line(false).text, "“a task”: An agent failed. It broke. not an id\u{e002}");
        assert_eq!((line(true).task, line(true).kind.as_str()), (Some(task), "attempt_ended"));
        let text = serde_json::to_string(&news).expect("it is written");
        assert_eq!(serde_json::from_str::<News>(&text).expect("it is read"), news);
    }

    #[test]
    fn what_no_page_shows_stays_at_home() {
        let text = serde_json::to_string(&of(Change::TaskCompleted {
            workflow: WorkflowId(Uuid::from_u128(4)),
            task: TaskId(Uuid::from_u128(2)),
            submission: None,
        }));
        assert_eq!(
            text.expect("it is written"),
            "{\"seq\":7,\"at\":\"2023-11-14T22:13:20Z\",\"name\":\"task_completed\",\"severity\":\"low\",\
             \"text\":\"“\u{e000}00000000-0000-0000-0000-000000000002\u{e002}” is completed.\",\
             \"workflow\":\"00000000-0000-0000-0000-000000000004\",\
             \"tasks\":[\"00000000-0000-0000-0000-000000000002\"],\"status\":\"completed\",\"progress\":100}"
        );
    }
}
