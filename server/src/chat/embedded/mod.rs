//! The embedded chat server: Stream's REST dialect for one application on one machine, kept in the schema `chat`.
//!
//! A request passes the door (`door`: key, token, rate), then a handler of one noun, in one transaction (`call`). What happened is
//! written down as webhooks in that transaction and sent after it (`deliver`). All SQL is in `store/chat/`.

mod answer;
mod call;
mod channels;
mod deliver;
mod door;
mod events;
mod limits;
mod members;
mod messages;
mod permissions;
mod pins;
mod polls;
mod rates;
mod reactions;
mod reads;
mod search;
mod seed;
mod settings;
mod threads;
mod uploads;
mod users;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use tokio_util::sync::CancellationToken;

use super::keys::Keys;
use crate::store::Store;
use answer::{Fault, Outcome};

/// Calls of one kind in a minute for each user: enough for anybody at work, too little for a loop gone wild.
pub const CALLS_PER_MINUTE_MAX: u32 = 10_000;
/// The application speaks for all of its users: what a squad did while the chat was away is told in minutes, not in hours.
const APPLICATION_TIMES: u32 = 10;
/// How long a webhook waits before it is tried again, times the attempts so far.
pub const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// How it is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// The keys of its one application.
    pub keys: Keys,
    /// Where uploads are kept.
    pub uploads: PathBuf,
    /// How the world calls it, for links to uploads: `http://127.0.0.1:3000/chat`.
    pub url: String,
    /// Calls of one kind in a minute, of a user; the application has ten times as many.
    pub calls_per_minute_max: u32,
    /// How long a webhook waits before it is tried again, times the attempts so far.
    pub retry_pause: Duration,
}

/// The server. Cheap to clone.
#[derive(Clone)]
pub struct Chat {
    store: Store,
    options: Arc<Options>,
    rates: Arc<rates::Rates>,
    /// Where webhooks go once they are written.
    webhooks: deliver::Queue,
}

impl Chat {
    /// Makes the built-in channel types and roles if they are not there, and starts to send webhooks until `stop`.
    pub async fn start(store: Store, options: Options, stop: CancellationToken) -> anyhow::Result<Chat> {
        seed::seed(&store).await?;
        let rates = Arc::new(rates::Rates::new(options.calls_per_minute_max, APPLICATION_TIMES));
        let (webhooks, written) = deliver::queue();
        let chat = Chat { store, options: Arc::new(options), rates, webhooks };
        tokio::spawn(deliver::run(chat.clone(), written, stop));
        Ok(chat)
    }

    /// What it answers.
    pub fn router(&self) -> Router {
        let door = Router::new()
            .merge(of_users())
            .merge(of_channels())
            .merge(of_messages())
            .merge(of_polls())
            .merge(of_settings())
            .fallback(no_such_call)
            .layer(from_fn_with_state(self.clone(), door::pass))
            // Bodies are read by `call`, uploads by `uploads`, each with its own bound.
            .layer(DefaultBodyLimit::disable());
        door.route("/files/{id}/{name}", get(uploads::download)).with_state(self.clone())
    }
}

async fn no_such_call() -> Outcome {
    Err(Fault::missing("There is no such call."))
}

fn of_users() -> Router<Chat> {
    Router::new()
        .route("/users", get(users::query).post(users::upsert).patch(users::patch))
        .route("/users/delete", post(users::delete_many))
        .route("/users/{id}", delete(users::delete))
        .route("/users/{id}/deactivate", post(users::deactivate))
        .route("/users/{id}/reactivate", post(users::reactivate))
        .route("/unread", get(reads::unread))
        .route("/search", get(search::search))
        .route("/tasks/{id}", get(settings::task))
}

fn of_channels() -> Router<Chat> {
    Router::new()
        .route("/channels", post(channels::query))
        .route("/channels/delete", post(channels::delete_many))
        .route("/channels/read", post(reads::mark_many))
        .route("/channels/{type}/query", post(channels::get_or_create_distinct))
        .route("/channels/{type}/{id}/query", post(channels::get_or_create))
        .route("/channels/{type}/{id}", post(channels::update).patch(channels::patch).delete(channels::delete))
        .route("/channels/{type}/{id}/truncate", post(channels::truncate))
        .route("/channels/{type}/{id}/hide", post(channels::hide))
        .route("/channels/{type}/{id}/show", post(channels::show))
        .route("/channels/{type}/{id}/message", post(messages::send))
        .route("/channels/{type}/{id}/messages", get(messages::several))
        .route("/channels/{type}/{id}/event", post(reads::event))
        .route("/channels/{type}/{id}/read", post(reads::mark))
        .route("/channels/{type}/{id}/unread", post(reads::mark_unread))
        .route("/channels/{type}/{id}/member", axum::routing::patch(members::patch))
        .route("/channels/{type}/{id}/member/{user}", axum::routing::patch(members::patch_named))
        .route("/channels/{type}/{id}/file", post(uploads::file).delete(uploads::remove))
        .route("/channels/{type}/{id}/image", post(uploads::image).delete(uploads::remove))
        .route("/members", get(members::query))
}

fn of_messages() -> Router<Chat> {
    Router::new()
        .route(
            "/messages/{id}",
            get(messages::get).post(messages::update).put(messages::patch).delete(messages::delete),
        )
        .route("/messages/{id}/replies", get(messages::replies))
        .route("/messages/{id}/reaction", post(reactions::send))
        .route("/messages/{id}/reaction/{type}", delete(reactions::delete))
        .route("/messages/{id}/reactions", get(reactions::list))
        .route("/messages/{id}/polls/{poll}/vote", post(polls::cast))
        .route("/messages/{id}/polls/{poll}/vote/{vote}", delete(polls::take_back))
        .route("/threads", post(threads::query))
        .route("/threads/{id}", get(threads::get).patch(threads::patch))
}

fn of_polls() -> Router<Chat> {
    Router::new()
        .route("/polls", post(polls::create))
        .route("/polls/{poll}", get(polls::get).patch(polls::patch).delete(polls::delete))
        .route("/polls/{poll}/options", post(polls::add_option))
}

fn of_settings() -> Router<Chat> {
    Router::new()
        .route("/app", get(settings::app).patch(settings::patch_app))
        .route("/channeltypes", get(settings::types).post(settings::create_type))
        .route("/channeltypes/{name}", get(settings::get_type).put(settings::update_type).delete(settings::delete_type))
        .route("/commands", get(settings::commands).post(settings::create_command))
        .route(
            "/commands/{name}",
            get(settings::get_command).put(settings::update_command).delete(settings::delete_command),
        )
        .route("/roles", get(settings::roles).post(settings::create_role))
        .route("/roles/{name}", delete(settings::delete_role))
}
