//! Browsers signed in, and the links that sign one in once.

use std::collections::HashMap;

use devsquad::Role;
use devsquad::id::{OrganizationId, UserId};
use jiff::{SignedDuration, Timestamp};
use sqlx::FromRow;
use uuid::Uuid;

use super::{Secret, unknown};
use crate::store::Store;

/// How long a session lasts without a request: a working day.
pub const SESSION_IDLE_MAX: SignedDuration = SignedDuration::from_hours(8);
/// How long a session lasts at most.
pub const SESSION_AGE_MAX: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long a sign-in link can be used.
pub const LINK_AGE_MAX: SignedDuration = SignedDuration::from_mins(15);
/// A session's last use is written this often at most: each page asks a dozen times.
const SESSION_TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Characters kept of what a browser calls itself.
const USER_AGENT_MAX: usize = 300;

/// Who is behind a session.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedIn {
    /// The person.
    pub user: UserId,
    /// The organization this session is in.
    pub organization: OrganizationId,
    /// Their role there.
    pub role: Role,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// When they signed in.
    pub created_at: Timestamp,
    /// When the session was last used, as far as it was written.
    pub last_seen_at: Timestamp,
}

#[derive(FromRow)]
struct SessionRow {
    user_id: Uuid,
    organization_id: Uuid,
    role: String,
    email: String,
    display_name: String,
    created_at: jiff_sqlx::Timestamp,
    last_seen_at: jiff_sqlx::Timestamp,
}

impl SessionRow {
    fn signed_in(self) -> Result<SignedIn, sqlx::Error> {
        Ok(SignedIn {
            user: UserId(self.user_id),
            organization: OrganizationId(self.organization_id),
            role: Role::parse(&self.role).ok_or_else(|| unknown("role", &self.role))?,
            email: self.email,
            name: self.display_name,
            created_at: self.created_at.to_jiff(),
            last_seen_at: self.last_seen_at.to_jiff(),
        })
    }
}

impl Store {
    /// Who is behind a session, unless it has ended. This alone does not keep it alive.
    pub async fn session(&self, token: &Secret, now: Timestamp) -> Result<Option<SignedIn>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let row: Option<SessionRow> = sqlx::query_as(
            "SELECT user_id, organization_id, role, email, display_name, created_at, last_seen_at
             FROM devsquad.session_by_token($1, $2)",
        )
        .bind(token.hash())
        .bind(jiff_sqlx::Timestamp::from(now))
        .fetch_optional(&mut *tx)
        .await?;
        row.map(SessionRow::signed_in).transpose()
    }

    /// In which organizations those of these sessions are that have not ended, by their place in the list.
    pub async fn sessions(
        &self,
        tokens: &[&Secret],
        now: Timestamp,
    ) -> Result<HashMap<usize, OrganizationId>, sqlx::Error> {
        let hashes: Vec<[u8; 32]> = tokens.iter().map(|token| token.hash()).collect();
        let mut tx = self.begin_worker().await?;
        let rows: Vec<(i64, Uuid)> = sqlx::query_as(
            "SELECT t.nth - 1, s.organization_id FROM unnest($1::bytea[]) WITH ORDINALITY AS t (hash, nth)
             CROSS JOIN LATERAL devsquad.session_by_token(t.hash, $2) AS s",
        )
        .bind(hashes)
        .bind(jiff_sqlx::Timestamp::from(now))
        .fetch_all(&mut *tx)
        .await?;
        let placed =
            rows.into_iter().filter_map(|(nth, organization)| Some((usize::try_from(nth).ok()?, organization)));
        Ok(placed.map(|(nth, organization)| (nth, OrganizationId(organization))).collect())
    }

    /// Notes that a session was used, so that it lasts [`SESSION_IDLE_MAX`] from now, within [`SESSION_AGE_MAX`] of its beginning.
    pub async fn touch_session(&self, token: &Secret, session: &SignedIn, now: Timestamp) -> Result<(), sqlx::Error> {
        if now.duration_since(session.last_seen_at) < SESSION_TOUCH_EVERY {
            return Ok(());
        }
        let until = (now + SESSION_IDLE_MAX).min(session.created_at + SESSION_AGE_MAX);
        let mut tx = self.begin_worker().await?;
        sqlx::query("SELECT devsquad.touch_session($1, $2, $3)")
            .bind(token.hash())
            .bind(jiff_sqlx::Timestamp::from(now))
            .bind(jiff_sqlx::Timestamp::from(until))
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }

    /// Signs a browser in. Nothing is made for who is disabled or no member.
    pub async fn start_session(
        &self,
        user: UserId,
        organization: OrganizationId,
        user_agent: &str,
        now: Timestamp,
    ) -> Result<Option<Secret>, sqlx::Error> {
        let token = Secret::fresh();
        let agent: String = user_agent.chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect();
        let mut tx = self.begin_worker().await?;
        let made: bool = sqlx::query_scalar("SELECT devsquad.start_session($1, $2, $3, $4, $5, $6)")
            .bind(token.hash())
            .bind(user.0)
            .bind(organization.0)
            .bind(jiff_sqlx::Timestamp::from(now))
            .bind(jiff_sqlx::Timestamp::from(now + SESSION_IDLE_MAX))
            .bind(agent)
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(made.then_some(token))
    }

    /// Signs a browser out.
    pub async fn end_session(&self, token: &Secret) -> Result<(), sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        sqlx::query("SELECT devsquad.end_session($1)").bind(token.hash()).execute(&mut *tx).await?;
        tx.commit().await
    }

    /// Signs a person out of every browser. Returns of how many.
    pub async fn end_sessions_of(&self, user: UserId) -> Result<u64, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let ended: i64 =
            sqlx::query_scalar("SELECT devsquad.end_sessions_of_user($1)").bind(user.0).fetch_one(&mut *tx).await?;
        tx.commit().await?;
        Ok(ended.unsigned_abs())
    }

    /// Forgets sessions and links that are over, of all organizations. Returns how many.
    pub async fn forget_expired(&self, now: Timestamp) -> Result<u64, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let gone: i64 = sqlx::query_scalar("SELECT devsquad.forget_expired($1)")
            .bind(jiff_sqlx::Timestamp::from(now))
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(gone.unsigned_abs())
    }

    /// Makes a token for a link that signs a member in once. Nothing is made for anybody else.
    pub async fn create_sign_in_link(
        &self,
        user: UserId,
        organization: OrganizationId,
        now: Timestamp,
    ) -> Result<Option<Secret>, sqlx::Error> {
        let token = Secret::fresh();
        let mut tx = self.begin_worker().await?;
        let made: bool = sqlx::query_scalar("SELECT devsquad.create_sign_in_link($1, $2, $3, $4, $5)")
            .bind(token.hash())
            .bind(user.0)
            .bind(organization.0)
            .bind(jiff_sqlx::Timestamp::from(now))
            .bind(jiff_sqlx::Timestamp::from(now + LINK_AGE_MAX))
            .fetch_one(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(made.then_some(token))
    }

    /// Uses a link up: whom it signs in, and where. Nobody if it was used, has expired or never was.
    pub async fn take_sign_in_link(
        &self,
        token: &Secret,
        now: Timestamp,
    ) -> Result<Option<(UserId, OrganizationId)>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let taken: Option<(Uuid, Uuid)> =
            sqlx::query_as("SELECT user_id, organization_id FROM devsquad.take_sign_in_link($1, $2)")
                .bind(token.hash())
                .bind(jiff_sqlx::Timestamp::from(now))
                .fetch_optional(&mut *tx)
                .await?;
        tx.commit().await?;
        Ok(taken.map(|(user, organization)| (UserId(user), OrganizationId(organization))))
    }
}
