//! One newtype per noun, so that a task's id never stands where an agent's is meant.
//!
//! Ids are UUIDs. Nothing here makes one: they come in as arguments (style rule 7).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
    )+};
}

id! {
    /// A tenant: its people, agents, projects and journal.
    OrganizationId,
    /// A work area inside an organization.
    ProjectId,
    /// A person.
    UserId,
    /// An agent's identity (not the machine it runs on).
    AgentId,
    /// One live DAG of tasks.
    WorkflowId,
    /// A node of the DAG: the unit of assignment.
    TaskId,
    /// One execution of a task by one agent.
    AttemptId,
    /// A quality checkpoint.
    CheckpointId,
    /// A question of an agent to people.
    QuestionId,
    /// A conflict between two agents about a task.
    ConflictId,
    /// One entry of the journal.
    EventId,
}
