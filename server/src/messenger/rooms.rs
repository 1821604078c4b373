//! The channels: made when they are first needed; who comes, who goes, and when one is over.

use std::collections::BTreeSet;

use devsquad::Event;
use devsquad::id::{AgentId, WorkflowId};
use devsquad::messaging::channel::{Channel, Members};
use devsquad::messaging::wording;
use serde_json::{Value, json};

use super::in_step::passed_over;
use super::{IN_A_CALL_MAX, MISSING, Messenger, SYSTEM_USER, Stuck};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::wire::{Acting, ChannelData, ChannelQuery, Custom, Patch};
use crate::clock;
use crate::store::messenger::Batch;
use crate::store::messenger::rooms::{self, Room};

impl Messenger {
    /// A channel, made where it is not there. Nothing when its workflow was deleted.
    pub(super) async fn room(&self, channel: &Channel) -> Result<Option<Room>, Stuck> {
        if let Some(Some(room)) = self.known.room(channel) {
            return Ok(Some(room));
        }
        let mut tx = self.world.store.begin_read(&self.tenant()).await?;
        let known = rooms::find(&mut tx, CHANNEL_TYPE, channel).await?;
        let involved = match channel {
            Channel::Workflow(workflow) if known.is_none() => rooms::involved(&mut tx, *workflow).await?,
            Channel::Coordination(id) if known.is_none() => rooms::sides(&mut tx, *id).await?,
            _ => Some(Members::default()),
        };
        drop(tx);
        let room = match (known, involved) {
            (Some(room), _) => room,
            (None, Some(involved)) => {
                let members = self.roll.squad.members(channel, &involved);
                let room = Room { channel: channel.clone(), members, joined: BTreeSet::new(), archived: false };
                self.open(&room).await?;
                room
            }
            (None, None) => return Ok(None),
        };
        self.remember(room.clone());
        Ok(Some(room))
    }

    fn remember(&self, room: Room) {
        self.known.remember_room(room.channel.clone(), Some(room));
    }

    /// Makes a channel with everybody who belongs in it; then notes it. Cut short, it is done again: nothing of it does harm twice. Its row,
    /// here and below, is on the disk before it is remembered: a crash of PostgreSQL takes what is not, and not what is remembered.
    pub(super) async fn open(&self, room: &Room) -> Result<(), Stuck> {
        let Room { channel, members, .. } = room;
        self.ensure(&[SYSTEM_USER.to_owned()]).await?;
        let (of, about) = self.subject(channel).await?;
        let name = wording::channel_name(channel.purpose(), &of);
        let data = ChannelData {
            created_by_id: Some(SYSTEM_USER.to_owned()),
            custom: Custom::from_iter([("name".to_owned(), json!(name)), ("devsquad".to_owned(), about)]),
            ..ChannelData::default()
        };
        let id = channel.id();
        self.chat().await.channel(CHANNEL_TYPE, &id, &ChannelQuery { data, ..ChannelQuery::default() }).await?;
        let users: Vec<String> = members.users().into_iter().collect();
        self.add(&id, &users).await?;
        let mut tx = self.world.store.begin(&self.tenant()).await?;
        rooms::opened(&mut tx, CHANNEL_TYPE, room, clock::fresh_id(), clock::now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What a channel is about: by name, and for programs.
    async fn subject(&self, channel: &Channel) -> Result<(String, Value), Stuck> {
        let purpose = channel.purpose().as_str();
        Ok(match channel {
            Channel::Workflow(workflow) => {
                let mut tx = self.world.store.begin_read(&self.tenant()).await?;
                let (name, project) = rooms::subject(&mut tx, *workflow).await?.unzip();
                let about = json!({ "purpose": purpose, "workflow_id": workflow, "project_id": project });
                (name.unwrap_or_else(|| purpose.to_owned()), about)
            }
            Channel::Skill(_, skill) => (skill.clone(), json!({ "purpose": purpose, "skill": skill })),
            Channel::Coordination(id) => (purpose.to_owned(), json!({ "purpose": purpose, "coordination_id": id })),
            Channel::Direct(agent, person) => {
                let name = self.roll.names.get(&agent.0).cloned().unwrap_or_else(|| purpose.to_owned());
                (name, json!({ "purpose": purpose, "agent_id": agent, "user_id": person }))
            }
            Channel::Project(id) | Channel::Emergency(id) | Channel::Approvals(id) | Channel::Progress(id) => {
                let name = self.roll.names.get(&id.0).cloned().unwrap_or_else(|| purpose.to_owned());
                (name, json!({ "purpose": purpose, "project_id": id }))
            }
        })
    }

    async fn add(&self, channel: &str, users: &[String]) -> Result<(), Stuck> {
        self.ensure(users).await?;
        for some in users.chunks(IN_A_CALL_MAX) {
            let some: Vec<_> = some.iter().map(|user| json!(user)).collect();
            self.chat().await.add_members(CHANNEL_TYPE, channel, &some).await?;
        }
        Ok(())
    }

    /// Has exactly these in a channel.
    pub(super) async fn seat(&self, room: &Room, wanted: Members) -> Result<(), Stuck> {
        if room.members == wanted {
            return Ok(());
        }
        match self.move_members(&room.channel.id(), &room.members, &wanted).await {
            // The chat lost it, or is another one than before.
            Err(Stuck::Chat(error)) if error.code() == Some(MISSING) => {
                let room = Room { members: wanted, ..room.clone() };
                self.open(&room).await?;
                self.remember(room);
                return Ok(());
            }
            other => other?,
        }
        let mut tx = self.world.store.begin(&self.tenant()).await?;
        rooms::seated(&mut tx, CHANNEL_TYPE, &room.channel, (&room.members, &wanted), &BTreeSet::new()).await?;
        tx.commit().await?;
        self.remember(Room { members: wanted, ..room.clone() });
        Ok(())
    }

    async fn move_members(&self, channel: &str, from: &Members, to: &Members) -> Result<(), Stuck> {
        let (there, shall) = (from.users(), to.users());
        let new: Vec<String> = shall.difference(&there).cloned().collect();
        self.add(channel, &new).await?;
        let gone: Vec<&str> = there.difference(&shall).map(String::as_str).collect();
        for some in gone.chunks(IN_A_CALL_MAX) {
            self.chat().await.remove_members(CHANNEL_TYPE, channel, some).await?;
        }
        Ok(())
    }

    /// These agents too are in a channel, as far as they are still there. Gives the channel as it is then.
    pub(super) async fn join(&self, room: Room, agents: impl Iterator<Item = AgentId>) -> Result<Room, Stuck> {
        let mut wanted = room.members.clone();
        wanted.agents.extend(agents.filter(|agent| self.roll.squad.agents.contains_key(agent)));
        self.seat(&room, wanted.clone()).await?;
        Ok(Room { members: wanted, ..room })
    }

    /// An agent hands in results again: its emergency is over.
    pub(super) async fn recovered(&self, workflow: WorkflowId, agent: AgentId, batch: &Batch) -> Result<(), Stuck> {
        let Some(project) = batch.projects.get(&workflow) else { return Ok(()) };
        let channel = Channel::Emergency(*project);
        let room = match self.known.room(&channel) {
            Some(known) => known,
            None => {
                let mut tx = self.world.store.begin_read(&self.tenant()).await?;
                let found = rooms::find(&mut tx, CHANNEL_TYPE, &channel).await?;
                self.known.remember_room(channel, found.clone());
                found
            }
        };
        let Some(room) = room.filter(|room| room.members.agents.contains(&agent)) else { return Ok(()) };
        let mut wanted = room.members.clone();
        wanted.agents.remove(&agent);
        self.seat(&room, wanted).await
    }

    /// Says of the channel of a workflow that ended that it is over, and of one that goes on that it is not. What agents disagreed
    /// about is over when it is settled, and with its workflow.
    pub(super) async fn archive(&self, event: &Event, room: &Room) -> Result<(), Stuck> {
        match (event.change.name(), &room.channel) {
            ("workflow_ended", Channel::Workflow(workflow)) => {
                let mut tx = self.world.store.begin_read(&self.tenant()).await?;
                let argued = rooms::coordinations(&mut tx, CHANNEL_TYPE, *workflow).await?;
                drop(tx);
                for channel in argued {
                    let archived = self.set_archived(event, &channel, true).await;
                    passed_over(&channel, archived)?;
                }
                self.set_archived(event, &room.channel, true).await
            }
            ("task_retried", Channel::Workflow(_)) => self.set_archived(event, &room.channel, false).await,
            ("conflict_resolved", Channel::Coordination(_)) => self.set_archived(event, &room.channel, true).await,
            _ => Ok(()),
        }
    }

    async fn set_archived(&self, event: &Event, channel: &Channel, over: bool) -> Result<(), Stuck> {
        let set = Custom::from_iter([("archived".to_owned(), json!(over))]);
        let acting = Acting { user_id: Some(SYSTEM_USER.to_owned()), user: None };
        let patch = Patch { set, unset: Vec::new(), acting };
        self.chat().await.patch_channel(CHANNEL_TYPE, &channel.id(), &patch).await?;
        let mut tx = self.world.store.begin(&self.tenant()).await?;
        rooms::archived(&mut tx, CHANNEL_TYPE, channel, over.then_some(event.at)).await?;
        tx.commit().await?;
        self.known.forget_room(channel);
        Ok(())
    }
}
