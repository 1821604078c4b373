//! Letting an agent in that speaks HTTP.

use app::error::Failure;
use devsquad::agent::skill::LEVEL_MAX;
use devsquad::agent::{Adapter, AgentProfile, Skill};
use devsquad::id::AgentId;
use devsquad::{Answer, Command, Refusal, Role};

use super::{WebBackend, unreadable};
use crate::clock;
use crate::store::identity::tokens::{Holder, create_token};

/// The level of a skill that is given without one.
const LEVEL_MIDDLING: u8 = 3;

impl WebBackend {
    pub(super) async fn register_agent(
        &self,
        name: &str,
        skills: &str,
        capacity: u32,
    ) -> Result<(AgentId, String), Failure> {
        use app::backend::Backend as _;
        self.may(Role::Admin, "register an agent")?;
        let skills = parse_skills(skills).map_err(|why| Refusal::fault("/skills", why))?;
        let profile = AgentProfile {
            id: AgentId(clock::fresh_id()),
            name: name.to_owned(),
            adapter: Adapter::Http,
            skills,
            capacity,
            cost_per_hour: None,
            owner: String::new(),
            task_types: Vec::new(),
            description: String::new(),
        };
        let agent = profile.id;
        let answer = self.perform(Command::RegisterAgent { profile: Box::new(profile) }).await?;
        let agent = if let Answer::AgentRegistered { agent } = answer { agent } else { agent };
        let mut tx = self.writing().await?;
        let token = create_token(&mut tx, clock::fresh_id(), name.trim(), Holder::Agent(agent), clock::now());
        let token = token.await.map_err(unreadable)?;
        tx.commit().await.map_err(unreadable)?;
        Ok((agent, token.reveal().to_owned()))
    }
}

/// Skills as people type them: `rust:5, review, docs 2`.
fn parse_skills(given: &str) -> Result<Vec<Skill>, String> {
    let items = given.split([',', '\n', ';']).map(str::trim).filter(|item| !item.is_empty());
    items
        .map(|item| {
            let (skill, level) = match item.rsplit_once([':', '=', ' ']) {
                Some((skill, level)) => (skill.trim(), level.trim().parse::<u8>().ok()),
                None => (item, Some(LEVEL_MIDDLING)),
            };
            match level {
                Some(level) if (1..=LEVEL_MAX).contains(&level) => Ok(Skill { skill: skill.to_lowercase(), level }),
                _ => Err(format!("“{item}” should be a skill and a level from 1 to {LEVEL_MAX}, such as rust:4")),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skills_are_read_as_people_type_them() {
        let read =
            |text| parse_skills(text).map(|skills| skills.into_iter().map(|s| (s.skill, s.level)).collect::<Vec<_>>());
        assert_eq!(
            read("Rust:5, review,\n docs 2").expect("good"),
            [("rust".into(), 5), ("review".into(), 3), ("docs".into(), 2)]
        );
        assert_eq!(read("").expect("none"), []);
        for bad in ["rust:9", "rust:0", "rust:very", "two words"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
