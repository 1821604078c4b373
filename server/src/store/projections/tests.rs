//! What a tick's events become as rows.

use std::collections::BTreeSet;

use devsquad::event::TaskLeased;
use devsquad::id::{EventId, TaskId};
use devsquad::scheduling::Fit;
use devsquad::state::State;
use devsquad::workflow::WorkflowStatus;
use devsquad::{Actor, Change};

use super::*;
use crate::clock;
use crate::store::journal::Chain;
use crate::store::testing::TestDatabase;
use crate::store::together::Together;

const ORGANIZATION: Uuid = Uuid::from_u128(0xAC);
const WORKFLOW: WorkflowId = WorkflowId(Uuid::from_u128(1));
const ADA: AgentId = AgentId(Uuid::from_u128(0xA));
const BOB: AgentId = AgentId(Uuid::from_u128(0xB));

fn leased(agent: AgentId) -> Change {
    let now = clock::now();
    Change::TaskLeased(Box::new(TaskLeased {
        workflow: WORKFLOW,
        task: TaskId(clock::fresh_id()),
        attempt: AttemptId(clock::fresh_id()),
        agent,
        principal: agent.to_string(),
        fence: 1,
        review: false,
        expires_at: now,
        deadline: now,
        fit: Fit::default(),
    }))
}

fn ended() -> Change {
    Change::WorkflowEnded { workflow: WORKFLOW, status: WorkflowStatus::Failed, reason: String::new() }
}

/// Writes one tick, and says how the agents' rows of the workflow stand then.
async fn tick(
    database: &TestDatabase,
    (chain, assigned): &mut (Chain, Assigned),
    changes: Vec<Change>,
) -> anyhow::Result<Vec<(Uuid, String)>> {
    let now = clock::now();
    let entries =
        changes.into_iter().map(|change| chain.append(EventId(clock::fresh_id()), now, &Actor::System, change));
    let entries = entries.collect::<anyhow::Result<Vec<_>>>()?;
    let touched = Touched::collect(&entries, &State::default(), &BTreeSet::new(), assigned, &mut clock::fresh_id);
    let mut tx = database.begin(&crate::store::Tenant::system(ORGANIZATION)).await?;
    let mut new = Together::default();
    touched.begin(&mut new, ORGANIZATION, now);
    new.execute(&mut tx).await?;
    touched.let_go(&mut tx).await?;
    let mut all = Together::default();
    touched.go_on(&mut all, ORGANIZATION, now);
    all.execute(&mut tx).await?;
    touched.finish(&mut tx).await?;
    let rows =
        sqlx::query_as("SELECT agent_id, status FROM agent_assignments WHERE workflow_id = $1 ORDER BY agent_id")
            .bind(WORKFLOW.0)
            .fetch_all(&mut *tx)
            .await?;
    tx.commit().await?;
    Ok(rows)
}

#[tokio::test]
async fn an_end_lets_go_whoever_is_not_given_work_after_it() -> anyhow::Result<()> {
    let database = TestDatabase::new().await?;
    database.organization(ORGANIZATION, "Acme").await?;
    let mut so_far = (Chain::default(), Assigned::default());
    let rows = |ada: &str, bob: &str| vec![(ADA.0, ada.to_owned()), (BOB.0, bob.to_owned())];

    let both = tick(&database, &mut so_far, vec![leased(ADA), leased(BOB)]).await?;
    assert_eq!(both, rows("active", "active"));
    // It failed, somebody had the task done again, and one of them got it: all within one tick.
    let again = tick(&database, &mut so_far, vec![ended(), leased(ADA)]).await?;
    assert_eq!(again, rows("active", "released"));
    let over = tick(&database, &mut so_far, vec![leased(BOB), ended()]).await?;
    assert_eq!(over, rows("released", "released"));
    Ok(())
}
