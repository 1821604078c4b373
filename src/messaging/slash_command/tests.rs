//! What is typed, and what becomes of it.

use uuid::Uuid;

use super::*;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// A build that failed, its documentation and a release that wait for a decision, and a question about the site.
fn scene() -> Scene {
    let task = |n: u128, key: &str, name: &str, status: TaskStatus| SceneTask {
        id: TaskId(id(n)),
        key: key.to_owned(),
        name: name.to_owned(),
        status,
        checkpoint: (status == TaskStatus::AwaitingApproval).then(|| CheckpointId(id(n + 100))),
        question: (status == TaskStatus::AwaitingInput).then(|| QuestionId(id(n + 200))),
        conflict: (n == 12).then(|| ConflictId(id(n + 300))),
    };
    Scene {
        workflow: WorkflowId(id(1)),
        name: "Ship it".to_owned(),
        status: WorkflowStatus::Running,
        thread: None,
        tasks: vec![
            task(10, "build", "Build", TaskStatus::DeadLetter),
            task(11, "docs", "Build docs", TaskStatus::AwaitingApproval),
            task(12, "site", "Site", TaskStatus::AwaitingInput),
        ],
        agents: vec![(AgentId(id(20)), "Ada".to_owned()), (AgentId(id(21)), "Ada Two".to_owned())],
    }
}

fn asked(text: &str, scene: &Scene) -> Result<Wish, String> {
    let (name, words) = split(text).expect("a command");
    understand(name, words, scene)
}

fn command(text: &str, scene: &Scene) -> Command {
    match asked(text, scene) {
        Ok(Wish::Perform(command)) => command,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn only_a_word_behind_the_slash_is_a_command() {
    assert_eq!(split(" /pause  for lunch "), Some(("pause", "for lunch")));
    for text in ["/usr/bin is full", "pause", "/", "// no", "and /pause"] {
        assert_eq!(split(text), None, "{text}");
    }
    assert_eq!(asked("/dance", &scene()), Err(wording::no_such_command("dance")));
}

#[test]
fn a_task_is_the_named_one_else_the_threads_else_the_only_one_that_fits() {
    let scene = scene();
    let retry = |task: u128| Command::RetryTask { workflow: scene.workflow, task: TaskId(id(task)) };
    assert_eq!(command("/retry", &scene), retry(10));
    assert_eq!(command("/retry site", &scene), retry(12));
    assert_eq!(command("/retry build docs", &scene), retry(11), "the longest name wins");
    assert_eq!(command("/retry \"Build\"", &scene), retry(10));
    let thread = Scene { thread: Some(TaskId(id(11))), ..scene.clone() };
    assert_eq!(command("/retry", &thread), retry(11));
}

#[test]
fn a_decision_takes_the_words_behind_the_task_along() {
    let scene = scene();
    let decide = |verdict, note: &str| Command::DecideCheckpoint {
        workflow: scene.workflow,
        checkpoint: CheckpointId(id(111)),
        verdict,
        note: note.to_owned(),
    };
    assert_eq!(command("/approve looks good", &scene), decide(Verdict::Approve, "looks good"));
    assert_eq!(command("/reject docs say more", &scene), decide(Verdict::Reject, "say more"));
    assert_eq!(asked("/approve build now", &scene), Err(wording::nothing_to_decide("Build")));
}

#[test]
fn where_several_fit_it_asks_which() {
    let mut scene = scene();
    scene.tasks[0].status = TaskStatus::AwaitingApproval;
    scene.tasks[0].checkpoint = Some(CheckpointId(id(110)));
    assert_eq!(asked("/approve", &scene), Err(wording::which_task("approve", &["Build", "Build docs"])));
    scene.tasks.clear();
    assert_eq!(asked("/approve", &scene), Err(wording::nothing_to("approve")));
}

#[test]
fn agents_are_named_with_or_without_an_at_and_anyone_is_nobody() {
    let scene = scene();
    let assign = |agent: Option<u128>, reason: &str| Command::AssignTask {
        workflow: scene.workflow,
        task: TaskId(id(12)),
        agent: agent.map(|n| AgentId(id(n))),
        reason: reason.to_owned(),
    };
    assert_eq!(command("/assign site @ada two knows it", &scene), assign(Some(21), "knows it"));
    assert_eq!(command("/assign site Ada", &scene), assign(Some(20), ""));
    assert_eq!(command("/assign site anyone", &scene), assign(None, ""));
    assert_eq!(asked("/assign site bob", &scene), Err(wording::which_agent(&["Ada", "Ada Two"])));
}

#[test]
fn a_reply_in_a_threads_open_question_answers_it() {
    let thread = Scene { thread: Some(TaskId(id(12))), ..scene() };
    let answer = Command::AnswerQuestion {
        workflow: thread.workflow,
        question: QuestionId(id(212)),
        text: "Use the new one.".to_owned(),
    };
    assert_eq!(reply(" Use the new one. ", &thread), Some(answer.clone()));
    assert_eq!(command("/answer Use the new one.", &thread), answer);
    assert_eq!(reply("@bob what do you think?", &thread), None);
    assert_eq!(reply("Use the new one.", &scene()), None, "outside the thread nothing was asked");
}

#[test]
fn a_person_settles_what_agents_disagree_about() {
    let scene = scene();
    let resolve = Command::ResolveConflict {
        workflow: scene.workflow,
        conflict: ConflictId(id(312)),
        text: "Both, behind a switch.".to_owned(),
    };
    assert_eq!(command("/resolve site Both, behind a switch.", &scene), resolve);
    assert_eq!(command("/resolve Both, behind a switch.", &scene), resolve, "there is only one");
    assert_eq!(asked("/resolve build Both.", &scene), Err(wording::no_conflict("Build")));
    let site = Some(TaskId(id(12)));
    let there = Scene { thread: site, ..scene }.about_conflict(site, ConflictId(id(399)));
    let Command::ResolveConflict { conflict, .. } = command("/resolve Both.", &there) else {
        panic!("another command")
    };
    assert_eq!(conflict, ConflictId(id(399)), "in its own channel");
}

#[test]
fn a_thumb_up_approves_and_a_thumb_down_asks_for_words() {
    let scene = scene();
    let checkpoint = CheckpointId(id(111));
    assert!(matches!(
        reaction("+1", checkpoint, &scene),
        Some(Wish::Perform(Command::DecideCheckpoint { verdict: Verdict::Approve, .. }))
    ));
    assert_eq!(reaction("👎", checkpoint, &scene), Some(Wish::Say(wording::rejection_needs_words())));
    assert_eq!(reaction("tada", checkpoint, &scene), None);
}

#[test]
fn every_offer_is_understood_and_named_in_the_help() {
    let scene = scene();
    for offer in OFFERS {
        let unknown = wording::no_such_command(offer.name);
        assert_ne!(understand(offer.name, "", &scene), Err(unknown), "{}", offer.name);
    }
    insta::assert_snapshot!(wording::offers(&OFFERS));
    insta::assert_snapshot!(wording::standing(&scene));
}
