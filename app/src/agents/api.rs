//! Server functions of the roster.
#![expect(missing_docs, reason = "the macro makes a struct of each function's arguments and documents no field")]

use devsquad::id::AgentId;
use devsquad::view::{AgentSummary, AgentView, Member};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::error::Failure;

/// The form an agent is registered with.
pub const FORM: &str = "agent";
/// The form an agent is retired with.
pub const RETIRE: &str = "retire";

/// A new agent and its token, which is shown this once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NewAgent {
    /// Its id.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// Its token.
    pub token: String,
}

/// The roster, by name.
#[server(output = crate::wire::Json)]
pub async fn load_agents() -> Result<Vec<AgentSummary>, Failure> {
    crate::backend::backend()?.agents().await
}

/// The names and skills of the roster.
#[server(output = crate::wire::Json)]
pub async fn load_members() -> Result<Vec<Member>, Failure> {
    let agents = crate::backend::backend()?.agents().await?;
    Ok(agents.into_iter().map(|AgentSummary { id, name, skills, .. }| Member { id, name, skills }).collect())
}

/// One agent.
#[server(output = crate::wire::Json)]
pub async fn load_agent(id: AgentId) -> Result<AgentView, Failure> {
    crate::backend::backend()?.agent(id).await
}

/// Registers an agent that speaks HTTP.
#[server(output = crate::wire::Json)]
pub async fn add_agent(name: String, skills: String, capacity: String) -> Result<NewAgent, Failure> {
    use crate::ui::flash;
    let given = flash::fields([("name", &name), ("skills", &skills), ("capacity", &capacity)]);
    let added = async {
        let slots = super::new_agent::slots(&capacity)?;
        let (id, token) = crate::backend::backend()?.add_agent(name.clone(), skills, slots).await?;
        Ok(NewAgent { id, name, token })
    };
    flash::answer(FORM, given, added.await)
}

/// Lets an agent leave for good, and goes to those that stay.
#[server(output = crate::wire::Json)]
pub async fn retire_agent(agent: AgentId) -> Result<(), Failure> {
    use crate::ui::flash;
    let retired = async { crate::backend::backend()?.perform(devsquad::Command::RetireAgent { agent }).await };
    flash::answer(RETIRE, flash::Fields::new(), retired.await.map(drop))?;
    leptos_axum::redirect("/orchestration/agents");
    Ok(())
}
