//! From a wish to what happens: the rules of the engine.
//!
//! A draft holds the state and the events so far. A rule looks, refuses, or emits events; each event is applied at once,
//! so that the next rule sees its effect. Refusals come before the first event: a refused command changes nothing.

mod assignment;
mod attempts;
mod checkpoints;
mod conflicts;
mod dispatch;
mod questions;
mod settle;
mod timers;
mod workflows;

use jiff::Timestamp;
use uuid::Uuid;

use crate::actor::Actor;
use crate::agent::{AgentProfile, CAPACITY_MAX, SKILLS_MAX, skill::LEVEL_MAX};
use crate::command::{Answer, Command};
use crate::event::Change;
use crate::id::AgentId;
use crate::messaging::wording;
use crate::refusal::Refusal;
use crate::state::State;
use crate::text;
pub use dispatch::{Grants, dispatch};

/// Agents in one organization that have not retired: registering one compares its name with every other.
pub const AGENTS_MAX: usize = 10_000;

/// What the world says to a decision: the time, and names for new things.
pub struct Facts<'a> {
    /// Now.
    pub now: Timestamp,
    /// A fresh id at every call.
    pub fresh_id: &'a mut dyn FnMut() -> Uuid,
}

/// A decision being made: the state with every event so far applied.
pub struct Draft<'a> {
    state: &'a mut State,
    actor: Actor,
    now: Timestamp,
    changes: Vec<Change>,
}

impl<'a> Draft<'a> {
    /// Nothing decided yet.
    pub fn new(state: &'a mut State, actor: Actor, now: Timestamp) -> Draft<'a> {
        Draft { state, actor, now, changes: Vec::new() }
    }

    /// The state as decided so far.
    pub fn state(&self) -> &State {
        self.state
    }

    /// What was decided, in order.
    pub fn into_changes(self) -> Vec<Change> {
        self.changes
    }

    fn emit(&mut self, change: Change) {
        self.state.apply(self.now, &self.actor, &change);
        self.changes.push(change);
    }
}

/// Carries out one command: the answer and what happened, or a refusal and nothing.
pub fn decide(
    state: &mut State,
    actor: &Actor,
    command: Command,
    facts: &mut Facts<'_>,
) -> Result<(Answer, Vec<Change>), Refusal> {
    actor.authorize(&command)?;
    let mut draft = Draft::new(state, actor.clone(), facts.now);
    let answer = match command {
        Command::RegisterAgent { profile } => register(&mut draft, *profile),
        Command::RetireAgent { agent } => retire(&mut draft, agent),
        Command::ReleaseLeases { agent } => {
            attempts::lose_all_of(&mut draft, agent, &wording::server_restarted());
            Ok(Answer::Done)
        }
        Command::CreateWorkflow { workflow, project, definition } => {
            workflows::create(&mut draft, workflow, project, *definition, facts)
        }
        Command::PauseWorkflow { workflow, reason } => workflows::pause(&mut draft, workflow, &reason),
        Command::ResumeWorkflow { workflow } => workflows::resume(&mut draft, workflow),
        Command::CancelWorkflow { workflow, reason } => workflows::cancel(&mut draft, workflow, &reason),
        Command::RetryTask { workflow, task } => workflows::retry(&mut draft, workflow, task),
        Command::SetPriority { workflow, priority } => workflows::prioritise(&mut draft, workflow, priority),
        Command::AssignTask { workflow, task, agent, reason } => {
            assignment::assign(&mut draft, workflow, task, agent, &reason)
        }
        Command::WaiveCheckpoint { workflow, checkpoint, reason } => {
            checkpoints::waive(&mut draft, workflow, checkpoint, &reason, facts)
        }
        Command::DecideCheckpoint { workflow, checkpoint, verdict, note } => {
            checkpoints::by_person(&mut draft, workflow, checkpoint, verdict, &note, facts)
        }
        Command::Heartbeat { attempt, fence, progress, note } => {
            attempts::heartbeat(&mut draft, attempt, fence, progress, note.as_deref())
        }
        Command::Complete { attempt, fence, output, artifacts, evidence, sha256 } => {
            let handed = attempts::Handed { attempt, fence, output, artifacts, evidence, sha256 };
            attempts::complete(&mut draft, handed, facts)
        }
        Command::Fail { attempt, fence, reason, message, retryable } => {
            attempts::fail(&mut draft, attempt, fence, reason, &message, retryable)
        }
        Command::Ask { attempt, fence, text, options } => {
            questions::ask(&mut draft, attempt, fence, &text, &options, facts)
        }
        Command::AnswerQuestion { workflow, question, text } => {
            questions::answer(&mut draft, workflow, question, &text)
        }
        Command::RaiseConflict { attempt, fence, with, subject, proposal } => {
            let proposal = proposal.as_deref();
            let raised = conflicts::Raised { attempt, fence, with, subject: &subject, proposal };
            conflicts::raise(&mut draft, &raised, facts)
        }
        Command::ProposeResolution { workflow, conflict, text } => {
            conflicts::propose(&mut draft, workflow, conflict, &text)
        }
        Command::AcceptResolution { workflow, conflict } => conflicts::accept(&mut draft, workflow, conflict),
        Command::ResolveConflict { workflow, conflict, text } => {
            conflicts::resolve(&mut draft, workflow, conflict, &text)
        }
        Command::Decline { attempt, fence, message } => attempts::decline(&mut draft, attempt, fence, &message),
        Command::Tick => timers::tick(&mut draft),
        Command::CheckPresence => timers::presence(&mut draft),
        Command::Claim { .. } => timers::claim(&mut draft),
    }?;
    Ok((answer, draft.into_changes()))
}

fn register(draft: &mut Draft<'_>, mut profile: AgentProfile) -> Result<Answer, Refusal> {
    profile.name = text::line(&profile.name, 100).map_err(|why| Refusal::fault("/name", why))?;
    profile.description =
        text::paragraph(&profile.description, 500).map_err(|why| Refusal::fault("/description", why))?;
    if profile.capacity == 0 || profile.capacity > CAPACITY_MAX {
        return Err(Refusal::fault("/capacity", wording::out_of_range(1, u64::from(CAPACITY_MAX))));
    }
    if profile.skills.len() > SKILLS_MAX {
        return Err(Refusal::fault("/skills", wording::too_many("skills", SKILLS_MAX)));
    }
    for (at, skill) in profile.skills.iter().enumerate() {
        text::key(&skill.skill, 100).map_err(|why| Refusal::fault(format!("/skills/{at}/skill"), why))?;
        if skill.level == 0 || skill.level > LEVEL_MAX {
            return Err(Refusal::fault(format!("/skills/{at}/level"), wording::out_of_range(1, u64::from(LEVEL_MAX))));
        }
    }
    if profile.cost_per_hour.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
        return Err(Refusal::fault("/cost_per_hour", wording::negative()));
    }
    let living = || draft.state.agents.values().filter(|agent| agent.retired_at.is_none());
    if living().any(|agent| agent.profile.name == profile.name) {
        return Err(Refusal::fault("/name", wording::name_taken(&profile.name)));
    }
    if living().count() >= AGENTS_MAX {
        return Err(Refusal::LimitReached { noun: "agents".to_owned(), max: AGENTS_MAX as u64 });
    }
    let agent = profile.id;
    draft.emit(Change::AgentRegistered(Box::new(profile)));
    Ok(Answer::AgentRegistered { agent })
}

fn retire(draft: &mut Draft<'_>, agent: AgentId) -> Result<Answer, Refusal> {
    let known = draft.state.agents.get(&agent).ok_or_else(|| Refusal::not_found("agent", agent))?;
    if known.retired_at.is_none() {
        draft.emit(Change::AgentRetired { agent });
        assignment::left(draft, agent);
        attempts::lose_all_of(draft, agent, &wording::agent_retired());
        conflicts::left(draft, agent);
    }
    Ok(Answer::Done)
}
