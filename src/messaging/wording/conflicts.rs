//! What is said of conflicts between agents.

use crate::actor::Actor;
use crate::id::AgentId;
use crate::workflow::conflict::Conflict;
use crate::workflow::waiting::STEP_LAST;

/// An agent that disagrees with itself.
pub fn disagrees_with_itself() -> String {
    "must be another agent than the one that raises the conflict".to_owned()
}

/// Where a conflict stands after the last proposal that is taken.
pub fn conflict_is_with_people() -> String {
    "with people now, after so many proposals,".to_owned()
}

/// Where a conflict stands for the one whose proposal is the newest.
pub fn conflict_waits_for_other() -> String {
    "waiting for the other agent".to_owned()
}

/// Where a conflict stands for one who has nothing to accept.
pub fn conflict_has_no_offer() -> String {
    "without a proposal of the other agent".to_owned()
}

/// What those who work on the task later read instead of a question.
pub fn agents_disagreed(subject: &str) -> String {
    format!("Two agents disagreed: {subject}")
}

/// Two agents disagree.
pub(super) fn raised(task: &str, agent: &dyn Fn(&AgentId) -> String, conflict: &Conflict) -> String {
    let sides = format!("{} disagrees with {} about {task}", agent(&conflict.raised_by), agent(&conflict.with));
    format!("{sides}: {}", conflict.subject)
}

/// It is settled.
pub(super) fn settled(task: &str, actor: &Actor, agent: &dyn Fn(&AgentId) -> String, how: &str) -> String {
    let sentence = match actor {
        Actor::Agent { agent: who } => format!("{} agrees about {task}", agent(who)),
        Actor::Person { .. } | Actor::System => format!("The conflict about {task} is settled by a person"),
    };
    format!("{sentence}: {how}")
}

/// It is not.
pub(super) fn unsettled(task: &str, step: u32, exhausted: bool) -> String {
    let agents = if exhausted { "The agents cannot agree" } else { "The agents have not agreed" };
    match step {
        STEP_LAST.. => format!("{agents} about {task} for a long time: a person has to settle it."),
        _ => format!("{agents} about {task}: a person should settle it."),
    }
}
