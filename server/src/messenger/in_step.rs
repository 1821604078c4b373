//! Has everybody in the channels where they belong, by comparing: what should be, from who is there; what is, from the rows, and now and
//! then from the chat itself.

use std::collections::{BTreeSet, HashSet};

use devsquad::id::UserId;
use devsquad::messaging::channel::{Channel, Members};

use super::{IN_A_CALL_MAX, MISSING, Messenger, Stuck, is_final};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::wire::Query;
use crate::store::messenger::rooms::{self, Room};

/// Channels of each sort that are compared with the chat in one look: a hundred calls in a minute are few beside what is told.
const COUNTED_MAX: usize = 50;

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
        let due = self.due_to_count(&standing);
        for mut room in standing {
            if due.contains(&room.channel) {
                let counted = self.count(&mut room).await;
                passed_over(&room.channel, counted)?;
            }
            let wanted = self.belong(&room, &room.members);
            let seated = self.seat(&room, wanted).await;
            passed_over(&room.channel, seated)?;
        }
        self.count_workflows().await?;
        self.bring_workflows_in_step().await
    }

    /// Who belongs in a channel: by their role and their work, and those who came by themselves.
    fn belong(&self, room: &Room, involved: &Members) -> Members {
        let mut wanted = self.roll.squad.members(&room.channel, involved);
        wanted.people.extend(self.roll.squad.may_stay(&room.channel, &room.joined));
        wanted
    }

    /// Channels that are compared with the chat in this look: at first all of them, then some at a time, all of them in turn.
    fn due_to_count(&mut self, standing: &[Room]) -> HashSet<Channel> {
        let mut ids: Vec<(String, &Channel)> = standing.iter().map(|room| (room.channel.id(), &room.channel)).collect();
        ids.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        let behind = ids.partition_point(|(id, _)| *id <= self.counted_to);
        ids.rotate_left(behind);
        if std::mem::replace(&mut self.counted, true) {
            ids.truncate(COUNTED_MAX);
        }
        if let Some((last, _)) = ids.last() {
            self.counted_to.clone_from(last);
        }
        ids.into_iter().map(|(_, channel)| channel.clone()).collect()
    }

    /// The same for some of the channels of workflows that go on. Who takes part and was taken out by hand comes back.
    async fn count_workflows(&mut self) -> Result<(), Stuck> {
        let limit = COUNTED_MAX as i64;
        let mut tx = self.world.store.begin_read(&self.tenant()).await?;
        let mut some = Vec::new();
        for room in rooms::open_workflows(&mut tx, CHANNEL_TYPE, &self.workflows_counted_to, limit).await? {
            let Channel::Workflow(workflow) = room.channel else { continue };
            let involved = rooms::involved(&mut tx, workflow).await?.unwrap_or_default();
            some.push((room, involved));
        }
        drop(tx);
        // Behind the last one it begins with the first again.
        self.workflows_counted_to = match some.last() {
            Some((room, _)) if some.len() == COUNTED_MAX => room.channel.id(),
            _ => String::new(),
        };
        for (mut room, involved) in some {
            let noted = room.members.agents.clone();
            let counted = self.count(&mut room).await;
            if !passed_over(&room.channel, counted)? {
                continue;
            }
            let mut wanted = self.belong(&room, &involved);
            wanted.agents.retain(|agent| noted.contains(agent));
            let seated = self.seat(&room, wanted).await;
            passed_over(&room.channel, seated)?;
        }
        Ok(())
    }

    /// Looks who really is in a channel: somebody may have left by themselves or been added there, or it may be another chat than before.
    async fn count(&self, room: &mut Room) -> Result<(), Stuck> {
        let mut users = Vec::new();
        loop {
            let offset = users.len() as i64;
            let page = Query { limit: Some(IN_A_CALL_MAX as i64), offset: Some(offset), ..Query::default() };
            match self.chat().await.query_members(CHANNEL_TYPE, &room.channel.id(), &page).await {
                Ok(found) => {
                    let is_last = found.len() < IN_A_CALL_MAX;
                    users.extend(found.into_iter().map(|member| member.user_id));
                    if is_last {
                        break;
                    }
                }
                Err(error) if error.code() == Some(MISSING) => {
                    self.known.forget_room(&room.channel);
                    return self.open(room).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        let members = Members::of_users(users.iter().map(String::as_str));
        if members != room.members {
            let new: BTreeSet<UserId> = &members.people - &room.members.people;
            let mut tx = self.world.store.begin_unhurried(&self.tenant()).await?;
            rooms::seated(&mut tx, CHANNEL_TYPE, &room.channel, (&room.members, &members), &new).await?;
            tx.commit().await?;
            room.joined = room.joined.union(&new).filter(|id| members.people.contains(id)).copied().collect();
            room.members = members;
            self.known.forget_room(&room.channel);
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
                let mut wanted = self.belong(&room, &involved);
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
