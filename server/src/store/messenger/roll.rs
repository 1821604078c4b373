//! Who there is: projects, people and agents, as the chat has to know them.

use std::collections::HashMap;

use devsquad::Role;
use devsquad::agent::Skill;
use devsquad::id::{AgentId, ProjectId, UserId};
use devsquad::messaging::channel::Squad;
use jiff::Timestamp;
use serde_json::Value;
use sqlx::FromRow;
use uuid::Uuid;

use crate::store::TenantTx;

/// Everybody who is there, and every project.
#[derive(Clone, Debug, Default)]
pub struct Roll {
    /// People and agents, as far as channels go.
    pub squad: Squad,
    /// What people, agents and projects are called.
    pub names: HashMap<Uuid, String>,
    /// Projects and when they were made, oldest first.
    pub projects: Vec<(ProjectId, Timestamp)>,
    /// How agents are: presence, leases they hold, leases they may hold.
    pub presences: HashMap<AgentId, (String, u32, u32)>,
}

impl Roll {
    /// The projects there were at a moment.
    pub fn projects_at(&self, at: Timestamp) -> Vec<ProjectId> {
        self.projects.iter().filter(|(_, made)| *made <= at).map(|(id, _)| *id).collect()
    }
}

#[derive(FromRow)]
struct AgentRow {
    id: Uuid,
    name: String,
    skills: Value,
    presence: String,
    live_leases: i32,
    capacity: i32,
}

/// Reads it.
pub async fn read(tx: &mut TenantTx) -> Result<Roll, sqlx::Error> {
    let mut roll = Roll { projects: projects(tx).await?, ..Roll::default() };
    let organization = tx.tenant().organization;
    let names: Vec<(Uuid, String)> = sqlx::query_as("SELECT id, name FROM projects WHERE organization_id = $1")
        .bind(organization)
        .fetch_all(&mut **tx)
        .await?;
    roll.names.extend(names);
    let people: Vec<(Uuid, String, String)> = sqlx::query_as(
        "SELECT u.id, u.display_name, m.role FROM memberships AS m JOIN users AS u ON u.id = m.user_id
         WHERE m.organization_id = $1 AND u.disabled_at IS NULL",
    )
    .bind(organization)
    .fetch_all(&mut **tx)
    .await?;
    for (id, name, role) in people {
        // A role this version does not know gives nothing.
        roll.squad.people.insert(UserId(id), Role::parse(&role).unwrap_or(Role::Viewer));
        roll.names.insert(id, name);
    }
    let agents: Vec<AgentRow> = sqlx::query_as(
        "SELECT id, name, skills, presence, live_leases, capacity FROM agents WHERE organization_id = $1 AND retired_at IS NULL",
    )
    .bind(organization)
    .fetch_all(&mut **tx)
    .await?;
    for row in agents {
        let skills: Vec<Skill> = serde_json::from_value(row.skills).unwrap_or_default();
        let id = AgentId(row.id);
        roll.squad.agents.insert(id, skills.into_iter().map(|skill| skill.skill).collect());
        let count = |n: i32| u32::try_from(n).unwrap_or_default();
        roll.presences.insert(id, (row.presence, count(row.live_leases), count(row.capacity)));
        roll.names.insert(row.id, row.name);
    }
    Ok(roll)
}

/// Whether that agent and that person are there, and still are.
pub async fn holds(tx: &mut TenantTx, agent: AgentId, person: UserId) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM agents WHERE organization_id = $1 AND id = $2 AND retired_at IS NULL)
            AND EXISTS (SELECT FROM memberships AS m JOIN users AS u ON u.id = m.user_id
                         WHERE m.organization_id = $1 AND m.user_id = $3 AND u.disabled_at IS NULL)",
    )
    .bind(tx.tenant().organization)
    .bind(agent.0)
    .bind(person.0)
    .fetch_one(&mut **tx)
    .await
}

/// Projects and when they were made, oldest first.
pub async fn projects(tx: &mut TenantTx) -> Result<Vec<(ProjectId, Timestamp)>, sqlx::Error> {
    let rows: Vec<(Uuid, jiff_sqlx::Timestamp)> =
        sqlx::query_as("SELECT id, created_at FROM projects WHERE organization_id = $1 ORDER BY created_at, id")
            .bind(tx.tenant().organization)
            .fetch_all(&mut **tx)
            .await?;
    Ok(rows.into_iter().map(|(id, at)| (ProjectId(id), at.to_jiff())).collect())
}
