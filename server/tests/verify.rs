//! What `devsquad verify` asks of the chat: each invariant is broken on purpose, and is the one that is named.

use server::chat::check::CHANNEL_TYPE;
use server::chat::wire::MessageRequest;
use server::engine::verify::{Chat, verify};
use server::store::Store;

use crate::rooms::{agent, attempt, workflow};
use crate::support::Server;
use crate::support::tables::{Tables, told, until};

use serde_json::json;

/// What breaks it, what mends it, and who says so.
struct Harm {
    named: &'static [&'static str],
    does: &'static str,
    mends: &'static str,
}

const HARMS: [Harm; 13] = [
    // A message in another channel.
    Harm {
        named: &["C1"],
        does: "UPDATE chat.messages SET channel_id = (SELECT id FROM chat.channels WHERE id LIKE 'skill-%' ORDER BY id LIMIT 1)
               WHERE custom #>> '{devsquad,kind}' = 'completion' AND parent_id IS NOT NULL",
        mends: "UPDATE chat.messages AS m SET channel_id = r.channel_id FROM chat.messages AS r WHERE r.id = m.parent_id",
    },
    // An event nobody wrote.
    Harm {
        named: &["C2"],
        does: "INSERT INTO chat.messages (id, channel_type, channel_id, user_id, type, custom, created_at, updated_at)
               SELECT 'invented', 'squad', id, 'devsquad', 'regular', jsonb_build_object('devsquad', jsonb_build_object(
                   'event_id', 'invented', 'seq', (SELECT max(seq) FROM orchestration_events))), now(), now()
               FROM chat.channels WHERE id LIKE 'workflow-%'",
        mends: "DELETE FROM chat.messages WHERE id = 'invented'",
    },
    // The end, told before the beginning.
    Harm {
        named: &["C3"],
        does: "UPDATE chat.messages SET created_at = created_at - interval '1 day' WHERE text LIKE 'The workflow is completed%'",
        mends: "UPDATE chat.messages SET created_at = created_at + interval '1 day' WHERE text LIKE 'The workflow is completed%'",
    },
    // Somebody noted who is not there.
    Harm {
        named: &["C4"],
        does: "UPDATE stream_chat_integration SET user_participants = user_participants || '[\"00000000-0000-4000-8000-000000000001\"]'
               WHERE purpose = 'workflow'",
        mends: "UPDATE stream_chat_integration SET user_participants = user_participants - '00000000-0000-4000-8000-000000000001'",
    },
    // A channel that was deleted, one without a row, a message outside its thread, a task that does not know its own.
    Harm {
        named: &["C5"],
        does: "UPDATE chat.channels SET deleted_at = now() WHERE id LIKE 'progress-%'",
        mends: "UPDATE chat.channels SET deleted_at = NULL",
    },
    Harm {
        named: &["C5"],
        does: "CREATE TEMPORARY TABLE gone AS SELECT * FROM stream_chat_integration WHERE purpose = 'progress';
               DELETE FROM stream_chat_integration WHERE purpose = 'progress'",
        mends: "INSERT INTO stream_chat_integration SELECT * FROM gone; DROP TABLE gone",
    },
    Harm {
        named: &["C5"],
        does: "UPDATE chat.messages SET parent_id = NULL, command = parent_id
               WHERE custom #>> '{devsquad,kind}' = 'assignment'",
        mends: "UPDATE chat.messages SET parent_id = command, command = NULL WHERE custom #>> '{devsquad,kind}' = 'assignment'",
    },
    Harm {
        named: &["C5"],
        does: "UPDATE workflow_tasks SET stream_chat_thread_id = 'elsewhere'",
        mends: "UPDATE workflow_tasks SET stream_chat_thread_id = 'task-' || id",
    },
    // What was done and never said, said and never done, answered twice.
    Harm {
        named: &["C6"],
        does: "UPDATE chat.reactions SET type = 'shrug' WHERE type = 'white_check_mark'",
        mends: "UPDATE chat.reactions SET type = 'white_check_mark' WHERE type = 'shrug'",
    },
    Harm {
        named: &["C6"],
        does: "UPDATE idempotency_keys SET key = 'x' || key WHERE key LIKE 'chat %'",
        mends: "UPDATE idempotency_keys SET key = substr(key, 2) WHERE key LIKE 'xchat %'",
    },
    Harm {
        named: &["C6"],
        does: "INSERT INTO chat.messages (id, channel_type, channel_id, user_id, type, custom, created_at, updated_at)
               SELECT 'again', channel_type, channel_id, user_id, 'regular', custom, now(), now()
               FROM chat.messages WHERE custom #>> '{devsquad,kind}' = 'reply'",
        mends: "DELETE FROM chat.messages WHERE id = 'again'",
    },
    // What nobody asked for, and what somebody else said.
    Harm {
        named: &["C7"],
        does: "UPDATE chat_inbox SET received_at = received_at + interval '1 hour'",
        mends: "UPDATE chat_inbox SET received_at = received_at - interval '1 hour'",
    },
    Harm {
        named: &["C7"],
        does: "UPDATE chat.messages SET user_id = 'devsquad', command = user_id WHERE text = '/priority high'",
        mends: "UPDATE chat.messages SET user_id = command, command = NULL WHERE text = '/priority high'",
    },
];

/// What does not hold.
async fn broken(store: &Store) -> Vec<String> {
    let report = verify(store, Chat::Ours).await.expect("asked");
    report.invariants.into_iter().filter(|(_, finding)| finding.violations > 0).map(|(name, _)| name).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_on_purpose_is_named() {
    let mut server = Server::start().await;
    let chat = server.chat();
    let mut tables = Tables::of(&server).await;
    let (_, token) = agent(&server, "ada", &["shop"]).await;
    let tasks = json!([{"key": "sell", "name": "Sell", "skills": [{"skill": "shop"}]}]);
    let shop = format!("workflow-{}", workflow(&server, json!({"name": "Shop", "tasks": tasks})).await);
    told(&mut tables).await;
    let owner = tables.text("SELECT 'person-' || user_id FROM memberships").await;
    for words in ["/priority high", "/status"] {
        chat.send_message(CHANNEL_TYPE, &shop, &MessageRequest::text(owner.as_str(), words)).await.expect("said");
    }
    until("both are done", async || {
        let done = tables.text("SELECT count(*)::text FROM chat_inbox WHERE outcome IN ('done', 'told')").await;
        (done == "2").then_some(())
    })
    .await;
    attempt(&server, &token, "complete", json!({"fence": 1, "output": 1})).await;
    told(&mut tables).await;
    // Nobody mends it in the meantime.
    server.kill();
    let store = server.store().await;
    assert_eq!(broken(&store).await, Vec::<String>::new());
    for Harm { named, does, mends } in HARMS {
        tables.change(does).await;
        assert_eq!(broken(&store).await, named, "{does}");
        tables.change(mends).await;
        assert_eq!(broken(&store).await, Vec::<String>::new(), "{mends}");
    }
    store.close().await;
}
