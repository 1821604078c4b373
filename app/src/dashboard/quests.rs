//! The quest log: the first steps in a new installation. Every tick is computed from what is really there.

use devsquad::agent::Presence;
use devsquad::view::{AgentSummary, DashboardView};
use devsquad::workflow::WorkflowStatus;

/// Where the first mission starts.
pub const HEALTH_CHECK: &str = "/orchestration/workflows/create?template=project-health-check";

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quest {
    /// What to do.
    pub title: &'static str,
    /// Why, or what is seen then.
    pub why: &'static str,
    /// Whether it is done.
    pub done: bool,
    /// Where it is done.
    pub href: &'static str,
}

/// The steps, in order.
pub fn quests(view: &DashboardView) -> Vec<Quest> {
    let reachable = |agent: &AgentSummary| agent.presence != Presence::Offline;
    vec![
        Quest {
            title: "Meet your squad",
            why: "Agents that do the work. The built-in ones need no key.",
            done: view.agents.iter().any(reachable),
            href: "/orchestration/agents",
        },
        Quest {
            title: "Run a health check",
            why: "The squad reads one git repository and writes a report about it.",
            done: !view.workflows.is_empty(),
            href: HEALTH_CHECK,
        },
        Quest {
            title: "Decide what the squad asks you",
            why: "Nothing passes without you where a step asks for a person.",
            done: view.workflows.iter().any(|workflow| workflow.status == WorkflowStatus::Completed),
            href: "/orchestration/approvals",
        },
        Quest {
            title: "Connect an agent of your own",
            why: "Any program that speaks HTTP can join. A Python example is included.",
            done: view.agents.iter().any(|agent| agent.adapter == "http"),
            href: "/orchestration/agents/new",
        },
    ]
}
