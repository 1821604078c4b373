//! Tells the chat what happened: reads on in the journal from its bookmark, and posts.
//!
//! The journal is the outbox, so a message is due exactly when its event is committed, and the engine writes nothing for it. Messages
//! have ids made of their event's, and are posted in each channel in the order of the journal (`lanes`): told again after a crash or a
//! broken answer, they are the same messages. While the chat cannot be reached the bookmark stands still; what it refuses for good is noted and passed over.
//!
//! People and their roles stand outside the journal. So who is in which channel, and how everybody is, is kept up by comparing: what
//! should be, from the tables; what is, from the rows of the channels and from what the chat was last told.

mod direct;
mod in_step;
mod known;
mod lanes;
mod post;
mod presence;
mod rooms;
mod users;
mod world;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use devsquad::id::OrganizationId;
use devsquad::messaging::channel::Channel;
use devsquad::{Change, Event};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::chat::check::CHANNEL_TYPE;
use crate::chat::client::{ChatError, Client};
use crate::clock;
use crate::engine::Pressure;
use crate::store::Tenant;
use crate::store::messenger;
use crate::store::messenger::roll::{self, Roll};
use crate::store::messenger::rooms as rows;
use known::Known;
use lanes::Untold;
pub use world::World;

/// The user who speaks where nobody else does.
pub const SYSTEM_USER: &str = "devsquad";
/// Without news everything is looked at this often: a message of the engine may be missed, a line of the journal not; and a person's
/// new role is in no journal.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// With news, everybody is looked at no more often than this: an agent takes and hands in many tasks in a second.
const MIRROR_EVERY: Duration = Duration::from_secs(5);
/// Between two looks because of newcomers: a thousand that come one by one are looked at together.
const LOOK_PAUSE: Duration = Duration::from_secs(1);
/// Pauses while the chat cannot be reached: at first, and at the longest.
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long one call may take with all its attempts; after that it is a pause of the messenger.
const CALL_MAX: Duration = Duration::from_secs(20);
/// Users, channels and threads remembered as made. Beyond it they are looked at again, which changes nothing.
const KNOWN_MAX: usize = 100_000;
/// Users or members in one call. The hosted service's limit.
const IN_A_CALL_MAX: usize = 100;

/// The number of a refusal because something does not exist.
const MISSING: i32 = 16;
/// How long news is gathered before it is told: what happens together is told together, and open pages have it first.
const GATHERED_FOR: Duration = Duration::from_millis(25);

/// Why it stopped for now.
#[derive(Debug, thiserror::Error)]
pub enum Stuck {
    /// The chat does not answer, or refuses.
    #[error(transparent)]
    Chat(#[from] ChatError),
    /// The database does not.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// The messenger of one organization.
struct Messenger {
    world: World,
    organization: OrganizationId,
    /// How busy the engine is, to which the chat gives way.
    pressure: Pressure,
    /// Who was there at the last look.
    roll: Roll,
    known: Known,
    /// The last user told, when there were too many for one look, and whether there were not.
    users_told_to: String,
    all_told: bool,
    /// Those an event spoke of who were looked for.
    strangers: HashSet<Uuid>,
    looked_at: Option<Instant>,
    /// Whether anything may have happened since.
    news: bool,
    /// Whether who is in the channels was compared with the rows that say so since this process began; and the last ones for which it
    /// was, of those that stand and of those of workflows.
    counted: bool,
    counted_to: String,
    workflows_counted_to: String,
    /// When all channels were last as they should be; nothing while they are known not to be.
    in_step_at: Option<Instant>,
}

impl Messenger {
    fn new(world: World, organization: OrganizationId) -> Self {
        Self {
            world,
            organization,
            pressure: Pressure::default(),
            roll: Roll::default(),
            known: Known::default(),
            users_told_to: String::new(),
            all_told: false,
            strangers: HashSet::new(),
            looked_at: None,
            news: true,
            counted: false,
            counted_to: String::new(),
            workflows_counted_to: String::new(),
            in_step_at: None,
        }
    }

    /// Tells what happens until `stop`.
    async fn run(mut self, stop: CancellationToken) {
        let work = async {
            let mut pause = PAUSE_MIN;
            let mut people = self.world.online.changes();
            loop {
                // Before the journal is read, so that nothing falls between the two.
                let changes = self.world.engine.live(self.organization).await.map(|live| live.changes());
                self.pressure = self.world.engine.pressure(self.organization).await.unwrap_or_default();
                match self.round().await {
                    Ok(()) => pause = PAUSE_MIN,
                    Err(stuck) => {
                        metrics::counter!("devsquad_messenger_stuck_total").increment(1);
                        tracing::warn!(error = %stuck, pause_s = pause.as_secs(), "the chat is not told what happens; it will be");
                        tokio::time::sleep(pause).await;
                        pause = (pause * 2).min(PAUSE_MAX);
                        continue;
                    }
                }
                let Ok(mut changes) = changes else {
                    tokio::time::sleep(PAUSE_MIN).await;
                    continue;
                };
                tokio::select! {
                    _ = changes.changed() => tokio::time::sleep(GATHERED_FOR).await,
                    Ok(()) = people.changed() => {}
                    () = tokio::time::sleep(self.next_look()) => {}
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = work => {}
        }
    }

    /// Tells everything up to the end of the journal, and how everybody is.
    async fn round(&mut self) -> Result<(), Stuck> {
        self.world.set_up().await?;
        self.news = true;
        self.look_if_due().await?;
        loop {
            self.pressure.give_way().await;
            let mut tx = self.world.store.begin(&self.tenant()).await?;
            let batch = messenger::next(&mut tx, clock::now()).await?;
            tx.commit().await?;
            let Some(last) = batch.last else { break };
            self.look_for_newcomers(&batch.events).await?;
            if let Err(Untold { seq, stuck }) = self.tell_all(&batch).await {
                self.note(seq.saturating_sub(1)).await?;
                return Err(stuck);
            }
            self.farewells(&batch).await?;
            self.note(last).await?;
            self.news = true;
            self.look_if_due().await?;
        }
        Ok(())
    }

    /// Notes how far the chat was told, and in which channels. What was noted before without waiting for the disk is on it then, too: it
    /// is looked for in the same transaction. A crash of PostgreSQL may have taken it, and nobody would have noticed who only asked again.
    async fn note(&self, seq: u64) -> Result<(), Stuck> {
        let spoken_in: Vec<String> = self.known.take_spoken_in().iter().map(Channel::id).collect();
        loop {
            let noted = self.known.threads_noted();
            let mut tx = self.world.store.begin(&self.tenant()).await?;
            let lost = messenger::without_thread(&mut tx, &noted).await?;
            if lost.is_empty() {
                rows::said(&mut tx, CHANNEL_TYPE, &spoken_in, clock::now()).await?;
                messenger::told(&mut tx, seq, clock::now()).await?;
                tx.commit().await?;
                self.known.threads_are_kept(&noted);
                break;
            }
            drop(tx);
            for task in lost {
                self.note_thread(task).await?;
            }
        }
        metrics::gauge!("devsquad_messenger_seq").set(seq as f64);
        Ok(())
    }

    /// How long nothing has to be looked at.
    fn next_look(&self) -> Duration {
        if !self.news && self.all_told && !self.world.online.is_settling(clock::now()) {
            return LOOK_EVERY;
        }
        let since = self.looked_at.map_or(MIRROR_EVERY, |at| at.elapsed());
        MIRROR_EVERY.saturating_sub(since).max(PAUSE_MIN)
    }

    async fn look_if_due(&mut self) -> Result<(), Stuck> {
        match self.looked_at.is_none_or(|at| at.elapsed() >= MIRROR_EVERY) {
            true => self.look().await,
            false => Ok(()),
        }
    }

    /// Looks who is there and how they are; says so to the chat, and brings the channels in step when somebody came, went or changed.
    async fn look(&mut self) -> Result<(), Stuck> {
        let mut tx = self.world.store.begin_read(&self.tenant()).await?;
        let roll = roll::read(&mut tx).await?;
        drop(tx);
        if roll.squad != self.roll.squad || roll.projects != self.roll.projects {
            self.in_step_at = None;
        }
        self.roll = roll;
        self.mirror().await?;
        if self.in_step_at.is_none_or(|at| at.elapsed() >= LOOK_EVERY) {
            self.bring_in_step().await?;
            self.in_step_at = Some(clock::instant());
        }
        self.looked_at = Some(clock::instant());
        self.news = false;
        Ok(())
    }

    /// Looks when these events speak of somebody who came or left since the last look.
    async fn look_for_newcomers(&mut self, events: &[Event]) -> Result<(), Stuck> {
        let squad = &self.roll.squad;
        let left = events.iter().any(|event| match event.change {
            Change::AgentRetired { agent } => squad.agents.contains_key(&agent),
            _ => false,
        });
        let agents = events.iter().filter_map(|event| event.change.agent());
        let agents = agents.filter(|agent| !squad.agents.contains_key(agent)).map(|agent| agent.0);
        let people = events.iter().filter_map(|event| event.actor.person());
        let people = people.filter(|person| !squad.people.contains_key(person)).map(|person| person.0);
        let new: Vec<Uuid> = agents.chain(people).filter(|id| !self.strangers.contains(id)).collect();
        if !left && new.is_empty() {
            return Ok(());
        }
        let since = self.looked_at.map_or(LOOK_PAUSE, |at| at.elapsed());
        tokio::time::sleep(LOOK_PAUSE.saturating_sub(since)).await;
        self.look().await?;
        // Who is not there now either has left: nobody has to look for them again.
        if self.strangers.len() + new.len() > KNOWN_MAX {
            self.strangers.clear();
        }
        self.strangers.extend(new);
        Ok(())
    }

    /// The chat, when the engine can spare the processor: the work goes first.
    async fn chat(&self) -> &Client {
        self.pressure.give_way().await;
        &self.world.client
    }

    fn tenant(&self) -> Tenant {
        Tenant::system(self.organization.0)
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
