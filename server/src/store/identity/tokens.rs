//! Bearer tokens of agents and of people's scripts: `dsq_<kind>_<30 characters>_<checksum>`, so that a scanner finds one that leaked.

use devsquad::Role;
use devsquad::id::{AgentId, OrganizationId, UserId};
use jiff::{SignedDuration, Timestamp};
use rand::RngExt as _;
use sqlx::FromRow;
use uuid::Uuid;

use super::{Secret, unknown};
use crate::store::{Store, TenantTx};

/// How long a token lasts unless it is revoked first.
pub const TOKEN_AGE_MAX: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A token's last use is written this often at most: agents call many times a second.
const TOKEN_TOUCH_EVERY: SignedDuration = SignedDuration::from_secs(60);
/// Characters of chance in a token: 178 bits.
const TOKEN_CHARS: usize = 30;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whom a token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An agent, for itself.
    Agent(AgentId),
    /// A person's script, or one of the organization (no person).
    Person {
        /// The person, if it is one's.
        user: Option<UserId>,
        /// What it may do.
        role: Role,
    },
}

impl Holder {
    fn kind(self) -> &'static str {
        match self {
            Holder::Agent(_) => "agent",
            Holder::Person { .. } => "person",
        }
    }
}

/// A token that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Bearer {
    /// Its id.
    pub id: Uuid,
    /// Where it counts.
    pub organization: OrganizationId,
    /// Whom it speaks for.
    pub holder: Holder,
    /// When it was last used, as far as it was written.
    pub last_used_at: Option<Timestamp>,
}

/// A fresh token of a kind.
fn mint(holder: Holder) -> Secret {
    let mut rng = rand::rng();
    let chance: String = (0..TOKEN_CHARS).map(|_| char::from(BASE62[rng.random_range(0..BASE62.len())])).collect();
    let body = format!("dsq_{}_{chance}", holder.kind());
    let checksum = crc32fast::hash(body.as_bytes());
    Secret(format!("{body}_{checksum:08x}"))
}

/// What was sent as a token, if its form and checksum are right: a mistyped one costs no look-up.
pub fn parse(text: &str) -> Option<Secret> {
    let (body, checksum) = text.rsplit_once('_')?;
    let right = body.starts_with("dsq_") && checksum == format!("{:08x}", crc32fast::hash(body.as_bytes()));
    if right { Secret::given(text) } else { None }
}

#[derive(FromRow)]
struct TokenRow {
    id: Uuid,
    organization_id: Uuid,
    agent_id: Option<Uuid>,
    user_id: Option<Uuid>,
    role: Option<String>,
    last_used_at: Option<jiff_sqlx::Timestamp>,
}

impl Store {
    /// Whom a token speaks for, if it counts now.
    pub async fn bearer(&self, token: &Secret, now: Timestamp) -> Result<Option<Bearer>, sqlx::Error> {
        let mut tx = self.begin_worker().await?;
        let row: Option<TokenRow> = sqlx::query_as(
            "SELECT id, organization_id, agent_id, user_id, role, last_used_at FROM devsquad.api_token_by_hash($1, $2)",
        )
        .bind(token.hash())
        .bind(jiff_sqlx::Timestamp::from(now))
        .fetch_optional(&mut *tx)
        .await?;
        row.map(|row| {
            let holder = match (row.agent_id, row.role) {
                (Some(agent), _) => Holder::Agent(AgentId(agent)),
                (None, Some(role)) => Holder::Person {
                    user: row.user_id.map(UserId),
                    role: Role::parse(&role).ok_or_else(|| unknown("role", &role))?,
                },
                (None, None) => return Err(unknown("holder", "none")),
            };
            let last_used_at = row.last_used_at.map(jiff_sqlx::Timestamp::to_jiff);
            Ok(Bearer { id: row.id, organization: OrganizationId(row.organization_id), holder, last_used_at })
        })
        .transpose()
    }

    /// Notes that a token was used.
    pub async fn touch_bearer(&self, token: &Secret, bearer: &Bearer, now: Timestamp) -> Result<(), sqlx::Error> {
        if bearer.last_used_at.is_some_and(|used| now.duration_since(used) < TOKEN_TOUCH_EVERY) {
            return Ok(());
        }
        let mut tx = self.begin_worker().await?;
        sqlx::query("SELECT devsquad.touch_api_token($1, $2)")
            .bind(token.hash())
            .bind(jiff_sqlx::Timestamp::from(now))
            .execute(&mut *tx)
            .await?;
        tx.commit().await
    }
}

/// Makes a token. It is shown this once.
pub async fn create_token(
    tx: &mut TenantTx,
    id: Uuid,
    name: &str,
    holder: Holder,
    now: Timestamp,
) -> Result<Secret, sqlx::Error> {
    let organization = tx.tenant().organization;
    let token = mint(holder);
    let (agent, user, role) = match holder {
        Holder::Agent(agent) => (Some(agent.0), None, None),
        Holder::Person { user, role } => (None, user.map(|user| user.0), Some(role.as_str())),
    };
    sqlx::query(
        "INSERT INTO api_tokens (organization_id, id, token_hash, name, kind, agent_id, user_id, role, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(organization)
    .bind(id)
    .bind(token.hash())
    .bind(name)
    .bind(holder.kind())
    .bind(agent)
    .bind(user)
    .bind(role)
    .bind(jiff_sqlx::Timestamp::from(now))
    .bind(jiff_sqlx::Timestamp::from(now + TOKEN_AGE_MAX))
    .execute(&mut **tx)
    .await?;
    Ok(token)
}

/// A token as lists show it. The token itself is kept nowhere.
#[derive(Clone, Debug, FromRow)]
pub struct TokenLine {
    /// Its id.
    pub id: Uuid,
    /// What it is called.
    pub name: String,
    /// `agent` or `person`.
    pub kind: String,
    /// What a person's may do.
    pub role: Option<String>,
    /// When it was made.
    pub created_at: jiff_sqlx::Timestamp,
    /// Until when it counts.
    pub expires_at: Option<jiff_sqlx::Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<jiff_sqlx::Timestamp>,
}

/// The tokens that count at `now`, the newest first.
pub async fn live_tokens(tx: &mut TenantTx, now: Timestamp) -> Result<Vec<TokenLine>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_as(
        "SELECT id, name, kind, role, created_at, expires_at, last_used_at FROM api_tokens
         WHERE organization_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
         ORDER BY created_at DESC, id",
    )
    .bind(organization)
    .bind(jiff_sqlx::Timestamp::from(now))
    .fetch_all(&mut **tx)
    .await
}

/// Revokes one token; whether there was one to revoke.
pub async fn revoke_token(tx: &mut TenantTx, id: Uuid, now: Timestamp) -> Result<bool, sqlx::Error> {
    let organization = tx.tenant().organization;
    let revoked = sqlx::query(
        "UPDATE api_tokens SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND revoked_at IS NULL",
    )
    .bind(organization)
    .bind(id)
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await?;
    Ok(revoked.rows_affected() == 1)
}

/// Revokes every token of that name.
pub async fn revoke_tokens(tx: &mut TenantTx, name: &str, now: Timestamp) -> Result<u64, sqlx::Error> {
    let organization = tx.tenant().organization;
    let revoked = sqlx::query(
        "UPDATE api_tokens SET revoked_at = $3 WHERE organization_id = $1 AND name = $2 AND revoked_at IS NULL",
    )
    .bind(organization)
    .bind(name)
    .bind(jiff_sqlx::Timestamp::from(now))
    .execute(&mut **tx)
    .await?;
    Ok(revoked.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_carries_its_kind_and_a_checksum() {
        let token = mint(Holder::Agent(AgentId(Uuid::nil())));
        assert!(token.reveal().starts_with("dsq_agent_"), "{}", token.reveal());
        assert_eq!(parse(token.reveal()), Some(token.clone()));
        let mistyped = token.reveal().replacen("dsq_agent_", "dsq_agent_x", 1);
        assert_eq!(parse(&mistyped), None);
        assert_eq!(parse("dsq_agent_"), None);
    }
}
