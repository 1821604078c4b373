//! The first start: an organization, its owner, and a link that signs them in. There is no default password.

use anyhow::Context as _;
use devsquad::Role;
use devsquad::id::{OrganizationId, UserId};

use super::password::Passwords;
use crate::clock;
use crate::store::identity::organizations::NewOrganization;
use crate::store::identity::people;
use crate::store::{Store, Tenant, organizations};

/// The owner's address until they give another.
pub const OWNER_EMAIL: &str = "owner@localhost";

/// Makes the first organization if the database has none. Returns the oldest there is.
pub async fn first_run(store: &Store) -> anyhow::Result<OrganizationId> {
    let wanted = NewOrganization {
        id: clock::fresh_id().into(),
        name: "My squad".to_owned(),
        project: clock::fresh_id().into(),
        project_name: "My project".to_owned(),
        owner: clock::fresh_id().into(),
        owner_email: OWNER_EMAIL.to_owned(),
        owner_name: "Owner".to_owned(),
    };
    store.create_first_organization(&wanted, clock::now()).await.context("making the first organization")
}

/// A link that signs the first owner of an organization in, once, within a quarter of an hour. `url` is how it begins.
pub async fn sign_in_link(store: &Store, organization: OrganizationId, url: &str) -> anyhow::Result<String> {
    let owners = store.owners(organization).await.context("looking for the owner")?;
    let (owner, _) = owners.first().context("the organization has no owner")?;
    let token = store.create_sign_in_link(*owner, organization, clock::now()).await.context("making a link")?;
    let token = token.context("the owner is no member any more")?;
    Ok(format!("{url}/open/{}", token.reveal()))
}

/// Whether the server may be reached from other machines: then everybody needs a password, the owners first.
pub async fn may_leave_loopback(store: &Store) -> anyhow::Result<bool> {
    let ids = organizations::ids(&mut store.begin_worker().await?).await.context("listing organizations")?;
    for id in ids {
        let mut has_password = false;
        for (_, email) in store.owners(OrganizationId(id)).await.context("looking for owners")? {
            let account = store.user_by_email(&email).await.context("looking at an account")?;
            has_password |= account.is_some_and(|account| account.password_hash.is_some());
        }
        if !has_password {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives the first owner of an organization a password, and signs them out everywhere.
pub async fn set_owner_password(
    store: &Store,
    organization: OrganizationId,
    password: String,
) -> anyhow::Result<UserId> {
    let owners = store.owners(organization).await.context("looking for the owner")?;
    let (owner, email) = owners.first().context("the organization has no owner")?;
    if let Some(fault) = super::password::fault(&password, &[email]) {
        anyhow::bail!(fault);
    }
    let hash = Passwords::default().hash(password).await?;
    store.set_password(*owner, &hash).await.context("setting the password")?;
    store.end_sessions_of(*owner).await.context("ending sessions")?;
    tracing::info!(user.id = %owner, "the owner has a new password");
    Ok(*owner)
}

/// Adds a person with a password. A wrong address, a weak password or one that is taken is said in words.
pub async fn create_user(
    store: &Store,
    organization: OrganizationId,
    email: &str,
    name: &str,
    role: Role,
    password: String,
) -> anyhow::Result<UserId> {
    let email = email.trim();
    anyhow::ensure!(email.contains('@') && email.len() <= 320, "{email} is no e-mail address");
    if let Some(fault) = super::password::fault(&password, &[email, name]) {
        anyhow::bail!(fault);
    }
    let hash = Passwords::default().hash(password).await?;
    let user = UserId(clock::fresh_id());
    let made = store.create_user(user, email, name, Some(&hash), clock::now()).await.context("making the account")?;
    anyhow::ensure!(made, "{email} has an account already");
    let mut tx = store.begin(&Tenant::system(organization.0)).await.context("adding the person")?;
    people::add_member(&mut tx, user, role, clock::now()).await.context("adding the person")?;
    tx.commit().await.context("adding the person")?;
    Ok(user)
}
