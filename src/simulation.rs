//! (test) Random workflows and agents in virtual time: agents die, dawdle and lie, people pause, cancel, retry and reject,
//! the engine forgets everything and folds its journal again. The state machines are the real ones; only time and chance
//! are made up, from a seed.

mod conflicts;
mod page;
mod people;

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::json;
use uuid::Uuid;

use crate::actor::{Actor, Door, Role};
use crate::agent::{Adapter, AgentProfile, Skill};
use crate::command::{Answer, Command, LeaseGrant, Purpose};
use crate::decide::{Draft, Facts, decide, dispatch};
use crate::event::{Change, Event, Reason};
use crate::id::{AgentId, EventId, ProjectId, UserId, WorkflowId};
use crate::invariants::Walk;
use crate::scheduling::claims::{Claimant, Claims};
use crate::state::{LEASE_TTL, State};
use crate::view::WorkflowView;
use crate::workflow::{WorkflowDefinition, WorkflowStatus};

/// How an agent behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Temper {
    /// Works and reports.
    Steady,
    /// Forgets heartbeats now and then, and still hands in late.
    Dawdler,
    /// Dies while it works; comes back as if nothing had been.
    Mortal,
    /// Fails, declines, sends old fences and the same result twice.
    Liar,
}

struct Worker {
    id: AgentId,
    temper: Temper,
    held: Vec<(LeaseGrant, Timestamp)>,
    old: Vec<LeaseGrant>,
}

/// A world of one organization.
struct World {
    rng: StdRng,
    now: Timestamp,
    state: State,
    journal: Vec<Event>,
    walk: Walk,
    workers: Vec<Worker>,
    workflows: Vec<WorkflowId>,
    ids: u128,
    joined: usize,
    refused: HashMap<&'static str, u32>,
    /// A page on each workflow which was open from its beginning.
    pages: HashMap<WorkflowId, WorkflowView>,
}

const SKILLS: [&str; 3] = ["rust", "docs", "review"];

impl World {
    fn new(seed: u64) -> World {
        let mut world = World {
            rng: StdRng::seed_from_u64(seed),
            now: Timestamp::from_second(1_700_000_000).expect("a moment"),
            state: State::default(),
            journal: Vec::new(),
            walk: Walk::default(),
            workers: Vec::new(),
            workflows: Vec::new(),
            ids: 0,
            joined: 5,
            refused: HashMap::new(),
            pages: HashMap::new(),
        };
        let tempers = [Temper::Steady, Temper::Dawdler, Temper::Mortal, Temper::Liar, Temper::Steady, Temper::Steady];
        for (at, temper) in tempers.into_iter().enumerate() {
            world.join(at, temper);
        }
        world
    }

    fn id(&mut self) -> Uuid {
        self.ids += 1;
        Uuid::from_u128(self.ids)
    }

    fn join(&mut self, at: usize, temper: Temper) {
        let id = AgentId(self.id());
        let skills =
            SKILLS.iter().filter(|_| temper == Temper::Steady || at.is_multiple_of(2) || self.rng.random_bool(0.6));
        let skills = skills.map(|skill| Skill { skill: (*skill).to_owned(), level: 4 }).collect();
        let profile = AgentProfile {
            id,
            name: format!("agent {at}"),
            adapter: Adapter::Http,
            skills,
            capacity: self.rng.random_range(1..4),
            cost_per_hour: None,
            owner: String::new(),
            task_types: Vec::new(),
            description: String::new(),
        };
        self.perform(&owner(), Command::RegisterAgent { profile: Box::new(profile) }).expect("it joins");
        self.workers.push(Worker { id, temper, held: Vec::new(), old: Vec::new() });
    }

    /// Carries a command out and writes its events down, as the loop of the server does.
    fn perform(&mut self, actor: &Actor, command: Command) -> Option<Answer> {
        let mut ids = self.ids;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        // Looking at every refusal would take minutes; a share of them, chosen by the seed, tells as much.
        let before = self.ids.is_multiple_of(31).then(|| (self.state.clone(), format!("{command:?}")));
        let outcome = decide(&mut self.state, actor, command, &mut Facts { now: self.now, fresh_id: &mut fresh });
        self.ids = ids;
        match outcome {
            Ok((answer, changes)) => {
                self.record(actor, changes);
                Some(answer)
            }
            Err(refusal) => {
                if let Some((before, command)) = before {
                    assert_eq!(self.state, before, "a refused {command} changed the state: {refusal}");
                }
                *self.refused.entry(refusal.code()).or_default() += 1;
                None
            }
        }
    }

    fn record(&mut self, actor: &Actor, changes: Vec<Change>) {
        for change in changes.into_iter().filter(Change::is_durable) {
            let id = EventId(self.id());
            let event = Event { seq: self.journal.len() as u64 + 1, id, at: self.now, actor: actor.clone(), change };
            self.walk.step(&event);
            self.tell(&event);
            self.journal.push(event);
        }
    }

    fn workflow(&mut self) {
        let workflow = WorkflowId(self.id());
        let size = self.rng.random_range(1..12);
        let tasks: Vec<serde_json::Value> = (0..size)
            .map(|at| {
                let needs: Vec<String> =
                    (0..at).filter(|_| self.rng.random_bool(0.25)).map(|n| format!("t{n}")).collect();
                let edge = ["all_succeeded", "all_succeeded", "all_done", "any_succeeded"][self.rng.random_range(0..4)];
                let skills = if self.rng.random_bool(0.5) {
                    json!([{"skill": SKILLS[self.rng.random_range(0..2)]}])
                } else {
                    json!([])
                };
                let checks = match self.rng.random_range(0..6) {
                    0 => json!([{"kind": "peer_review"}]),
                    1 => json!([{"kind": "peer_review"}, {"kind": "approval"}]),
                    2 => json!([{"kind": "approval"}]),
                    _ => json!([]),
                };
                json!({"key": format!("t{at}"), "needs": needs, "edge": edge, "skills": skills, "checks": checks,
                       "max_attempts": self.rng.random_range(1..5), "timeout_s": self.rng.random_range(30..600)})
            })
            .collect();
        let mut definition: WorkflowDefinition =
            serde_json::from_value(json!({"name": "simulated", "tasks": tasks})).expect("a definition");
        if self.rng.random_bool(0.1) {
            definition.deadline = Some(self.now + SignedDuration::from_secs(self.rng.random_range(60..3_600)));
        }
        let command =
            Command::CreateWorkflow { workflow, project: ProjectId(Uuid::nil()), definition: Box::new(definition) };
        self.perform(&owner(), command).expect("it is created");
        self.workflows.push(workflow);
    }

    /// Agents that have room ask for work and get it.
    fn claim(&mut self) {
        let mut claims = Claims::default();
        let mut who = BTreeMap::new();
        for at in 0..self.workers.len() {
            if self.rng.random_bool(0.7) {
                let agent = self.workers[at].id;
                let _ = self.perform(&Actor::Agent { agent }, Command::Claim { until: self.now });
                let claimant = Claimant { agent, max: self.rng.random_range(1..4) };
                who.insert(claims.add(claimant, &self.state), at);
            }
        }
        let mut ids = self.ids;
        let mut fresh = || {
            ids += 1;
            Uuid::from_u128(ids)
        };
        let mut draft = Draft::new(&mut self.state, Actor::System, self.now);
        let grants = dispatch(&mut draft, &mut claims, &|_| false, &mut Facts { now: self.now, fresh_id: &mut fresh });
        let changes = draft.into_changes();
        self.ids = ids;
        self.record(&Actor::System, changes);
        for (claim, leases) in grants {
            for lease in leases {
                let at = who[&claim];
                let takes = SignedDuration::from_secs(self.rng.random_range(1..120));
                self.workers[at].held.push((lease, self.now + takes));
            }
        }
    }

    fn work(&mut self) {
        for at in 0..self.workers.len() {
            let held = std::mem::take(&mut self.workers[at].held);
            for (lease, done) in held {
                self.attempt(at, lease, done);
            }
        }
    }

    fn attempt(&mut self, at: usize, lease: LeaseGrant, done: Timestamp) {
        let (agent, temper) = (self.workers[at].id, self.workers[at].temper);
        let me = Actor::Agent { agent };
        let (attempt, fence) = (lease.attempt_id, lease.fence);
        if temper == Temper::Mortal && self.rng.random_bool(0.05) {
            self.workers[at].old.push(lease);
            return;
        }
        self.disagree(at, &lease);
        if self.now < done {
            let silent = temper == Temper::Dawdler && self.rng.random_bool(0.5);
            if !silent {
                let beat = Command::Heartbeat { attempt, fence, progress: Some(50), note: Some("half".to_owned()) };
                if let Some(Answer::Heartbeat { cancel: true, .. }) | None = self.perform(&me, beat) {
                    self.workers[at].old.push(lease);
                    return;
                }
            }
            self.workers[at].held.push((lease, done));
            return;
        }
        let command = match (temper, self.rng.random_range(0..10)) {
            (Temper::Liar, 0) => Command::Decline { attempt, fence, message: "no".to_owned() },
            (Temper::Liar, 1..4) | (_, 0) => {
                let reason = if self.rng.random_bool(0.2) { Reason::ProviderAuth } else { Reason::Network };
                Command::Fail { attempt, fence, reason, message: "broke".to_owned(), retryable: None }
            }
            (Temper::Steady | Temper::Dawdler, 1) if lease.purpose == Purpose::Work && lease.answers.len() < 3 => {
                let options = if self.rng.random_bool(0.5) { vec!["yes".to_owned()] } else { Vec::new() };
                Command::Ask { attempt, fence, text: "Shall I?".to_owned(), options }
            }
            (Temper::Liar, 4) => completion(&lease, fence + 1, self.rng.random_bool(0.8)),
            _ => completion(&lease, fence, self.rng.random_bool(0.8)),
        };
        self.perform(&me, command.clone());
        if temper == Temper::Liar {
            // Twice, and in another's name.
            self.perform(&me, command.clone());
            let other = self.workers[(at + 1) % self.workers.len()].id;
            self.perform(&Actor::Agent { agent: other }, command);
        }
        self.workers[at].old.push(lease);
    }

    /// Results of attempts long gone.
    fn ghosts(&mut self) {
        for at in 0..self.workers.len() {
            if self.rng.random_bool(0.2)
                && let Some(lease) = self.workers[at].old.pop()
            {
                let agent = self.workers[at].id;
                let command = completion(&lease, lease.fence, true);
                self.perform(&Actor::Agent { agent }, command);
            }
        }
    }

    /// The engine dies: what is left is the journal. Its fold must be the state, but for what is not kept.
    fn crash(&mut self) {
        let mut folded = State::default();
        for event in &self.journal {
            folded.apply(event.at, &event.actor, &event.change);
        }
        assert_eq!(lasting(&folded), lasting(&self.state), "the journal folds to another state");
        // Half of the journal through a snapshot gives the same.
        let half = self.journal.len() / 2;
        let mut early = State::default();
        for event in &self.journal[..half] {
            early.apply(event.at, &event.actor, &event.change);
        }
        let kept = serde_json::to_vec(&early).expect("a snapshot");
        let mut restored: State = serde_json::from_slice::<State>(&kept).expect("a snapshot").restored(Timestamp::MIN);
        for event in &self.journal[half..] {
            restored.apply(event.at, &event.actor, &event.change);
        }
        assert_eq!(lasting(&restored), lasting(&self.state), "a snapshot folds to another state");
        self.state = folded.restored(self.now);
    }

    fn step(&mut self, meddle: bool) {
        self.now += SignedDuration::from_millis(self.rng.random_range(100..15_000));
        self.perform(&Actor::System, Command::Tick);
        self.perform(&Actor::System, Command::CheckPresence);
        self.look();
        self.work();
        self.ghosts();
        self.argue();
        self.people(meddle);
        self.claim();
    }

    fn open(&self) -> usize {
        self.state.workflows.values().filter(|workflow| !workflow.status.is_terminal()).count()
    }
}

/// A state without what a crash may forget: leases' ends, signs of life.
fn lasting(state: &State) -> serde_json::Value {
    let mut value = serde_json::to_value(state).expect("json");
    forget(&mut value);
    value
}

fn forget(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => {
            fields.remove("expires_at");
            fields.remove("last_seen");
            fields.values_mut().for_each(forget);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(forget),
        _ => {}
    }
}

fn owner() -> Actor {
    Actor::Person { user: UserId(Uuid::nil()), role: Role::Owner, via: Door::Web }
}

fn completion(lease: &LeaseGrant, fence: u64, approve: bool) -> Command {
    let output = match lease.purpose {
        Purpose::Work => json!({"done": lease.key}),
        Purpose::Review => json!({"verdict": if approve { "approve" } else { "reject" }, "note": "seen"}),
    };
    let sha256 = format!("{:064x}", lease.attempt_id.0.as_u128());
    Command::Complete {
        attempt: lease.attempt_id,
        fence,
        output,
        artifacts: Vec::new(),
        evidence: serde_json::Value::Null,
        sha256,
    }
}

/// One life of an organization: `steps` of trouble, then peace until everything has ended.
fn live(seed: u64, steps: u32) -> World {
    let mut world = World::new(seed);
    for step in 0..steps {
        if step.is_multiple_of(6) {
            world.workflow();
        }
        world.step(true);
        if world.rng.random_bool(0.02) {
            world.crash();
        }
    }
    // Peace: nobody meddles, paused workflows go on, and everybody works.
    for workflow in world.workflows.clone() {
        world.perform(&owner(), Command::ResumeWorkflow { workflow });
    }
    for worker in &mut world.workers {
        worker.temper = Temper::Steady;
    }
    let mut patience = 4_000;
    while world.open() > 0 && patience > 0 {
        world.step(false);
        patience -= 1;
    }
    world
}

#[test]
fn a_thousand_random_workflows_hold_every_invariant_and_all_end() {
    let mut seen: BTreeMap<&'static str, u32> = BTreeMap::new();
    for seed in 0..40 {
        let world = live(seed, 180);
        assert!(world.walk.violations().is_empty(), "seed {seed}: {:#?}", world.walk.violations());
        assert_eq!(world.open(), 0, "seed {seed}: workflows that never end (I10)");
        assert_eq!(lasting(&world.walk.state), lasting(&world.state), "seed {seed}");
        assert!(world.state.agents.values().all(|agent| agent.live == 0), "seed {seed}: a slot was never given back");
        for workflow in world.state.workflows.values() {
            *seen.entry(workflow.status.as_str()).or_default() += 1;
        }
    }
    let all: u32 = seen.values().sum();
    assert!(all >= 1_000, "{all} workflows");
    for status in
        [WorkflowStatus::Completed, WorkflowStatus::Failed, WorkflowStatus::Cancelled, WorkflowStatus::TimedOut]
    {
        assert!(seen.contains_key(status.as_str()), "no workflow ever {}: {seen:?}", status.as_str());
    }
}

#[test]
fn the_same_seed_lives_the_same_life() {
    assert_eq!(live(7, 60).journal, live(7, 60).journal);
}

#[test]
fn a_dead_agents_task_is_given_out_again_within_its_lease() {
    let mut world = World::new(1);
    world.workflow();
    world.claim();
    let held: usize = world.workers.iter().map(|worker| worker.held.len()).sum();
    assert!(held > 0, "somebody works");
    for worker in &mut world.workers {
        worker.held.clear();
    }
    world.now += LEASE_TTL;
    world.perform(&Actor::System, Command::Tick);
    assert!(world.state.ready_count() + world.state.delays_over(Timestamp::MAX).len() >= held.min(1));
    assert!(world.state.agents.values().all(|agent| agent.live == 0));
}
