//! Who acts, and what each may do.
//!
//! Authority comes from the mapped identity only. A display name, a quoted message or a claim inside a text gives none.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::id::{AgentId, UserId};
use crate::refusal::Refusal;

/// Who asked for a change, kept with every event of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Actor {
    /// A human being, signed in or holding a person's token.
    Person {
        /// The person.
        user: UserId,
        /// The role held in this organization when the command came in.
        role: Role,
        /// The way the command came in.
        via: Door,
    },
    /// An agent, by its own scoped token.
    Agent {
        /// The agent.
        agent: AgentId,
    },
    /// The engine itself: timers, recovery, dispatch.
    System,
}

/// The way a person's command came in. It changes no permission; the audit shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Door {
    /// A page of the web application.
    Web,
    /// The HTTP interface with a person's token.
    Api,
    /// The command line on the server's own machine.
    Cli,
    /// A chat channel.
    Chat,
}

/// What a person may do in an organization. Each role holds the rights of the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Sees everything of the organization, changes nothing.
    Viewer,
    /// Runs workflows: create, pause, resume, cancel, retry.
    Operator,
    /// Decides approvals and reviews.
    Reviewer,
    /// Manages people, agents and tokens.
    Admin,
    /// An admin who cannot be removed by one.
    Owner,
}

impl Role {
    /// Every role, weakest first.
    pub const ALL: [Role; 5] = [Role::Viewer, Role::Operator, Role::Reviewer, Role::Admin, Role::Owner];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Reviewer => "reviewer",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }

    /// The role of that name, if there is one.
    pub fn parse(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.as_str() == name)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Actor {
    /// The agent behind the command, if it is one.
    pub fn agent(&self) -> Option<AgentId> {
        match self {
            Actor::Agent { agent } => Some(*agent),
            Actor::Person { .. } | Actor::System => None,
        }
    }

    /// The person behind the command, if it is one.
    pub fn person(&self) -> Option<UserId> {
        match self {
            Actor::Person { user, .. } => Some(*user),
            Actor::Agent { .. } | Actor::System => None,
        }
    }

    /// Refuses unless this actor may give this command. What depends on the state (whose lease, whose review) is
    /// checked by `decide`.
    pub fn authorize(&self, command: &Command) -> Result<(), Refusal> {
        match (self, command.needs()) {
            (Actor::System, _) => Ok(()),
            (Actor::Agent { .. }, Needs::Agent) => Ok(()),
            (Actor::Agent { .. }, Needs::Role(_)) => Err(Refusal::PeopleOnly { verb: command.verb() }),
            (Actor::Person { .. }, Needs::Agent) => Err(Refusal::AgentsOnly { verb: command.verb() }),
            (Actor::Person { role, .. }, Needs::Role(least)) if *role >= least => Ok(()),
            (Actor::Person { role, .. }, Needs::Role(least)) => {
                Err(Refusal::RoleTooLow { verb: command.verb(), has: *role, least })
            }
            (Actor::Agent { .. } | Actor::Person { .. }, Needs::System) => {
                Err(Refusal::SystemOnly { verb: command.verb() })
            }
        }
    }
}

/// What a command asks of the one who gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A person with at least this role.
    Role(Role),
    /// An agent, speaking for itself.
    Agent,
    /// The engine itself.
    System,
}
