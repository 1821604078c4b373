//! Every sentence the system says, in one place; what it answers in a chat stands in `chat`.

mod chat;
mod conflicts;

use crate::actor::{Actor, Role};
use crate::event::{AttemptOutcome, Change, Event, Reason};
use crate::id::{AgentId, TaskId};
use crate::refusal::Fault;
use crate::workflow::WorkflowStatus;
use crate::workflow::checks::{CheckpointKind, Verdict};
use crate::workflow::waiting::STEP_LAST;
pub use chat::*;
pub use conflicts::*;

/// Something asked for is not there.
pub fn not_found(noun: &str, id: &str) -> String {
    format!("There is no {noun} {id} in this organization.")
}

/// What was sent does not hold together.
pub fn invalid(faults: &[Fault]) -> String {
    match faults {
        [] => "What was sent is not valid.".to_owned(),
        [one] => format!("{}: {}", place(&one.pointer), one.message),
        [first, rest @ ..] => {
            format!("{}: {} ({} more faults are listed.)", place(&first.pointer), first.message, rest.len())
        }
    }
}

fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "The body" } else { pointer }
}

/// Only a person may.
pub fn people_only(verb: &str) -> String {
    format!("Only a person may {verb}.")
}

/// Only an agent may.
pub fn agents_only(verb: &str) -> String {
    format!("Only an agent may {verb}, with its own token.")
}

/// Only the engine may.
pub fn system_only(verb: &str) -> String {
    format!("Only the engine itself may {verb}.")
}

/// The role is too low.
pub fn role_too_low(verb: &str, has: Role, least: Role) -> String {
    format!("To {verb} you need the role {least} or above; you are {has}.")
}

/// Not possible in this state.
pub fn wrong_state(noun: &str, name: &str, status: &str, verb: &str) -> String {
    format!("The {noun} “{name}” is {} and cannot be {verb}.", status.replace('_', " "))
}

/// A fence that counts no more.
pub fn stale_fence(task: &str, sent: u64, current: u64) -> String {
    format!(
        "Fence {sent} of “{task}” no longer counts: the task stands at fence {current}, or has ended. Drop this attempt."
    )
}

/// Somebody else's attempt.
pub fn not_yours(task: &str) -> String {
    format!("This attempt at “{task}” belongs to another agent.")
}

/// A conflict between others.
pub fn not_involved(task: &str) -> String {
    format!("This conflict about “{task}” is between two other agents.")
}

/// An idempotency key came back with another body.
pub fn key_reused(key: &str) -> String {
    format!("The idempotency key “{key}” was used before with another body. Take a fresh key for a new request.")
}

/// Too much of something.
pub fn limit(noun: &str, max: u64) -> String {
    format!("The limit of {max} {noun} is reached.")
}

/// A workflow without tasks.
pub fn no_tasks() -> String {
    "a workflow needs at least one task".to_owned()
}

/// Too many of something, in a form.
pub fn too_many(noun: &str, max: usize) -> String {
    format!("at most {max} {noun} are allowed")
}

/// Too long a text.
pub fn too_long(noun: &str, max: usize, unit: &str) -> String {
    format!("the {noun} is longer than {max} {unit}")
}

/// A number out of range.
pub fn out_of_range(min: u64, max: u64) -> String {
    format!("must be from {min} to {max}")
}

/// A negative amount.
pub fn negative() -> String {
    "must be a number of 0 or more".to_owned()
}

/// An empty text.
pub fn empty_text() -> String {
    "must not be empty".to_owned()
}

/// More than one line.
pub fn one_line_only() -> String {
    "must be one line".to_owned()
}

/// A NUL character.
pub fn nul_character() -> String {
    "contains the NUL character (U+0000), which cannot be stored".to_owned()
}

/// A key with characters it must not have.
pub fn bad_key() -> String {
    "may hold letters, digits and . _ - : / @ + # only".to_owned()
}

/// A key used twice.
pub fn duplicate_key(key: &str, first: usize) -> String {
    format!("“{key}” is used already, by task {first}")
}

/// A name used twice.
pub fn name_taken(name: &str) -> String {
    format!("an agent named “{name}” exists already")
}

/// A need that names no task.
pub fn unknown_key(key: &str) -> String {
    format!("no task has the key “{key}”")
}

/// A need given twice.
pub fn repeated_need(key: &str) -> String {
    format!("“{key}” is named twice")
}

/// Tasks that wait for each other.
pub fn cycle(keys: &[&str]) -> String {
    format!("these tasks wait for each other in a cycle: {}", keys.join(" → "))
}

/// A moment that has passed.
pub fn in_the_past() -> String {
    "lies in the past".to_owned()
}

/// A rejection without a reason.
pub fn reason_required() -> String {
    "say what has to change, so that the next attempt can do better".to_owned()
}

/// A review without a verdict.
pub fn verdict_expected() -> String {
    "must be “approve” or “reject”".to_owned()
}

/// A review that asks.
pub fn reviews_ask_nothing() -> String {
    "a review decides; send the result back and say in the note what is not clear".to_owned()
}

/// A waiver without a reason.
pub fn waiver_needs_reason() -> String {
    "say why the result may pass unexamined; it stands in the journal".to_owned()
}

/// An agent that does not do this kind of work.
pub fn does_not_take(agent: &str, kind: &str) -> String {
    format!("{agent} does not take tasks of the type “{kind}”")
}

/// An agent without the skills.
pub fn lacks_skills(agent: &str, task: &str) -> String {
    format!("{agent} lacks skills that “{task}” asks for; an admin may choose it all the same, with a reason")
}

/// What a checkpoint asks when nobody gave it a title.
pub fn checkpoint_title(kind: CheckpointKind, task: &str) -> String {
    match kind {
        CheckpointKind::PeerReview => format!("Is the result of “{task}” right?"),
        CheckpointKind::Approval => format!("Approve the result of “{task}”?"),
    }
}

/// An idempotency key that cannot be kept.
pub fn bad_idempotency_key(max: usize) -> String {
    format!("The header Idempotency-Key must hold 1 to {max} visible characters.")
}

/// A body that is not JSON by its header.
pub fn json_expected() -> String {
    "Send the body as JSON, with Content-Type: application/json.".to_owned()
}

/// A body that is too long.
pub fn body_too_large(max: usize) -> String {
    format!("The body is longer than {max} bytes.")
}

/// JSON that is not JSON.
pub fn json_broken(why: &str) -> String {
    format!("not valid JSON: {why}")
}

/// JSON of another shape than asked for.
pub fn json_wrong(why: &str) -> String {
    why.to_owned()
}

/// No token.
pub fn token_missing() -> String {
    "Send a token: Authorization: Bearer dsq_…. `devsquad token create` makes one.".to_owned()
}

/// A token nobody knows.
pub fn token_unknown() -> String {
    "This token is not known, has expired or was revoked.".to_owned()
}

/// Base64 that is none.
pub fn not_base64() -> String {
    "is not Base64".to_owned()
}

/// Neither or both contents.
pub fn one_content() -> String {
    "give either content or content_base64".to_owned()
}

/// A hash that does not fit.
pub fn hash_differs(found: &str) -> String {
    format!("does not fit the content, whose SHA-256 is {found}")
}

/// A workflow that failed because of a task.
pub fn failed_because(task: &str, reason: Reason) -> String {
    format!("“{task}” failed: {}", self::reason(reason))
}

/// The deadline came first.
pub fn deadline_passed() -> String {
    "The deadline passed before every task had ended.".to_owned()
}

/// The attempt took too long.
pub fn attempt_timed_out() -> String {
    "The attempt took longer than the task allows.".to_owned()
}

/// No heartbeat came.
pub fn heartbeats_stopped() -> String {
    "The agent's heartbeats stopped.".to_owned()
}

/// A person gave the task to somebody else.
pub fn given_to_another() -> String {
    "A person gave the task to another agent.".to_owned()
}

/// The agent for which a task was kept left.
pub fn assignee_left() -> String {
    "The agent it was kept for left".to_owned()
}

/// A person let the result pass.
pub fn review_waived() -> String {
    "A person let the result pass without a review.".to_owned()
}

/// The agent left.
pub fn agent_retired() -> String {
    "The agent was retired while it held the task.".to_owned()
}

/// The server began anew.
pub fn server_restarted() -> String {
    "The server was restarted while the task ran.".to_owned()
}

/// The server ends.
pub fn server_stopped() -> String {
    "The server was stopped while the task ran.".to_owned()
}

/// What the next attempt reads about a failed one.
pub fn attempt_failed(reason: Reason, message: &str) -> String {
    if message.is_empty() { self::reason(reason).to_owned() } else { message.to_owned() }
}

/// What the next attempt reads about a result that was sent back.
pub fn sent_back(note: &str) -> String {
    if note.is_empty() { "The review sent the result back.".to_owned() } else { format!("Sent back: {note}") }
}

/// A reason as a sentence with what to do about it.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::LeaseExpired => {
            "its lease ran out without a heartbeat. Check that the agent is running and can reach this server."
        }
        Reason::HeartbeatLost => "the agent was lost. Check the machine it runs on.",
        Reason::Stall => "the agent made no progress. Look at its log, then retry.",
        Reason::Deadline => "it took longer than allowed. Raise timeout_s, or split the task.",
        Reason::BudgetExceeded => "its budget is used up. Raise the budget, then retry.",
        Reason::LoopDetected => "the agent went round in circles. Change the task's input, then retry.",
        Reason::ProviderAuth => "the provider refused the credentials. Check the key.",
        Reason::ProviderQuota => "the provider's quota is used up. Raise it, or use another provider.",
        Reason::ProviderRateLimit => "the provider limits the rate. It is tried again later.",
        Reason::ProviderServer => "the provider had an error. It is tried again.",
        Reason::Network => "the network failed. It is tried again.",
        Reason::ContextOverflow => "the input is too large for the model. Split the task.",
        Reason::BadOutput => "the output was not in the form asked for. Look at the attempt's log.",
        Reason::CheckFailed => "a check failed. Read the message and mend the input.",
        Reason::ReviewRejected => "reviews sent every result back. Read the notes, change the task, then retry.",
        Reason::DependencyFailed => "a task before it failed. Retry that one.",
        Reason::UserCancelled => "a person ended it.",
        Reason::AgentDeclined => "the agent declined it. Give it to an agent with other skills.",
        Reason::Internal => "an internal error. Read the message, and report it if it comes back.",
    }
}

/// An event as a sentence of a feed. `tasks` and `agents` give names; what has none is called by what it is.
pub fn event(
    event: &Event,
    tasks: &dyn Fn(TaskId) -> Option<String>,
    agents: &dyn Fn(AgentId) -> Option<String>,
) -> String {
    let task = |id: &TaskId| tasks(*id).map_or_else(|| "A task".to_owned(), |name| format!("“{name}”"));
    let agent = |id: &AgentId| agents(*id).unwrap_or_else(|| "An agent".to_owned());
    match &event.change {
        Change::AgentRegistered(profile) => format!("{} joined the squad.", profile.name),
        Change::AgentRetired { agent: id } => format!("{} left the squad.", agent(id)),
        Change::AgentPresenceChanged { agent: id, online: true } => format!("{} is reachable again.", agent(id)),
        Change::AgentPresenceChanged { agent: id, online: false } => format!("{} has not been heard of.", agent(id)),
        Change::AgentSeen { agent: id } => format!("{} was heard of.", agent(id)),
        Change::WorkflowCreated(created) => {
            format!("“{}” began with {}.", created.definition.name, counted(created.tasks.len(), "task"))
        }
        Change::WorkflowPaused { reason, .. } => with_reason("The workflow was paused", reason),
        Change::WorkflowResumed { .. } => "The workflow goes on.".to_owned(),
        Change::WorkflowPrioritised { priority, .. } => format!("The priority is {} now.", priority.as_str()),
        Change::WorkflowEnded { status, reason, .. } => with_reason(ended(*status), reason),
        Change::TasksReady { tasks: ready, .. } => match ready.as_slice() {
            [one] => format!("{} is ready.", task(one)),
            several => format!("{} are ready.", counted(several.len(), "task")),
        },
        Change::TaskAssigned { task: id, agent: Some(who), reason, .. } => {
            with_reason(&format!("{} is kept for {}", task(id), agent(who)), reason)
        }
        Change::TaskAssigned { task: id, agent: None, reason, .. } => {
            with_reason(&format!("{} is for whoever suits it", task(id)), reason)
        }
        Change::TaskLeased(leased) if leased.review => {
            format!("{} reviews {}.", agent(&leased.agent), task(&leased.task))
        }
        Change::TaskLeased(leased) => format!("{} took {}.", agent(&leased.agent), task(&leased.task)),
        Change::AttemptProgressed { task: id, progress, note, .. } if note.is_empty() => {
            format!("{}: {progress} %.", task(id))
        }
        Change::AttemptProgressed { task: id, progress, note, .. } => format!("{}: {progress} %, {note}.", task(id)),
        Change::LeaseExtended { task: id, .. } => format!("{} is being worked on.", task(id)),
        Change::AttemptEnded { task: id, agent: who, outcome, reason, message, .. } => {
            format!("{}: {} {} {}", task(id), agent(who), attempt_ended(*outcome), attempt_failed(*reason, message))
        }
        Change::TaskRetryScheduled { task: id, .. } => format!("{} will be tried again.", task(id)),
        Change::QuestionAsked { task: id, question, .. } => {
            format!(
                "{} asks about {}: {}{}",
                agent(&question.asked_by),
                task(id),
                question.text,
                choices(&question.options)
            )
        }
        Change::QuestionAnswered { task: id, text, .. } => format!("About {}: {text}", task(id)),
        Change::WaitEscalated { task: id, step, .. } if *step >= STEP_LAST => {
            format!("{} still waits for a person, and the squad can do nothing before.", task(id))
        }
        Change::WaitEscalated { task: id, .. } => format!("{} still waits for a person.", task(id)),
        Change::ConflictRaised { task: id, conflict, .. } => raised(&task(id), &agent, conflict),
        Change::ResolutionProposed { task: id, agent: who, text, .. } => {
            format!("{} proposes about {}: {text}", agent(who), task(id))
        }
        Change::ConflictResolved { task: id, text, .. } => settled(&task(id), &event.actor, &agent, text),
        Change::ConflictEscalated { task: id, step, exhausted, .. } => unsettled(&task(id), *step, *exhausted),
        Change::ResultHandedIn { task: id, submission, .. } => {
            format!("{} handed in {}.", agent(&submission.agent), task(id))
        }
        Change::CheckpointOpened { task: id, kind: CheckpointKind::PeerReview, .. } => {
            format!("{} waits for a review.", task(id))
        }
        Change::CheckpointOpened { task: id, kind: CheckpointKind::Approval, .. } => {
            format!("{} waits for a person's approval.", task(id))
        }
        Change::CheckpointEscalated { task: id, .. } => {
            format!("No reviewer could finish {}: a person has to decide.", task(id))
        }
        Change::CheckpointDecided { task: id, verdict: Verdict::Approve, .. } => {
            format!("{} was approved{}.", task(id), by(&event.actor, agents))
        }
        Change::CheckpointDecided { task: id, verdict: Verdict::Reject, note, .. } => {
            with_reason(&format!("{} was sent back{}", task(id), by(&event.actor, agents)), note)
        }
        Change::CheckpointWaived { task: id, reason, .. } => {
            with_reason(&format!("{} may pass without being examined", task(id)), reason)
        }
        Change::TaskReworked { task: id, .. } => format!("{} is to be reworked.", task(id)),
        Change::TaskCompleted { task: id, .. } => format!("{} is completed.", task(id)),
        Change::TaskFailed { task: id, reason, message, .. } => {
            format!("{} failed: {}", task(id), attempt_failed(*reason, message))
        }
        Change::TasksSkipped { tasks: skipped, .. } => match skipped.as_slice() {
            [one] => format!("{} is skipped: a task before it failed.", task(one)),
            several => format!("{} are skipped: a task before them failed.", counted(several.len(), "task")),
        },
        Change::TaskRetried { task: id, .. } => format!("{} is tried again.", task(id)),
    }
}

fn choices(options: &[String]) -> String {
    if options.is_empty() { String::new() } else { format!(" ({})", options.join(" / ")) }
}

fn counted(n: usize, noun: &str) -> String {
    if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") }
}

fn with_reason(sentence: &str, reason: &str) -> String {
    match reason.trim_end_matches('.') {
        "" => format!("{sentence}."),
        reason => format!("{sentence}: {reason}."),
    }
}

fn ended(status: WorkflowStatus) -> &'static str {
    match status {
        WorkflowStatus::Completed => "The workflow is completed",
        WorkflowStatus::Failed => "The workflow failed",
        WorkflowStatus::TimedOut => "The workflow ran out of time",
        WorkflowStatus::Cancelled => "The workflow was cancelled",
        WorkflowStatus::Running | WorkflowStatus::Paused => "The workflow goes on",
    }
}

fn attempt_ended(outcome: AttemptOutcome) -> &'static str {
    match outcome {
        AttemptOutcome::Succeeded => "succeeded.",
        AttemptOutcome::Failed => "failed.",
        AttemptOutcome::TimedOut => "ran out of time.",
        AttemptOutcome::Lost => "was lost.",
        AttemptOutcome::Rejected => "declined.",
        AttemptOutcome::Cancelled => "was stopped.",
    }
}

fn by(actor: &Actor, agents: &dyn Fn(AgentId) -> Option<String>) -> String {
    match actor {
        Actor::Person { .. } => " by a person".to_owned(),
        Actor::Agent { agent } => agents(*agent).map(|name| format!(" by {name}")).unwrap_or_default(),
        Actor::System => String::new(),
    }
}
