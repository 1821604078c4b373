//! Stories of the engine on a real database: work is given out, done once, and survives what may happen to the engine.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use devsquad::agent::{Adapter, AgentProfile, Skill};
use devsquad::command::LeaseGrant;
use devsquad::id::{AgentId, OrganizationId, ProjectId, UserId, WorkflowId};
use devsquad::refusal::RefusalKind;
use devsquad::workflow::WorkflowDefinition;
use devsquad::{Actor, Answer, Command, Door, Refusal, Role};
use serde_json::{Value, json};
use server::agents::lease;
use server::clock;
use server::engine::live::After;
use server::engine::{Engine, EngineError, IdempotencyKey, fingerprint, verify};
use server::store::testing::TestDatabase;
use server::store::{Store, Tenant, identity::organizations::NewOrganization, reads};

struct Story {
    database: TestDatabase,
    store: Store,
    engine: Engine,
    organization: OrganizationId,
    project: ProjectId,
    owner: Actor,
}

impl Story {
    async fn begin() -> Story {
        let database = TestDatabase::new().await.expect("a database");
        let store = (*database).clone();
        let user = UserId(clock::fresh_id());
        let new = NewOrganization {
            id: clock::fresh_id().into(),
            name: "story".to_owned(),
            project: clock::fresh_id().into(),
            project_name: "story".to_owned(),
            owner: user,
            owner_email: "nora@example.org".to_owned(),
            owner_name: "Nora".to_owned(),
        };
        let organization = store.create_first_organization(&new, clock::now()).await.expect("an organization");
        let engine = Engine::new(store.clone());
        let owner = Actor::Person { user, role: Role::Owner, via: Door::Web };
        Story { database, store, engine, organization, project: new.project, owner }
    }

    async fn perform(&self, actor: &Actor, command: Command) -> Result<Answer, EngineError> {
        self.engine.perform(self.organization, actor.clone(), command, None).await
    }

    async fn agent(&self, name: &str, skills: &[&str], capacity: u32) -> AgentId {
        let profile = AgentProfile {
            id: AgentId(clock::fresh_id()),
            name: name.to_owned(),
            adapter: Adapter::Http,
            skills: skills.iter().map(|skill| Skill { skill: (*skill).to_owned(), level: 3 }).collect(),
            capacity,
            cost_per_hour: Some(12.5),
            owner: String::new(),
            task_types: Vec::new(),
            description: "of a story".to_owned(),
        };
        let id = profile.id;
        self.perform(&self.owner, Command::RegisterAgent { profile: Box::new(profile) }).await.expect("it joins");
        id
    }

    async fn workflow(&self, tasks: Value) -> WorkflowId {
        let workflow = WorkflowId(clock::fresh_id());
        self.perform(&self.owner, self.creation(workflow, tasks)).await.expect("it is created");
        workflow
    }

    fn creation(&self, workflow: WorkflowId, tasks: Value) -> Command {
        let definition: WorkflowDefinition =
            serde_json::from_value(json!({"name": "a story", "tasks": tasks})).expect("a definition");
        Command::CreateWorkflow { workflow, project: self.project, definition: Box::new(definition) }
    }

    async fn claim(&self, agent: AgentId, max: u32) -> Vec<LeaseGrant> {
        self.engine.claim(self.organization, agent, max, Duration::from_millis(50), None).await.expect("a claim")
    }

    /// Waits until a lease, which is given out while it is being written, is on disk.
    async fn on_disk(&self, lease: &LeaseGrant) {
        for _ in 0..500 {
            let status = self.status(lease.workflow_id).await;
            let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
            if tasks.iter().any(|task| task["key"] == lease.key && task["status"] == "running") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the lease of {} was never written", lease.key);
    }

    async fn complete(&self, agent: AgentId, lease: &LeaseGrant, output: Value) -> Result<Answer, EngineError> {
        let command = lease::completion(lease.attempt_id, lease.fence, output, Vec::new(), Value::Null);
        self.perform(&Actor::Agent { agent }, command).await
    }

    async fn status(&self, workflow: WorkflowId) -> Value {
        let mut tx = self.store.begin_read(&Tenant::system(self.organization.0)).await.expect("a read");
        reads::workflow(&mut tx, workflow).await.expect("a read").expect("the workflow")
    }

    /// The engine is gone as in a crash, and another one begins on what is on disk.
    fn crash(&mut self) {
        self.engine = Engine::new(self.store.clone());
    }

    async fn end(self) {
        let report = verify::verify(&self.store, verify::Chat::Ours).await.expect("verified");
        assert!(report.holds(), "{report:#?}");
        assert!(report.events > 0);
        self.engine.stop().await;
        let Story { database, store, .. } = self;
        store.close().await;
        drop(database);
    }
}

/// An agent could not do what it was given.
fn failure(lease: &LeaseGrant) -> Command {
    Command::Fail {
        attempt: lease.attempt_id,
        fence: lease.fence,
        reason: devsquad::event::Reason::Network,
        message: "no route".to_owned(),
        retryable: None,
    }
}

fn refused(outcome: Result<Answer, EngineError>) -> Refusal {
    match outcome {
        Err(EngineError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_diamond_runs_in_order_and_outputs_are_handed_on() {
    let story = Story::begin().await;
    let ada = story.agent("ada", &["rust"], 4).await;
    let tasks = json!([
        {"key": "a"}, {"key": "b", "needs": ["a"], "skills": [{"skill": "rust"}]}, {"key": "c", "needs": ["a"]},
        {"key": "d", "needs": ["b", "c"]}
    ]);
    let workflow = story.workflow(tasks).await;
    let first = story.claim(ada, 10).await;
    assert_eq!(first.iter().map(|lease| lease.key.as_str()).collect::<Vec<_>>(), ["a"]);
    story.complete(ada, &first[0], json!({"n": 1})).await.expect("taken");
    let mut middle = story.claim(ada, 10).await;
    middle.sort_by(|one, other| one.key.cmp(&other.key));
    assert_eq!(middle.iter().map(|lease| lease.key.as_str()).collect::<Vec<_>>(), ["b", "c"]);
    assert_eq!(middle[0].needs["a"], json!({"n": 1}));
    for lease in &middle {
        story.complete(ada, lease, json!({"of": lease.key})).await.expect("taken");
    }
    let last = story.claim(ada, 10).await;
    assert_eq!(last[0].needs["c"], json!({"of": "c"}));
    story.complete(ada, &last[0], Value::Null).await.expect("taken");
    let status = story.status(workflow).await;
    assert_eq!((status["status"].as_str(), status["tasks_completed"].as_u64()), (Some("completed"), Some(4)));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_waits_gets_the_task_as_soon_as_there_is_one() {
    let story = Story::begin().await;
    let ada = story.agent("ada", &[], 1).await;
    let (engine, organization) = (story.engine.clone(), story.organization);
    let waiting = tokio::spawn(async move {
        engine.claim(organization, ada, 1, Duration::from_secs(30), None).await.expect("a claim")
    });
    let workflow = story.workflow(json!([{"key": "a"}])).await;
    let leases = waiting.await.expect("no panic");
    assert_eq!(leases[0].workflow_id, workflow);
    story.complete(ada, &leases[0], Value::Null).await.expect("taken");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_a_crash_and_the_same_fence_still_counts() {
    let mut story = Story::begin().await;
    let ada = story.agent("ada", &[], 2).await;
    let workflow = story.workflow(json!([{"key": "a"}, {"key": "b", "needs": ["a"]}])).await;
    let lease = story.claim(ada, 1).await.remove(0);
    story.on_disk(&lease).await;
    story.crash();
    story.complete(ada, &lease, json!("kept")).await.expect("taken after the crash");
    story.complete(ada, &lease, json!("kept")).await.expect("the same result again is no harm");
    story.crash();
    let next = story.claim(ada, 1).await.remove(0);
    assert_eq!(next.needs["a"], json!("kept"));
    story.complete(ada, &next, Value::Null).await.expect("taken");
    assert_eq!(story.status(workflow).await["status"], "completed");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deposed_engine_writes_no_more() {
    let story = Story::begin().await;
    story.workflow(json!([{"key": "a"}])).await;
    let usurper = Engine::new(story.store.clone());
    let command = story.creation(WorkflowId(clock::fresh_id()), json!([{"key": "a"}]));
    usurper.perform(story.organization, story.owner.clone(), command, None).await.expect("the new owner writes");
    let lost = story.perform(&story.owner, story.creation(WorkflowId(clock::fresh_id()), json!([{"key": "a"}]))).await;
    assert!(matches!(lost, Err(EngineError::Unavailable(_))), "{lost:?}");
    let report = verify::verify(&story.store, verify::Chat::Ours).await.expect("verified");
    assert!(report.holds(), "{report:#?}");
    usurper.stop().await;
}

/// Three ticks are on their way at a time, each on a connection of its own.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_is_there_whichever_tick_failed() {
    let mut story = Story::begin().await;
    story.store = story.database.another_store(24).await.expect("a store whose ticks have four connections");
    story.engine = Engine::new(story.store.clone());
    let unknown = AtomicUsize::new(0);
    let creating = async {
        let ask = async |_| {
            let mut there = Vec::new();
            // Until enough has failed, and some more.
            for _ in 0..500 {
                if unknown.load(Ordering::Relaxed) >= 12 && there.len() > 10 {
                    break;
                }
                let workflow = WorkflowId(clock::fresh_id());
                let tasks: Vec<Value> = (0..20).map(|at| json!({"key": format!("t{at}")})).collect();
                match story.perform(&story.owner, story.creation(workflow, json!(tasks))).await {
                    Ok(_) => there.push(workflow),
                    Err(EngineError::Unavailable(_)) => drop(unknown.fetch_add(1, Ordering::Relaxed)),
                    Err(EngineError::Refused(refusal)) => panic!("refused: {refusal}"),
                }
            }
            there
        };
        futures::future::join_all((0..6).map(ask)).await
    };
    let killing = async {
        let mut admin = story.database.admin().await.expect("a superuser");
        let busy = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
             AND usename = 'devsquad_login' AND state <> 'idle' ORDER BY random() LIMIT 1";
        loop {
            sqlx::raw_sql(busy).execute(&mut admin).await.expect("it kills");
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
    };
    let there = tokio::select! {
        there = creating => there.concat(),
        () = killing => unreachable!("it goes on"),
    };
    assert!(unknown.into_inner() > 0, "no tick failed");
    for workflow in there {
        assert_eq!(story.status(workflow).await["tasks"].as_array().map(Vec::len), Some(20), "{workflow}");
    }
    story.end().await;
}

/// Whether ticks have one connection or several: none waits for one that another holds.
#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_written_in_ticks_of_bounded_size() {
    let mut story = Story::begin().await;
    for connections in [1, 24] {
        story.engine.stop().await;
        story.store = story.database.another_store(connections).await.expect("another store");
        story.engine = Engine::new(story.store.clone());
        let tasks: Vec<Value> = (0..50).map(|at| json!({"key": format!("t{at}")})).collect();
        let burst = (0..40).map(|_| story.workflow(json!(tasks)));
        for workflow in futures::future::join_all(burst).await {
            assert_eq!(story.status(workflow).await["tasks"].as_array().map(Vec::len), Some(50), "{workflow}");
        }
    }
    let mut admin = story.database.admin().await.expect("a superuser");
    // Which transaction wrote a row, PostgreSQL knows.
    let largest =
        "SELECT max(tasks) FROM (SELECT count(*) AS tasks FROM workflow_tasks GROUP BY xmin::text) AS of_ticks";
    let largest: i64 = sqlx::query_scalar(largest).fetch_one(&mut admin).await.expect("a count");
    assert!((50..450).contains(&largest), "{largest} tasks in one tick");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_copies_of_one_request_make_one_workflow() {
    let mut story = Story::begin().await;
    let key = |body: &str| IdempotencyKey { key: "k-1".to_owned(), fingerprint: fingerprint(&[body.as_bytes()]) };
    let ask = |engine: Engine, key: IdempotencyKey| {
        let command = story.creation(WorkflowId(clock::fresh_id()), json!([{"key": "a"}]));
        let (organization, owner) = (story.organization, story.owner.clone());
        async move { engine.perform(organization, owner, command, Some(key)).await }
    };
    let copies = (0..50).map(|_| ask(story.engine.clone(), key("body")));
    let answers: Vec<Answer> =
        futures::future::join_all(copies).await.into_iter().map(|a| a.expect("an answer")).collect();
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    story.engine = Engine::new(story.store.clone());
    let again = {
        let command = story.creation(WorkflowId(clock::fresh_id()), json!([{"key": "a"}]));
        story
            .engine
            .perform(story.organization, story.owner.clone(), command, Some(key("body")))
            .await
            .expect("an answer")
    };
    assert_eq!(again, answers[0], "also after a crash");
    let command = story.creation(WorkflowId(clock::fresh_id()), json!([{"key": "a"}]));
    let other = story.engine.perform(story.organization, story.owner.clone(), command, Some(key("another body"))).await;
    assert!(matches!(refused(other), Refusal::KeyReused { .. }));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_reviewed_by_another_agent_and_approved_by_a_person() {
    let story = Story::begin().await;
    let ada = story.agent("ada", &["writing", "review"], 2).await;
    let bob = story.agent("bob", &["review"], 1).await;
    let checks = json!([{"kind": "peer_review"}, {"kind": "approval", "title": "Ship it?"}]);
    let workflow = story.workflow(json!([{"key": "report", "skills": [{"skill": "writing"}], "checks": checks}])).await;
    let lease = story.claim(ada, 1).await.remove(0);
    story.complete(ada, &lease, json!({"text": "draft"})).await.expect("handed in");
    assert!(story.claim(ada, 1).await.is_empty(), "the author does not review");
    let review = story.claim(bob, 1).await.remove(0);
    assert_eq!(review.input["result"]["output"]["text"], "draft");
    story.complete(bob, &review, json!({"verdict": "reject", "note": "too short"})).await.expect("a verdict");
    let again = story.claim(ada, 1).await.remove(0);
    assert!(again.feedback[0].contains("too short"), "{:?}", again.feedback);
    story.complete(ada, &again, json!({"text": "longer"})).await.expect("handed in");
    let review = story.claim(bob, 1).await.remove(0);
    story.complete(bob, &review, json!({"verdict": "approve"})).await.expect("a verdict");
    let status = story.status(workflow).await;
    assert_eq!(status["tasks"][0]["status"], "awaiting_approval");
    let checkpoint = status["tasks"][0]["open_checkpoint_id"].as_str().expect("one").parse().expect("an id");
    let decision = |verdict| Command::DecideCheckpoint { workflow, checkpoint, verdict, note: "fine".to_owned() };
    let viewer = Actor::Person { user: UserId(clock::fresh_id()), role: Role::Viewer, via: Door::Web };
    let approve = devsquad::workflow::checks::Verdict::Approve;
    assert_eq!(refused(story.perform(&viewer, decision(approve)).await).kind(), RefusalKind::Forbidden);
    assert!(matches!(
        refused(story.perform(&Actor::Agent { agent: bob }, decision(approve)).await),
        Refusal::PeopleOnly { .. }
    ));
    story.perform(&story.owner, decision(approve)).await.expect("approved");
    assert_eq!(story.status(workflow).await["status"], "completed");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_workflow_is_taken_back_into_memory_and_retried() {
    let story = Story::begin().await;
    let ada = story.agent("ada", &[], 2).await;
    let workflow = story.workflow(json!([{"key": "a", "max_attempts": 1}, {"key": "b", "needs": ["a"]}])).await;
    let lease = story.claim(ada, 1).await.remove(0);
    story.perform(&Actor::Agent { agent: ada }, failure(&lease)).await.expect("failed");
    let status = story.status(workflow).await;
    assert_eq!((status["status"].as_str(), status["tasks"][1]["status"].as_str()), (Some("failed"), Some("skipped")));
    let task = status["tasks"][0]["id"].as_str().expect("an id").parse().expect("an id");
    story.perform(&story.owner, Command::RetryTask { workflow, task }).await.expect("retried");
    for key in ["a", "b"] {
        let lease = story.claim(ada, 1).await.remove(0);
        assert_eq!(lease.key, key);
        story.complete(ada, &lease, Value::Null).await.expect("taken");
    }
    assert_eq!(story.status(workflow).await["status"], "completed");
    story.end().await;
}

/// Whoever asks for it meanwhile is decided on the same workflow, not on an older fold of it.
#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_retry_a_failed_workflow_at_once_one_does() {
    const ROUNDS: u64 = 30;
    let story = Story::begin().await;
    let ada = story.agent("ada", &[], 1).await;
    let workflow = story.workflow(json!([{"key": "a", "max_attempts": 1}])).await;
    let task = story.status(workflow).await["tasks"][0]["id"].as_str().expect("an id").parse().expect("an id");
    let (failed, retried) = (AtomicU64::new(0), AtomicU64::new(0));
    let failing = async {
        while failed.load(Ordering::Relaxed) < ROUNDS {
            for lease in story.claim(ada, 1).await {
                story.perform(&Actor::Agent { agent: ada }, failure(&lease)).await.expect("failed");
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    };
    let ask = async |_| {
        while failed.load(Ordering::Relaxed) < ROUNDS {
            match story.perform(&story.owner, Command::RetryTask { workflow, task }).await {
                Ok(_) => drop(retried.fetch_add(1, Ordering::Relaxed)),
                Err(EngineError::Refused(_)) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    };
    futures::future::join(failing, futures::future::join_all((0..8).map(ask))).await;
    let (failed, retried) = (failed.into_inner(), retried.into_inner());
    assert!(retried == failed || retried + 1 == failed, "failed {failed} times, retried {retried}");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pause_holds_back_and_cancel_ends_what_runs() {
    let story = Story::begin().await;
    let ada = story.agent("ada", &[], 4).await;
    let workflow = story.workflow(json!([{"key": "a"}, {"key": "b"}])).await;
    let lease = story.claim(ada, 1).await.remove(0);
    story.perform(&story.owner, Command::PauseWorkflow { workflow, reason: "lunch".to_owned() }).await.expect("paused");
    assert!(story.claim(ada, 4).await.is_empty());
    story.perform(&story.owner, Command::ResumeWorkflow { workflow }).await.expect("resumed");
    assert_eq!(story.claim(ada, 4).await.len(), 1);
    story
        .perform(&story.owner, Command::CancelWorkflow { workflow, reason: "enough".to_owned() })
        .await
        .expect("cancelled");
    let late = story.complete(ada, &lease, Value::Null).await;
    assert!(matches!(refused(late), Refusal::NotFound { .. } | Refusal::StaleFence { .. }));
    assert_eq!(story.status(workflow).await["status"], "cancelled");
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribers_get_every_event_once_and_in_order() {
    let story = Story::begin().await;
    let live = story.engine.live(story.organization).await.expect("the live end");
    let (next, head) = (live.next(), live.head());
    let ada = story.agent("ada", &[], 1).await;
    story.workflow(json!([{"key": "a"}, {"key": "b", "needs": ["a"]}])).await;
    for _ in 0..2 {
        let lease = story.claim(ada, 1).await.remove(0);
        story.complete(ada, &lease, Value::Null).await.expect("taken");
    }
    let After::Ticks(ticks) = live.after(next) else { panic!("nothing was told") };
    let seen: Vec<_> = ticks.events().map(|published| (published.event.seq, published.event.change.name())).collect();
    let numbers: Vec<u64> = seen.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(numbers, (head + 1..=head + numbers.len() as u64).collect::<Vec<u64>>());
    assert_eq!(seen.last().map(|(_, name)| *name), Some("workflow_ended"));
    story.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_for_an_agent_that_left_is_for_whoever_suits_it() {
    let story = Story::begin().await;
    let (ada, bob) = (story.agent("ada", &[], 1).await, story.agent("bob", &[], 1).await);
    let workflow = story.workflow(json!([{"key": "a", "max_attempts": 1}, {"key": "b"}])).await;
    for nth in 0..2 {
        let task = story.status(workflow).await["tasks"][nth]["id"].as_str().expect("an id").parse().expect("an id");
        let reason = String::new();
        story
            .perform(&story.owner, Command::AssignTask { workflow, task, agent: Some(ada), reason })
            .await
            .expect("kept");
    }
    assert!(story.claim(bob, 1).await.is_empty(), "both are Ada's");
    let lease = story.claim(ada, 1).await.remove(0);
    story.perform(&story.owner, Command::RetireAgent { agent: ada }).await.expect("she leaves");
    let status = story.status(workflow).await;
    assert_eq!(
        (&status["tasks"][0]["status"], &status["tasks"][1]["kept_for_agent_id"]),
        (&json!("dead_letter"), &Value::Null)
    );
    let other = story.claim(bob, 1).await.remove(0);
    assert_eq!((lease.key.as_str(), other.key.as_str()), ("a", "b"));
    story.complete(bob, &other, Value::Null).await.expect("taken");
    // Done again later, the one that failed with her is his as well.
    story.perform(&story.owner, Command::RetryTask { workflow, task: lease.task_id }).await.expect("retried");
    let again = story.claim(bob, 1).await.remove(0);
    story.complete(bob, &again, Value::Null).await.expect("taken");
    assert_eq!(story.status(workflow).await["status"], "completed");
    story.end().await;
}
