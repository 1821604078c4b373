//! People: who is signed in, who is here, who is invited.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::actor::Role;
use crate::id::{ProjectId, UserId};

/// Who is signed in, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SessionView {
    /// The person.
    pub user: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role in this organization.
    pub role: Role,
    /// The organization's name.
    pub organization: String,
    /// The project new work goes to.
    pub project: ProjectId,
    /// The project's name.
    pub project_name: String,
    /// Whether the first-run wizard has been finished or skipped.
    pub welcomed: bool,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PersonView {
    /// The person.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role.
    pub role: Role,
    /// When they were last signed in.
    #[serde(with = "crate::wire_time::optional", default)]
    pub last_seen_at: Option<Timestamp>,
}

/// An open invitation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InvitationView {
    /// Whom it is for.
    pub email: String,
    /// The role it gives.
    pub role: Role,
    /// Until when it can be taken.
    #[serde(with = "crate::wire_time")]
    pub expires_at: Timestamp,
}
