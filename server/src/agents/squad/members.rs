//! Who is in the built-in squad.

use devsquad::agent::{Adapter, AgentProfile, Skill};
use devsquad::id::{AgentId, OrganizationId};
use sha2::{Digest as _, Sha256};

struct Member {
    name: &'static str,
    description: &'static str,
    skills: &'static [(&'static str, u8)],
}

/// Five agents: no one reviews what it wrote, and six tasks of the health check run side by side.
const MEMBERS: [Member; 5] = [
    Member {
        name: "Ada",
        description: "Analyst: takes stock of a repository and reads its history.",
        skills: &[("inventory", 4), ("history", 4)],
    },
    Member {
        name: "Bo",
        description: "Scanner: finds open ends and leaked secrets.",
        skills: &[("scan", 4), ("inventory", 2)],
    },
    Member {
        name: "Cy",
        description: "Auditor: dependencies, licences, builds and tests.",
        skills: &[("dependencies", 4), ("checks", 4)],
    },
    Member {
        name: "Dee",
        description: "Writer: turns findings into a report.",
        skills: &[("writing", 4), ("history", 2)],
    },
    Member { name: "Eli", description: "Reviewer: recounts every figure of a report.", skills: &[("review", 5)] },
];

/// Leases each may hold: a machine with two cores gains nothing from more.
const CAPACITY: u32 = 2;

/// The squad of an organization. The ids are always the same, so that a restart finds them.
pub fn profiles(organization: OrganizationId) -> Vec<AgentProfile> {
    MEMBERS
        .iter()
        .map(|member| AgentProfile {
            id: id(organization, member.name),
            name: member.name.to_owned(),
            adapter: Adapter::Exec,
            skills: member
                .skills
                .iter()
                .map(|(skill, level)| Skill { skill: (*skill).to_owned(), level: *level })
                .collect(),
            capacity: CAPACITY,
            cost_per_hour: None,
            task_types: crate::squad::TASK_TYPES.iter().map(|(kind, _)| (*kind).to_owned()).collect(),
            owner: String::new(),
            description: member.description.to_owned(),
        })
        .collect()
}

fn id(organization: OrganizationId, name: &str) -> AgentId {
    let mut hasher = Sha256::new();
    hasher.update(b"devsquad built-in squad");
    hasher.update(organization.0.as_bytes());
    hasher.update(name.as_bytes());
    let digest: [u8; 32] = hasher.finalize().into();
    AgentId(uuid::Builder::from_custom_bytes(std::array::from_fn(|at| digest[at])).into_uuid())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_squad_has_every_skill_its_tasks_ask_for() {
        let squad = profiles(OrganizationId(Uuid::nil()));
        let has = |skill: &str| squad.iter().any(|member| member.skills.iter().any(|own| own.skill == skill));
        for (kind, skill) in crate::squad::TASK_TYPES {
            assert!(has(skill), "nobody does {kind}");
        }
        assert!(has(crate::squad::REVIEW_SKILL));
        assert_eq!(squad, profiles(OrganizationId(Uuid::nil())), "the same at every start");
        assert_ne!(squad[0].id, profiles(OrganizationId(Uuid::max()))[0].id);
    }
}
