//! Agents: the roster, one agent's profile, and how a new one joins.

pub mod api;
mod card;
pub mod fit;
mod history;
mod load;
mod new_agent;
pub mod outcome;
mod profile;
mod roster;
mod skills;
mod squad;

pub use load::Load;
pub use new_agent::NewAgentPage;
pub use profile::AgentPage;
pub use roster::AgentsPage;
pub use squad::Squad;

use devsquad::id::AgentId;

/// Where an agent's profile is.
pub fn agent_href(agent: AgentId) -> String {
    format!("/orchestration/agents/{agent}")
}

/// What an agent is, in words.
pub fn adapter_words(adapter: &str) -> String {
    match adapter {
        "exec" => "Built in".to_owned(),
        "http" => "Over HTTP".to_owned(),
        other => other.to_owned(),
    }
}
