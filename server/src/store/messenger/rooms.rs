//! The rows that say which channels there are, and who is in them.

use std::collections::BTreeSet;

use devsquad::Role;
use devsquad::id::{AgentId, OrganizationId, ProjectId, UserId, WorkflowId};
use devsquad::messaging::channel::{Channel, Members, Purpose, Squad};
use jiff::Timestamp;
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

use crate::store::TenantTx;

/// Channels of workflows looked at in one go.
const OUT_OF_STEP_MAX: i64 = 200;

/// A channel that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Room {
    /// Which.
    pub channel: Channel,
    /// Who is in it.
    pub members: Members,
    /// Those of the people who came by themselves.
    pub joined: BTreeSet<UserId>,
    /// Whether what it was for is over.
    pub archived: bool,
}

#[derive(FromRow)]
struct Row {
    channel_id: String,
    purpose: String,
    project_id: Option<Uuid>,
    workflow_id: Option<Uuid>,
    skill: Option<String>,
    agent_participants: Value,
    user_participants: Value,
    user_joined: Value,
    archived: bool,
}

const COLUMNS: &str =
    "c.channel_id, c.purpose, c.project_id, c.workflow_id, c.skill, c.agent_participants, c.user_participants, c.user_joined,
    c.archived_at IS NOT NULL AS archived";

impl Row {
    /// Nothing for a channel of a kind that the messenger does not keep.
    fn room(self, organization: Uuid) -> Option<Room> {
        let project = self.project_id.map(ProjectId);
        let channel = match Purpose::parse(&self.purpose)? {
            Purpose::Project => Channel::Project(project?),
            Purpose::Workflow => Channel::Workflow(WorkflowId(self.workflow_id?)),
            Purpose::Skill => Channel::Skill(OrganizationId(organization), self.skill?),
            Purpose::Coordination => Channel::Coordination(Channel::coordination_of(&self.channel_id)?),
            Purpose::Emergency => Channel::Emergency(project?),
            Purpose::Approvals => Channel::Approvals(project?),
            Purpose::Progress => Channel::Progress(project?),
            Purpose::Direct => {
                let (agent, person) = Channel::direct_of(&self.channel_id)?;
                Channel::Direct(agent, person)
            }
        };
        let members = Members {
            agents: serde_json::from_value(self.agent_participants).unwrap_or_default(),
            people: serde_json::from_value(self.user_participants).unwrap_or_default(),
        };
        let joined = serde_json::from_value(self.user_joined).unwrap_or_default();
        Some(Room { channel, members, joined, archived: self.archived })
    }
}

/// A channel, if it was made.
pub async fn find(tx: &mut TenantTx, kind: &str, channel: &Channel) -> Result<Option<Room>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM stream_chat_integration AS c WHERE c.organization_id = $1 AND c.channel_type = $2 AND c.channel_id = $3"
    );
    let row: Option<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(kind)
        .bind(channel.id())
        .fetch_optional(&mut **tx)
        .await?;
    Ok(row.and_then(|row| row.room(organization)))
}

/// Every channel but those of workflows and of what was settled, of which there is no end.
pub async fn standing(tx: &mut TenantTx, kind: &str) -> Result<Vec<Room>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM stream_chat_integration AS c
         WHERE c.organization_id = $1 AND c.channel_type = $2 AND c.purpose <> 'workflow'
             AND (c.purpose <> 'coordination' OR c.archived_at IS NULL) ORDER BY c.created_at, c.id"
    );
    let rows: Vec<Row> =
        sqlx::query_as(sqlx::AssertSqlSafe(query)).bind(organization).bind(kind).fetch_all(&mut **tx).await?;
    Ok(rows.into_iter().filter_map(|row| row.room(organization)).collect())
}

/// Channels of workflows in which somebody is who may not belong there any more, or, while the workflow goes on, an owner is missing.
/// Who belongs is said by `Squad::members`; this only spares it from being asked of every channel there ever was.
pub async fn out_of_step(tx: &mut TenantTx, kind: &str, squad: &Squad) -> Result<Vec<Room>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let owners: Vec<Uuid> = squad.people.iter().filter(|(_, role)| **role == Role::Owner).map(|(id, _)| id.0).collect();
    let query = format!(
        "SELECT {COLUMNS} FROM stream_chat_integration AS c
         LEFT JOIN orchestration_workflows AS w ON w.organization_id = c.organization_id AND w.id = c.workflow_id
         WHERE c.organization_id = $1 AND c.channel_type = $2 AND c.purpose = 'workflow' AND (
             (c.archived_at IS NULL AND NOT c.user_participants @> $3)
             OR EXISTS (SELECT FROM jsonb_array_elements_text(c.user_participants) AS p (id)
                        WHERE NOT p.id::uuid = ANY($4) AND NOT (p.id::uuid = ANY($5)
                            AND (w.user_id IS NOT DISTINCT FROM p.id::uuid OR c.user_joined @> jsonb_build_array(p.id))))
             OR EXISTS (SELECT FROM jsonb_array_elements_text(c.agent_participants) AS a (id) WHERE NOT a.id::uuid = ANY($6)))
         LIMIT $7"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(kind)
        .bind(json!(owners))
        .bind(&owners)
        .bind(squad.people.keys().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(squad.agents.keys().map(|id| id.0).collect::<Vec<Uuid>>())
        .bind(OUT_OF_STEP_MAX)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().filter_map(|row| row.room(organization)).collect())
}

/// What a workflow is called, and its project.
pub async fn subject(tx: &mut TenantTx, workflow: WorkflowId) -> Result<Option<(String, ProjectId)>, sqlx::Error> {
    let found: Option<(String, Uuid)> = sqlx::query_as(
        "SELECT workflow_name, project_id FROM orchestration_workflows WHERE organization_id = $1 AND id = $2",
    )
    .bind(tx.tenant().organization)
    .bind(workflow.0)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(|(name, project)| (name, ProjectId(project))))
}

/// Whom a workflow is about: the agents it was given to, and the person who created it. Nothing when there is no such workflow.
pub async fn involved(tx: &mut TenantTx, workflow: WorkflowId) -> Result<Option<Members>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let creator: Option<Option<Uuid>> =
        sqlx::query_scalar("SELECT user_id FROM orchestration_workflows WHERE organization_id = $1 AND id = $2")
            .bind(organization)
            .bind(workflow.0)
            .fetch_optional(&mut **tx)
            .await?;
    let Some(creator) = creator else { return Ok(None) };
    let agents: Vec<Uuid> =
        sqlx::query_scalar("SELECT agent_id FROM agent_assignments WHERE organization_id = $1 AND workflow_id = $2")
            .bind(organization)
            .bind(workflow.0)
            .fetch_all(&mut **tx)
            .await?;
    Ok(Some(Members {
        agents: agents.into_iter().map(AgentId).collect(),
        people: creator.into_iter().map(UserId).collect::<BTreeSet<UserId>>(),
    }))
}

/// The two sides of a coordination, and the person who created the workflow it is about. Nothing when there is no such coordination.
pub async fn sides(tx: &mut TenantTx, coordination: Uuid) -> Result<Option<Members>, sqlx::Error> {
    let found: Option<(Uuid, Uuid, Option<Uuid>)> = sqlx::query_as(
        "SELECT a.coordinator_agent_id, a.coordinated_agent_id, w.user_id FROM agent_coordination AS a
         JOIN orchestration_workflows AS w ON w.organization_id = a.organization_id AND w.id = a.workflow_id
         WHERE a.organization_id = $1 AND a.id = $2",
    )
    .bind(tx.tenant().organization)
    .bind(coordination)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(|(one, other, creator)| Members {
        agents: BTreeSet::from([AgentId(one), AgentId(other)]),
        people: creator.into_iter().map(UserId).collect(),
    }))
}

/// The channels of a workflow in which something is still being settled.
pub async fn coordinations(tx: &mut TenantTx, kind: &str, workflow: WorkflowId) -> Result<Vec<Channel>, sqlx::Error> {
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "SELECT a.id FROM agent_coordination AS a JOIN stream_chat_integration AS c
             ON c.organization_id = a.organization_id AND c.channel_type = $2 AND c.channel_id = a.stream_chat_channel_id
         WHERE a.organization_id = $1 AND a.workflow_id = $3 AND c.archived_at IS NULL ORDER BY a.created_at, a.id",
    )
    .bind(tx.tenant().organization)
    .bind(kind)
    .bind(workflow.0)
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(Channel::Coordination).collect())
}

/// A channel was made, with these in it.
pub async fn opened(tx: &mut TenantTx, kind: &str, room: &Room, id: Uuid, now: Timestamp) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    let Room { channel, members, .. } = room;
    // Of which workflow a coordination is, its own row says.
    let (workflow, coordination, skill) = match channel {
        Channel::Workflow(workflow) => (Some(workflow.0), None, None),
        Channel::Coordination(id) => (None, Some(*id), None),
        Channel::Skill(_, skill) => (None, None, Some(skill.as_str())),
        Channel::Project(_)
        | Channel::Emergency(_)
        | Channel::Approvals(_)
        | Channel::Progress(_)
        | Channel::Direct(..) => (None, None, None),
    };
    sqlx::query(
        "INSERT INTO stream_chat_integration (organization_id, id, project_id, workflow_id, channel_id, channel_type, purpose, skill,
             agent_participants, user_participants, created_at)
         SELECT $1, $2, coalesce($3, w.project_id), w.id, $5, $6, $7, $8, $9, $10, $11
         FROM (SELECT coalesce($4, (SELECT workflow_id FROM agent_coordination WHERE organization_id = $1 AND id = $12)) AS id) AS about
         LEFT JOIN orchestration_workflows AS w ON w.organization_id = $1 AND w.id = about.id
         ON CONFLICT (organization_id, channel_type, channel_id) DO UPDATE SET
             agent_participants = excluded.agent_participants, user_participants = excluded.user_participants",
    )
    .bind(organization)
    .bind(id)
    .bind(channel.project().map(|project| project.0))
    .bind(workflow)
    .bind(channel.id())
    .bind(kind)
    .bind(channel.purpose().as_str())
    .bind(skill)
    .bind(json!(members.agents))
    .bind(json!(members.people))
    .bind(jiff_sqlx::Timestamp::from(now))
    .bind(coordination)
    .execute(&mut **tx)
    .await?;
    note_at_subject(tx, channel).await
}

/// What a channel is about knows its channel.
async fn note_at_subject(tx: &mut TenantTx, channel: &Channel) -> Result<(), sqlx::Error> {
    let (named, id) = match channel {
        Channel::Workflow(workflow) => ("UPDATE orchestration_workflows SET stream_chat_channel_id = $3", workflow.0),
        Channel::Coordination(id) => ("UPDATE agent_coordination SET stream_chat_channel_id = $3", *id),
        Channel::Project(_)
        | Channel::Direct(..)
        | Channel::Skill(..)
        | Channel::Emergency(_)
        | Channel::Approvals(_)
        | Channel::Progress(_) => return Ok(()),
    };
    sqlx::query(sqlx::AssertSqlSafe(format!("{named} WHERE organization_id = $1 AND id = $2")))
        .bind(tx.tenant().organization)
        .bind(id)
        .bind(channel.id())
        .execute(&mut **tx)
        .await
        .map(drop)
}

/// Others than before are in a channel now; `joined` of them came by themselves. Only who came and who went is written: somebody else
/// may come into it in the same moment.
pub async fn seated(
    tx: &mut TenantTx,
    kind: &str,
    channel: &Channel,
    (from, to): (&Members, &Members),
    joined: &BTreeSet<UserId>,
) -> Result<(), sqlx::Error> {
    let agents = |some: BTreeSet<AgentId>| some.iter().map(ToString::to_string).collect::<Vec<_>>();
    let people = |some: BTreeSet<UserId>| some.iter().map(ToString::to_string).collect::<Vec<_>>();
    let gone = people(&from.people - &to.people);
    sqlx::query(
        "UPDATE stream_chat_integration SET
             agent_participants = (SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM
                 ((SELECT jsonb_array_elements_text(agent_participants) UNION SELECT unnest($4::text[])) EXCEPT SELECT unnest($5::text[])) AS a (id)),
             user_participants = (SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM
                 ((SELECT jsonb_array_elements_text(user_participants) UNION SELECT unnest($6::text[])) EXCEPT SELECT unnest($7::text[])) AS p (id)),
             user_joined = (SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM
                 ((SELECT jsonb_array_elements_text(user_joined) UNION SELECT unnest($8::text[])) EXCEPT SELECT unnest($7::text[])) AS j (id))
         WHERE organization_id = $1 AND channel_type = $2 AND channel_id = $3",
    )
    .bind(tx.tenant().organization)
    .bind(kind)
    .bind(channel.id())
    .bind(agents(&to.agents - &from.agents))
    .bind(agents(&from.agents - &to.agents))
    .bind(people(&to.people - &from.people))
    .bind(gone)
    .bind(people(joined.clone()))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// Channels of workflows that go on, behind this one in the order of their ids.
pub async fn open_workflows(tx: &mut TenantTx, kind: &str, after: &str, limit: i64) -> Result<Vec<Room>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let query = format!(
        "SELECT {COLUMNS} FROM stream_chat_integration AS c
         WHERE c.organization_id = $1 AND c.channel_type = $2 AND c.purpose = 'workflow' AND c.archived_at IS NULL AND c.channel_id > $3
         ORDER BY c.channel_id LIMIT $4"
    );
    let rows: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(query))
        .bind(organization)
        .bind(kind)
        .bind(after)
        .bind(limit)
        .fetch_all(&mut **tx)
        .await?;
    Ok(rows.into_iter().filter_map(|row| row.room(organization)).collect())
}

/// Something was said in these channels.
pub async fn said(tx: &mut TenantTx, kind: &str, channels: &[String], now: Timestamp) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE stream_chat_integration SET last_activity = greatest(last_activity, $4)
         WHERE organization_id = $1 AND channel_type = $2 AND channel_id = ANY ($3)",
    )
    .bind(tx.tenant().organization)
    .bind(kind)
    .bind(channels)
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await
    .map(drop)
}

/// What a channel was for is over since then, or goes on.
pub async fn archived(
    tx: &mut TenantTx,
    kind: &str,
    channel: &Channel,
    since: Option<Timestamp>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE stream_chat_integration SET archived_at = $4
         WHERE organization_id = $1 AND channel_type = $2 AND channel_id = $3",
    )
    .bind(tx.tenant().organization)
    .bind(kind)
    .bind(channel.id())
    .bind(since.map(jiff_sqlx::Timestamp::from))
    .execute(&mut **tx)
    .await
    .map(drop)
}
