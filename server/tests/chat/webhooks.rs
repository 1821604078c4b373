//! What the server sends when something happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use server::chat::token;
use tokio::sync::mpsc;

use super::{Stand, code, listen};

/// A receiver of webhooks that refuses the first ones.
async fn receiver(refuses: usize) -> (String, mpsc::UnboundedReceiver<(HeaderMap, Bytes)>) {
    let (url, listener) = listen().await;
    let (tx, rx) = mpsc::unbounded_channel();
    let seen = Arc::new(AtomicUsize::new(0));
    let handler = move |headers: HeaderMap, body: Bytes| {
        let (tx, nth) = (tx.clone(), seen.fetch_add(1, Ordering::SeqCst));
        async move {
            let _ = tx.send((headers, body));
            if nth < refuses { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::OK }
        }
    };
    let router = axum::Router::new().route("/hook", axum::routing::post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("{url}/hook"), rx)
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_are_signed_and_come_again_under_the_same_id() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let (url, mut hooks) = receiver(2).await;
    stand.client.patch_app(&json!({"webhook_url": url, "webhook_events": ["message.new"]})).await.expect("set");
    stand.say("ada", "m1", "hello").await;
    let mut ids = Vec::new();
    for attempt in 1..=3 {
        let next = tokio::time::timeout(Duration::from_secs(20), hooks.recv()).await.expect("in time");
        let (headers, body) = next.expect("a webhook");
        let text = |name: &str| headers[name].to_str().expect("text").to_owned();
        assert!(token::is_signed(stand.keys.secret(), &body, &text("x-signature")));
        assert_eq!((text("x-api-key"), text("x-webhook-attempt")), (stand.keys.api_key.clone(), attempt.to_string()));
        let event: server::chat::wire::Event = serde_json::from_slice(&body).expect("an event");
        assert_eq!((event.kind.as_str(), event.cid.as_deref()), ("message.new", Some("messaging:general")));
        assert_eq!(event.message.map(|message| message.id).as_deref(), Some("m1"));
        assert_eq!(event.user.map(|user| user.id).as_deref(), Some("ada"));
        ids.push(text("x-webhook-id"));
    }
    assert!(ids.iter().all(|id| *id == ids[0]));
    stand.say("ada", "m2", "again").await;
    let (headers, _) =
        tokio::time::timeout(Duration::from_secs(20), hooks.recv()).await.expect("in time").expect("one");
    assert_ne!(headers["x-webhook-id"].to_str().expect("text"), ids[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_events_leave_no_trace_but_a_webhook() {
    let stand = Stand::new().await;
    stand.general(&["ada"]).await;
    let (url, mut hooks) = receiver(0).await;
    stand
        .client
        .patch_app(&json!({"event_hooks": [{"webhook_url": url, "event_types": ["progress"]}]}))
        .await
        .expect("set");
    let event = json!({"type": "progress", "user_id": "ada", "percent": 40});
    let sent = stand.client.send_event("messaging", "general", &event).await.expect("sent");
    assert_eq!((sent["type"].as_str(), sent["percent"].as_i64()), (Some("progress"), Some(40)));
    let (_, body) = tokio::time::timeout(Duration::from_secs(20), hooks.recv()).await.expect("in time").expect("one");
    let body: Value = serde_json::from_slice(&body).expect("json");
    assert_eq!((body["type"].as_str(), body["percent"].as_i64()), (Some("progress"), Some(40)));
    let forged =
        stand.client.send_event("messaging", "general", &json!({"type": "message.new", "user_id": "ada"})).await;
    assert_eq!(code(&forged.expect_err("the server's")), 4);
}
