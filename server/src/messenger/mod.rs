//! Tells the chat what happened: reads on in the journal from its bookmark, and posts.
//!
//! The journal is the outbox, so a message is due exactly when its event is committed, and the engine writes nothing for it. Messages
//! have ids made of their event's, and are posted in the order of the journal: told again after a crash or a broken answer, they are
//! the same messages. While the chat cannot be reached the bookmark stands still; what it refuses for good is noted and passed over.

use std::collections::HashSet;
use std::time::Duration;

use devsquad::Event;
use devsquad::id::{AgentId, OrganizationId, TaskId, WorkflowId};
use devsquad::messaging::message::{Author, Post, posts};
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chat::check::{AGENT_ROLE, CHANNEL_TYPE, check};
use crate::chat::client::{ChatError, Client};
use crate::chat::wire::{Acting, ChannelData, ChannelQuery, Custom, MessageRequest, Patch, User};
use crate::clock;
use crate::engine::Engine;
use crate::store::messenger::{self, Batch, Room};
use crate::store::{Store, Tenant};

/// The user who speaks where nobody else does.
pub const SYSTEM_USER: &str = "devsquad";
/// Without news the journal is looked at this often: a message of the engine may be missed, a line of the journal not.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Pauses while the chat cannot be reached: at first, and at the longest.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long one call may take with all its attempts; after that it is a pause of the messenger.
const CALL_MAX: Duration = Duration::from_secs(20);
/// Users and channels remembered as made. Beyond it they are made again, which changes nothing.
const KNOWN_MAX: usize = 100_000;

/// Why it stopped for now.
#[derive(Debug, thiserror::Error)]
enum Stuck {
    #[error(transparent)]
    Chat(#[from] ChatError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The messenger of an organization.
pub struct Messenger {
    engine: Engine,
    store: Store,
    client: Client,
    webhook: Option<String>,
    organization: OrganizationId,
    known: HashSet<String>,
    is_set_up: bool,
}

impl Messenger {
    /// One that tells this chat, and has it send what happens to `webhook`.
    pub fn new(
        engine: Engine,
        store: Store,
        client: Client,
        webhook: Option<String>,
        organization: OrganizationId,
    ) -> Self {
        let client = client.deadline(CALL_MAX);
        Self { engine, store, client, webhook, organization, known: HashSet::new(), is_set_up: false }
    }

    /// Tells what happens until `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        let work = async {
            let mut pause = PAUSE_MIN;
            loop {
                // Before the journal is read, so that nothing falls between the two.
                let subscription = self.engine.subscribe(self.organization).await;
                match self.catch_up().await {
                    Ok(()) => pause = PAUSE_MIN,
                    Err(stuck) => {
                        metrics::counter!("devsquad_messenger_stuck_total").increment(1);
                        tracing::warn!(error = %stuck, pause_s = pause.as_secs(), "the chat is not told what happens; it will be");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(PAUSE_MAX);
                        continue;
                    }
                }
                match subscription {
                    Ok(mut subscription) => drop(tokio::time::timeout(LOOK_EVERY, subscription.receiver.recv()).await),
                    Err(_) => tokio::time::sleep(PAUSE_MIN).await,
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// Tells everything up to the end of the journal.
    async fn catch_up(&mut self) -> Result<(), Stuck> {
        if !self.is_set_up {
            for line in check(&self.client, self.webhook.as_deref()).await? {
                tracing::debug!(line, "the chat is set up");
            }
            self.is_set_up = true;
        }
        loop {
            let mut tx = self.store.begin(&self.tenant()).await?;
            let batch = messenger::next(&mut tx, clock::now()).await?;
            tx.commit().await?;
            let Some(last) = batch.last else { return Ok(()) };
            for event in &batch.events {
                if let Err(stuck) = self.tell(event, &batch).await {
                    self.note(event.seq.saturating_sub(1)).await?;
                    return Err(stuck);
                }
            }
            self.note(last).await?;
        }
    }

    async fn note(&self, seq: u64) -> Result<(), Stuck> {
        let mut tx = self.store.begin(&self.tenant()).await?;
        messenger::told(&mut tx, seq, clock::now()).await?;
        tx.commit().await?;
        metrics::gauge!("devsquad_messenger_seq").set(seq as f64);
        Ok(())
    }

    fn tenant(&self) -> Tenant {
        Tenant::system(self.organization.0)
    }

    async fn tell(&mut self, event: &Event, batch: &Batch) -> Result<(), Stuck> {
        for post in posts(event) {
            let channel = messenger::channel_of(post.about.workflow_id);
            match self.post(event, &post, batch).await {
                Ok(()) => {}
                Err(Stuck::Chat(error)) if is_final(&error) => {
                    tracing::error!(%error, message = post.id, "the chat refuses a message for good");
                    metrics::counter!("devsquad_messenger_dead_letters_total").increment(1);
                    let mut tx = self.store.begin(&self.tenant()).await?;
                    messenger::bury(&mut tx, &post.id, event.seq, &channel, &error.to_string(), clock::now()).await?;
                    tx.commit().await?;
                }
                Err(stuck) => return Err(stuck),
            }
        }
        Ok(())
    }

    async fn post(&mut self, event: &Event, post: &Post, batch: &Batch) -> Result<(), Stuck> {
        let workflow = post.about.workflow_id;
        let mut tx = self.store.begin_read(&self.tenant()).await?;
        let room = messenger::room(&mut tx, workflow).await?;
        drop(tx);
        // Deleted since.
        let Some(room) = room else { return Ok(()) };
        self.open(workflow, &room).await?;
        for agent in [event.change.agent(), event.actor.agent()].into_iter().flatten() {
            self.join(workflow, &room, agent, batch).await?;
        }
        let author = match post.author {
            Author::Agent(agent) => user_of_agent(agent),
            Author::Person(person) => {
                let id = user_of_person(person.0);
                self.user(&id, named(batch, person.0, "A person"), None).await?;
                id
            }
            Author::System => SYSTEM_USER.to_owned(),
        };
        let thread = match post.about.task_id {
            Some(task) => Some((task, self.thread(&room, task, batch).await?)),
            None => None,
        };
        let text =
            post.text(event, &|task| batch.names.get(&task.0).cloned(), &|agent| batch.names.get(&agent.0).cloned());
        let message = MessageRequest {
            id: Some(post.id.clone()),
            parent_id: thread.as_ref().map(|(_, root)| root.clone()),
            custom: Custom::from_iter([("devsquad".to_owned(), json!(post.about))]),
            ..MessageRequest::text(author, text)
        };
        self.client.send_message(CHANNEL_TYPE, &room.channel, &message).await?;
        let mut tx = self.store.begin(&self.tenant()).await?;
        let thread = thread.as_ref().map(|(task, root)| (*task, root.as_str()));
        messenger::said(&mut tx, workflow, thread, clock::now()).await?;
        tx.commit().await?;
        self.archive(event, &room).await
    }

    /// Makes the channel of a workflow where it is not there.
    async fn open(&mut self, workflow: WorkflowId, room: &Room) -> Result<(), Stuck> {
        if room.is_open {
            return Ok(());
        }
        self.user(SYSTEM_USER, "DevSquad".to_owned(), None).await?;
        for (person, name) in &room.people {
            self.user(&user_of_person(person.0), name.clone(), None).await?;
        }
        let members = room.people.iter().map(|(person, _)| json!(user_of_person(person.0)));
        let data = ChannelData {
            created_by_id: Some(SYSTEM_USER.to_owned()),
            members: members.collect(),
            custom: Custom::from_iter([
                ("name".to_owned(), json!(room.name)),
                ("devsquad".to_owned(), json!({ "purpose": "workflow", "workflow_id": workflow })),
            ]),
            ..ChannelData::default()
        };
        self.client.channel(CHANNEL_TYPE, &room.channel, &ChannelQuery { data, ..ChannelQuery::default() }).await?;
        let mut tx = self.store.begin(&self.tenant()).await?;
        messenger::opened(&mut tx, workflow, CHANNEL_TYPE, &room.people, clock::fresh_id(), clock::now()).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn join(&mut self, workflow: WorkflowId, room: &Room, agent: AgentId, batch: &Batch) -> Result<(), Stuck> {
        let id = user_of_agent(agent);
        self.user(&id, named(batch, agent.0, "An agent"), Some(AGENT_ROLE)).await?;
        if room.agents.contains(&agent) {
            return Ok(());
        }
        self.client.add_members(CHANNEL_TYPE, &room.channel, &[json!(id)]).await?;
        let mut tx = self.store.begin(&self.tenant()).await?;
        messenger::joined(&mut tx, workflow, agent).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The root of a task's thread; said when the task is spoken of first.
    async fn thread(&mut self, room: &Room, task: TaskId, batch: &Batch) -> Result<String, Stuck> {
        let root = format!("task-{task}");
        if self.known.contains(&root) {
            return Ok(root);
        }
        let about = json!({ "v": devsquad::messaging::message::VERSION, "kind": "thread", "task_id": task });
        let message = MessageRequest {
            id: Some(root.clone()),
            silent: true,
            custom: Custom::from_iter([("devsquad".to_owned(), about)]),
            ..MessageRequest::text(SYSTEM_USER, named(batch, task.0, "A task"))
        };
        self.client.send_message(CHANNEL_TYPE, &room.channel, &message).await?;
        self.remember(root.clone());
        Ok(root)
    }

    async fn user(&mut self, id: &str, name: String, role: Option<&str>) -> Result<(), Stuck> {
        if self.known.contains(id) {
            return Ok(());
        }
        let user = User {
            id: id.to_owned(),
            role: role.map(str::to_owned),
            custom: Custom::from_iter([("name".to_owned(), json!(name))]),
            ..User::default()
        };
        self.client.upsert_users(&[user]).await?;
        self.remember(id.to_owned());
        Ok(())
    }

    fn remember(&mut self, made: String) {
        if self.known.len() >= KNOWN_MAX {
            self.known.clear();
        }
        self.known.insert(made);
    }

    /// Says of the channel of a workflow that ended that it is over, and of one that goes on that it is not.
    async fn archive(&self, event: &Event, room: &Room) -> Result<(), Stuck> {
        let over = match event.change.name() {
            "workflow_ended" => true,
            "task_retried" => false,
            _ => return Ok(()),
        };
        let set = Custom::from_iter([("archived".to_owned(), json!(over))]);
        let acting = Acting { user_id: Some(SYSTEM_USER.to_owned()), user: None };
        self.client.patch_channel(CHANNEL_TYPE, &room.channel, &Patch { set, unset: Vec::new(), acting }).await?;
        Ok(())
    }
}

/// Whether trying again cannot help.
fn is_final(error: &ChatError) -> bool {
    match error {
        ChatError::Refused(body) => (400..500).contains(&body.status) && !matches!(body.status, 401 | 408 | 429),
        ChatError::Conflict { .. } => true,
        ChatError::Deadline(..) | ChatError::Garbled(_) => false,
    }
}

fn named(batch: &Batch, id: Uuid, otherwise: &str) -> String {
    batch.names.get(&id).cloned().unwrap_or_else(|| otherwise.to_owned())
}

/// The chat's user of an agent.
pub fn user_of_agent(agent: AgentId) -> String {
    format!("agent-{agent}")
}

/// The chat's user of a person.
pub fn user_of_person(person: Uuid) -> String {
    format!("person-{person}")
}
