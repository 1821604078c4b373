//! People: their accounts, who is a member, who is invited.

use devsquad::Role;
use devsquad::id::{OrganizationId, UserId};
use devsquad::view::{InvitationView, PersonView};
use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Secret, unknown};
use crate::store::{Store, TenantTx};

/// How long an invitation can be taken.
pub const INVITATION_AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Members shown on one page; an organization of more needs another page, not a longer one.
const PEOPLE_MAX: i64 = 1_000;
/// Open invitations shown, and made.
pub const INVITATIONS_MAX: i64 = 200;

/// What signing in needs to know of a person.
#[derive(Clone)]
pub struct Account {
    /// The person.
    pub id: UserId,
    /// Their password's hash (argon2id, PHC string); none: they sign in by link only.
    pub password_hash: Option<String>,
    /// Whether they may sign in at all.
    pub disabled: bool,
}

/// An invitation that can still be taken.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Where it leads.
    pub organization: OrganizationId,
    /// That organization's name.
    pub organization_name: String,
    /// Whom it is for.
    pub email: String,
    /// The role it gives.
    pub role: Role,
}

impl Store {
    /// The account with that address.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<Account>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let row: Option<(Uuid, Option<String>, bool)> =
            sqlx::query_as("SELECT id, password_hash, disabled_at IS NOT NULL FROM devsquad.user_by_email($1)")
                .bind(email)
                .fetch_optional(&mut *tx)
                .await?;
        Ok(row.map(|(id, password_hash, disabled)| Account { id: UserId(id), password_hash, disabled }))
    }

    /// The organizations a person belongs to, longest first.
    pub async fn memberships(&self, user: UserId) -> Result<Vec<OrganizationId>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let ids: Vec<Uuid> = sqlx::query_scalar("SELECT organization_id FROM devsquad.memberships_of_user($1)")
            .bind(user.0)
            .fetch_all(&mut *tx)
            .await?;
        Ok(ids.into_iter().map(OrganizationId).collect())
    }

    /// Makes an account. False: the address is taken.
    pub async fn create_user(
        &self,
        id: UserId,
        email: &str,
        name: &str,
        password_hash: Option<&str>,
        now: Timestamp,
    ) -> Result<bool, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let made: bool = sqlx::query_scalar("SELECT devsquad.create_user($1, $2, $3, $4, $5)")
            .bind(id.0)
            .bind(email)
            .bind(name)
            .bind(password_hash)
            .bind(jiff_sqlx::Timestamp::from(now))
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Gives a person another password.
    pub async fn set_password(&self, user: UserId, hash: &str) -> Result<(), sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        sqlx::query("SELECT devsquad.set_password($1, $2)").bind(user.0).bind(hash).execute(&mut *tx).await?;
        tx.commit().await
    }

    /// The invitation of that token, if it can still be taken.
    pub async fn invitation(&self, token: &Secret, now: Timestamp) -> Result<Option<Invitation>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let row: Option<(Uuid, String, String, String)> = sqlx::query_as(
            "SELECT organization_id, organization_name, email, role FROM devsquad.invitation_by_token($1, $2)",
        )
        .bind(token.hash())
        .bind(jiff_sqlx::Timestamp::from(now))
        .fetch_optional(&mut *tx)
        .await?;
        row.map(|(organization, organization_name, email, role)| {
            let role = Role::parse(&role).ok_or_else(|| unknown("role", &role))?;
            Ok(Invitation { organization: OrganizationId(organization), organization_name, email, role })
        })
        .transpose()
    }

    /// Uses an invitation up and makes its person a member. None: it cannot be taken, or is for another address.
    pub async fn accept_invitation(
        &self,
        token: &Secret,
        user: UserId,
        now: Timestamp,
    ) -> Result<Option<OrganizationId>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let joined: Option<Uuid> =
            sqlx::query_scalar("SELECT organization_id FROM devsquad.accept_invitation($1, $2, $3)")
                .bind(token.hash())
                .bind(user.0)
                .bind(jiff_sqlx::Timestamp::from(now))
                .fetch_optional(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(joined.map(OrganizationId))
    }
}

#[derive(FromRow)]
struct PersonRow {
    id: Uuid,
    display_name: String,
    email: String,
    role: String,
    last_seen_at: Option<jiff_sqlx::Timestamp>,
}

/// The members, by name.
pub async fn people(tx: &mut TenantTx) -> Result<Vec<PersonView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<PersonRow> = sqlx::query_as(
        "SELECT u.id, u.display_name, u.email, m.role, s.last_seen_at
         FROM memberships AS m
         JOIN users AS u ON u.id = m.user_id
         LEFT JOIN (SELECT user_id, max(last_seen_at) AS last_seen_at FROM sessions WHERE organization_id = $1 GROUP BY user_id) AS s
             ON s.user_id = u.id
         WHERE m.organization_id = $1 AND u.disabled_at IS NULL
         ORDER BY lower(u.display_name), u.id LIMIT $2",
    )
    .bind(organization)
    .bind(PEOPLE_MAX)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(PersonView {
                id: UserId(row.id),
                role: Role::parse(&row.role).ok_or_else(|| unknown("role", &row.role))?,
                name: row.display_name,
                email: row.email,
                last_seen_at: row.last_seen_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        })
        .collect()
}

/// Invitations that can still be taken, newest first.
pub async fn invitations(tx: &mut TenantTx, now: Timestamp) -> Result<Vec<InvitationView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<(String, String, jiff_sqlx::Timestamp)> = sqlx::query_as(
        "SELECT email, role, expires_at FROM invitations
         WHERE organization_id = $1 AND accepted_at IS NULL AND expires_at > $2 ORDER BY created_at DESC LIMIT $3",
    )
    .bind(organization)
    .bind(jiff_sqlx::Timestamp::from(now))
    .bind(INVITATIONS_MAX)
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|(email, role, expires_at)| {
            let role = Role::parse(&role).ok_or_else(|| unknown("role", &role))?;
            Ok(InvitationView { email, role, expires_at: expires_at.to_jiff() })
        })
        .collect()
}

/// Invites an address, in place of an earlier invitation of the same one. None: too many are open.
pub async fn invite(
    tx: &mut TenantTx,
    id: Uuid,
    email: &str,
    role: Role,
    by: UserId,
    now: Timestamp,
) -> Result<Option<Secret>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query(
        "DELETE FROM invitations WHERE organization_id = $1 AND lower(email) = lower($2) AND accepted_at IS NULL",
    )
    .bind(organization)
    .bind(email)
    .execute(&mut **tx)
    .await?;
    let open: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM invitations WHERE organization_id = $1 AND accepted_at IS NULL AND expires_at > $2",
    )
    .bind(organization)
    .bind(jiff_sqlx::Timestamp::from(now))
    .fetch_one(&mut **tx)
    .await?;
    if open >= INVITATIONS_MAX {
        return Ok(None);
    }
    let token = Secret::fresh();
    sqlx::query(
        "INSERT INTO invitations (organization_id, id, email, role, token_hash, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(organization)
    .bind(id)
    .bind(email)
    .bind(role.as_str())
    .bind(token.hash())
    .bind(by.0)
    .bind(jiff_sqlx::Timestamp::from(now))
    .bind(jiff_sqlx::Timestamp::from(now + INVITATION_AGE_MAX))
    .execute(&mut **tx)
    .await?;
    Ok(Some(token))
}

/// Makes a person a member.
pub async fn add_member(tx: &mut TenantTx, user: UserId, role: Role, now: Timestamp) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query("INSERT INTO memberships (organization_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)")
        .bind(organization)
        .bind(user.0)
        .bind(role.as_str())
        .bind(jiff_sqlx::Timestamp::from(now))
        .execute(&mut **tx)
        .await?;
    Ok(())
}
