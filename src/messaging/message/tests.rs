//! What the messages of every kind of event say, and what stands beside them.

use std::fmt::Write as _;

use serde_json::Value;

use super::*;
use crate::messaging::channel::{Letter, letters, undelivered};
use crate::messaging::samples::{self, PROJECT};

/// Bytes of what stands beside a message's text: less than half of what a chat takes, so that a client's own fields fit as well.
const ABOUT_BYTES_MAX: usize = 2 * 1024;

/// Every message of every kind of event, with the event.
fn every_letter() -> Vec<(Event, Letter)> {
    let events = samples::changes().into_iter().map(samples::event);
    let told = events.flat_map(|event| {
        letters(&event, event.change.workflow().map(|_| PROJECT), &[PROJECT])
            .into_iter()
            .map(move |letter| (event.clone(), letter))
    });
    let mut told: Vec<(Event, Letter)> = told.collect();
    let (event, letter) = told[0].clone();
    told.push((event, undelivered(&letter, PROJECT)));
    told
}

#[test]
fn an_event_of_several_tasks_is_told_in_each_thread_under_ids_of_its_own() {
    let event = samples::event(
        samples::changes().into_iter().find(|change| change.name() == "tasks_skipped").expect("the sample"),
    );
    let posts = posts(&event);
    let ids: Vec<_> = posts.iter().map(|post| post.id.clone()).collect();
    assert_eq!(ids, [event.id.to_string(), format!("{}-1", event.id)]);
    assert_eq!(posts.iter().filter_map(|post| post.about.task_id).collect::<Vec<_>>(), event.change.tasks());
    assert!(super::posts(&samples::event(Change::AgentSeen { agent: samples::AGENT })).is_empty());
}

#[test]
fn what_it_is_about_is_small_and_read_back() {
    for (_, letter) in every_letter() {
        let text = serde_json::to_string(&letter.post.about).expect("it is written");
        assert!(text.len() <= ABOUT_BYTES_MAX, "{} bytes: {text}", text.len());
        assert_eq!(serde_json::from_str::<About>(&text).expect("it is read"), letter.post.about);
    }
}

#[test]
fn every_kind_of_event_is_told_in_these_words() {
    let mut told = String::new();
    let mut last = None;
    for (event, letter) in every_letter() {
        if last.as_ref() != Some(&event) {
            writeln!(told, "\n{}", event.change.name()).expect("text");
        }
        let text = letter.text(&event, &samples::task_name, &samples::agent_name, &samples::workflow_name);
        let kind = serde_json::to_value(letter.post.about.kind).expect("a name");
        let place = if letter.post.about.task_id.is_some() && letter.post.about.original.is_none() {
            ", in a thread"
        } else {
            ""
        };
        let by = match letter.post.author {
            Author::Agent(_) => "agent",
            Author::Person(_) => "person",
            Author::System => "system",
        };
        writeln!(
            told,
            "  {} {} by {by}{place}: {text}",
            letter.channel.purpose().as_str(),
            kind.as_str().unwrap_or("?")
        )
        .expect("text");
        last = Some(event);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn every_message_keeps_the_published_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/messages.schema.json")).expect("the schema");
    let (mut compiler, mut schemas) = (boon::Compiler::new(), boon::Schemas::new());
    compiler.add_resource("messages.schema.json", schema.clone()).expect("a schema");
    let compiled = compiler.compile("messages.schema.json", &mut schemas).expect("a schema");
    let known = schema["$defs"]["about"]["properties"].as_object().expect("fields");
    let mut kinds = std::collections::BTreeSet::new();
    for (_, letter) in every_letter() {
        let about = serde_json::to_value(&letter.post.about).expect("JSON");
        schemas.validate(&about, compiled).unwrap_or_else(|fault| panic!("{about:#}\n{fault:#}"));
        for field in about.as_object().into_iter().flat_map(|about| about.keys()) {
            assert!(known.contains_key(field), "{field} is not published");
        }
        kinds.insert(about["kind"].as_str().unwrap_or_default().to_owned());
    }
    let published = schema["oneOf"].as_array().into_iter().flatten();
    let published: std::collections::BTreeSet<String> = published
        .filter_map(|one| one["$ref"].as_str()?.strip_prefix("#/$defs/"))
        .filter(|kind| !["thread", "reply", "talk"].contains(kind))
        .map(str::to_owned)
        .collect();
    assert_eq!(kinds, published, "what is published is what is said");
    for wrong in
        [r#"{"v":1,"kind":"gossip"}"#, r#"{"v":1,"kind":"milestone"}"#, r#"{"v":1,"kind":"thread","task_id":"x"}"#]
    {
        assert!(schemas.validate(&serde_json::from_str(wrong).expect("JSON"), compiled).is_err(), "{wrong}");
    }
}
