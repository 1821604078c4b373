//! Who is behind a request: a bearer token, of an agent or of a person.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use devsquad::id::{AgentId, OrganizationId, UserId};
use devsquad::messaging::wording;
use devsquad::{Actor, Door as Via};
use uuid::Uuid;

use super::Door;
use crate::clock;
use crate::problem::Problem;
use crate::store::identity::tokens::{self, Holder};

/// Who is behind a request.
#[derive(Clone, Debug)]
pub struct Caller {
    /// In which organization.
    pub organization: OrganizationId,
    /// As whom.
    pub actor: Actor,
    /// The SHA-256 of the token, so that a long stream can ask again whether it still counts.
    pub token: crate::store::identity::Secret,
}

/// A caller that must be an agent.
#[derive(Clone, Debug)]
pub struct AgentCaller {
    /// In which organization.
    pub organization: OrganizationId,
    /// Which agent.
    pub agent: AgentId,
}

impl FromRequestParts<Door> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Problem> {
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header
            .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
            .ok_or_else(|| Problem::unauthorized(wording::token_missing()))?;
        let token = tokens::parse(token.trim()).ok_or_else(|| Problem::unauthorized(wording::token_unknown()))?;
        let bearer = door.bearer(&token).await?.ok_or_else(|| Problem::unauthorized(wording::token_unknown()))?;
        let actor = match bearer.holder {
            Holder::Agent(agent) => Actor::Agent { agent },
            // A token of the organization itself acts under the token's own id.
            Holder::Person { user, role } => {
                // Which way it came in changes no right; the audit shows it.
                let cli = parts.headers.get("devsquad-door").is_some_and(|door| door.as_bytes() == b"cli");
                let via = if cli { Via::Cli } else { Via::Api };
                Actor::Person { user: user.unwrap_or(UserId(bearer.id)), role, via }
            }
        };
        Ok(Caller { organization: bearer.organization, actor, token })
    }
}

impl FromRequestParts<Door> for AgentCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, door).await?;
        match caller.actor {
            Actor::Agent { agent } => Ok(AgentCaller { organization: caller.organization, agent }),
            Actor::Person { .. } | Actor::System => {
                Err(Problem::forbidden("agents_only", wording::agents_only("do this")))
            }
        }
    }
}

impl Door {
    /// Whom a token speaks for. Remembered for a moment, because an agent calls many times a second; a revoked token counts
    /// for at most that moment longer.
    async fn bearer(&self, token: &crate::store::identity::Secret) -> Result<Option<tokens::Bearer>, Problem> {
        let now = clock::now();
        let hash = token.hash();
        if let Some(bearer) = self.bearers.get(&hash, now) {
            return Ok(Some(bearer));
        }
        let Some(bearer) = self.store.bearer(token, now).await? else { return Ok(None) };
        self.store.touch_bearer(token, &bearer, now).await?;
        self.bearers.keep(hash, bearer.clone(), now);
        Ok(Some(bearer))
    }
}

/// The tenant a caller reads as.
pub fn tenant(organization: OrganizationId) -> crate::store::Tenant {
    let id: Uuid = organization.0;
    crate::store::Tenant::system(id)
}
