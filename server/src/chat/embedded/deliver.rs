//! Sends webhooks: signed, a few at a time, again if they do not arrive, and then no more.

use std::time::Duration;

use futures::StreamExt as _;
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::Chat;
use crate::chat::token::sign_body;
use crate::clock;
use crate::store::chat::deliveries::{self, Delivery};

/// How often a webhook is tried.
const ATTEMPTS_MAX: i32 = 3;
/// How long a receiver may take: it is expected to write it down and answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(6);
/// Webhooks on their way at the same time.
const AT_ONCE_MAX: usize = 8;
/// Webhooks taken from the table at a time.
const TAKEN_MAX: i64 = 64;
/// How often the table is looked at without being told: for what is to be tried again, and what another server wrote.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// When a webhook whose sender died is due again: longer than all taken with it can last.
const TAKEN_FOR: SignedDuration = SignedDuration::from_secs(60);

/// Sends what is due, until it is stopped.
pub async fn run(chat: Chat, stop: CancellationToken) {
    let client =
        match reqwest::Client::builder().timeout(ANSWER_WAIT_MAX).redirect(reqwest::redirect::Policy::none()).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be sent");
                return;
            }
        };
    let pause = chat.options.retry_pause.min(LOOK_EVERY);
    loop {
        let taken = tokio::select! {
            () = stop.cancelled() => return,
            taken = take(&chat) => taken,
        };
        match taken {
            Ok(taken) if !taken.is_empty() => {
                let sending: Vec<_> = taken.into_iter().map(|delivery| send(&chat, &client, delivery)).collect();
                let sent: Vec<(Delivery, Option<String>)> =
                    futures::stream::iter(sending).buffer_unordered(AT_ONCE_MAX).collect().await;
                if let Err(error) = settle(&chat, sent).await {
                    tracing::warn!(%error, "deliveries of webhooks cannot be noted; they will come again");
                }
                continue;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "webhooks cannot be looked for now"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = chat.due.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// What a power cut takes of this, and of what is noted afterwards, has a webhook come twice, as its receiver has to expect anyway.
async fn take(chat: &Chat) -> Result<Vec<Delivery>, sqlx::Error> {
    let mut tx = chat.store.begin_chat_unhurried().await?;
    let now = clock::now();
    let taken = deliveries::take(&mut tx, now, now + TAKEN_FOR, TAKEN_MAX).await?;
    tx.commit().await?;
    Ok(taken)
}

/// Sends one; gives why it was not taken.
async fn send(chat: &Chat, client: &reqwest::Client, delivery: Delivery) -> (Delivery, Option<String>) {
    let keys = &chat.options.keys;
    let sent = client
        .post(&delivery.url)
        .header("content-type", "application/json")
        .header("x-signature", sign_body(keys.secret(), delivery.body.as_bytes()))
        .header("x-api-key", &keys.api_key)
        .header("x-webhook-id", delivery.id.to_string())
        .header("x-webhook-attempt", delivery.attempts.to_string())
        .body(delivery.body.clone())
        .send()
        .await;
    let refused = match sent {
        Ok(answer) if answer.status().is_success() => None,
        Ok(answer) => Some(answer.status().to_string()),
        Err(error) => Some(error.without_url().to_string()),
    };
    (delivery, refused)
}

/// Notes what came of several: what was taken or given up is forgotten, the rest is put off.
async fn settle(chat: &Chat, sent: Vec<(Delivery, Option<String>)>) -> Result<(), sqlx::Error> {
    let mut over: Vec<Uuid> = Vec::new();
    let mut tx = chat.store.begin_chat_unhurried().await?;
    for (delivery, refused) in sent {
        match refused {
            None => over.push(delivery.id),
            Some(reason) if delivery.attempts >= ATTEMPTS_MAX => {
                tracing::warn!(reason, webhook.id = %delivery.id, "a webhook was given up");
                over.push(delivery.id);
            }
            Some(reason) => {
                tracing::debug!(reason, webhook.id = %delivery.id, "a webhook is tried again");
                let times = u32::try_from(delivery.attempts).unwrap_or(1);
                let pause = SignedDuration::try_from(chat.options.retry_pause * times).unwrap_or(SignedDuration::ZERO);
                deliveries::put_off(&mut tx, delivery.id, clock::now() + pause).await?;
            }
        }
    }
    deliveries::forget(&mut tx, &over).await?;
    tx.commit().await
}
