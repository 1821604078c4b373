//! `devsquad token`.

use anyhow::ensure;
use clap::{Subcommand, ValueEnum};
use devsquad::Role;
use devsquad::id::OrganizationId;
use serde_json::json;
use uuid::Uuid;

use super::{open, say};
use crate::clock;
use crate::config::Config;
use crate::store::identity::tokens::{Holder, TokenLine, create_token, live_tokens, revoke_token};
use crate::store::{Store, Tenant};
use crate::web::first_run;

/// Bearer tokens.
#[derive(Debug, Subcommand)]
pub enum Token {
    /// Print a token for scripts. It is shown this once.
    Create {
        /// What it may do.
        #[arg(long, value_enum)]
        role: RoleName,
        /// What it is called in lists and in the audit.
        #[arg(long, default_value = "script")]
        name: String,
        /// Print it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the tokens that count, with their ids; the tokens themselves are kept nowhere.
    List {
        /// Print them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Have a token count no more. A running server honours it within seconds.
    Revoke {
        /// Its id, as `list` shows it.
        id: Uuid,
    },
}

/// A role by its name.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum RoleName {
    /// Everything, and cannot be removed by admins.
    Owner,
    /// People, agents, tokens.
    Admin,
    /// Decides approvals.
    Reviewer,
    /// Runs workflows.
    Operator,
    /// Looks.
    Viewer,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Role {
        match name {
            RoleName::Owner => Role::Owner,
            RoleName::Admin => Role::Admin,
            RoleName::Reviewer => Role::Reviewer,
            RoleName::Operator => Role::Operator,
            RoleName::Viewer => Role::Viewer,
        }
    }
}

impl Token {
    /// Runs it.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        let opened = open::visit(&config).await?;
        let organization = first_run::first_run(&opened.store).await?;
        let done = match self {
            Token::Create { role, name, json } => create(&opened.store, organization, role.into(), &name, json).await,
            Token::List { json } => list(&opened.store, organization, json).await,
            Token::Revoke { id } => revoke(&opened.store, organization, id).await,
        };
        opened.close().await;
        done.map(|()| 0)
    }
}

async fn create(
    store: &Store,
    organization: OrganizationId,
    role: Role,
    name: &str,
    as_json: bool,
) -> anyhow::Result<()> {
    let mut tx = store.begin(&Tenant::system(organization.0)).await?;
    let token =
        create_token(&mut tx, clock::fresh_id(), name, Holder::Person { user: None, role }, clock::now()).await?;
    tx.commit().await?;
    match as_json {
        true => say(&json!({ "token": token.reveal(), "name": name, "role": role.as_str() }).to_string()),
        false => say(token.reveal()),
    }
    Ok(())
}

async fn list(store: &Store, organization: OrganizationId, as_json: bool) -> anyhow::Result<()> {
    let mut tx = store.begin_read(&Tenant::system(organization.0)).await?;
    let tokens = live_tokens(&mut tx, clock::now()).await?;
    if as_json {
        let line = |token: &TokenLine| {
            json!({
                "id": token.id,
                "name": token.name,
                "kind": token.kind,
                "role": token.role,
                "created_at": token.created_at.to_jiff(),
                "expires_at": token.expires_at.map(jiff_sqlx::Timestamp::to_jiff),
                "last_used_at": token.last_used_at.map(jiff_sqlx::Timestamp::to_jiff),
            })
        };
        say(&json!({ "tokens": tokens.iter().map(line).collect::<Vec<_>>() }).to_string());
    } else if tokens.is_empty() {
        say("There is no token that counts.");
    } else {
        for token in tokens {
            let may = token.role.as_deref().unwrap_or("agent");
            let used = token.last_used_at.map_or("never".to_owned(), |at| at.to_jiff().to_string());
            say(&format!("{}  {may:<8}  last used {used}  {}", token.id, token.name));
        }
    }
    Ok(())
}

async fn revoke(store: &Store, organization: OrganizationId, id: Uuid) -> anyhow::Result<()> {
    let mut tx = store.begin(&Tenant::system(organization.0)).await?;
    ensure!(
        revoke_token(&mut tx, id, clock::now()).await?,
        "there is no token {id} that counts; see `devsquad token list`"
    );
    tx.commit().await?;
    say("Revoked.");
    Ok(())
}
