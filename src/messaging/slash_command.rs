//! Slash commands: what people type in a channel to change the work.
//!
//! A command becomes the same [`Command`] that the page's button makes, decided by the same rules. What it is about is said in words,
//! or is clear from where it is typed: in a task's thread it is that task, in a workflow's channel that workflow.

use crate::command::Command;
use crate::id::{AgentId, CheckpointId, ConflictId, QuestionId, TaskId, WorkflowId};
use crate::messaging::wording;
use crate::workflow::checks::Verdict;
use crate::workflow::task::TaskStatus;
use crate::workflow::{Priority, WorkflowStatus};

/// A command as it is offered: in the list behind the slash, and to the chat's server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its name, without the slash.
    pub name: &'static str,
    /// What it does.
    pub does: &'static str,
    /// What is written behind it.
    pub arguments: &'static str,
}

/// Everything that can be asked.
pub const OFFERS: [Offer; 13] = [
    offer("approve", "Approve what waits for a decision", "[task] [note]"),
    offer("reject", "Send a result back", "[task] what has to change"),
    offer("answer", "Answer an agent's question", "[task] answer"),
    offer("resolve", "Settle what agents disagree about", "[task] how"),
    offer("assign", "Keep a task for an agent, or for anyone", "[task] agent|anyone [reason]"),
    offer("pause", "Start nothing new", "[reason]"),
    offer("resume", "Go on", ""),
    offer("retry", "Have a failed task done again", "[task]"),
    offer("cancel", "End the workflow", "[reason]"),
    offer("priority", "Say how urgent the workflow is", "urgent|high|normal|low"),
    offer("override", "Let a result pass unexamined; for admins", "[task] reason"),
    offer("status", "Say how things stand", ""),
    offer("help", "Say what can be asked here", ""),
];

const fn offer(name: &'static str, does: &'static str, arguments: &'static str) -> Offer {
    Offer { name, does, arguments }
}

/// A task, as far as a command has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SceneTask {
    /// Its id.
    pub id: TaskId,
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub status: TaskStatus,
    /// Its open checkpoint, a review's or a person's.
    pub checkpoint: Option<CheckpointId>,
    /// Its open question.
    pub question: Option<QuestionId>,
    /// What agents disagree about over it: of several, what was raised first.
    pub conflict: Option<ConflictId>,
}

/// Where a command is typed, and what it can be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// The workflow.
    pub workflow: WorkflowId,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub status: WorkflowStatus,
    /// The task in whose thread it is typed, if in one.
    pub thread: Option<TaskId>,
    /// The workflow's tasks.
    pub tasks: Vec<SceneTask>,
    /// The agents that have not left, by name.
    pub agents: Vec<(AgentId, String)>,
}

/// What somebody who typed something wants.
#[derive(Clone, Debug, PartialEq)]
pub enum Wish {
    /// A change.
    Perform(Command),
    /// To be told something.
    Say(String),
}

/// The name of a command and the words behind it, if the text is one. `/usr/bin` is none.
pub fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.trim().strip_prefix('/')?;
    let (name, words) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphabetic());
    is_name.then(|| (name, words.trim()))
}

/// What is wanted, or in words why it cannot be understood.
pub fn understand(name: &str, words: &str, scene: &Scene) -> Result<Wish, String> {
    let workflow = scene.workflow;
    let reason = words.to_owned();
    let command = match name.to_ascii_lowercase().as_str() {
        "pause" => Command::PauseWorkflow { workflow, reason },
        "resume" => Command::ResumeWorkflow { workflow },
        "cancel" => Command::CancelWorkflow { workflow, reason },
        "priority" => {
            let wanted = words.to_ascii_lowercase();
            let priority = Priority::parse(&wanted).ok_or_else(wording::which_priority)?;
            Command::SetPriority { workflow, priority }
        }
        "approve" => return decision(words, scene, Verdict::Approve),
        "reject" => return decision(words, scene, Verdict::Reject),
        "override" => {
            let (task, reason) = scene.task(words, "override", |task| task.checkpoint.is_some())?;
            let checkpoint = task.checkpoint.ok_or_else(|| wording::no_checkpoint(&task.name))?;
            Command::WaiveCheckpoint { workflow, checkpoint, reason: reason.to_owned() }
        }
        "retry" => {
            let failed = |task: &SceneTask| matches!(task.status, TaskStatus::Failed | TaskStatus::DeadLetter);
            let (task, _) = scene.task(words, "retry", failed)?;
            Command::RetryTask { workflow, task: task.id }
        }
        "answer" => {
            let (task, text) = scene.task(words, "answer", |task| task.question.is_some())?;
            let question = task.question.ok_or_else(|| wording::no_question(&task.name))?;
            Command::AnswerQuestion { workflow, question, text: text.to_owned() }
        }
        "resolve" => {
            let (task, text) = scene.task(words, "resolve", |task| task.conflict.is_some())?;
            let conflict = task.conflict.ok_or_else(|| wording::no_conflict(&task.name))?;
            Command::ResolveConflict { workflow, conflict, text: text.to_owned() }
        }
        "assign" => {
            let (task, rest) = scene.task(words, "assign", |task| !task.status.is_terminal())?;
            let (agent, reason) = scene.agent(rest)?;
            Command::AssignTask { workflow, task: task.id, agent, reason: reason.to_owned() }
        }
        "status" => return Ok(Wish::Say(wording::standing(scene))),
        "help" => return Ok(Wish::Say(wording::offers(&OFFERS))),
        unknown => return Err(wording::no_such_command(unknown)),
    };
    Ok(Wish::Perform(command))
}

fn decision(words: &str, scene: &Scene, verdict: Verdict) -> Result<Wish, String> {
    let waits = |task: &SceneTask| task.status == TaskStatus::AwaitingApproval;
    let (task, note) = scene.task(words, verdict.as_str(), waits)?;
    let checkpoint = task.checkpoint.filter(|_| waits(task)).ok_or_else(|| wording::nothing_to_decide(&task.name))?;
    let workflow = scene.workflow;
    Ok(Wish::Perform(Command::DecideCheckpoint { workflow, checkpoint, verdict, note: note.to_owned() }))
}

/// What a command gives a value to. Of two that give the same thing a value the one said last counts, in whatever order they arrive.
pub fn settles(command: &Command) -> Option<String> {
    match command {
        Command::PauseWorkflow { workflow, .. } | Command::ResumeWorkflow { workflow } => {
            Some(format!("pace {workflow}"))
        }
        Command::SetPriority { workflow, .. } => Some(format!("priority {workflow}")),
        Command::AssignTask { task, .. } => Some(format!("assignee {task}")),
        _ => None,
    }
}

/// What a plain reply wants: it is the answer to the question that is open where it is said. One that speaks to somebody
/// (`@nora what do you think?`) is none.
pub fn reply(text: &str, scene: &Scene) -> Option<Command> {
    let task = scene.tasks.iter().find(|task| Some(task.id) == scene.thread)?;
    let question = task.question?;
    let text = text.trim();
    let is_answer = !text.is_empty() && !text.starts_with(['/', '@']);
    is_answer.then(|| Command::AnswerQuestion { workflow: scene.workflow, question, text: text.to_owned() })
}

/// What a reaction to a request for approval wants: a thumb up approves. A thumb down needs a reason, so it only asks for one.
pub fn reaction(kind: &str, checkpoint: CheckpointId, scene: &Scene) -> Option<Wish> {
    let workflow = scene.workflow;
    match kind {
        "+1" | "thumbsup" | "like" | "👍" => {
            let note = wording::approved_by_reaction();
            Some(Wish::Perform(Command::DecideCheckpoint { workflow, checkpoint, verdict: Verdict::Approve, note }))
        }
        "-1" | "thumbsdown" | "👎" => Some(Wish::Say(wording::rejection_needs_words())),
        _ => None,
    }
}

impl Scene {
    /// The same in the channel of a conflict: there, that one is meant and no other about its task. What is said there answers no
    /// question that was asked in the task's thread.
    pub fn about_conflict(mut self, task: Option<TaskId>, conflict: ConflictId) -> Scene {
        for found in self.tasks.iter_mut().filter(|found| Some(found.id) == task) {
            found.conflict = Some(conflict);
            found.question = None;
        }
        self
    }

    /// The task that is meant, and the words behind it: the one that is named, else that of the thread, else the only one which the
    /// command can be about.
    fn task<'a>(
        &'a self,
        words: &'a str,
        verb: &str,
        fits: impl Fn(&SceneTask) -> bool,
    ) -> Result<(&'a SceneTask, &'a str), String> {
        let named = self.tasks.iter().flat_map(|task| {
            [task.key.as_str(), task.name.as_str()]
                .into_iter()
                .filter_map(move |name| Some((task, after(words, name)?)))
        });
        // The longest name wins: “build” must not hide “build docs”.
        if let Some(found) = named.min_by_key(|(_, rest)| rest.len()) {
            return Ok(found);
        }
        if let Some(task) = self.tasks.iter().find(|task| Some(task.id) == self.thread) {
            return Ok((task, words));
        }
        let mut fitting = self.tasks.iter().filter(|task| fits(task));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok((one, words)),
            (None, _) => Err(wording::nothing_to(verb)),
            (Some(one), Some(other)) => {
                let all: Vec<&str> = [one, other].into_iter().chain(fitting).map(|task| task.name.as_str()).collect();
                Err(wording::which_task(verb, &all))
            }
        }
    }

    /// The agent that is meant, or nobody in particular, and the words behind it.
    fn agent<'a>(&self, words: &'a str) -> Result<(Option<AgentId>, &'a str), String> {
        let words = words.strip_prefix('@').unwrap_or(words);
        let named = self.agents.iter().filter_map(|(id, name)| Some((Some(*id), after(words, name)?)));
        if let Some(found) = named.min_by_key(|(_, rest)| rest.len()) {
            return Ok(found);
        }
        match ["anyone", "nobody"].into_iter().find_map(|word| after(words, word)) {
            Some(rest) => Ok((None, rest)),
            None => Err(wording::which_agent(&self.agents.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>())),
        }
    }
}

/// What stands behind a name, in quotes or not, at the beginning of the words; nothing when they do not begin with it.
fn after<'a>(words: &'a str, name: &str) -> Option<&'a str> {
    if let Some(quoted) = words.strip_prefix(['"', '“'])
        && let Some((inside, rest)) = quoted.split_once(['"', '”'])
    {
        return inside.to_lowercase().eq(&name.to_lowercase()).then(|| rest.trim_start());
    }
    let begins = words.get(..name.len())?;
    let rest = words.get(name.len()..)?;
    let is_whole = rest.is_empty() || rest.starts_with(char::is_whitespace);
    (is_whole && !name.is_empty() && begins.to_lowercase() == name.to_lowercase()).then(|| rest.trim_start())
}

#[cfg(test)]
mod tests;
