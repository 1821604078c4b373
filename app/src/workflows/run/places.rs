//! Where one is on the run page: the view and the open task, both in the address, so that every place can be linked to,
//! works without scripts, and the browser's Back goes back.

use devsquad::id::{TaskId, WorkflowId};
use leptos_router::hooks::use_query_map;

use crate::ui::{Now, Seen, memo};

/// A way to look at a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    /// The drawing.
    Graph,
    /// The table: the same, for reading.
    List,
    /// What happened.
    History,
}

impl View {
    /// All, in the order of the switch.
    pub const ALL: [View; 3] = [View::Graph, View::List, View::History];

    /// The name in the address.
    pub fn as_str(self) -> &'static str {
        match self {
            View::Graph => "graph",
            View::List => "list",
            View::History => "history",
        }
    }

    fn parse(name: &str) -> Option<View> {
        View::ALL.into_iter().find(|view| view.as_str() == name)
    }
}

/// Where one is.
#[derive(Clone, Copy)]
pub struct Places {
    workflow: WorkflowId,
    view: Now<Option<View>>,
    task: Now<Option<TaskId>>,
}

impl Places {
    /// The places of a run page.
    pub fn new(workflow: WorkflowId) -> Places {
        let query = use_query_map();
        Places {
            workflow,
            view: memo(move |_| query.seen(|query| query.get("view").and_then(|name| View::parse(&name)))),
            task: memo(move |_| query.seen(|query| query.get("task").and_then(|id| id.parse().ok()))),
        }
    }

    /// The view asked for; nothing when the width of the window decides.
    pub fn view(self) -> Now<Option<View>> {
        self.view
    }

    /// The task that is open.
    pub fn task(self) -> Now<Option<TaskId>> {
        self.task
    }

    /// The address of another view, with the same task open.
    pub fn to_view(self, view: View) -> String {
        self.address(Some(view), self.task.get())
    }

    /// The address with a task open, in the same view.
    pub fn to_task(self, task: TaskId) -> String {
        self.address(self.view.get(), Some(task))
    }

    /// The address without an open task.
    pub fn without_task(self) -> String {
        self.address(self.view.get(), None)
    }

    fn address(self, view: Option<View>, task: Option<TaskId>) -> String {
        let view = view.map(|view| format!("view={}", view.as_str()));
        let task = task.map(|task| format!("task={task}"));
        let query: Vec<String> = view.into_iter().chain(task).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{}{mark}{}", super::super::run_href(self.workflow), query.join("&"))
    }
}
