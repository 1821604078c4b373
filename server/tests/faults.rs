//! The chat is away, or bad, while the squad works: nothing waits for it, and afterwards each channel tells everything, once and in
//! order.

use std::time::Duration;

use serde_json::json;
use server::chat::check::CHANNEL_TYPE;
use server::chat::client::Client;
use server::chat::wire::{Custom, Message, Query};

use crate::messenger::{due, kind, said};
use crate::support::agents::Agents;
use crate::support::tables::{self, Tables};
use crate::support::{Server, layered};

/// Another seed deals other faults; a failing story can be told again.
const SEED: u64 = 20_261_128;
const AGENTS: usize = 4;
/// How many looks, a fifth of a second apart, a workflow or the chat has time for: two and a half minutes on a machine full of others.
const LOOKS_MAX: usize = 750;
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Begins `count` workflows of `layers` × `width` tasks; gives their ids.
async fn begin(server: &Server, count: u64, layers: u64, width: u64) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..count {
        let made =
            server.ask("POST", "/workflows", Some(layered(&format!("story {n}"), layers, width, SEED + n))).await;
        ids.push(made["id"].as_str().expect("an id").to_owned());
    }
    ids
}

/// Waits until the engine has brought them all to their end.
async fn all_done(server: &Server, workflows: &[String]) {
    for id in workflows {
        let mut looks = 0..LOOKS_MAX;
        while server.ask("GET", &format!("/workflows/{id}"), None).await["status"] != "completed" {
            assert!(looks.next().is_some(), "workflow {id} does not end\n{}", server.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Waits until the messenger has told the journal to its end.
async fn all_told(server: &Server, chat: &Client, workflows: &[String]) {
    for id in workflows {
        let wanted = due(server, id).await.len();
        let mut looks = 0..LOOKS_MAX;
        while !is_there(chat, id).await || told(&said(chat, id).await).len() < wanted {
            assert!(looks.next().is_some(), "the chat does not hear of workflow {id}\n{}", server.log());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// Whether a workflow has a channel; it is not made by asking.
async fn is_there(chat: &Client, id: &str) -> bool {
    let cid = json!(format!("{CHANNEL_TYPE}:workflow-{id}"));
    let query = Query { filter_conditions: Custom::from_iter([("cid".to_owned(), cid)]), ..Query::default() };
    !chat.query_channels(&query).await.expect("channels").is_empty()
}

/// What a channel tells, in the order it was written there; the roots of threads are no events.
fn told(all: &[Message]) -> Vec<String> {
    let mut told: Vec<&Message> = all.iter().filter(|message| kind(message) != "thread").collect();
    told.sort_by_key(|message| message.created_at);
    told.into_iter().map(|message| message.id.clone()).collect()
}

/// Each workflow's channel tells what is due and nothing else, once and in the order of the journal, with one thread for each task.
async fn expect_the_whole_story(server: &Server, chat: &Client, workflows: &[String], tasks: usize) {
    for id in workflows {
        let all = said(chat, id).await;
        assert_eq!(told(&all), due(server, id).await, "every event once, in its order");
        let mut roots: Vec<&str> =
            all.iter().filter(|message| kind(message) == "thread").map(|root| root.id.as_str()).collect();
        roots.sort_unstable();
        roots.dedup();
        assert_eq!(roots.len(), tasks, "one thread for each task");
        assert_eq!(all.len(), roots.len() + told(&all).len(), "and no root twice");
    }
    let report = server.verify_with_chat().await;
    assert_eq!(report.dead_letters, 0, "{report:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_workflows_run_while_the_chat_is_away_and_it_hears_all_of_it_afterwards() {
    let (server, mut line) = Server::start_with_line(SEED).await;
    let chat = server.chat();
    let agents = Agents::start(&server, AGENTS, SEED).await;
    // The chat goes in the middle of the first ones.
    let mut workflows = begin(&server, 10, 2, 2).await;
    line.cut().await;
    workflows.extend(begin(&server, 10, 2, 2).await);
    all_done(&server, &workflows).await;
    agents.end().await;

    for id in &workflows[10..] {
        assert!(!is_there(&chat, id).await, "it cannot have heard of those that began while it was away");
    }
    line.mend().await;
    all_told(&server, &chat, &workflows).await;
    expect_the_whole_story(&server, &chat, &workflows, 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_that_fails_refuses_and_dawdles_hears_everything_once_and_in_order() {
    let (server, line) = Server::start_with_line(SEED).await;
    line.set_bad(true);
    let chat = server.chat();
    let agents = Agents::start(&server, AGENTS, SEED).await;
    let workflows = begin(&server, 4, 2, 2).await;
    all_done(&server, &workflows).await;
    agents.end().await;
    all_told(&server, &chat, &workflows).await;
    line.set_bad(false);
    expect_the_whole_story(&server, &chat, &workflows, 4).await;
    let (met, calls) = line.met();
    assert!(met.iter().all(|(_, times)| *times >= 3), "each fault was met: {met:?} of {calls} calls");
}

/// As a crash of PostgreSQL may have it that nobody hears of: what was noted without waiting for the disk is gone, and whoever noted it is
/// not.
#[tokio::test(flavor = "multi_thread")]
async fn a_note_of_a_thread_that_is_lost_on_its_way_to_the_disk_is_made_again() {
    let server = Server::start().await;
    let mut tables = Tables::of(&server).await;
    tables
        .change(
            "CREATE TABLE lost (task uuid PRIMARY KEY);
             CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
             BEGIN
                 INSERT INTO public.lost VALUES (new.id) ON CONFLICT DO NOTHING;
                 IF FOUND THEN new.stream_chat_thread_id := NULL; END IF;
                 RETURN new;
             END $$;
             CREATE TRIGGER lose BEFORE UPDATE OF stream_chat_thread_id ON workflow_tasks FOR EACH ROW EXECUTE FUNCTION lose()",
        )
        .await;
    let agents = Agents::start(&server, AGENTS, SEED).await;
    let workflows = begin(&server, 2, 2, 2).await;
    all_done(&server, &workflows).await;
    agents.end().await;
    tables::told(&mut tables).await;
    assert_eq!(tables.text("SELECT count(*)::text FROM lost").await, "8", "the first note of each task is lost");
    expect_the_whole_story(&server, &server.chat(), &workflows, 4).await;
}
