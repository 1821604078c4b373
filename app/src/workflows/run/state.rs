//! A run as the page holds it: one signal for each task, so that an event redraws what it changed and nothing else.

use std::collections::HashMap;
use std::time::Duration;

use devsquad::id::{AgentId, TaskId, WorkflowId};
use devsquad::view::{ActivityLine, Member, News, TaskView, WorkflowSummary, WorkflowView};
use leptos::prelude::*;

use crate::agents::api::load_members;
use crate::live::use_live;
use crate::ui::{Now, effect, use_announcer};

/// What happened is told to those who listen at most this often.
const TELL_EVERY: Duration = Duration::from_secs(3);

/// One run.
#[derive(Clone, Copy)]
pub struct Run {
    /// Which workflow.
    pub id: WorkflowId,
    /// Name, status and counts.
    pub summary: RwSignal<WorkflowSummary>,
    /// The newest events, newest first.
    pub activity: RwSignal<Vec<ActivityLine>>,
    tasks: StoredValue<Vec<RwSignal<TaskView>>>,
    by_id: StoredValue<HashMap<TaskId, usize>>,
    /// What the events are folded into; the signals follow once a frame.
    whole: StoredValue<WorkflowView>,
    frame_is_due: StoredValue<bool>,
    /// Who could work on it.
    pub members: RwSignal<Vec<Member>>,
    to_tell: StoredValue<Vec<String>>,
    /// The newest event about what agents disagree about: no task's line shows it, its panel does.
    pub argued: RwSignal<u64>,
}

impl Run {
    /// Follows a workflow from what was loaded.
    pub fn follow(newest: Now<WorkflowView>) -> Run {
        let first = newest.get_untracked();
        let run = Run {
            id: first.summary.id,
            summary: RwSignal::new(first.summary.clone()),
            activity: RwSignal::new(first.activity.clone()),
            tasks: StoredValue::new(first.tasks.iter().cloned().map(RwSignal::new).collect()),
            by_id: StoredValue::new(first.tasks.iter().enumerate().map(|(at, task)| (task.id, at)).collect()),
            whole: StoredValue::new(first.clone()),
            frame_is_due: StoredValue::new(false),
            members: RwSignal::new(first.members.clone()),
            to_tell: StoredValue::new(Vec::new()),
            argued: RwSignal::new(0),
        };
        effect(move || {
            let newest = newest.get();
            if newest.seq > run.whole.with_value(|whole| whole.seq) {
                run.whole.set_value(newest);
                run.publish();
            }
        });
        let live = use_live();
        effect(move || {
            live.on_event(first.seq, move |news| run.fold(news));
        });
        run
    }

    /// Its tasks, in the order given.
    pub fn tasks(self) -> Vec<RwSignal<TaskView>> {
        self.tasks.get_value()
    }

    /// How many tasks it has.
    pub fn len(self) -> usize {
        self.tasks.with_value(Vec::len)
    }

    /// One task.
    pub fn task(self, id: TaskId) -> Option<RwSignal<TaskView>> {
        let at = self.by_id.with_value(|by_id| by_id.get(&id).copied())?;
        self.tasks.with_value(|tasks| tasks.get(at).copied())
    }

    /// The tasks as they stand, read through every signal.
    pub fn snapshot(self) -> Vec<TaskView> {
        self.tasks().into_iter().map(|task| task.get()).collect()
    }

    /// For every task, the positions of the tasks it needs.
    pub fn needs(self) -> Vec<Vec<u32>> {
        let tasks: Vec<TaskView> = self.tasks().into_iter().map(|task| task.get_untracked()).collect();
        let at: HashMap<&str, u32> = tasks.iter().zip(0u32..).map(|(task, at)| (task.key.as_str(), at)).collect();
        tasks.iter().map(|task| task.needs.iter().filter_map(|key| at.get(key.as_str()).copied()).collect()).collect()
    }

    fn fold(self, news: &News) {
        if matches!(news.name.as_str(), "agent_registered" | "agent_retired") {
            self.learn_members();
        }
        if news.workflow != Some(self.id) {
            return;
        }
        if news.name.starts_with("conflict_") || news.name == "resolution_proposed" {
            self.argued.set(news.seq);
        }
        let names = names(&self.members.get_untracked());
        let before = self.whole.with_value(|whole| whole.activity.first().map_or(0, |line| line.seq));
        let changed = self.whole.try_update_value(|whole| whole.fold(news, &|agent| names.get(&agent).cloned()));
        if changed != Some(true) {
            return;
        }
        self.publish_soon();
        let line = self
            .whole
            .with_value(|whole| whole.activity.first().filter(|line| line.seq > before).map(|line| line.text.clone()));
        if let Some(line) = line.filter(|_| is_told(news)) {
            self.tell_soon(line);
        }
        if self.whole.with_value(|whole| whole.tasks.iter().any(is_nameless)) {
            self.learn_members();
        }
    }

    fn publish_soon(self) {
        if self.frame_is_due.try_update_value(|due| std::mem::replace(due, true)) == Some(false) {
            request_animation_frame(move || {
                let _ = self.frame_is_due.try_set_value(false);
                self.publish();
            });
        }
    }

    /// Writes what differs into the signals.
    fn publish(self) {
        // The page may have been left since.
        let _ = self.whole.try_with_value(|whole| {
            for (signal, task) in self.tasks.get_value().into_iter().zip(&whole.tasks) {
                if signal.try_with_untracked(|shown| shown != task) == Some(true) {
                    signal.set(task.clone());
                }
            }
            if self.summary.try_with_untracked(|shown| *shown != whole.summary) == Some(true) {
                self.summary.set(whole.summary.clone());
            }
            if self.activity.try_with_untracked(|shown| *shown != whole.activity) == Some(true) {
                self.activity.set(whole.activity.clone());
            }
        });
    }

    /// Asks who the agents are, and writes a name where one is missing.
    fn learn_members(self) {
        leptos::task::spawn_local(async move {
            let Ok(members) = load_members().await else { return };
            let known = names(&members);
            // The page may have been left since.
            let _ = self.members.try_set(members);
            let _ = self.whole.try_update_value(|whole| {
                for agent in
                    whole.tasks.iter_mut().filter_map(|task| task.agent.as_mut()).filter(|agent| agent.name.is_empty())
                {
                    agent.name = known.get(&agent.id).cloned().unwrap_or_else(|| "An agent".to_owned());
                }
            });
            self.publish();
        });
    }

    /// Those who listen hear of it grouped, not word by word.
    fn tell_soon(self, line: String) {
        let is_first = self.to_tell.try_update_value(|lines| {
            lines.push(line);
            lines.len() == 1
        });
        if is_first == Some(true) {
            let announcer = use_announcer();
            set_timeout(
                move || {
                    if let Some(lines) = self.to_tell.try_update_value(std::mem::take) {
                        announcer.say(grouped(&lines));
                    }
                },
                TELL_EVERY,
            );
        }
    }
}

/// Two sentences, and how many more.
fn grouped(lines: &[String]) -> String {
    match lines {
        [first, second, rest @ ..] if !rest.is_empty() => format!("{first} {second} {} more.", rest.len()),
        lines => lines.join(" "),
    }
}

fn names(members: &[Member]) -> HashMap<AgentId, String> {
    members.iter().map(|member| (member.id, member.name.clone())).collect()
}

fn is_nameless(task: &TaskView) -> bool {
    task.agent.as_ref().is_some_and(|agent| agent.name.is_empty())
}

/// Whether an event is worth interrupting a listener for.
fn is_told(news: &News) -> bool {
    matches!(
        news.name.as_str(),
        "task_completed"
            | "task_failed"
            | "tasks_skipped"
            | "checkpoint_opened"
            | "checkpoint_escalated"
            | "checkpoint_decided"
            | "workflow_paused"
            | "workflow_resumed"
            | "workflow_ended"
    )
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn a_listener_hears_two_sentences_and_a_number() {
        let lines: Vec<String> = ["A.", "B.", "C.", "D."].map(str::to_owned).to_vec();
        assert_eq!(grouped(&lines[..1]), "A.");
        assert_eq!(grouped(&lines[..2]), "A. B.");
        assert_eq!(grouped(&lines), "A. B. 2 more.");
    }
}
