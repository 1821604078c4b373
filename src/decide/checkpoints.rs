//! Quality checkpoints: opened when a result is handed in, decided by an independent agent or by a person.

use super::attempts::{self, Handed};
use super::{Draft, Facts, settle, workflows};
use crate::command::Answer;
use crate::event::{AttemptOutcome, Change, Reason};
use crate::id::{CheckpointId, WorkflowId};
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::state::TaskRef;
use crate::text;
use crate::workflow::checks::Verdict;
use crate::workflow::{Stage, Task, TaskState};

/// Opens the task's `nth` check, or completes the task when there is none left.
pub(super) fn open(draft: &mut Draft<'_>, place: TaskRef, nth: u32, facts: &mut Facts<'_>) {
    let Some((_, task)) = draft.state.at(place) else { return };
    let task_id = task.id;
    let Some(rule) = task.checks.get(nth as usize) else {
        draft.emit(Change::TaskCompleted { workflow: place.0, task: task_id, submission: None });
        settle::after(draft, place.0, place.1);
        return;
    };
    let opened = Change::CheckpointOpened {
        workflow: place.0,
        task: task_id,
        checkpoint: CheckpointId((facts.fresh_id)()),
        nth,
        kind: rule.kind,
        title: rule.title.clone().unwrap_or_else(|| wording::checkpoint_title(rule.kind, &task.name)),
        sha256: task.submission.as_ref().map(|submission| submission.sha256.clone()).unwrap_or_default(),
        round: task.round,
    };
    draft.emit(opened);
}

/// A person decides.
pub(super) fn by_person(
    draft: &mut Draft<'_>,
    id: WorkflowId,
    checkpoint: CheckpointId,
    verdict: Verdict,
    note: &str,
    facts: &mut Facts<'_>,
) -> Result<Answer, Refusal> {
    let note = text::paragraph(note, attempts::MESSAGE_MAX).map_err(|why| Refusal::fault("/note", why))?;
    if verdict == Verdict::Reject && note.is_empty() {
        return Err(Refusal::fault("/note", wording::reason_required()));
    }
    let place = find_open(draft, id, checkpoint, "decided")?;
    let task = workflows::find(draft, id)?.task(place.1);
    if !matches!(task.state, TaskState::AwaitingApproval { .. }) {
        return Err(Refusal::WrongState {
            noun: "task".to_owned(),
            name: task.name.clone(),
            status: task.status().as_str().to_owned(),
            verb: "decided by a person".to_owned(),
        });
    }
    decide(draft, place, Decision { checkpoint, verdict, note, attempt: None }, facts);
    Ok(Answer::Done)
}

/// A person lets the result pass unexamined. A review that goes on meanwhile is not wanted any more.
pub(super) fn waive(
    draft: &mut Draft<'_>,
    id: WorkflowId,
    checkpoint: CheckpointId,
    reason: &str,
    facts: &mut Facts<'_>,
) -> Result<Answer, Refusal> {
    let reason = workflows::clean(reason)?;
    if reason.is_empty() {
        return Err(Refusal::fault("/reason", wording::waiver_needs_reason()));
    }
    let place = find_open(draft, id, checkpoint, "waived")?;
    let Some((_, task)) = draft.state.at(place) else { return Err(Refusal::not_found("checkpoint", checkpoint)) };
    let (task_id, nth, lease) = (task.id, nth_of(task), task.lease().cloned());
    if let Some(lease) = lease {
        draft.emit(Change::AttemptEnded {
            workflow: id,
            task: task_id,
            attempt: lease.attempt,
            agent: lease.agent,
            outcome: AttemptOutcome::Cancelled,
            reason: Reason::UserCancelled,
            message: wording::review_waived(),
        });
    }
    draft.emit(Change::CheckpointWaived { workflow: id, task: task_id, checkpoint, reason });
    open(draft, place, nth + 1, facts);
    Ok(Answer::Done)
}

/// The task of an open checkpoint. One that was decided already, or whose workflow has ended, is not decided twice.
fn find_open(draft: &Draft<'_>, id: WorkflowId, checkpoint: CheckpointId, verb: &str) -> Result<TaskRef, Refusal> {
    let workflow = workflows::find(draft, id)?;
    draft.state.checkpoint_ref(checkpoint).filter(|(of, _)| *of == id).ok_or_else(|| Refusal::WrongState {
        noun: "checkpoint".to_owned(),
        name: workflow.definition.name.clone(),
        status: "closed".to_owned(),
        verb: verb.to_owned(),
    })
}

fn nth_of(task: &Task) -> u32 {
    match task.stage {
        Stage::Check { nth, .. } => nth,
        Stage::Work => 0,
    }
}

/// A reviewing agent hands in its verdict: `{"verdict": "approve" | "reject", "note": "…"}`.
pub(super) fn by_agent(
    draft: &mut Draft<'_>,
    place: TaskRef,
    checkpoint: CheckpointId,
    handed: &Handed,
    facts: &mut Facts<'_>,
) -> Result<Answer, Refusal> {
    let verdict = handed.output.get("verdict").and_then(|verdict| verdict.as_str()).and_then(Verdict::parse);
    let Some(verdict) = verdict else {
        return Err(Refusal::fault("/output/verdict", wording::verdict_expected()));
    };
    let note = handed.output.get("note").and_then(|note| note.as_str()).unwrap_or_default();
    let note = text::paragraph(note, attempts::MESSAGE_MAX).map_err(|why| Refusal::fault("/output/note", why))?;
    decide(draft, place, Decision { checkpoint, verdict, note, attempt: Some(handed.attempt) }, facts);
    Ok(Answer::Done)
}

struct Decision {
    checkpoint: CheckpointId,
    verdict: Verdict,
    note: String,
    attempt: Option<crate::id::AttemptId>,
}

fn decide(draft: &mut Draft<'_>, place: TaskRef, decision: Decision, facts: &mut Facts<'_>) {
    let Some((_, task)) = draft.state.at(place) else { return };
    let (task_id, nth) = (task.id, nth_of(task));
    let note = decision.note.clone();
    draft.emit(Change::CheckpointDecided {
        workflow: place.0,
        task: task_id,
        checkpoint: decision.checkpoint,
        verdict: decision.verdict,
        note: decision.note,
        attempt: decision.attempt,
    });
    match decision.verdict {
        Verdict::Approve => open(draft, place, nth + 1, facts),
        Verdict::Reject => {
            let spent = draft.state.at(place).is_some_and(|(_, task)| task.attempts_used >= task.max_attempts);
            if spent {
                attempts::give_up(draft, place, task_id, Reason::ReviewRejected, note, true);
            } else {
                draft.emit(Change::TaskReworked { workflow: place.0, task: task_id });
            }
        }
    }
}
