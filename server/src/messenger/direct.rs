//! What one agent and one person say to each other: a channel of their own, made by whichever of them speaks first.

use devsquad::id::{AgentId, OrganizationId, UserId};
use devsquad::messaging::channel::Channel;

use super::{Messenger, Stuck, World};
use crate::chat::check::CHANNEL_TYPE;
use crate::chat::client::ASKED_CALL_MAX;
use crate::store::messenger::{roll, rooms};

impl World {
    /// The channel of the two, made where it is not there. Nothing when one of them is not there, or not any more.
    ///
    /// # Errors
    /// When the chat or the database cannot be asked.
    pub async fn direct(
        &self,
        organization: OrganizationId,
        agent: AgentId,
        person: UserId,
    ) -> Result<Option<Channel>, Stuck> {
        let channel = Channel::Direct(agent, person);
        let world = self.deadline(ASKED_CALL_MAX);
        let mut messenger = Messenger::new(world, organization);
        let mut tx = self.store.begin_read(&messenger.tenant()).await?;
        if !roll::holds(&mut tx, agent, person).await? {
            return Ok(None);
        }
        if rooms::find(&mut tx, CHANNEL_TYPE, &channel).await?.is_some() {
            return Ok(Some(channel));
        }
        messenger.roll = roll::read(&mut tx).await?;
        drop(tx);
        messenger.world.set_up().await?;
        Ok(messenger.room(&channel).await?.map(|room| room.channel))
    }
}
