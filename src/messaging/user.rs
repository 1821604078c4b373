//! Users of the chat by their ids: whose they are, and back.

use crate::id::{AgentId, UserId};

const AGENT: &str = "agent-";
const PERSON: &str = "person-";

/// The chat's user of an agent.
pub fn user_of_agent(agent: AgentId) -> String {
    format!("{AGENT}{agent}")
}

/// The chat's user of a person.
pub fn user_of_person(person: UserId) -> String {
    format!("{PERSON}{person}")
}

/// Whether it is an agent's.
pub fn is_agent(user: &str) -> bool {
    user.starts_with(AGENT)
}

/// Whether it is a person's.
pub fn is_person(user: &str) -> bool {
    user.starts_with(PERSON)
}

/// The agent whose it is.
pub fn agent_of(user: &str) -> Option<AgentId> {
    user.strip_prefix(AGENT)?.parse().ok()
}

/// The person whose it is.
pub fn person_of(user: &str) -> Option<UserId> {
    user.strip_prefix(PERSON)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn whose_a_user_is_comes_back() {
        let (agent, person) = (AgentId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
        assert_eq!(agent_of(&user_of_agent(agent)), Some(agent));
        assert_eq!(person_of(&user_of_person(person)), Some(person));
        assert_eq!((agent_of(&user_of_person(person)), person_of(&user_of_agent(agent))), (None, None));
        for stranger in ["devsquad", "agent-x", "agent", "agents-1", ""] {
            assert_eq!((agent_of(stranger), person_of(stranger)), (None, None), "{stranger}");
        }
        assert!(is_agent(&user_of_agent(agent)) && is_person(&user_of_person(person)));
        assert!(!is_person("agent-1") && !is_agent("person-1") && !is_agent("devsquad"));
    }
}
