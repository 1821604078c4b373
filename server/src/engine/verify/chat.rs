//! Whether the chat was told what happened, and nothing else: every message that is due against those that are there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use devsquad::id::{ProjectId, WorkflowId};
use devsquad::messaging::channel::{letters, undelivered_id};
use devsquad::{Change, Event};
use jiff::Timestamp;

use super::Report;
use crate::store::messenger::verify as queries;
use crate::store::messenger::verify::Told;
use crate::store::{Store, Tenant};

/// Looks at who is in which channel, when they differ: a running messenger changes the channel first and notes it then.
const LOOKS_MAX: usize = 4;
/// Pause between two of them.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// The messages that the journal makes due, line by line.
#[derive(Debug, Default)]
pub struct Due {
    projects: Vec<(ProjectId, Timestamp)>,
    of_workflows: HashMap<WorkflowId, ProjectId>,
    /// Line of the journal, message, channel.
    messages: Vec<(u64, String, String)>,
}

impl Due {
    /// Nothing yet, in an organization with these projects, made at these moments.
    pub fn new(projects: Vec<(ProjectId, Timestamp)>) -> Due {
        Due { projects, ..Due::default() }
    }

    /// One line more.
    pub fn add(&mut self, event: &Event) {
        if let Change::WorkflowCreated(created) = &event.change {
            self.of_workflows.insert(created.workflow, created.project);
        }
        let project = event.change.workflow().and_then(|workflow| self.of_workflows.get(&workflow)).copied();
        let projects: Vec<ProjectId> =
            self.projects.iter().filter(|(_, made)| *made <= event.at).map(|(id, _)| *id).collect();
        let due = letters(event, project, &projects).into_iter();
        self.messages.extend(due.map(|letter| (event.seq, letter.post.id, letter.channel.id())));
    }

    /// Those that must be there by now.
    fn by_now(&self, told: &Told) -> Vec<(String, String)> {
        let must = self
            .messages
            .iter()
            .filter(|(seq, id, _)| told.began < *seq && *seq <= told.posted && !told.buried.contains(id));
        must.map(|(_, id, channel)| (id.clone(), channel.clone())).collect()
    }
}

/// Asks all of it of one organization, whose journal was walked up to the line `head`.
pub async fn ask(
    store: &Store,
    tenant: &Tenant,
    due: &Due,
    told: &Told,
    head: u64,
    report: &mut Report,
) -> anyhow::Result<()> {
    let mut tx = store.begin_read(tenant).await?;
    let channels: Vec<String> = queries::noted(&mut tx).await?.into_keys().collect();
    drop(tx);
    let mut chat = store.begin_chat().await?;
    let missing = queries::missing(&mut chat, &due.by_now(told)).await?;
    report.add("C1", "every event that the chat was told has its messages there, each in its channel", &missing);

    let known: HashSet<&str> = due.messages.iter().map(|(_, id, _)| id.as_str()).collect();
    let refused: HashSet<String> = told.buried.iter().map(|id| undelivered_id(id)).collect();
    let invented: Vec<String> = queries::telling(&mut chat, &channels, head)
        .await?
        .into_iter()
        .filter(|id| !known.contains(id.as_str()) && !refused.contains(id))
        .collect();
    report.add("C2", "no message tells an event that the journal does not hold", &invented);

    let disordered = queries::out_of_order(&mut chat, &channels).await?;
    report.add("C3", "in each channel, events are told in the order of the journal", &disordered);
    drop(chat);

    let misplaced: Vec<String> = misplaced(store, tenant).await?.into_iter().collect();
    report.add("C4", "who is noted to be in a channel is in it, and nobody else", &misplaced);
    Ok(())
}

/// Those who are in a channel and not noted there, or the other way round, at every look.
async fn misplaced(store: &Store, tenant: &Tenant) -> anyhow::Result<BTreeSet<String>> {
    let mut always: Option<BTreeSet<String>> = None;
    for _ in 0..LOOKS_MAX {
        let now = misplaced_now(store, tenant).await?;
        let still = match always {
            Some(before) => before.intersection(&now).cloned().collect(),
            None => now,
        };
        if still.is_empty() {
            return Ok(still);
        }
        always = Some(still);
        tokio::time::sleep(LOOK_PAUSE).await;
    }
    Ok(always.unwrap_or_default())
}

async fn misplaced_now(store: &Store, tenant: &Tenant) -> anyhow::Result<BTreeSet<String>> {
    let mut tx = store.begin_read(tenant).await?;
    let noted = queries::noted(&mut tx).await?;
    drop(tx);
    let mut chat = store.begin_chat().await?;
    let channels: Vec<String> = noted.keys().cloned().collect();
    let there = queries::members(&mut chat, &channels).await?;
    let nobody = BTreeSet::new();
    let differing = noted.iter().flat_map(|(channel, noted)| {
        let there = there.get(channel).unwrap_or(&nobody);
        noted.symmetric_difference(there).map(move |user| format!("{user} in {channel}"))
    });
    Ok(differing.collect())
}
