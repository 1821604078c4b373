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

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing() -> DashboardView {
        DashboardView {
            active_workflows: 0,
            tasks_running: 0,
            tasks_ready: 0,
            completed_today: 0,
            agents_online: 0,
            agents_total: 0,
            workflows: Vec::new(),
            needs: Vec::new(),
            agents: Vec::new(),
            activity: Vec::new(),
            seq: 0,
        }
    }

    fn agent(adapter: &str, presence: Presence) -> AgentSummary {
        AgentSummary {
            id: devsquad::id::AgentId(uuid::Uuid::nil()),
            name: "Ada".to_owned(),
            description: String::new(),
            adapter: adapter.to_owned(),
            skills: Vec::new(),
            presence,
            capacity: 1,
            live: 0,
            accepted: 0,
            rejected: 0,
            failed: 0,
            last_seen_at: jiff::Timestamp::UNIX_EPOCH,
            current: Vec::new(),
        }
    }

    fn done(view: &DashboardView) -> Vec<bool> {
        quests(view).iter().map(|quest| quest.done).collect()
    }

    #[test]
    fn a_new_installation_has_everything_before_it() {
        assert_eq!(done(&nothing()), [false, false, false, false]);
    }

    #[test]
    fn a_squad_that_cannot_be_reached_is_not_met() {
        let view = DashboardView { agents: vec![agent("exec", Presence::Offline)], ..nothing() };
        assert_eq!(done(&view), [false, false, false, false]);
    }

    #[test]
    fn an_agent_over_http_is_one_of_your_own() {
        let view = DashboardView { agents: vec![agent("http", Presence::Busy)], ..nothing() };
        assert_eq!(done(&view), [true, false, false, true]);
    }
}
