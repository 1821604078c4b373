//! Why things are as they are, for the one who looks at them: why a task stands where it stands, why this agent has it.

use jiff::Timestamp;

use crate::wire_time::civil;

use crate::agent::SkillNeed;
use crate::scheduling::{Fit, WEIGHTS};
use crate::view::TaskView;
use crate::workflow::task::TaskStatus;
use crate::workflow::{EdgeKind, WorkflowStatus};

/// Names listed before it becomes "and 3 more".
const NAMED_MAX: usize = 3;

/// Why a task is in the status it is in. `tasks` are all tasks of its workflow.
pub fn state(task: &TaskView, tasks: &[TaskView], workflow: WorkflowStatus) -> String {
    match task.status {
        TaskStatus::Blocked => blocked(task, tasks),
        TaskStatus::Ready => ready(task, workflow),
        TaskStatus::Running => running(task),
        TaskStatus::AwaitingInput => {
            let who = agent_of(task);
            format!(
                "{who} asked a person: {} The task goes on when there is an answer.",
                sentence(&task.note, "something.")
            )
        }
        TaskStatus::InReview => "Its result is handed in. Another agent examines it before it counts.".to_owned(),
        TaskStatus::AwaitingApproval => "Its result is handed in and waits for a person's decision.".to_owned(),
        TaskStatus::Rework => {
            format!("{} It waits for an agent to do it again.", sentence(&task.note, "Its result was sent back."))
        }
        TaskStatus::Completed => completed(task),
        TaskStatus::Skipped => skipped(task, tasks),
        TaskStatus::Failed => {
            format!("{} Trying again would not help until that is mended.", sentence(&task.note, "It failed."))
        }
        TaskStatus::DeadLetter => format!(
            "{} failed, so it was given up. The last one: {}",
            match task.attempts_used {
                1 => "Its one attempt".to_owned(),
                n => format!("All {n} attempts"),
            },
            sentence(&task.note, "it did not say why.")
        ),
        TaskStatus::Cancelled => "The workflow was ended before it was done.".to_owned(),
    }
}

fn blocked(task: &TaskView, tasks: &[TaskView]) -> String {
    let needed = tasks.iter().filter(|other| task.needs.contains(&other.key));
    let open: Vec<&str> = needed.filter(|other| !other.status.is_terminal()).map(|other| other.name.as_str()).collect();
    match (task.edge, open.as_slice()) {
        (_, []) => "What it needs has ended; it is about to become ready.".to_owned(),
        (EdgeKind::AllSucceeded, open) => format!("It waits for {} to be done.", names(open)),
        (EdgeKind::AllDone, open) => format!("It waits for {} to end, well or badly.", names(open)),
        (EdgeKind::AnySucceeded, [one]) => format!("It waits for {} to be done.", names(&[*one])),
        (EdgeKind::AnySucceeded, open) => format!("It waits until one of {} is done.", names(open)),
    }
}

fn ready(task: &TaskView, workflow: WorkflowStatus) -> String {
    if workflow == WorkflowStatus::Paused {
        return "It could begin, but the workflow is paused.".to_owned();
    }
    if let Some(until) = task.not_before {
        return format!("{} It is tried again at {}.", sentence(&task.note, "The last attempt failed."), clock(until));
    }
    if let Some(agent) = &task.kept_for {
        let who = if agent.name.is_empty() { "the agent a person chose" } else { agent.name.as_str() };
        return format!("It can begin. A person keeps it for {who}, who takes it with the next free slot.");
    }
    match task.skills.as_slice() {
        [] => "It can begin. The next agent with a free slot takes it.".to_owned(),
        needs => format!("It can begin. It waits for an agent with {} and a free slot.", skills(needs)),
    }
}

/// Skills as words: "the skills “rust” at level 3 and “review”". The lowest level goes without saying.
pub fn skills(needs: &[SkillNeed]) -> String {
    let one = |need: &SkillNeed| match need.level {
        0 | 1 => format!("“{}”", need.skill),
        level => format!("“{}” at level {level}", need.skill),
    };
    let all: Vec<String> = needs.iter().map(one).collect();
    format!("the skill{} {}", if all.len() == 1 { "" } else { "s" }, all.join(" and "))
}

fn agent_of(task: &TaskView) -> &str {
    task.agent.as_ref().filter(|agent| !agent.name.is_empty()).map_or("An agent", |agent| agent.name.as_str())
}

fn running(task: &TaskView) -> String {
    let who = agent_of(task);
    let attempt = if task.attempts_used > 1 {
        format!(" This is attempt {} of {}.", task.attempts_used, task.max_attempts)
    } else {
        String::new()
    };
    match task.note.trim_end_matches('.') {
        "" => format!("{who} works on it.{attempt}"),
        note => format!("{who} works on it: {note}.{attempt}"),
    }
}

fn completed(task: &TaskView) -> String {
    let who = task.agent.as_ref().filter(|agent| !agent.name.is_empty()).map(|agent| agent.name.as_str());
    let checked = match task.checks.len() {
        0 => String::new(),
        1 => " and passed its check".to_owned(),
        n => format!(" and passed {n} checks"),
    };
    match who {
        Some(who) => format!("{who} handed in its result{checked}."),
        None => format!("Its result was handed in{checked}."),
    }
}

fn skipped(task: &TaskView, tasks: &[TaskView]) -> String {
    let needed = tasks.iter().filter(|other| task.needs.contains(&other.key));
    let bad: Vec<&str> = needed
        .filter(|other| other.status.is_terminal() && other.status != TaskStatus::Completed)
        .map(|other| other.name.as_str())
        .collect();
    match bad.as_slice() {
        [] => "Something it needs did not succeed, so it cannot run.".to_owned(),
        bad => format!("It needs {}, which did not succeed.", names(bad)),
    }
}

/// Why an agent was given a task: its score, and the two terms that gave most of it.
pub fn agent(name: &str, fit: &Fit) -> String {
    let mut terms = [
        ("its skills", fit.skill * WEIGHTS.skill),
        ("its record of accepted work", fit.record * WEIGHTS.record),
        ("its free capacity", fit.load * WEIGHTS.load),
        ("its cost", fit.cost * WEIGHTS.cost),
    ];
    terms.sort_by(|a, b| b.1.total_cmp(&a.1));
    format!(
        "Of those who could begin, {name} fitted best: {:.2} of 1, most of it for {} and {}.",
        fit.score, terms[0].0, terms[1].0
    )
}

fn names(of: &[&str]) -> String {
    let quoted: Vec<String> = of.iter().take(NAMED_MAX).map(|name| format!("“{name}”")).collect();
    match (quoted.as_slice(), of.len().saturating_sub(NAMED_MAX)) {
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

fn sentence(note: &str, otherwise: &str) -> String {
    match note.trim() {
        "" => otherwise.to_owned(),
        note if note.ends_with(['.', '!', '?', '…']) => note.to_owned(),
        note => format!("{note}."),
    }
}

fn clock(at: Timestamp) -> String {
    let [.., hour, minute, second] = civil(at);
    format!("{hour:02}:{minute:02}:{second:02} UTC")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::id::{AgentId, TaskId};
    use crate::view::AgentRef;

    fn task(key: &str, status: TaskStatus, needs: &[&str]) -> TaskView {
        TaskView {
            id: TaskId(Uuid::from_u128(key.bytes().map(u128::from).sum())),
            key: key.to_owned(),
            name: key.to_uppercase(),
            kind: String::new(),
            status,
            needs: needs.iter().map(|need| (*need).to_owned()).collect(),
            edge: EdgeKind::AllSucceeded,
            skills: Vec::new(),
            checks: Vec::new(),
            agent: Some(AgentRef { id: AgentId(Uuid::nil()), name: "Ada".to_owned() }),
            progress: 0,
            note: String::new(),
            attempts_used: 1,
            handed_in: false,
            max_attempts: 3,
            not_before: None,
            ready_at: None,
            started_at: None,
            completed_at: None,
            open_checkpoint: None,
            kept_for: None,
            question: None,
        }
    }

    #[test]
    fn a_waiting_task_names_what_it_waits_for() {
        let tasks = [
            task("a", TaskStatus::Completed, &[]),
            task("b", TaskStatus::Running, &[]),
            task("c", TaskStatus::Ready, &[]),
        ];
        let waiting = task("d", TaskStatus::Blocked, &["a", "b", "c"]);
        assert_eq!(state(&waiting, &tasks, WorkflowStatus::Running), "It waits for “B” and “C” to be done.");
        let any = TaskView { edge: EdgeKind::AnySucceeded, ..waiting };
        assert_eq!(state(&any, &tasks, WorkflowStatus::Running), "It waits until one of “B” and “C” is done.");
    }

    #[test]
    fn a_ready_task_says_what_it_waits_for() {
        let mut ready = task("a", TaskStatus::Ready, &[]);
        assert_eq!(state(&ready, &[], WorkflowStatus::Paused), "It could begin, but the workflow is paused.");
        ready.skills = vec![SkillNeed { skill: "rust".to_owned(), level: 3 }];
        assert_eq!(
            state(&ready, &[], WorkflowStatus::Running),
            "It can begin. It waits for an agent with the skill “rust” at level 3 and a free slot."
        );
    }

    #[test]
    fn a_failed_task_says_what_was_said_about_it() {
        let mut gone = task("a", TaskStatus::DeadLetter, &[]);
        gone.attempts_used = 3;
        gone.note = "The network failed".to_owned();
        assert_eq!(
            state(&gone, &[], WorkflowStatus::Failed),
            "All 3 attempts failed, so it was given up. The last one: The network failed."
        );
    }

    #[test]
    fn the_reasons_for_an_agent_are_the_largest_terms() {
        let fit = Fit { score: 0.8, skill: 1.0, record: 0.2, load: 1.0, cost: 1.0 };
        assert_eq!(
            agent("Ada", &fit),
            "Of those who could begin, Ada fitted best: 0.80 of 1, most of it for its skills and its free capacity."
        );
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(names(&["a", "b", "c", "d", "e"]), "“a”, “b”, “c” and 2 more");
    }
}
