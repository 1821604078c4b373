//! Sends webhooks: signed, a few at a time, again if they do not arrive, and then no more.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::sync::mpsc::OwnedPermit;
use tokio::time::MissedTickBehavior;
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
/// Webhooks that wait in memory, some megabytes; those beyond are taken from the table when it is their turn.
const HELD_MAX: usize = 1_024;
/// Webhooks taken from the table at a time.
const TAKEN_MAX: usize = 64;
/// How often the table is looked at: for what is to be tried again, what a dead server wrote, and what found no room in memory.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// When a webhook whose sender died is due again.
const HELD_FOR: SignedDuration = SignedDuration::from_secs(30);
/// A webhook that is due again in less than this is left to the table: it must not be on its way twice.
const HELD_LEFT_MIN: SignedDuration = SignedDuration::from_secs(10);
/// How often it is noted what came of those sent, all in one transaction.
const SETTLE_EVERY: Duration = Duration::from_millis(100);

/// Where webhooks go once they are written.
pub type Queue = mpsc::Sender<Held>;

/// A webhook, and until when it is this server's to send.
pub struct Held {
    delivery: Delivery,
    until: Timestamp,
}

/// The way from those who write webhooks to the one who sends them.
pub fn queue() -> (Queue, mpsc::Receiver<Held>) {
    mpsc::channel(HELD_MAX)
}

/// The webhooks of one call: sent when its transaction is durable, forgotten with it.
pub struct Outgoing {
    queue: Queue,
    held: Vec<(OwnedPermit<Held>, Held)>,
}

impl Outgoing {
    /// None yet.
    pub fn new(queue: Queue) -> Self {
        Self { queue, held: Vec::new() }
    }

    /// Takes one along if there is room in memory. Gives it as it is to be written, and when others may take it from the table.
    pub fn hold(&mut self, mut delivery: Delivery, now: Timestamp) -> (Delivery, Timestamp) {
        let Ok(room) = self.queue.clone().try_reserve_owned() else { return (delivery, now) };
        let until = now + HELD_FOR;
        delivery.attempts = 1;
        self.held.push((room, Held { delivery: delivery.clone(), until }));
        (delivery, until)
    }

    /// Hands them over to be sent.
    pub fn send(self) {
        for (room, held) in self.held {
            room.send(held);
        }
    }
}

type Sent = (Delivery, Option<String>);

/// Sends what was written, until it is stopped.
pub async fn run(chat: Chat, mut written: mpsc::Receiver<Held>, stop: CancellationToken) {
    let client =
        match reqwest::Client::builder().timeout(ANSWER_WAIT_MAX).redirect(reqwest::redirect::Policy::none()).build() {
            Ok(client) => client,
            Err(error) => {
                tracing::error!(%error, "webhooks cannot be sent");
                return;
            }
        };
    let mut look = every(chat.options.retry_pause.min(LOOK_EVERY));
    let mut settling = every(SETTLE_EVERY);
    let mut taken: VecDeque<Held> = VecDeque::new();
    let mut sending = FuturesUnordered::new();
    let mut sent: Vec<Sent> = Vec::new();
    loop {
        while sending.len() < AT_ONCE_MAX
            && let Some(held) = taken.pop_front()
        {
            if held.until.duration_since(clock::now()) >= HELD_LEFT_MIN {
                sending.push(send(&chat, &client, held.delivery));
            }
        }
        tokio::select! {
            () = stop.cancelled() => break,
            Some(held) = written.recv(), if taken.is_empty() => taken.push_back(held),
            Some(one) = sending.next() => sent.push(one),
            _ = settling.tick(), if !sent.is_empty() => settle(&chat, &mut sent).await,
            _ = look.tick(), if taken.is_empty() => match take(&chat).await {
                Ok(due) => {
                    taken.extend(due);
                    if taken.len() == TAKEN_MAX {
                        look.reset_immediately();
                    }
                }
                Err(error) => tracing::debug!(%error, "webhooks cannot be looked for now"),
            },
        }
    }
    settle(&chat, &mut sent).await;
    written.close();
    taken.extend(std::iter::from_fn(|| written.try_recv().ok()));
    if let Err(error) = give_back(&chat, taken).await {
        tracing::debug!(%error, "webhooks that were not sent come later");
    }
}

/// What a server that stops has not sent is due at once for the next one.
async fn give_back(chat: &Chat, held: VecDeque<Held>) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = held.into_iter().map(|held| held.delivery.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut tx = chat.store.begin_chat_unhurried().await?;
    deliveries::put_off(&mut tx, &ids, clock::now()).await?;
    tx.commit().await
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval
}

/// What a power cut takes of this, and of what is noted afterwards, has a webhook come twice, as its receiver has to expect anyway.
async fn take(chat: &Chat) -> Result<impl Iterator<Item = Held> + use<>, sqlx::Error> {
    let mut tx = chat.store.begin_chat_unhurried().await?;
    let now = clock::now();
    let until = now + HELD_FOR;
    let taken = deliveries::take(&mut tx, now, until, TAKEN_MAX as i64).await?;
    tx.commit().await?;
    Ok(taken.into_iter().map(move |delivery| Held { delivery, until }))
}

/// Sends one; gives why it was not taken.
async fn send(chat: &Chat, client: &reqwest::Client, delivery: Delivery) -> Sent {
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

/// Notes what came of those sent: what was taken or given up is forgotten, the rest is put off. What cannot be noted comes again.
async fn settle(chat: &Chat, sent: &mut Vec<Sent>) {
    if let Err(error) = note(chat, std::mem::take(sent)).await {
        tracing::warn!(%error, "deliveries of webhooks cannot be noted; they will come again");
    }
}

async fn note(chat: &Chat, sent: Vec<Sent>) -> Result<(), sqlx::Error> {
    if sent.is_empty() {
        return Ok(());
    }
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
                deliveries::put_off(&mut tx, &[delivery.id], clock::now() + pause).await?;
            }
        }
    }
    deliveries::forget(&mut tx, &over).await?;
    tx.commit().await
}
