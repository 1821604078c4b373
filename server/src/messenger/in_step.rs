//! Has everybody in the channels where they belong, by comparing: what should be, from who is there; what is, from the rows.

use devsquad::messaging::channel::{Channel, Members};

use super::{IN_A_CALL_MAX, MISSING, Messenger, Stuck, is_final};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::wire::Query;
use crate::store::messenger::rooms::{self, Room};

impl Messenger {
    /// Has everybody where they belong, and nobody elsewhere, in every channel. A channel that the chat refuses to change waits for the
    /// next time; the others do not wait for it.
    pub(super) async fn bring_in_step(&mut self) -> Result<(), Stuck> {
        let mut wanted: Vec<Channel> = self.roll.projects.iter().map(|(id, _)| Channel::Project(*id)).collect();
        wanted.extend(
            self.roll.squad.skills().into_iter().map(|skill| Channel::Skill(self.organization, skill.to_owned())),
        );
        for channel in wanted {
            let made = self.room(&channel).await.map(drop);
            passed_over(&channel, made)?;
        }
        let mut tx = self.world.store.begin_read(&self.tenant()).await?;
        let standing = rooms::standing(&mut tx, CHANNEL_TYPE).await?;
        drop(tx);
        for mut room in standing {
            let wanted = self.roll.squad.members(&room.channel, &room.members);
            if !self.counted {
                let counted = self.count(&mut room).await;
                passed_over(&room.channel, counted)?;
            }
            let seated = self.seat(&room, wanted).await;
            passed_over(&room.channel, seated)?;
        }
        self.counted = true;
        self.bring_workflows_in_step().await
    }

    /// Looks who really is in a channel: somebody may have left by themselves, or it may be another chat than before.
    async fn count(&mut self, room: &mut Room) -> Result<(), Stuck> {
        let mut users = Vec::new();
        loop {
            let offset = users.len() as i64;
            let page = Query { limit: Some(IN_A_CALL_MAX as i64), offset: Some(offset), ..Query::default() };
            match self.world.client.query_members(CHANNEL_TYPE, &room.channel.id(), &page).await {
                Ok(found) => {
                    let is_last = found.len() < IN_A_CALL_MAX;
                    users.extend(found.into_iter().map(|member| member.user_id));
                    if is_last {
                        break;
                    }
                }
                Err(error) if error.code() == Some(MISSING) => return self.open(room).await,
                Err(error) => return Err(error.into()),
            }
        }
        let members = Members::of_users(users.iter().map(String::as_str));
        if members != room.members {
            let mut tx = self.world.store.begin(&self.tenant()).await?;
            rooms::seated(&mut tx, CHANNEL_TYPE, &room.channel, &members).await?;
            tx.commit().await?;
            room.members = members;
        }
        Ok(())
    }

    /// The same for the channels of workflows. In one that is archived nobody is added any more.
    async fn bring_workflows_in_step(&mut self) -> Result<(), Stuck> {
        loop {
            let mut tx = self.world.store.begin_read(&self.tenant()).await?;
            let mut due = Vec::new();
            for room in rooms::out_of_step(&mut tx, CHANNEL_TYPE, &self.roll.squad).await? {
                let Channel::Workflow(workflow) = room.channel else { continue };
                let involved = rooms::involved(&mut tx, workflow).await?.unwrap_or_default();
                due.push((room, involved));
            }
            drop(tx);
            let mut moved = false;
            for (room, involved) in due {
                let mut wanted = self.roll.squad.members(&room.channel, &involved);
                // Those who take part come with the event that says so, in its order.
                wanted.agents.retain(|agent| room.members.agents.contains(agent));
                if room.archived {
                    wanted.people.retain(|person| room.members.people.contains(person));
                }
                let differs = wanted != room.members;
                let seated = self.seat(&room, wanted).await;
                moved |= passed_over(&room.channel, seated)? && differs;
            }
            if !moved {
                return Ok(());
            }
        }
    }
}

/// What the chat refuses for good does not hold up other channels. Says whether it was done.
pub(super) fn passed_over(channel: &Channel, outcome: Result<(), Stuck>) -> Result<bool, Stuck> {
    match outcome {
        Err(Stuck::Chat(error)) if is_final(&error) => {
            tracing::error!(%error, channel = channel.id(), "the chat refuses to change a channel");
            metrics::counter!("devsquad_messenger_rooms_refused_total").increment(1);
            Ok(false)
        }
        other => other.map(|()| true),
    }
}
