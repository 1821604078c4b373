//! Whether the chat was told what happened, and nothing else: every message that is due against those that are there.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use devsquad::id::{ProjectId, TaskId, WorkflowId};
use devsquad::messaging::channel::{Channel, Letter, letters, undelivered_id};
use devsquad::messaging::message::thread_of;
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
    messages: Vec<DueMessage>,
}

/// One of them.
#[derive(Debug)]
struct DueMessage {
    /// The line of the journal that it tells.
    seq: u64,
    id: String,
    channel: String,
    /// The task in whose thread it stands.
    task: Option<TaskId>,
}

impl DueMessage {
    fn new(seq: u64, letter: Letter) -> DueMessage {
        let task = letter.post.about.task_id.filter(|_| matches!(letter.channel, Channel::Workflow(_)));
        DueMessage { seq, id: letter.post.id, channel: letter.channel.id(), task }
    }
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
        self.messages.extend(due.map(|letter| DueMessage::new(event.seq, letter)));
    }

    /// Those that must be there by now.
    fn by_now(&self, told: &Told) -> Vec<&DueMessage> {
        let must = |due: &&DueMessage| told.began < due.seq && due.seq <= told.posted && !told.buried.contains(&due.id);
        self.messages.iter().filter(must).collect()
    }
}

/// The organization's side, and the embedded chat server's, which may have a database of its own.
#[derive(Clone, Copy)]
pub struct Sides<'a> {
    /// Where the organization is.
    pub store: &'a Store,
    /// Where the chat is.
    pub chat: &'a Store,
    /// The organization.
    pub tenant: &'a Tenant,
}

/// Asks all of it of one organization, whose journal was walked up to the line `head`.
pub async fn ask(sides: Sides<'_>, due: &Due, told: &Told, head: u64, report: &mut Report) -> anyhow::Result<()> {
    let mut tx = sides.store.begin_read(sides.tenant).await?;
    let channels: Vec<String> = queries::noted(&mut tx).await?.into_keys().collect();
    drop(tx);
    let by_now = due.by_now(told);
    let mut chat = sides.chat.begin_chat().await?;
    let places: Vec<(String, String)> = by_now.iter().map(|due| (due.id.clone(), due.channel.clone())).collect();
    let missing = queries::missing(&mut chat, &places).await?;
    report.add("C1", "every event that the chat was told has its messages there, each in its channel", &missing);

    let known: HashSet<&str> = due.messages.iter().map(|due| due.id.as_str()).collect();
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

    let misplaced: Vec<String> = misplaced(sides).await?.into_iter().collect();
    report.add("C4", "who is noted to be in a channel is in it, and nobody else", &misplaced);

    let nowhere = nowhere(sides, &by_now, &channels).await?;
    report.add("C5", "every channel and thread that something was told in is there, and noted", &nowhere);
    Ok(())
}

/// Channels and threads that are not there, or not noted where they are looked for. `channels` are those that are noted.
async fn nowhere(sides: Sides<'_>, by_now: &[&DueMessage], channels: &[String]) -> anyhow::Result<Vec<String>> {
    let noted: BTreeSet<&str> = channels.iter().map(String::as_str).collect();
    let needed: BTreeSet<&str> = by_now.iter().map(|due| due.channel.as_str()).collect();
    let mut nowhere: Vec<String> = needed.difference(&noted).map(|channel| format!("{channel} has no row")).collect();
    let all: Vec<String> = needed.union(&noted).map(|channel| (*channel).to_owned()).collect();

    let mut chat = sides.chat.begin_chat().await?;
    nowhere.extend(queries::absent(&mut chat, &all).await?);
    let in_threads: Vec<(String, String)> =
        by_now.iter().filter_map(|due| Some((due.id.clone(), thread_of(due.task?)))).collect();
    nowhere.extend(queries::outside_their_thread(&mut chat, &in_threads).await?);
    drop(chat);

    let tasks: BTreeSet<TaskId> = by_now.iter().filter_map(|due| due.task).collect();
    let tasks: Vec<TaskId> = tasks.into_iter().collect();
    let mut tx = sides.store.begin_read(sides.tenant).await?;
    nowhere.extend(queries::unnoted(&mut tx, &tasks).await?);
    Ok(nowhere)
}

/// Those who are in a channel and not noted there, or the other way round, at every look.
async fn misplaced(sides: Sides<'_>) -> anyhow::Result<BTreeSet<String>> {
    let mut always: Option<BTreeSet<String>> = None;
    for _ in 0..LOOKS_MAX {
        let now = misplaced_now(sides).await?;
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

async fn misplaced_now(sides: Sides<'_>) -> anyhow::Result<BTreeSet<String>> {
    let mut tx = sides.store.begin_read(sides.tenant).await?;
    let noted = queries::noted(&mut tx).await?;
    drop(tx);
    let mut chat = sides.chat.begin_chat().await?;
    let channels: Vec<String> = noted.keys().cloned().collect();
    let there = queries::members(&mut chat, &channels).await?;
    let nobody = BTreeSet::new();
    let differing = noted.iter().flat_map(|(channel, noted)| {
        let there = there.get(channel).unwrap_or(&nobody);
        noted.symmetric_difference(there).map(move |user| format!("{user} in {channel}"))
    });
    Ok(differing.collect())
}
