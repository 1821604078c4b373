//! The loop of one organization: the only writer of its state.
//!
//! It takes what has queued up, decides it in memory, and commits everything that was decided while the last commit was in
//! flight as one tick; the rows of workflows that are created are written meanwhile. Callers are answered after their tick is durable.
//! Only leases go out at once: one that the disk never learns of binds nobody, for its attempt and its fence are unknown then. When a
//! commit fails the loop throws its state away and takes the organization over anew, from what is on disk.

mod recall;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use devsquad::command::LeaseGrant;
use devsquad::decide::{Draft, Facts, decide};
use devsquad::id::{AgentId, EventId, OrganizationId, WorkflowId};
use devsquad::scheduling::claims::Claimant;
use devsquad::{Actor, Answer, Change, Command, Refusal};
use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use self::recall::{Recalled, Recalls};
use super::claims::{Claim, Waiters};
use super::flight::{Flight, NEW_TASKS_MAX};
use super::live::Live;
use super::load::{self, Loaded};
use super::pressure::Pressure;
use super::principal;
use super::queue::{Known, Reply, Request, Waiting, key_hash};
use super::tick::{Caller, Committed, Tick};
use crate::clock;
use crate::store::Store;
use crate::store::idempotency::Kept;
use crate::store::journal::{Deposed, Entry};
use crate::store::projections::Touched;

/// Events after which the state is kept, so that a reload has at most this many to fold.
const EVENTS_PER_SNAPSHOT: u64 = 50_000;
/// Events decided ahead of the disk. More would only make the next tick slower than the ones waiting for it can bear.
const EVENTS_AHEAD_MAX: usize = 8_000;
/// How often agents are checked for silence.
const PRESENCE_PERIOD: Duration = Duration::from_secs(5);
/// Pause before a failed take-over is tried again.
const RELOAD_PAUSE: Duration = Duration::from_millis(500);
/// Requests taken from the queue in one go; and creations that wait outside of it, so that what else is asked need not wait behind them.
const TAKEN_MAX: usize = 1_024;

/// What the loop needs of the world.
pub(super) struct World {
    pub store: Store,
    pub organization: OrganizationId,
    pub replica: Uuid,
    pub requests: mpsc::WeakSender<Request>,
    pub live: Arc<Live>,
    pub pressure: Pressure,
    pub stop: CancellationToken,
}

struct Loop {
    world: World,
    loaded: Loaded,
    /// Decided, not yet on its way to the disk.
    entries: Vec<Entry>,
    callers: Vec<Caller>,
    kept: Vec<Kept>,
    seen: BTreeSet<AgentId>,
    /// How many tasks of new workflows are among what was decided.
    new_tasks: usize,
    /// Creations that wait for a tick with room for them.
    creations: VecDeque<Request>,
    claims: Waiters,
    recalls: Recalls,
}

/// Why the loop stopped working on its state.
enum End {
    /// The server stops.
    Stop,
    /// Another server runs this organization.
    Deposed,
    /// The state in memory may be ahead of the disk.
    Reload,
}

/// Runs until the server stops or another one takes over.
pub(super) async fn run(world: World, loaded: Loaded, mut queue: mpsc::Receiver<Request>) {
    let (recalled, mut read) = mpsc::channel(64);
    let mut engine = Loop {
        world,
        loaded,
        entries: Vec::new(),
        callers: Vec::new(),
        kept: Vec::new(),
        seen: BTreeSet::new(),
        new_tasks: 0,
        creations: VecDeque::new(),
        claims: Waiters::default(),
        recalls: Recalls::new(recalled),
    };
    loop {
        match engine.work(&mut queue, &mut read).await {
            End::Stop => return,
            End::Deposed => {
                tracing::error!(organization.id = %engine.world.organization, "another server runs this organization; this loop ends");
                return;
            }
            End::Reload if engine.reload().await => {}
            // The state may be ahead of the disk: nothing of it may be kept.
            End::Reload => return,
        }
    }
}

impl Loop {
    async fn work(&mut self, queue: &mut mpsc::Receiver<Request>, read: &mut mpsc::Receiver<Recalled>) -> End {
        let mut flight = Flight::default();
        let mut presence = tokio::time::interval(PRESENCE_PERIOD);
        let mut taken = Vec::with_capacity(TAKEN_MAX);
        let stop = self.world.stop.clone();
        loop {
            if self.has_work() && flight.has_room(self.new_tasks) {
                self.start_tick(&mut flight);
            }
            if self.may_create() {
                self.take(&mut taken);
                continue;
            }
            let timer = self.next_timer();
            let room = self.entries.len() < EVENTS_AHEAD_MAX && self.creations.len() < TAKEN_MAX;
            tokio::select! {
                biased;
                committed = flight.step(), if !flight.is_empty() => {
                    if let Some(committed) = committed && let Err(end) = self.landed(committed, &mut flight).await {
                        return end;
                    }
                }
                () = stop.cancelled(), if flight.is_empty() => return self.last_words().await,
                Some(recalled) = read.recv() => self.recalled(recalled),
                count = queue.recv_many(&mut taken, TAKEN_MAX), if room => {
                    if count == 0 {
                        return match self.land_all(&mut flight).await {
                            Ok(()) => self.last_words().await,
                            Err(end) => end,
                        };
                    }
                    self.take(&mut taken);
                }
                () = tokio::time::sleep(timer) => self.tick(),
                _ = presence.tick() => {
                    let gone = self.claims.take_gone();
                    self.settle_gone(gone);
                    self.system(Command::CheckPresence);
                }
            }
        }
    }

    /// What becomes of a tick that is on the disk, or is not. Then the next one is not either, whose rows may need its.
    async fn landed(&mut self, committed: Committed, flight: &mut Flight) -> Result<(), End> {
        let took = committed.took;
        let Err(end) = self.finish(committed, flight) else {
            self.world.pressure.ticked(took, !flight.is_empty());
            return Ok(());
        };
        for caller in flight.drop_next().await {
            self.lose(caller);
        }
        self.world.pressure.failed();
        Err(end)
    }

    async fn land_all(&mut self, flight: &mut Flight) -> Result<(), End> {
        while !flight.is_empty() {
            if let Some(committed) = flight.step().await {
                self.landed(committed, flight).await?;
            }
        }
        Ok(())
    }

    fn has_work(&self) -> bool {
        !self.entries.is_empty() || !self.callers.is_empty()
    }

    /// How long until the clock alone changes something.
    fn next_timer(&self) -> Duration {
        let now = clock::now();
        let next = [self.loaded.state.next_timer(), self.claims.next_over()].into_iter().flatten().min();
        next.map_or(Duration::from_secs(3_600), |at| {
            Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO)
        })
    }

    /// Whether a creation waits, and the next tick has room for it.
    fn may_create(&self) -> bool {
        let has_room = self.entries.len() < EVENTS_AHEAD_MAX && self.new_tasks < NEW_TASKS_MAX;
        has_room && !self.creations.is_empty()
    }

    /// Decides what was taken from the queue; of the creations, as many as the next tick has room for.
    fn take(&mut self, taken: &mut Vec<Request>) {
        let started = clock::instant();
        metrics::gauge!("devsquad_queue_depth").set((taken.len() + self.creations.len()) as f64);
        metrics::counter!("devsquad_commands_total").increment(taken.len() as u64);
        for request in taken.drain(..) {
            match *request.command {
                Command::CreateWorkflow { .. } => self.creations.push_back(request),
                _ => self.request(request),
            }
        }
        while self.may_create()
            && let Some(creation) = self.creations.pop_front()
        {
            self.request(creation);
        }
        self.dispatch();
        metrics::histogram!("devsquad_decide_seconds").record(started.elapsed().as_secs_f64());
    }

    fn request(&mut self, request: Request) {
        if let Some(id) = request.command.workflow()
            && !self.loaded.state.workflows.contains_key(&id)
        {
            self.recall(id, request);
            return;
        }
        self.decide(request);
    }

    fn decide(&mut self, request: Request) {
        let Request { actor, command, waiting, key, reply } = request;
        let mut reply = Some(reply);
        let mut kept = None;
        if let Some(key) = key {
            let principal = principal(&actor);
            let hash = key_hash(&principal, &key.key);
            match self.loaded.keys.meet(hash, &key.fingerprint, &mut reply) {
                Known::First => {
                    let entry = Kept { principal, key: key.key, fingerprint: key.fingerprint, answer: String::new() };
                    kept = Some((hash, entry));
                }
                Known::Kept => return send(reply, Reply::GivenBefore),
                Known::Joined => return,
                Known::OtherBody => return send(reply, Reply::Refused(Refusal::KeyReused { key: key.key })),
            }
        }
        let Some(reply) = reply else { return };
        let hash = kept.as_ref().map(|(hash, _)| *hash);
        match self.carry_out(&actor, *command) {
            Err(refusal) => self.refuse(reply, hash, refusal),
            Ok(answer) => match waiting {
                Waiting::Claim { agent, max, until } => {
                    let claim = Claim { claimant: Claimant { agent, max }, until, reply, key: kept };
                    self.claims.add(claim, &self.loaded.state);
                }
                Waiting::One => self.promise(reply, kept, answer),
            },
        }
    }

    /// Answers when the tick is durable, and keeps the answer if it has a key.
    fn promise(&mut self, reply: oneshot::Sender<Reply>, kept: Option<(u128, Kept)>, answer: Answer) {
        let key = kept.as_ref().map(|(hash, _)| *hash);
        if let Some((_, kept)) = kept {
            self.keep(kept, &answer);
        }
        self.callers.push(Caller { reply: Some(reply), answer, key });
    }

    fn refuse(&mut self, reply: oneshot::Sender<Reply>, key: Option<u128>, refusal: Refusal) {
        for other in key.map(|hash| self.loaded.keys.release(hash)).unwrap_or_default() {
            send(Some(other), Reply::Refused(refusal.clone()));
        }
        send(Some(reply), Reply::Refused(refusal));
    }

    /// Decides a command and puts its events in the next tick.
    fn carry_out(&mut self, actor: &Actor, command: Command) -> Result<Answer, Refusal> {
        let mut fresh_id = clock::fresh_id;
        let now = clock::now();
        let mut facts = Facts { now, fresh_id: &mut fresh_id };
        let (answer, changes) = decide(&mut self.loaded.state, actor, command, &mut facts)?;
        self.record(actor, now, changes);
        Ok(answer)
    }

    fn record(&mut self, actor: &Actor, now: Timestamp, changes: Vec<Change>) {
        for change in changes {
            match change {
                Change::AgentSeen { agent } => {
                    self.seen.insert(agent);
                }
                change if !change.is_durable() => {}
                change => {
                    observe(&change, &self.loaded, now);
                    if let Change::WorkflowCreated(created) = &change {
                        self.new_tasks += created.tasks.len();
                    }
                    match self.loaded.chain.append(EventId(clock::fresh_id()), now, actor, change) {
                        Ok(entry) => self.entries.push(entry),
                        Err(error) => tracing::error!(error = %format!("{error:#}"), "an event cannot be written"),
                    }
                }
            }
        }
    }

    fn system(&mut self, command: Command) {
        if let Err(refusal) = self.carry_out(&Actor::System, command) {
            tracing::error!(%refusal, "the engine refused its own command");
        }
        self.dispatch();
    }

    /// The clock moved: leases, back-offs and deadlines; claims that have waited long enough get what there is: nothing.
    fn tick(&mut self) {
        self.system(Command::Tick);
        self.answer_over();
    }

    /// Gives ready tasks to the claims that wait.
    fn dispatch(&mut self) {
        let mut again = true;
        while again && !self.claims.is_empty() && self.loaded.state.ready_count() > 0 {
            let now = clock::now();
            let mut fresh_id = clock::fresh_id;
            let mut facts = Facts { now, fresh_id: &mut fresh_id };
            let mut draft = Draft::new(&mut self.loaded.state, Actor::System, now);
            let (grants, gone) = self.claims.dispatch(&mut draft, &mut facts);
            let changes = draft.into_changes();
            self.record(&Actor::System, now, changes);
            for (id, leases) in grants {
                if let Some(claim) = self.claims.take(id) {
                    self.answer_claim(claim, leases);
                }
            }
            again = self.settle_gone(gone);
        }
        self.answer_over();
    }

    fn answer_over(&mut self) {
        let (gone, over) =
            self.claims.take_over(clock::now()).into_iter().partition::<Vec<Claim>, _>(|claim| claim.reply.is_closed());
        self.settle_gone(gone);
        for claim in over {
            self.answer_claim(claim, Vec::new());
        }
    }

    /// Claims whose caller has gone. One with a key goes on for whoever sent the same request again, or frees its key. Whether one
    /// goes on.
    fn settle_gone(&mut self, gone: Vec<Claim>) -> bool {
        let mut goes_on = false;
        for mut claim in gone {
            let Some((hash, kept)) = &claim.key else { continue };
            let mut others = self.loaded.keys.release(*hash).into_iter().filter(|other| !other.is_closed());
            if let Some(next) = others.next() {
                self.loaded.keys.hand_over(*hash, kept.fingerprint, others.collect());
                claim.reply = next;
                self.claims.add(claim, &self.loaded.state);
                goes_on = true;
            }
        }
        goes_on
    }

    /// Answers at once; the tick keeps the answer under its key.
    fn answer_claim(&mut self, claim: Claim, leases: Vec<LeaseGrant>) {
        let answer = Answer::Leases { leases };
        if let Some((hash, kept)) = claim.key {
            self.keep(kept, &answer);
            self.callers.push(Caller { reply: None, answer: answer.clone(), key: Some(hash) });
        }
        send(Some(claim.reply), Reply::Answer(answer));
    }

    fn keep(&mut self, mut kept: Kept, answer: &Answer) {
        kept.answer = serde_json::to_string(answer).unwrap_or_else(|_| "null".to_owned());
        self.kept.push(kept);
    }

    fn start_tick(&mut self, flight: &mut Flight) {
        let due = self.loaded.state.seq.saturating_sub(self.loaded.snapshot_seq) >= EVENTS_PER_SNAPSHOT;
        let new_tasks = self.new_tasks;
        self.world.pressure.began();
        let tick = self.next_tick(due);
        flight.start(tick, new_tasks, self.world.store.clone(), self.world.organization);
    }

    /// What was decided since the last tick; with the state after it, if that is to be kept.
    fn next_tick(&mut self, keeps_state: bool) -> Tick {
        let entries = std::mem::take(&mut self.entries);
        let seen = std::mem::take(&mut self.seen);
        self.new_tasks = 0;
        let mut fresh_id = clock::fresh_id;
        let Loaded { state, assigned, .. } = &mut self.loaded;
        Tick {
            touched: Touched::collect(&entries, state, &seen, assigned, &mut fresh_id),
            entries,
            kept: std::mem::take(&mut self.kept),
            callers: std::mem::take(&mut self.callers),
            epoch: self.loaded.epoch,
            now: clock::now(),
            snapshot: keeps_state.then(|| self.snapshot()).flatten(),
            chain: self.loaded.chain,
        }
    }

    fn snapshot(&mut self) -> Option<(u64, Vec<u8>)> {
        match serde_json::to_vec(&self.loaded.state) {
            Ok(bytes) => {
                // From now on, so that the next tick does not keep it, too. If this one fails, everything is loaded anew.
                self.loaded.snapshot_seq = self.loaded.state.seq;
                Some((self.loaded.state.seq, bytes))
            }
            Err(error) => {
                tracing::error!(%error, "the state cannot be kept");
                None
            }
        }
    }

    fn finish(&mut self, committed: Committed, flight: &Flight) -> Result<(), End> {
        if let Err(error) = committed.outcome {
            let end = if error.downcast_ref::<Deposed>().is_some() { End::Deposed } else { End::Reload };
            tracing::error!(error = %format!("{error:#}"), "a tick could not be committed");
            for caller in committed.callers {
                self.lose(caller);
            }
            return Err(end);
        }
        self.world.live.publish(committed.chain.seq, committed.published);
        for caller in committed.callers {
            for other in caller.key.map(|hash| self.loaded.keys.keep(hash)).unwrap_or_default() {
                send(Some(other), Reply::Answer(caller.answer.clone()));
            }
            send(caller.reply, Reply::Answer(caller.answer));
        }
        for workflow in committed.ended {
            // What was decided meanwhile still needs it: its rows are not written yet.
            if !self.is_spoken_of(workflow) && !flight.is_about(workflow) {
                self.loaded.state.forget(workflow);
            }
        }
        Ok(())
    }

    /// Whether what is decided and not yet on its way is about this workflow.
    fn is_spoken_of(&self, workflow: WorkflowId) -> bool {
        self.entries.iter().any(|entry| entry.event.change.workflow() == Some(workflow))
    }

    fn lose(&mut self, caller: Caller) {
        let why = "the change could not be written; it was not made, or is not known to be".to_owned();
        for other in caller.key.map(|hash| self.loaded.keys.release(hash)).unwrap_or_default() {
            send(Some(other), Reply::Unavailable(why.clone()));
        }
        send(caller.reply, Reply::Unavailable(why));
    }

    /// Throws the state away and takes the organization over from what is on disk. Claims go on waiting. Not done when the server stops
    /// meanwhile.
    async fn reload(&mut self) -> bool {
        for caller in std::mem::take(&mut self.callers) {
            self.lose(caller);
        }
        self.entries.clear();
        self.kept.clear();
        self.seen.clear();
        self.new_tasks = 0;
        loop {
            match load::take_over(&self.world.store, self.world.organization, self.world.replica).await {
                Ok(loaded) => {
                    self.loaded = loaded;
                    self.world.live.publish(self.loaded.chain.seq, Arc::from([]));
                    // Claims whose keys were pending before are pending no more: their answers are given without being kept.
                    self.claims.begin_anew();
                    return true;
                }
                Err(error) => {
                    tracing::error!(error = %format!("{error:#}"), "the state cannot be loaded; trying again");
                    tokio::select! {
                        () = self.world.stop.cancelled() => return false,
                        () = tokio::time::sleep(RELOAD_PAUSE) => {}
                    }
                }
            }
        }
    }

    /// Writes what is decided, keeps the state, and ends.
    async fn last_words(&mut self) -> End {
        for creation in std::mem::take(&mut self.creations) {
            self.request(creation);
        }
        for claim in self.claims.take_all() {
            self.answer_claim(claim, Vec::new());
        }
        if self.has_work() || self.loaded.state.seq > self.loaded.snapshot_seq {
            let tick = self.next_tick(self.loaded.state.seq > 0);
            let (begun, _) = oneshot::channel();
            let committed = tick.begin(self.world.store.clone(), self.world.organization, begun).await.commit().await;
            if let Err(End::Deposed | End::Reload | End::Stop) = self.finish(committed, &Flight::default()) {
                tracing::error!("the last tick was not written");
            }
        }
        let _ = self.world.requests.upgrade();
        End::Stop
    }
}

fn send(reply: Option<oneshot::Sender<Reply>>, what: Reply) {
    if let Some(reply) = reply {
        // A caller that has gone away needs no answer.
        let _ = reply.send(what);
    }
}

/// How long tasks waited in the queue.
fn observe(change: &Change, loaded: &Loaded, now: Timestamp) {
    if let Change::TaskLeased(leased) = change
        && let Some((_, task)) = loaded.state.task_ref(leased.task).and_then(|place| loaded.state.at(place))
        && let Some(ready_at) = task.ready_at
    {
        metrics::histogram!("devsquad_ready_to_lease_seconds")
            .record(now.duration_since(ready_at).as_secs_f64().max(0.0));
    }
}
