//! `devsquad token create`.

use clap::{Subcommand, ValueEnum};
use devsquad::Role;
use serde_json::json;

use super::{open, say};
use crate::clock;
use crate::config::Config;
use crate::store::Tenant;
use crate::store::identity::tokens::{Holder, create_token};
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
        let Token::Create { role, name, json } = self;
        let opened = open::visit(&config).await?;
        let organization = first_run::first_run(&opened.store).await?;
        let mut tx = opened.store.begin(&Tenant::system(organization.0)).await?;
        let holder = Holder::Person { user: None, role: role.into() };
        let token = create_token(&mut tx, clock::fresh_id(), &name, holder, clock::now()).await?;
        tx.commit().await?;
        match json {
            true => {
                say(&json!({ "token": token.reveal(), "name": name, "role": Role::from(role).as_str() }).to_string())
            }
            false => say(token.reveal()),
        }
        opened.close().await;
        Ok(0)
    }
}
