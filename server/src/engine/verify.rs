//! Every invariant, asked of a live database: read-only, each must count 0.

mod chat;
mod wishes;

use std::collections::BTreeMap;

use devsquad::id::OrganizationId;
use devsquad::invariants::{HELD, Walk};
use serde::Serialize;

use crate::store::messenger::{roll, verify as telling};
use crate::store::verify::{self as queries, Difference};
use crate::store::{Store, Tenant, journal, organizations};
use chat::{Due, Sides};

/// Violations told in full; the count is always complete.
const EXAMPLES_MAX: usize = 5;

/// How one invariant stands.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Finding {
    /// How often it is broken.
    pub violations: u64,
    /// What it says.
    pub meaning: String,
    /// Some of the places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

/// Whose the chat is: what stands in one that is somebody else's cannot be asked here.
#[derive(Clone, Copy)]
pub enum Chat<'a> {
    /// The embedded one, in this database.
    Ours,
    /// The embedded one, in a database of its own.
    Apart(&'a Store),
    /// Another server.
    Elsewhere,
}

/// How all of them stand.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Events walked.
    pub events: u64,
    /// Messages that the chat refused for good. They break nothing, but somebody should know why.
    pub dead_letters: u64,
    /// Invariants that were not asked, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_asked: Vec<String>,
    /// By name.
    pub invariants: BTreeMap<String, Finding>,
}

impl Report {
    /// Whether every one holds.
    pub fn holds(&self) -> bool {
        self.invariants.values().all(|finding| finding.violations == 0)
    }

    fn add(&mut self, name: &str, meaning: &str, places: &[String]) {
        let finding = self.invariants.entry(name.to_owned()).or_default();
        finding.meaning = meaning.to_owned();
        finding.violations += places.len() as u64;
        let room = EXAMPLES_MAX.saturating_sub(finding.examples.len());
        finding.examples.extend(places.iter().take(room).cloned());
    }
}

/// Asks all of them, of every organization.
pub async fn verify(store: &Store, chat: Chat<'_>) -> anyhow::Result<Report> {
    let mut worker = store.begin_worker().await?;
    let ids = organizations::ids(&mut worker).await?;
    drop(worker);
    let mut report = Report::default();
    if matches!(chat, Chat::Elsewhere) {
        report.not_asked.push("C1 to C7: the messages are at another chat server".to_owned());
    }
    for id in ids {
        organization(store, OrganizationId(id), chat, &mut report).await?;
    }
    Ok(report)
}

async fn organization(store: &Store, id: OrganizationId, chat: Chat<'_>, report: &mut Report) -> anyhow::Result<()> {
    // One snapshot of the database, so that a running engine does not look like a difference.
    let tenant = Tenant::system(id.0);
    let mut tx = store.begin_read_snapshot(&tenant).await?;
    let (events, broken) = journal::verify_chain(&mut tx).await?;
    report.events += events;
    let places: Vec<String> = broken.iter().map(|seq| format!("event {seq}")).collect();
    report.add("A1", "the journal is a chain without gaps, every line as it was written", &places);

    let told = telling::told(&mut tx).await?;
    report.dead_letters += told.buried.len() as u64;
    let mut due = Due::new(roll::projects(&mut tx).await?);
    let mut walk = Walk::default();
    loop {
        let page = journal::read_after(&mut tx, walk.state.seq, journal::READ_MAX).await?;
        if page.is_empty() {
            break;
        }
        let before = walk.state.seq;
        for event in &page {
            walk.step(event);
            due.add(event);
        }
        anyhow::ensure!(walk.state.seq > before, "the journal cannot be walked past event {before}");
    }
    let none = Vec::new();
    for (name, meaning) in HELD {
        report.add(name, meaning, walk.violations().get(name).unwrap_or(&none));
    }
    let differences: Vec<Difference> = queries::compare(&mut tx, &walk.state).await?;
    let places: Vec<String> = differences.iter().map(ToString::to_string).collect();
    report.add("I13", "what pages read equals what the journal folds to", &places);
    for (name, meaning, query) in queries::QUERIES {
        let places = queries::ask(&mut tx, query).await?;
        report.add(name, meaning, &places);
    }
    drop(tx);
    let chat = match chat {
        Chat::Ours => store,
        Chat::Apart(chat) => chat,
        Chat::Elsewhere => return Ok(()),
    };
    let sides = Sides { store, chat, tenant: &tenant };
    chat::ask(sides, &due, &told, walk.state.seq, report).await?;
    wishes::ask(sides, report).await
}
