//! `devsquad user`.

use std::io::{IsTerminal as _, Read as _, Write as _};

use anyhow::{Context as _, bail};
use clap::Subcommand;

use super::token::RoleName;
use super::{open, say};
use crate::config::Config;
use crate::web::first_run;

/// People.
#[derive(Debug, Subcommand)]
pub enum User {
    /// Add a person with a password, read from standard input.
    Create {
        /// Their address.
        email: String,
        /// Their name; the address when not given.
        #[arg(long)]
        name: Option<String>,
        /// What they may do.
        #[arg(long, value_enum, default_value = "operator")]
        role: RoleName,
    },
    /// Give the owner a password, read from standard input. Needed before the server may be reached from other machines.
    Password,
}

impl User {
    /// Runs it.
    pub async fn run(self, config: Config) -> anyhow::Result<i32> {
        let opened = open::visit(&config).await?;
        let organization = first_run::first_run(&opened.store).await?;
        match self {
            User::Create { email, name, role } => {
                let password = read_password()?;
                let name = name.unwrap_or_else(|| email.clone());
                first_run::create_user(&opened.store, organization, &email, &name, role.into(), password).await?;
                say(&format!("{name} can sign in as {email}."));
            }
            User::Password => {
                first_run::set_owner_password(&opened.store, organization, read_password()?).await?;
                say("The owner has a new password; every session of theirs has ended.");
            }
        }
        opened.close().await;
        Ok(0)
    }
}

/// The password from standard input. On a terminal the echo is left to `stty`, which every such terminal has.
fn read_password() -> anyhow::Result<String> {
    let mut password = String::new();
    if std::io::stdin().is_terminal() {
        write!(std::io::stderr(), "Password: ")?;
        let echo = |mode: &str| std::process::Command::new("stty").arg(mode).status();
        let hidden = echo("-echo").is_ok_and(|status| status.success());
        let read = std::io::stdin().read_line(&mut password);
        if hidden {
            echo("echo").context("giving the terminal its echo back")?;
            writeln!(std::io::stderr())?;
        }
        read?;
    } else {
        std::io::stdin().take(1_024).read_to_string(&mut password)?;
    }
    let password = password.trim_end_matches(['\n', '\r']).to_owned();
    if password.is_empty() {
        bail!("no password was given on standard input");
    }
    Ok(password)
}
