//! A tick that is played through on each new connection for ticks, and undone.
//!
//! A process of PostgreSQL that has just begun knows no table and has planned nothing: the first tick it carries out takes tens of
//! milliseconds longer than the next. Whoever happened to wait for that one would pay for it.

use std::collections::BTreeSet;

use anyhow::Context as _;
use devsquad::decide::{Facts, decide};
use devsquad::id::{EventId, ProjectId, WorkflowId};
use devsquad::state::State;
use devsquad::{Actor, Command};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::idempotency::{self, Kept};
use super::journal::{self, Chain};
use super::projections::{Assigned, Touched};
use super::tenant::begin_rehearsal;
use super::together::Together;
use crate::clock;

/// An organization that there is not.
const NOBODY: Uuid = Uuid::nil();

/// Creates workflows, with and without an idempotency key, and undoes it. That it cannot be done is said, and is no reason not to use the
/// connection.
pub(super) async fn rehearse(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    if let Err(error) = play(connection).await {
        tracing::warn!(error = %format!("{error:#}"), "a tick cannot be rehearsed: the first one will take longer");
    }
    sqlx::raw_sql("ROLLBACK").execute(connection).await?;
    Ok(())
}

async fn play(connection: &mut PgConnection) -> anyhow::Result<()> {
    sqlx::raw_sql(begin_rehearsal(NOBODY)).execute(&mut *connection).await?;
    let (mut state, mut chain) = (State::default(), Chain::default());
    let kept =
        Kept { principal: String::new(), key: "rehearsal".to_owned(), fingerprint: [0; 32], answer: "null".to_owned() };
    for kept in [Vec::new(), vec![kept]] {
        let (now, mut fresh_id) = (clock::now(), clock::fresh_id);
        let tasks = json!([{"key": "first"}, {"key": "second", "needs": ["first"]}]);
        let command = Command::CreateWorkflow {
            workflow: WorkflowId(clock::fresh_id()),
            project: ProjectId(NOBODY),
            definition: serde_json::from_value(json!({"name": "rehearsal", "tasks": tasks})).context("a definition")?,
        };
        let (_, changes) = decide(&mut state, &Actor::System, command, &mut Facts { now, fresh_id: &mut fresh_id })?;
        let entries =
            changes.into_iter().map(|change| chain.append(EventId(clock::fresh_id()), now, &Actor::System, change));
        let entries = entries.collect::<anyhow::Result<Vec<_>>>()?;
        let touched = Touched::collect(&entries, &state, &BTreeSet::new(), &mut Assigned::default(), &mut fresh_id);
        let (mut new, mut all) = (Together::default(), Together::default());
        touched.begin(&mut new, NOBODY, now);
        new.execute(connection).await?;
        journal::append(&mut all, NOBODY, &entries);
        touched.go_on(&mut all, NOBODY, now);
        idempotency::keep(&mut all, NOBODY, &kept, now);
        all.execute(connection).await?;
    }
    Ok(())
}
