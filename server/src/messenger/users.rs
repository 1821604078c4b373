//! The chat's users: agents, people, and the engine itself.

use devsquad::Change;
use devsquad::agent::presence::workload_percentage;
use devsquad::id::{AgentId, UserId};
use devsquad::messaging::message::Author;
use devsquad::messaging::user::{user_of_agent, user_of_person};
use serde_json::json;

use super::{IN_A_CALL_MAX, Messenger, SYSTEM_USER, Stuck};
use crate::chat::check::AGENT_ROLE;
use crate::chat::wire::{Custom, Query, User};
use crate::clock;
use crate::store::messenger::Batch;

/// What an agent that is not there is.
const OFFLINE: &str = "offline";

impl Messenger {
    /// Every user as they should be now: how agents are and how busy, whether people are there.
    pub(super) fn faces(&self) -> Vec<User> {
        let agents = self.roll.squad.agents.keys().map(|agent| self.face_of_agent(*agent));
        let people = self.roll.squad.people.keys().map(|person| self.face_of_person(*person));
        std::iter::once(face_of_system()).chain(agents).chain(people).collect()
    }

    fn face_of_agent(&self, agent: AgentId) -> User {
        let (status, live, capacity) = self.roll.presences.get(&agent).cloned().unwrap_or((OFFLINE.to_owned(), 0, 0));
        let name = self.roll.names.get(&agent.0).map_or("An agent", String::as_str);
        agent_user(agent, name, &status, workload_percentage(live, capacity))
    }

    fn face_of_person(&self, person: UserId) -> User {
        let name = self.roll.names.get(&person.0).map_or("A person", String::as_str);
        let presence = if self.world.online.is_online(person, clock::now()) { "online" } else { OFFLINE };
        let custom = [("name".to_owned(), json!(name)), ("presence".to_owned(), json!(presence))];
        User { id: user_of_person(person), custom: Custom::from_iter(custom), ..User::default() }
    }

    /// Makes sure that these members are there.
    pub(super) async fn ensure(&self, users: &[String]) -> Result<(), Stuck> {
        if users.iter().all(|user| self.known.has_user(user)) {
            return Ok(());
        }
        let faces = self.faces().into_iter().filter(|face| users.contains(&face.id)).collect();
        self.tell_of(faces).await
    }

    /// Makes or replaces users, a hundred at a time.
    pub(super) async fn tell_of(&self, faces: Vec<User>) -> Result<(), Stuck> {
        for some in faces.chunks(IN_A_CALL_MAX) {
            self.chat().await.upsert_users(some).await?;
            self.known.remember_users(some);
        }
        Ok(())
    }

    /// The user who says something. One who has left since is made only where the chat does not know them any more, so that they
    /// keep the name they had.
    pub(super) async fn author(&self, author: Author, batch: &Batch) -> Result<String, Stuck> {
        let (id, name) = match author {
            Author::Agent(agent) => (user_of_agent(agent), batch.name(agent.0)),
            Author::Person(person) => (user_of_person(person), batch.name(person.0)),
            Author::System => (SYSTEM_USER.to_owned(), None),
        };
        self.ensure(std::slice::from_ref(&id)).await?;
        if !self.known.has_user(&id) {
            let filter = Custom::from_iter([("id".to_owned(), json!(id))]);
            let query = Query { filter_conditions: filter, include_deactivated_users: true, ..Query::default() };
            if self.chat().await.query_users(&query).await?.is_empty() {
                let user = match author {
                    Author::Agent(agent) => agent_user(agent, name.as_deref().unwrap_or("An agent"), OFFLINE, 0),
                    Author::Person(_) | Author::System => {
                        User::named(id.clone(), name.unwrap_or("A person".to_owned()))
                    }
                };
                self.tell_of(vec![user]).await?;
            }
            self.known.remember_user(id.clone());
        }
        Ok(id)
    }

    /// Agents that left are not there any more, whatever they were last.
    pub(super) async fn farewells(&self, batch: &Batch) -> Result<(), Stuck> {
        let left = batch.events.iter().filter_map(|event| match event.change {
            Change::AgentRetired { agent } => Some(agent),
            _ => None,
        });
        let name = |agent: AgentId| batch.name(agent.0).unwrap_or_else(|| "An agent".to_owned());
        self.tell_of(left.map(|agent| agent_user(agent, &name(agent), OFFLINE, 0)).collect()).await
    }
}

fn face_of_system() -> User {
    User::named(SYSTEM_USER, "DevSquad")
}

fn agent_user(agent: AgentId, name: &str, status: &str, workload_percentage: u32) -> User {
    let custom = Custom::from_iter([
        ("name".to_owned(), json!(name)),
        ("agent_status".to_owned(), json!(status)),
        ("workload_percentage".to_owned(), json!(workload_percentage)),
    ]);
    User { id: user_of_agent(agent), role: Some(AGENT_ROLE.to_owned()), custom, ..User::default() }
}
