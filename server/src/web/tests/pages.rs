//! A workflow's life, as the pages read it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use app::backend::Backend as _;
use app::error::Failure;
use axum::http::request::Parts;
use axum::http::{Method, Request};
use devsquad::agent::Presence;
use devsquad::id::WorkflowId;
use devsquad::view::WorkflowFilter;
use devsquad::workflow::WorkflowStatus;
use devsquad::workflow::checks::Verdict;
use devsquad::workflow::task::TaskStatus;
use devsquad::{Actor, Command, Role};
use serde_json::json;

use super::browser::Squad;
use crate::store::identity::Secret;
use crate::web::backend::WebBackend;
use crate::web::session::{self, Visitor};

pub async fn backend(squad: &Squad, method: Method) -> WebBackend {
    let owner = squad.owner().await;
    let secret =
        owner.cookie.as_deref().and_then(|pair| pair.split('=').nth(1)).and_then(Secret::given).expect("a cookie");
    let who = session::find(&squad.app, secret).await.expect("asked").expect("signed in");
    WebBackend::of_request(squad.app.clone(), &parts(method, Visitor(Some(Arc::new(who)))))
}

fn parts(method: Method, visitor: Visitor) -> Parts {
    let (mut parts, ()) = Request::builder().method(method).uri("/").body(()).expect("a request").into_parts();
    parts.extensions.insert(visitor);
    parts
}

const WORKFLOW: &str = "
name: Release 50% off
description: Two steps and a person.
tasks:
  - {key: build, name: Build it, type: demo.build, skills: [{skill: rust}]}
  - key: report
    needs: [build]
    edge: all_done
    skills: [{skill: rust}]
    checks: [{kind: approval, title: Accept the report}]
";

#[tokio::test]
async fn a_workflow_is_told_from_its_beginning_to_the_approval() {
    let squad = Squad::new().await;
    let web = backend(&squad, Method::POST).await;
    let (agent, token) = web.add_agent("Ada".into(), "rust:5, review".into(), 2).await.expect("an agent");
    assert!(token.starts_with("dsq_agent_"));
    let id = web.import(WORKFLOW.into()).await.expect("a workflow");

    let engine = &squad.app.engine;
    let claim = || engine.claim(squad.organization, agent, 1, Duration::from_secs(5), None);
    let first = claim().await.expect("a claim");
    assert_eq!(first[0].key, "build");
    // The lease is given out while it is being written.
    let running = loop {
        let overview = web.dashboard().await.expect("the overview");
        if overview.tasks_running > 0 {
            break overview;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(
        (running.active_workflows, running.tasks_running, running.agents_total, running.agents_online),
        (1, 1, 1, 1)
    );
    assert_eq!(running.agents[0].current[0].name, "Build it");
    let complete = |lease: &devsquad::command::LeaseGrant| Command::Complete {
        attempt: lease.attempt_id,
        fence: lease.fence,
        output: json!({"ok": true}),
        artifacts: Vec::new(),
        evidence: json!(null),
        sha256: "ab".repeat(32),
    };
    let act = |command| engine.perform(squad.organization, Actor::Agent { agent }, command, None);
    act(complete(&first[0])).await.expect("completed");
    let second = claim().await.expect("a claim");
    act(complete(&second[0])).await.expect("handed in");

    let needs = web.needs().await.expect("needs");
    assert_eq!(needs.len(), 1);
    assert_eq!(web.count_needs().await, Ok(1));
    assert_eq!(needs[0].checkpoint.title, "Accept the report");
    assert_eq!(needs[0].author.as_ref().map(|author| author.name.as_str()), Some("Ada"));
    let view = web.workflow(id).await.expect("the workflow");
    assert_eq!(view.summary.counts, [(TaskStatus::AwaitingApproval, 1), (TaskStatus::Completed, 1)]);
    assert_eq!(view.tasks[1].open_checkpoint, Some(needs[0].checkpoint.id));
    assert_eq!(view.tasks[1].edge.as_str(), "all_done");
    assert_eq!(view.tasks[1].needs, ["build"]);
    assert_eq!(view.created_by, "Owner");
    assert!(view.activity.iter().any(|line| line.text == "Ada took “Build it”."), "{:?}", view.activity);
    assert!(
        view.activity.iter().any(|line| line.text == "“Release 50% off” began with 2 tasks."),
        "{:?}",
        view.activity
    );
    assert_eq!(view.activity[0].seq, view.seq);

    let decide = Command::DecideCheckpoint {
        workflow: id,
        checkpoint: needs[0].checkpoint.id,
        verdict: Verdict::Approve,
        note: String::new(),
    };
    web.perform(decide).await.expect("approved");
    assert!(web.needs().await.expect("needs").is_empty());
    assert_eq!(web.count_needs().await, Ok(0));
    let detail = web.task(id, view.tasks[1].id).await.expect("the task");
    assert_eq!(detail.task.status, TaskStatus::Completed);
    assert_eq!(detail.output, Some(json!({"ok": true})));
    assert_eq!(detail.checkpoints[0].decided_by.as_deref(), Some("Owner"));
    assert_eq!(detail.attempts[0].agent.name, "Ada");
    assert!(detail.attempts[0].fit.is_some());
    let profile = web.agent(agent).await.expect("the agent");
    assert_eq!(
        (profile.history.len(), profile.summary.accepted, profile.summary.presence),
        (2, 2, Presence::Available)
    );
    let done = web.dashboard().await.expect("the overview");
    assert_eq!((done.active_workflows, done.completed_today), (0, 2));
}

#[tokio::test]
async fn the_list_is_narrowed_by_status_and_text() {
    let squad = Squad::new().await;
    let web = backend(&squad, Method::POST).await;
    let id = web.import(WORKFLOW.into()).await.expect("a workflow");
    web.import("name: Other\ntasks: [{key: a}]".into()).await.expect("a workflow");
    let list = async |status, text: &str, page| {
        let filter = WorkflowFilter { status, text: Some(text.to_owned()), page };
        let page = web.workflows(filter).await.expect("a page");
        (page.workflows.into_iter().map(|line| line.name).collect::<Vec<_>>(), page.total)
    };
    assert_eq!(list(None, "", 0).await.1, 2);
    assert_eq!(list(None, "50%", 0).await.0, ["Release 50% off"]);
    assert_eq!(list(None, "5_%", 0).await.1, 0);
    web.perform(Command::CancelWorkflow { workflow: id, reason: "no more".into() }).await.expect("cancelled");
    assert_eq!(list(Some(WorkflowStatus::Cancelled), "", 0).await.0, ["Release 50% off"]);
    assert_eq!(list(None, "", u32::MAX).await.0, [""; 0]);
    let missing = web.workflow(WorkflowId(uuid::Uuid::nil())).await;
    assert!(missing.is_err_and(|failure| failure.is_not_found()));
}

#[tokio::test]
async fn reading_a_page_changes_nothing() {
    let squad = Squad::new().await;
    let reading = backend(&squad, Method::GET).await;
    let refused = |result: Result<(), Failure>| matches!(result, Err(Failure::Unavailable { .. }));
    assert!(refused(reading.finish_welcome(None).await));
    assert!(refused(reading.finish_welcome(Some("x".into())).await));
    assert!(refused(reading.import(WORKFLOW.into()).await.map(|_| ())));
    assert!(refused(reading.add_agent("a".into(), String::new(), 1).await.map(|_| ())));
    assert!(refused(reading.invite("nora@example.org".into(), Role::Viewer).await.map(|_| ())));
    assert!(reading.dashboard().await.is_ok());
}

#[tokio::test]
async fn who_is_signed_out_gets_nothing() {
    let squad = Squad::new().await;
    let nobody = WebBackend::of_request(squad.app.clone(), &parts(Method::POST, Visitor(None)));
    let id = WorkflowId(uuid::Uuid::nil());
    assert_eq!(nobody.session(), None);
    assert_eq!(nobody.dashboard().await, Err(Failure::SignedOut));
    assert_eq!(nobody.workflow(id).await, Err(Failure::SignedOut));
    assert_eq!(nobody.workflows(WorkflowFilter::default()).await, Err(Failure::SignedOut));
    assert_eq!(nobody.agents().await, Err(Failure::SignedOut));
    assert_eq!(nobody.needs().await, Err(Failure::SignedOut));
    assert_eq!(nobody.count_needs().await, Err(Failure::SignedOut));
    assert_eq!(nobody.conflicts().await, Err(Failure::SignedOut));
    assert_eq!(nobody.templates().await, Err(Failure::SignedOut));
    assert_eq!(nobody.people().await, Err(Failure::SignedOut));
    assert_eq!(nobody.invitations().await, Err(Failure::SignedOut));
    assert_eq!(nobody.import(WORKFLOW.into()).await, Err(Failure::SignedOut));
    assert_eq!(nobody.finish_welcome(None).await, Err(Failure::SignedOut));
    assert!(nobody.perform(Command::Tick).await.is_err());
}

#[tokio::test]
async fn the_mission_is_launched_on_a_repository_and_refused_elsewhere() {
    let squad = Squad::new().await;
    let web = backend(&squad, Method::POST).await;
    let launch = async |path: &str| {
        let parameters = BTreeMap::from([("path".to_owned(), json!(path))]);
        web.launch("project-health-check".into(), parameters).await
    };
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().to_str().expect("text");
    let Err(Failure::Refused { faults, .. }) = launch(path).await else { panic!("not refused") };
    assert_eq!(faults[0].pointer, "/parameters/path");
    assert!(std::process::Command::new("git").args(["init", "-q", path]).status().expect("git").success());
    let id = launch(path).await.expect("launched");
    let view = web.workflow(id).await.expect("the workflow");
    assert_eq!(view.tasks[0].status, TaskStatus::Ready);
    assert_eq!(view.parameters.len(), 2);
    assert!(launch("").await.is_err());
    assert!(web.launch("ghost".into(), BTreeMap::new()).await.is_err_and(|failure| failure.is_not_found()));
}

#[tokio::test]
async fn the_wizard_names_the_project_and_ends() {
    let squad = Squad::new().await;
    let web = backend(&squad, Method::POST).await;
    let session = web.session().expect("signed in");
    assert_eq!(
        (session.organization.as_str(), session.project_name.as_str(), session.welcomed),
        ("My squad", "My project", false)
    );
    web.finish_welcome(Some("Moonshot".into())).await.expect("finished");
    let session = backend(&squad, Method::GET).await.session().expect("signed in");
    assert_eq!((session.project_name.as_str(), session.welcomed), ("Moonshot", true));
    let link = web.invite("nora@example.org".into(), Role::Admin).await.expect("a link");
    assert!(link.starts_with("http://127.0.0.1:3000/invite/"), "{link}");
    assert_eq!(web.invitations().await.expect("a list")[0].email, "nora@example.org");
    assert_eq!(web.people().await.expect("people")[0].role, Role::Owner);
    assert!(web.invite("nora".into(), Role::Admin).await.is_err());
}
