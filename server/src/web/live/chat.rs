//! `/live/chat`: what is said in a channel that is open, or, without one, in which channels something is said.
//!
//! Each listener hears it as they may see it. Who falls too far behind is told to read anew (`reset`).

use std::collections::HashSet;
use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, Query, State};
use axum::response::Response;
use bytes::Bytes;
use devsquad::Role;
use devsquad::messaging::user::user_of_person;
use devsquad::view::chat::ChatNews;
use futures::FutureExt as _;
use futures::future::{Fuse, FusedFuture as _};
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_stream::wrappers::ReceiverStream;

use super::super::App;
use super::super::backend::chat::views;
use super::super::session::{Visitor, Who};
use crate::chat::wire::{Event, Message};
use crate::clock;
use crate::feed::{self, KEEP_ALIVE, RECHECK, StillAllowed};
use crate::problem::Problem;
use crate::store::pages::chat::{self, ChannelRow};
use crate::store::{Store, Tenant};

/// Lines waiting for one slow listener; beyond it the listener falls behind in the channel all share.
const LINES_MAX: usize = 64;
/// A channel that is not known may be new; our own table is asked again this often at most.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// What is listened to.
#[derive(Deserialize)]
pub struct Of {
    channel: Option<String>,
}

/// `GET /live/chat?channel=…`
pub async fn live(
    State(app): State<App>,
    Extension(visitor): Extension<Visitor>,
    Query(Of { channel }): Query<Of>,
) -> Result<Response, Problem> {
    let who = visitor.0.ok_or_else(|| Problem::unauthorized("You are signed out."))?;
    let permit = app.limits().streams.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Problem::unavailable("Too many pages are open at this server."))?;
    // Before anything is read, so that nothing falls between the two.
    let heard = app.heard.subscribe();
    let ears = Ears::new(&app, &who, channel.as_deref()).await?;
    let (sender, receiver) = mpsc::channel(LINES_MAX);
    let allowed = super::while_signed_in(&app, &who, permit);
    tokio::spawn(async move { drop(ears.run(heard, sender, allowed).await) });
    Ok(feed::as_stream(ReceiverStream::new(receiver)))
}

type Lines = mpsc::Sender<Result<Bytes, Infallible>>;

/// The listener has gone.
struct Gone;

/// One listener.
struct Ears {
    store: Store,
    tenant: Tenant,
    me: String,
    role: Role,
    /// The channel that is open; without one, those that may be.
    open: Option<ChannelRow>,
    known: HashSet<String>,
    looked: std::time::Instant,
}

impl Ears {
    async fn new(app: &App, who: &Who, channel: Option<&str>) -> Result<Ears, Problem> {
        let tenant = who.tenant();
        let mut tx = app.store.begin_read(&tenant).await?;
        let (open, known) = match channel {
            Some(id) => {
                let row = chat::channel(&mut tx, id).await?;
                (Some(row.ok_or_else(|| Problem::not_found("There is no such channel."))?), HashSet::new())
            }
            None => (None, chat::ids(&mut tx).await?),
        };
        Ok(Ears {
            store: app.store.clone(),
            me: user_of_person(who.signed_in.user),
            role: who.signed_in.role,
            looked: clock::instant(),
            tenant,
            open,
            known,
        })
    }

    async fn run(
        mut self,
        mut heard: broadcast::Receiver<Arc<Event>>,
        lines: Lines,
        still_allowed: StillAllowed,
    ) -> Result<(), Gone> {
        send(&lines, "event: hello\ndata: {}\n\n".to_owned()).await?;
        let mut keep_alive = interval_at(Instant::now() + KEEP_ALIVE, KEEP_ALIVE);
        let mut recheck = interval_at(Instant::now() + RECHECK, RECHECK);
        recheck.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asked = pin!(Fuse::terminated());
        loop {
            tokio::select! {
                () = lines.closed() => return Err(Gone),
                _ = keep_alive.tick() => send(&lines, ":\n\n".to_owned()).await?,
                // Events do not wait for the answer.
                _ = recheck.tick(), if asked.is_terminated() => asked.set(still_allowed().fuse()),
                allowed = &mut asked => if !allowed { return Ok(()) },
                event = heard.recv() => match event {
                    Ok(event) => if let Some(news) = self.news(&event).await {
                        let Ok(json) = serde_json::to_string(&news) else { continue };
                        send(&lines, format!("data: {json}\n\n")).await?;
                    },
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        send(&lines, "event: reset\ndata: {}\n\n".to_owned()).await?;
                    }
                    Err(broadcast::error::RecvError::Closed) => return Ok(()),
                },
            }
        }
    }

    /// What the listener is told of an event, if anything.
    async fn news(&mut self, event: &Event) -> Option<ChatNews> {
        let channel = event.channel_id.clone()?;
        match &self.open {
            Some(row) if row.id == channel && event.channel_type.as_ref() == Some(&row.kind) => {}
            Some(_) => return None,
            None => {
                let stirs = event.kind == "message.new" && self.knows(&channel).await;
                return stirs.then(|| ChatNews { channel, new: true, ..ChatNews::default() });
            }
        }
        let news = ChatNews { channel, ..ChatNews::default() };
        match event.kind.as_str() {
            "typing.start" | "typing.stop" => {
                let by = views::user(event.user.as_ref()?);
                let thread = event.rest.get("parent_id").and_then(|root| root.as_str()).map(str::to_owned);
                let typing = Some((by, event.kind == "typing.start"));
                let of_others = typing.as_ref().is_some_and(|(by, _)| by.id != self.me);
                of_others.then_some(ChatNews { typing, thread, ..news })
            }
            "message.deleted" if event.rest.get("hard_delete").is_some_and(|hard| hard == true) => {
                Some(ChatNews { gone: Some(event.message.as_ref()?.id.clone()), ..news })
            }
            kind if kind.starts_with("message.") || kind.starts_with("reaction.") => {
                let row = Some(self.row(event.message.clone()?).await);
                Some(ChatNews { row, new: kind == "message.new", ..news })
            }
            _ => None,
        }
    }

    /// A message, drawn for this listener. While the database is away, without the work it is about.
    async fn row(&self, message: Message) -> devsquad::view::chat::Row {
        let task = views::tag(&message).and_then(|tag| tag.task_id);
        let tasks = match task {
            Some(task) => self.tasks(task).await.unwrap_or_default(),
            None => Default::default(),
        };
        app::communication::row(&views::message(message, &tasks), &self.me, self.role)
    }

    async fn tasks(
        &self,
        task: devsquad::id::TaskId,
    ) -> Result<std::collections::HashMap<devsquad::id::TaskId, devsquad::view::chat::TaskCard>, sqlx::Error> {
        let mut tx = self.store.begin_read(&self.tenant).await?;
        chat::tasks(&mut tx, &[task]).await
    }

    async fn knows(&mut self, channel: &str) -> bool {
        if self.known.contains(channel) {
            return true;
        }
        if self.looked.elapsed() < LOOK_AGAIN_AFTER {
            return false;
        }
        self.looked = clock::instant();
        let ids = async {
            let mut tx = self.store.begin_read(&self.tenant).await?;
            chat::ids(&mut tx).await
        };
        match ids.await {
            Ok(ids) => self.known = ids,
            Err(error) => tracing::warn!(%error, "a listener's channels cannot be looked up"),
        }
        self.known.contains(channel)
    }
}

async fn send(lines: &Lines, line: String) -> Result<(), Gone> {
    lines.send(Ok(Bytes::from(line))).await.map_err(|_| Gone)
}
