//! A template's tasks as an outline: what runs at once stands in one stage.

use std::collections::HashMap;

/// One task of a template: key, name, keys of the tasks it needs.
pub type Task = (String, String, Vec<String>);

/// The positions of tasks that can run at the same time, stage by stage: a task stands one stage after the last of those
/// it needs. What waits for itself in a cycle is left out.
pub fn stages(tasks: &[Task]) -> Vec<Vec<usize>> {
    let mut stage_of: HashMap<&str, usize> = HashMap::new();
    let mut stages: Vec<Vec<usize>> = Vec::new();
    loop {
        let placed: Vec<(usize, usize)> = tasks
            .iter()
            .enumerate()
            .filter(|(_, (key, _, _))| !stage_of.contains_key(key.as_str()))
            .filter_map(|(at, (_, _, needs))| stage(&stage_of, needs).map(|stage| (at, stage)))
            .collect();
        if placed.is_empty() {
            return stages;
        }
        for (at, stage) in placed {
            stages.resize_with(stages.len().max(stage + 1), Vec::new);
            stages[stage].push(at);
            stage_of.insert(&tasks[at].0, stage);
        }
    }
}

/// Its stage, once all that it needs has one.
fn stage(stage_of: &HashMap<&str, usize>, needs: &[String]) -> Option<usize> {
    needs.iter().try_fold(0, |stage, need| stage_of.get(need.as_str()).map(|before| stage.max(before + 1)))
}

/// The outline in a sentence ("7 tasks in 4 stages, up to 3 at once").
pub fn in_words(stages: &[Vec<usize>]) -> String {
    let tasks = stages.iter().map(Vec::len).sum::<usize>();
    let widest = stages.iter().map(Vec::len).max().unwrap_or(0);
    let plural = |n: usize, noun: &str| if n == 1 { format!("1 {noun}") } else { format!("{n} {noun}s") };
    match widest {
        0 | 1 => format!("{}, one after another", plural(tasks, "task")),
        _ => format!("{} in {}, up to {widest} at once", plural(tasks, "task"), plural(stages.len(), "stage")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(key: &str, needs: &[&str]) -> Task {
        (key.to_owned(), key.to_owned(), needs.iter().map(|need| (*need).to_owned()).collect())
    }

    #[test]
    fn tasks_stand_after_all_they_need_whatever_the_order_given() {
        let tasks = [task("report", &["a", "b"]), task("a", &["start"]), task("b", &["start"]), task("start", &[])];
        let stages = stages(&tasks);
        assert_eq!(stages, [vec![3], vec![1, 2], vec![0]]);
        assert_eq!(in_words(&stages), "4 tasks in 3 stages, up to 2 at once");
    }

    #[test]
    fn a_cycle_does_not_hang_the_page() {
        assert_eq!(stages(&[task("a", &["b"]), task("b", &["a"])]), Vec::<Vec<usize>>::new());
    }
}
