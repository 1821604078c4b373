//! What happened, as messages: in the workflow's channel, in the thread of the task, as the agent or person who did it; and copies of
//! it where others have to know.

use devsquad::id::{ProjectId, TaskId};
use devsquad::messaging::channel::{Channel, Letter, undelivered};
use devsquad::messaging::message::{VERSION, thread_of};
use devsquad::messaging::wording;
use devsquad::{Change, Event};
use serde_json::json;

use super::{MISSING, Messenger, SYSTEM_USER, Stuck, is_final};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::client::ChatError;
use crate::chat::wire::{Custom, MessageRequest};
use crate::clock;
use crate::store::messenger::rooms::Room;
use crate::store::messenger::{self, Batch};

impl Messenger {
    /// Tells an event in one channel, which may change who is in it, and whether it is over.
    pub(super) async fn deliver(&self, event: &Event, letter: &Letter, batch: &Batch) -> Result<(), Stuck> {
        let Some(room) = self.room(&letter.channel).await? else { return Ok(()) };
        let room = self.come(event, room, batch).await?;
        match self.post(event, letter, &room, batch).await {
            // The chat lost what it had, or is another one than before: the channel is made again, as it is noted.
            Err(Stuck::Chat(error)) if error.code() == Some(MISSING) => {
                self.known.forget_threads();
                self.open(&room).await?;
                self.post(event, letter, &room, batch).await?;
            }
            other => other?,
        }
        if letter.channel.project().is_none() {
            self.archive(event, &room).await?;
        }
        Ok(())
    }

    /// Lets an agent in whom the event brings: one that was given a task, or one that failed for good. Gives the channel as it is then.
    /// Who is given a task later in the batch comes in at the same time: it is one call for all of them.
    async fn come(&self, event: &Event, room: Room, batch: &Batch) -> Result<Room, Stuck> {
        match (&room.channel, &event.change) {
            (Channel::Workflow(workflow), Change::TaskLeased(leased)) => {
                let (workflow, is_in) = (*workflow, room.members.agents.contains(&leased.agent));
                if is_in { Ok(room) } else { self.join(room, batch.given(workflow)).await }
            }
            (Channel::Emergency(_), Change::TaskFailed { task, .. }) => {
                let mut tx = self.world.store.begin_read(&self.tenant()).await?;
                let agent = messenger::last_worker(&mut tx, *task, event.at).await?;
                drop(tx);
                self.join(room, agent.into_iter()).await
            }
            _ => Ok(room),
        }
    }

    async fn post(&self, event: &Event, letter: &Letter, room: &Room, batch: &Batch) -> Result<(), Stuck> {
        let about = &letter.post.about;
        let author = self.author(letter.post.author, batch).await?;
        let in_thread = about.task_id.filter(|_| matches!(room.channel, Channel::Workflow(_)));
        let parent_id = match in_thread {
            Some(task) => Some(self.thread(room, task, batch).await?),
            None => None,
        };
        let message = MessageRequest {
            id: Some(letter.post.id.clone()),
            parent_id: parent_id.clone(),
            custom: Custom::from_iter([("devsquad".to_owned(), json!(about))]),
            ..MessageRequest::text(author, said(event, letter, batch))
        };
        self.chat().await.send_message(CHANNEL_TYPE, &room.channel.id(), &message).await?;
        self.known.spoke_in(&room.channel);
        if let (Change::CheckpointOpened { checkpoint, .. }, Some(root)) = (&event.change, parent_id) {
            let mut tx = self.world.store.begin(&self.tenant()).await?;
            messenger::thread_of_checkpoint(&mut tx, *checkpoint, &root).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// The root of a task's thread; said when the task is spoken of first.
    async fn thread(&self, room: &Room, task: TaskId, batch: &Batch) -> Result<String, Stuck> {
        let root = thread_of(task);
        if self.known.has_thread(task) {
            return Ok(root);
        }
        self.ensure(&[SYSTEM_USER.to_owned()]).await?;
        let about = json!({ "v": VERSION, "kind": "thread", "task_id": task });
        let name = batch.name(task.0).unwrap_or_else(|| "A task".to_owned());
        let message = MessageRequest {
            id: Some(root.clone()),
            silent: true,
            custom: Custom::from_iter([("devsquad".to_owned(), about)]),
            ..MessageRequest::text(SYSTEM_USER, name)
        };
        self.chat().await.send_message(CHANNEL_TYPE, &room.channel.id(), &message).await?;
        self.note_thread(task).await?;
        self.known.remember_thread(task);
        Ok(root)
    }

    /// Notes where a task is spoken of. It need not be on the disk before the bookmark is, which sees to it.
    pub(super) async fn note_thread(&self, task: TaskId) -> Result<(), Stuck> {
        let mut tx = self.world.store.begin_unhurried(&self.tenant()).await?;
        messenger::thread_of_task(&mut tx, task, &thread_of(task)).await?;
        Ok(tx.commit().await?)
    }

    /// Notes a message that the chat refused for good, and tells the project. That the chat refuses to hear that too is said in the
    /// log only, or there would be no end.
    pub(super) async fn give_up(
        &self,
        event: &Event,
        letter: &Letter,
        project: Option<ProjectId>,
        error: &ChatError,
        batch: &Batch,
    ) -> Result<(), Stuck> {
        let (id, channel) = (&letter.post.id, letter.channel.id());
        tracing::error!(%error, message = id, channel, "the chat refuses a message for good");
        metrics::counter!("devsquad_messenger_dead_letters_total").increment(1);
        let mut tx = self.world.store.begin(&self.tenant()).await?;
        messenger::bury(&mut tx, id, event.seq, &channel, &error.to_string(), clock::now()).await?;
        tx.commit().await?;
        let Some(project) = project else { return Ok(()) };
        let notice = undelivered(letter, project);
        let Some(room) = self.room(&notice.channel).await? else { return Ok(()) };
        self.ensure(&[SYSTEM_USER.to_owned()]).await?;
        let message = MessageRequest {
            id: Some(notice.post.id.clone()),
            custom: Custom::from_iter([("devsquad".to_owned(), json!(notice.post.about))]),
            ..MessageRequest::text(SYSTEM_USER, wording::undelivered(&said(event, letter, batch)))
        };
        match self.chat().await.send_message(CHANNEL_TYPE, &room.channel.id(), &message).await {
            Err(error) if is_final(&error) => {
                tracing::error!(%error, message = notice.post.id, "nor does it hear that it was refused");
                Ok(())
            }
            other => Ok(other.map(drop)?),
        }
    }
}

/// What a letter says.
fn said(event: &Event, letter: &Letter, batch: &Batch) -> String {
    letter.text(event, &|task| batch.name(task.0), &|agent| batch.name(agent.0), &|workflow| batch.name(workflow.0))
}
