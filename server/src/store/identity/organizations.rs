//! Organizations and their projects: which there are, and how the first one comes to be.

use devsquad::Role;
use devsquad::id::{OrganizationId, ProjectId, UserId};
use jiff::Timestamp;
use uuid::Uuid;

use crate::store::{Store, Tenant, TenantTx};

/// Advisory lock of whoever makes the first organization. The number means nothing else.
const FIRST_RUN_LOCK: i64 = 0x6669_7273_7472_756e;

/// An organization to be made, with its first project and its owner.
#[derive(Clone, Debug)]
pub struct NewOrganization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
    /// Its first project.
    pub project: ProjectId,
    /// That project's name.
    pub project_name: String,
    /// The id of its owner, unless somebody has that address already.
    pub owner: UserId,
    /// The owner's address.
    pub owner_email: String,
    /// The owner's name.
    pub owner_name: String,
}

impl Store {
    /// Makes an organization if there is none at all. Returns the oldest there is now. Several servers may call it at once.
    pub async fn create_first_organization(
        &self,
        wanted: &NewOrganization,
        now: Timestamp,
    ) -> Result<OrganizationId, sqlx::Error> {
        let mut guard = self.begin_worker().await?;
        // Held until `guard` ends, after the others have committed: a second server then finds what the first one made.
        sqlx::query("SELECT pg_advisory_xact_lock($1)").bind(FIRST_RUN_LOCK).execute(&mut *guard).await?;
        let oldest: Option<Uuid> = sqlx::query_scalar("SELECT id FROM organizations ORDER BY created_at, id LIMIT 1")
            .fetch_optional(&mut *guard)
            .await?;
        if let Some(oldest) = oldest {
            return Ok(OrganizationId(oldest));
        }
        let owner = self.user_for(wanted, now).await?;
        let mut tx = self.begin(&Tenant::system(wanted.id.0)).await?;
        insert(&mut tx, wanted, owner, now).await?;
        tx.commit().await?;
        guard.commit().await?;
        Ok(wanted.id)
    }

    /// The owner's account: made now, or left over from a first run that was cut short.
    async fn user_for(&self, wanted: &NewOrganization, now: Timestamp) -> Result<UserId, sqlx::Error> {
        if self.create_user(wanted.owner, &wanted.owner_email, &wanted.owner_name, None, now).await? {
            return Ok(wanted.owner);
        }
        let found = self.user_by_email(&wanted.owner_email).await?;
        found.map(|user| user.id).ok_or(sqlx::Error::RowNotFound)
    }

    /// The owners of an organization, longest in it first.
    pub async fn owners(&self, organization: OrganizationId) -> Result<Vec<(UserId, String)>, sqlx::Error> {
        let mut tx = self.begin_read(&Tenant::system(organization.0)).await?;
        let rows: Vec<(Uuid, String)> = sqlx::query_as(
            "SELECT u.id, u.email FROM memberships AS m JOIN users AS u ON u.id = m.user_id
             WHERE m.organization_id = $1 AND m.role = $2 AND u.disabled_at IS NULL ORDER BY m.created_at, u.id",
        )
        .bind(organization.0)
        .bind(Role::Owner.as_str())
        .fetch_all(&mut *tx)
        .await?;
        Ok(rows.into_iter().map(|(id, email)| (UserId(id), email)).collect())
    }
}

async fn insert(tx: &mut TenantTx, wanted: &NewOrganization, owner: UserId, now: Timestamp) -> Result<(), sqlx::Error> {
    let at = jiff_sqlx::Timestamp::from(now);
    sqlx::query("INSERT INTO organizations (id, name, created_at) VALUES ($1, $2, $3)")
        .bind(wanted.id.0)
        .bind(&wanted.name)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    sqlx::query("INSERT INTO projects (organization_id, id, name, created_at) VALUES ($1, $2, $3, $4)")
        .bind(wanted.id.0)
        .bind(wanted.project.0)
        .bind(&wanted.project_name)
        .bind(at)
        .execute(&mut **tx)
        .await?;
    sqlx::query("INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)")
        .bind(wanted.id.0)
        .bind(owner.0)
        .bind(Role::Owner.as_str())
        .bind(at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Gives a project another name. False: there is none of that id.
pub async fn rename_project(tx: &mut TenantTx, project: ProjectId, name: &str) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    let done = sqlx::query("UPDATE projects SET name = $3 WHERE organization_id = $1 AND id = $2")
        .bind(organization)
        .bind(project.0)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that a person has seen the first-run wizard to its end.
pub async fn mark_welcomed(tx: &mut TenantTx, user: UserId) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query(
        "UPDATE organizations
         SET settings = settings || jsonb_build_object('welcomed', coalesce(settings -> 'welcomed', '{}') || jsonb_build_object($2::text, true))
         WHERE id = $1",
    )
    .bind(organization)
    .bind(user.0.to_string())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
