//! The wizard's end, and invitations.

use app::error::Failure;
use app::people::InvitationView;
use devsquad::workflow::definition::NAME_MAX;
use devsquad::{Refusal, Role, text};

use super::{WebBackend, unreadable};
use crate::clock;
use crate::store::identity::{organizations, people};

/// Characters of an address.
const EMAIL_CHARS_MAX: usize = 320;

impl WebBackend {
    pub(super) async fn end_welcome(&self, project_name: Option<&str>) -> Result<(), Failure> {
        let who = match project_name {
            Some(_) => self.may(Role::Admin, "name the project")?,
            None => self.who()?,
        };
        let name = project_name.map(|name| text::line(name, NAME_MAX)).transpose();
        let name = name.map_err(|why| Refusal::fault("/project", why))?;
        let mut tx = self.writing().await?;
        if let Some(name) = name {
            organizations::rename_project(&mut tx, who.view.project, &name).await.map_err(unreadable)?;
        }
        organizations::mark_welcomed(&mut tx, who.signed_in.user).await.map_err(unreadable)?;
        tx.commit().await.map_err(unreadable)
    }

    pub(super) async fn open_invitations(&self) -> Result<Vec<InvitationView>, Failure> {
        let has = self.who()?.signed_in.role;
        if has < Role::Admin {
            return Err(Refusal::RoleTooLow { verb: "see invitations".to_owned(), has, least: Role::Admin }.into());
        }
        people::invitations(&mut self.reading().await?, clock::now()).await.map_err(unreadable)
    }

    pub(super) async fn make_invitation(&self, email: &str, role: Role) -> Result<String, Failure> {
        let who = self.may(Role::Admin, "invite people")?;
        if role > who.signed_in.role {
            return Err(Refusal::RoleTooLow {
                verb: format!("invite an {role}"),
                has: who.signed_in.role,
                least: role,
            }
            .into());
        }
        let email = address(email).map_err(|why| Refusal::fault("/email", why))?;
        let mut tx = self.writing().await?;
        let made = people::invite(&mut tx, clock::fresh_id(), &email, role, who.signed_in.user, clock::now());
        let Some(token) = made.await.map_err(unreadable)? else {
            let max = people::INVITATIONS_MAX.unsigned_abs();
            return Err(Refusal::LimitReached { noun: "open invitations".to_owned(), max }.into());
        };
        tx.commit().await.map_err(unreadable)?;
        tracing::info!(user.id = %who.signed_in.user, %role, "somebody was invited");
        Ok(format!("{}/invite/{}", self.url, token.reveal()))
    }
}

/// An address that mail can reach: something, an at sign, something. More only its mail server knows.
fn address(given: &str) -> Result<String, String> {
    let clean = text::line(given, EMAIL_CHARS_MAX)?;
    let parts =
        clean.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if parts.is_none() || clean.contains(char::is_whitespace) {
        return Err("is no mail address".to_owned());
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_has_two_ends() {
        assert_eq!(address(" nora@example.org "), Ok("nora@example.org".to_owned()));
        for bad in ["nora", "@example.org", "nora@", "no ra@example.org", "a@b@c", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }
}
