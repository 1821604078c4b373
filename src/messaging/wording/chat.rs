//! What is said in a chat: to those who ask for something there, and where others have to know.

use super::{counted, ended, with_reason};
use crate::event::{Change, Event};
use crate::messaging::channel::Purpose;
use crate::messaging::slash_command::{Offer, Scene};
use crate::workflow::task::TaskStatus;

/// Names listed before it becomes an ellipsis.
const NAMED_MAX: usize = 5;

/// A slash command nobody knows.
pub fn no_such_command(name: &str) -> String {
    format!("There is no command /{name}. /help lists what can be asked here.")
}

/// A priority that is none.
pub fn which_priority() -> String {
    "Say how urgent it is: /priority urgent, high, normal or low.".to_owned()
}

/// A command that can be about several tasks.
pub fn which_task(verb: &str, tasks: &[&str]) -> String {
    let names: Vec<String> = tasks.iter().take(NAMED_MAX).map(|name| format!("“{name}”")).collect();
    let more = if tasks.len() > NAMED_MAX { ", …" } else { "" };
    format!("Which task? Name one: /{verb} and then {}{more}.", names.join(", "))
}

/// A command that can be about no task.
pub fn nothing_to(verb: &str) -> String {
    format!("No task here waits for /{verb}. Name one, or say it in the task's thread.")
}

/// An agent nobody knows.
pub fn which_agent(agents: &[&str]) -> String {
    let names = agents.iter().take(NAMED_MAX).copied().collect::<Vec<_>>().join(", ");
    let more = if agents.len() > NAMED_MAX { ", …" } else { "" };
    format!("Which agent? There are {names}{more}; “anyone” lets the engine choose.")
}

/// A task on which nothing is to be decided.
pub fn nothing_to_decide(task: &str) -> String {
    format!("“{task}” does not wait for a decision.")
}

/// A task without an open checkpoint.
pub fn no_checkpoint(task: &str) -> String {
    format!("No result of “{task}” waits for a review or an approval.")
}

/// A task without an open question.
pub fn no_question(task: &str) -> String {
    format!("Nothing was asked about “{task}” that is still open.")
}

/// A task about which nobody disagrees.
pub fn no_conflict(task: &str) -> String {
    format!("No agents disagree about “{task}”.")
}

/// Somebody who is no member, or not any more.
pub fn not_a_member() -> String {
    "Only members of this organization can change its work.".to_owned()
}

/// What is written into the journal when a reaction approved.
pub fn approved_by_reaction() -> String {
    "Approved with a thumb up.".to_owned()
}

/// A thumb down.
pub fn rejection_needs_words() -> String {
    "To send it back, say what has to change: /reject and then the reason, in this thread.".to_owned()
}

/// What can be asked, a line for each.
pub fn offers(offers: &[Offer]) -> String {
    let line = |offer: &Offer| {
        let arguments = if offer.arguments.is_empty() { String::new() } else { format!(" {}", offer.arguments) };
        format!("`/{}{arguments}` {}", offer.name, offer.does)
    };
    offers.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// How a workflow stands, for the one who asks.
pub fn standing(scene: &Scene) -> String {
    let done = scene.tasks.iter().filter(|task| task.status == TaskStatus::Completed).count();
    let mut text = format!(
        "“{}” is {}: {done} of {} done.",
        scene.name,
        scene.status.as_str().replace('_', " "),
        counted(scene.tasks.len(), "task")
    );
    let groups = [
        ("Running", [TaskStatus::Running, TaskStatus::InReview]),
        ("Waits for a person", [TaskStatus::AwaitingApproval, TaskStatus::AwaitingInput]),
        ("Failed", [TaskStatus::Failed, TaskStatus::DeadLetter]),
    ];
    for (title, statuses) in groups {
        let names: Vec<String> = scene
            .tasks
            .iter()
            .filter(|task| statuses.contains(&task.status))
            .map(|task| format!("“{}”", task.name))
            .collect();
        if let [first @ .., _] = names.as_slice() {
            let shown = &names[..(first.len() + 1).min(NAMED_MAX)];
            let more = if names.len() > NAMED_MAX { ", …" } else { "" };
            text.push_str(&format!("\n{title}: {}{more}", shown.join(", ")));
        }
    }
    text
}

/// A command where there is no workflow.
pub fn no_workflow_here() -> String {
    "This channel belongs to no workflow. Say it in a workflow's channel, or as a reply to a message about one."
        .to_owned()
}

/// The same event where several workflows are spoken of: it says which. `sentence` is what it says of itself.
pub fn elsewhere(event: &Event, workflow: &str, sentence: String) -> String {
    match &event.change {
        Change::WorkflowCreated(_) => sentence,
        Change::WorkflowResumed { .. } => format!("“{workflow}” goes on."),
        Change::WorkflowEnded { status, reason, .. } => {
            with_reason(&ended(*status).replacen("The workflow", &format!("“{workflow}”"), 1), reason)
        }
        _ => format!("{workflow}: {sentence}"),
    }
}

/// The chat refused a message for good; `sentence` is what it would have said.
pub fn undelivered(sentence: &str) -> String {
    format!("A message could not be delivered: {sentence}")
}

/// What a channel is called, where `of` is its project, workflow, skill or agent.
pub fn channel_name(purpose: Purpose, of: &str) -> String {
    match purpose {
        Purpose::Project | Purpose::Workflow | Purpose::Direct => of.to_owned(),
        Purpose::Skill => format!("Skill: {of}"),
        Purpose::Coordination => format!("Coordination: {of}"),
        Purpose::Emergency => format!("{of}: emergencies"),
        Purpose::Approvals => format!("{of}: approvals"),
        Purpose::Progress => format!("{of}: progress"),
    }
}

/// A message to an agent that the server runs itself: it is given tasks, and reads nothing else. `task` and its workflow are what it works
/// on now.
pub fn reads_no_messages(agent: &str, task: Option<(&str, &str)>) -> String {
    let now = match task {
        Some((task, workflow)) => format!(
            "It works on “{task}” of “{workflow}” now: what is said in that task's thread stands with the work."
        ),
        None => "It works on nothing now.".to_owned(),
    };
    format!("{agent} is run by this server and reads its tasks, no messages. {now}")
}

/// An agent and a person of whom one is not there.
pub fn nobody_to_talk_to() -> String {
    "There is no such agent or person here to talk to.".to_owned()
}

/// An agent that has nothing to do with a workflow.
pub fn not_assigned() -> String {
    "Only agents that work on this workflow, or have worked on it, talk in its channel.".to_owned()
}

/// A channel that is not there yet.
pub fn nothing_said_yet() -> String {
    "Nothing was said there yet. The channel comes with the first thing that happens; try again in a moment.".to_owned()
}
