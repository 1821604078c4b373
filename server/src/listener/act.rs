//! Does what people asked for in the chat, by the same commands as the page's buttons, and answers them there.

use devsquad::id::{ConflictId, OrganizationId, TaskId, UserId, WorkflowId};
use devsquad::messaging::channel::Channel;
use devsquad::messaging::message::{About, task_of};
use devsquad::messaging::slash_command::{self, Scene, Wish};
use devsquad::messaging::user::is_agent;
use devsquad::messaging::wording;
use devsquad::{Actor, Command, Door};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{Listener, Stuck, person};
use crate::chat::client::ChatError;
use crate::chat::wire::{Custom, Event, Message, MessageRequest, Reaction, SendReaction};
use crate::clock;
use crate::engine::{EngineError, IdempotencyKey};
use crate::messenger::SYSTEM_USER;
use crate::store::{Tenant, TenantTx, listener};

/// The reaction under a message that was done as it says.
const DONE: &str = "white_check_mark";

/// Bytes of a key: more the engine does not keep.
const KEY_BYTES_MAX: usize = 255;

/// What somebody did: where, and what it asks for.
struct Asked<'a> {
    id: &'a str,
    user: UserId,
    channel: (&'a str, &'a str),
    message: &'a Message,
    wish: Result<Wish, String>,
}

/// What came of a command.
enum Performed {
    Done,
    /// Something that was said later has been done already, and this would take it back.
    Overtaken,
    /// Why not.
    Refused(String),
}

impl Listener {
    pub(super) async fn act_on_all(&self, organization: OrganizationId) -> Result<(), Stuck> {
        let tenant = Tenant::system(organization.0);
        loop {
            let mut tx = self.inner.store.begin_read(&tenant).await?;
            let due = listener::due(&mut tx).await?;
            drop(tx);
            if due.is_empty() {
                return Ok(());
            }
            for (id, event) in due {
                let outcome = match serde_json::from_value(event) {
                    Ok(event) => self.act_on(organization, &id, &event).await?,
                    Err(_) => "garbled",
                };
                metrics::counter!("devsquad_chat_wishes_total", "outcome" => outcome).increment(1);
                let mut tx = self.inner.store.begin(&tenant).await?;
                listener::done(&mut tx, &id, outcome, clock::now()).await?;
                tx.commit().await?;
            }
        }
    }

    async fn act_on(&self, organization: OrganizationId, id: &str, event: &Event) -> Result<&'static str, Stuck> {
        let (Some(user), Some(message)) = (person(event), event.message.as_ref()) else { return Ok("nobody") };
        let (Some(kind), Some(channel)) = (event.channel_type.as_deref(), event.channel_id.as_deref()) else {
            return Ok("nowhere");
        };
        let wish = match event.kind.as_str() {
            "reaction.new" | "reaction.updated" => self.of_reaction(organization, event, message).await?,
            _ => self.of_words(organization, channel, message).await?,
        };
        let Some(wish) = wish else { return Ok("nothing") };
        let asked = Asked { id, user, channel: (kind, channel), message, wish };
        self.carry_out(organization, asked).await
    }

    /// What a message asks for: a slash command, or the answer to a question.
    async fn of_words(
        &self,
        organization: OrganizationId,
        channel: &str,
        message: &Message,
    ) -> Result<Option<Result<Wish, String>>, Stuck> {
        let command = slash_command::split(&message.text);
        if let (None, Some((agent, _))) = (command, Channel::direct_of(channel)) {
            let mut tx = self.inner.store.begin_read(&Tenant::system(organization.0)).await?;
            let told = listener::deaf(&mut tx, agent).await?;
            let answer = told.map(|(name, task)| {
                let task = task.as_ref().map(|(task, workflow)| (task.as_str(), workflow.as_str()));
                Ok(Wish::Say(wording::reads_no_messages(&name, task)))
            });
            return Ok(answer);
        }
        if command.is_none() && message.parent_id.is_none() && message.quoted_message_id.is_none() {
            return Ok(None);
        }
        let mut tx = self.inner.store.begin_read(&Tenant::system(organization.0)).await?;
        let scene = self.scene(&mut tx, channel, message).await?;
        Ok(match (command, scene) {
            (Some((name, words)), Some(scene)) => Some(slash_command::understand(name, words, &scene)),
            (Some(_), None) => Some(Err(wording::no_workflow_here())),
            (None, Some(scene)) => {
                slash_command::reply(&message.text, &scene).map(|command| Ok(Wish::Perform(command)))
            }
            (None, None) => None,
        })
    }

    /// What a reaction asks for: one under a request for approval decides it.
    async fn of_reaction(
        &self,
        organization: OrganizationId,
        event: &Event,
        message: &Message,
    ) -> Result<Option<Result<Wish, String>>, Stuck> {
        let kind = event.rest.get("reaction").and_then(|reaction| reaction["type"].as_str()).unwrap_or_default();
        let Some(about) = about(message) else { return Ok(None) };
        let mut tx = self.inner.store.begin_read(&Tenant::system(organization.0)).await?;
        let Some((workflow, checkpoint)) = listener::checkpoint_of(&mut tx, about.seq, about.event_id).await? else {
            return Ok(None);
        };
        let Some(scene) = listener::scene(&mut tx, workflow, about.task_id).await? else { return Ok(None) };
        // A review by an agent is not a person's to decide.
        let waits = scene.tasks.iter().any(|task| task.checkpoint == Some(checkpoint));
        Ok(slash_command::reaction(kind, checkpoint, &scene).filter(|_| waits).map(Ok))
    }

    /// The workflow and the task that something said there is about: by its channel, or by what it replies to.
    async fn scene(&self, tx: &mut TenantTx, channel: &str, message: &Message) -> Result<Option<Scene>, Stuck> {
        let mut workflow = listener::workflow_of(tx, channel).await?;
        let mut thread: Option<TaskId> = None;
        for id in [&message.quoted_message_id, &message.parent_id].into_iter().flatten() {
            if let Some(task) = task_of(id) {
                thread = thread.or(Some(task));
            } else if let Some(about) = self.about(id).await? {
                let fits: bool = workflow.is_none_or(|workflow: WorkflowId| Some(workflow) == about.workflow_id);
                workflow = workflow.or(about.workflow_id);
                thread = thread.or(about.task_id.filter(|_| fits));
            }
        }
        let Some(workflow) = workflow else { return Ok(None) };
        let Some(conflict) = Channel::coordination_of(channel).map(ConflictId) else {
            return Ok(listener::scene(tx, workflow, thread).await?);
        };
        let task = listener::task_of_conflict(tx, conflict).await?;
        let scene = listener::scene(tx, workflow, thread.or(task)).await?;
        Ok(scene.map(|scene| scene.about_conflict(task, conflict)))
    }

    /// What a message of ours is about. One that is gone is about nothing.
    async fn about(&self, message: &str) -> Result<Option<About>, Stuck> {
        match self.inner.client.message(message).await {
            Ok(message) => Ok(about(&message)),
            Err(ChatError::Refused(body)) if body.status == 404 => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn carry_out(&self, organization: OrganizationId, asked: Asked<'_>) -> Result<&'static str, Stuck> {
        let (outcome, words) = match &asked.wish {
            Ok(Wish::Perform(command)) => match self.perform(organization, &asked, command).await? {
                Performed::Done => ("done", None),
                Performed::Overtaken => return Ok("overtaken"),
                Performed::Refused(words) => ("refused", Some(words)),
            },
            Ok(Wish::Say(text)) => ("told", Some(text.clone())),
            Err(text) => ("not understood", Some(text.clone())),
        };
        match words {
            None => self.mark_done(asked.message).await?,
            Some(words) => self.reply(&asked, &words).await?,
        }
        Ok(outcome)
    }

    /// Performs it as the person, with the role they have now. The same wish is performed once, whatever crashes between.
    async fn perform(
        &self,
        organization: OrganizationId,
        asked: &Asked<'_>,
        command: &Command,
    ) -> Result<Performed, Stuck> {
        let mut tx = self.inner.store.begin(&Tenant::system(organization.0)).await?;
        let Some(role) = listener::role(&mut tx, asked.user).await? else {
            return Ok(Performed::Refused(wording::not_a_member()));
        };
        let actor = Actor::Person { user: asked.user, role, via: Door::Chat };
        if let Err(refusal) = actor.authorize(command) {
            return Ok(Performed::Refused(refusal.to_string()));
        }
        // Only who may settle something can overtake another.
        if let Some(what) = slash_command::settles(command)
            && !listener::settle(&mut tx, asked.id, &what).await?
        {
            return Ok(Performed::Overtaken);
        }
        tx.commit().await?;
        let fingerprint = Sha256::digest(asked.message.text.as_bytes()).into();
        let key = IdempotencyKey { key: key_of(asked.id), fingerprint };
        match self.inner.engine.perform(organization, actor, command.clone(), Some(key)).await {
            Ok(_) => Ok(Performed::Done),
            Err(EngineError::Refused(refusal)) => Ok(Performed::Refused(refusal.to_string())),
            Err(EngineError::Unavailable(why)) => Err(Stuck::Engine(why)),
        }
    }

    /// Answers where it was asked, once: in the same thread, or quoting the message.
    async fn reply(&self, asked: &Asked<'_>, text: &str) -> Result<(), Stuck> {
        let message = asked.message;
        let about = json!({ "v": devsquad::messaging::message::VERSION, "kind": "reply", "ref": message.id });
        let reply = MessageRequest {
            id: Some(reply_id(asked.id)),
            parent_id: message.parent_id.clone(),
            quoted_message_id: message.parent_id.is_none().then(|| message.id.clone()),
            custom: Custom::from_iter([("devsquad".to_owned(), about)]),
            ..MessageRequest::text(SYSTEM_USER, text)
        };
        let (kind, channel) = asked.channel;
        pass_over_gone(self.inner.client.send_message(kind, channel, &reply).await.map(drop))
    }

    async fn mark_done(&self, message: &Message) -> Result<(), Stuck> {
        let user_id = SYSTEM_USER.to_owned();
        let reaction = Reaction { kind: DONE.to_owned(), user_id, ..Reaction::default() };
        let sent =
            self.inner.client.send_reaction(&message.id, &SendReaction { reaction, enforce_unique: false }).await;
        pass_over_gone(sent.map(drop))
    }
}

/// The message or the channel may be gone meanwhile, or take nothing more: then nobody is left to be told.
fn pass_over_gone(sent: Result<(), ChatError>) -> Result<(), Stuck> {
    match sent {
        Err(ChatError::Refused(body)) if matches!(body.status, 400 | 403 | 404) => {
            tracing::debug!(error = body.message, "an answer in the chat reaches nobody");
            Ok(())
        }
        Err(ChatError::Conflict { .. }) | Ok(()) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The key under which the engine does a wish once. A message's id may be as long as a key.
fn key_of(wish: &str) -> String {
    let key = format!("chat {wish}");
    if key.len() <= KEY_BYTES_MAX { key } else { format!("chat {}", digest(wish, 32)) }
}

/// An answer's id is made of the wish's, within what an id may hold.
fn reply_id(wish: &str) -> String {
    format!("re-{}", digest(wish, 16))
}

/// The first bytes of a hash of it, in hexadecimal.
fn digest(text: &str, bytes: usize) -> String {
    Sha256::digest(text.as_bytes()).iter().take(bytes).map(|byte| format!("{byte:02x}")).collect()
}

/// What a message is about, if it is one of ours: what a person writes into that field says nothing.
fn about(message: &Message) -> Option<About> {
    let author = message.user.as_ref()?;
    let is_ours = author.id == SYSTEM_USER || is_agent(&author.id);
    let about = message.custom.get("devsquad").filter(|_| is_ours)?;
    serde_json::from_value(Value::clone(about)).ok()
}
