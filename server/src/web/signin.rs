//! Signing in and out: by a link, by a password, by an invitation. Plain forms, answered by a redirect, so that they work without a
//! script; what went wrong stands in the address as one of a few known words (`?error=wrong`), never as a sentence.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::Router;
use axum::extract::{Form, FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use devsquad::id::{OrganizationId, UserId};
use devsquad::text;
use devsquad::workflow::definition::NAME_MAX;
use serde::Deserialize;

use super::App;
use super::notice::{Way, page};
use super::session::{self, Visitor, next_page, query_value};
use super::{limits, password};
use crate::clock;
use crate::store::identity::Secret;

/// Characters of an address.
const EMAIL_CHARS_MAX: usize = 320;

/// The routes.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/open/{token}", get(open).post(open))
        .route("/signin", post(sign_in))
        .route("/signout", post(sign_out))
        .route("/invite/{token}", post(accept))
        .route("/password", post(change_password))
}

/// What went wrong, as a word in the address.
#[derive(Clone, Copy)]
enum Trouble {
    /// Address or password is wrong; which of them is not said.
    Wrong,
    /// Too many attempts: in a while.
    Wait,
    /// Too much to do: in a moment.
    Busy,
    /// The password is too short or too common.
    Weak,
    /// The name is missing or too long.
    Name,
    /// The link or invitation is no longer good.
    Gone,
    /// There is an account with that address, and this is not its password.
    Taken,
}

impl Trouble {
    fn word(self) -> &'static str {
        match self {
            Trouble::Wrong => "credentials",
            Trouble::Wait => "slow",
            Trouble::Busy => "busy",
            Trouble::Weak => "password",
            Trouble::Name => "name",
            Trouble::Gone => "link",
            Trouble::Taken => "taken",
        }
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        tracing::error!(%error, "somebody could not sign in");
        Trouble::Busy
    }
}

impl From<password::Busy> for Trouble {
    fn from(_: password::Busy) -> Self {
        Trouble::Busy
    }
}

/// What is known of the sender of a form.
struct Sender {
    address: IpAddr,
    https: bool,
    visitor: Visitor,
    headers: HeaderMap,
}

impl FromRequestParts<App> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        Ok(Self {
            address: limits::caller(parts, &app.settings().trusted_proxies),
            https: session::is_https(&parts.extensions),
            visitor: parts.extensions.get::<Visitor>().cloned().unwrap_or_default(),
            headers: parts.headers.clone(),
        })
    }
}

/// A link from the terminal. It works once; so whoever only looks ahead (a prefetching browser, a preview) gets a page with a button.
async fn open(State(app): State<App>, Path(token): Path<String>, method: Method, sender: Sender) -> Response {
    if method == Method::HEAD || looks_ahead(&sender.headers) {
        let sentence = "This link signs you in. It works once.";
        return page(&app, StatusCode::OK, "Open your squad", sentence, Way::Button("Open"));
    }
    let taken = match Secret::given(&token) {
        Some(token) => app.store.take_sign_in_link(&token, clock::now()).await,
        None => Ok(None),
    };
    match taken {
        Ok(Some((user, organization))) => {
            let signed_in = begin(&app, user, organization, &sender, None).await;
            signed_in.unwrap_or_else(|trouble| sign_in_again(trouble, None))
        }
        // The link again, in the browser it was good for: its owner wants in.
        Ok(None) if sender.visitor.0.is_some() => Redirect::to("/orchestration").into_response(),
        Ok(None) => {
            let sentence =
                "It was used before, or is older than a quarter of an hour. `devsquad link` makes a new one.";
            let way = Way::Link("/signin", "Sign in with a password");
            page(&app, StatusCode::GONE, "This link is no longer good", sentence, way)
        }
        Err(error) => sign_in_again(error.into(), None),
    }
}

fn looks_ahead(headers: &HeaderMap) -> bool {
    ["sec-purpose", "purpose", "x-moz", "x-purpose"].into_iter().any(|name| {
        let said = headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        said.contains("prefetch") || said.contains("preview") || said.contains("prerender")
    })
}

/// Starts a session, with a new secret whatever the browser had, and sends the browser where it wanted to go.
async fn begin(
    app: &App,
    user: UserId,
    organization: OrganizationId,
    sender: &Sender,
    next: Option<&str>,
) -> Result<Response, Trouble> {
    let agent = sender.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let token = app.store.start_session(user, organization, agent, clock::now()).await?.ok_or(Trouble::Wrong)?;
    if let Some(old) = session::token(&sender.headers, sender.https) {
        app.store.end_session(&old).await?;
    }
    let who = session::find(app, token).await?.ok_or(Trouble::Wrong)?;
    tracing::info!(user.id = %user, "signed in");
    let to = if who.view.welcomed { next_page(next) } else { "/welcome" };
    let mut response = Redirect::to(to).into_response();
    session::set(&mut response, &who.token, sender.https);
    Ok(response)
}

#[derive(Deserialize)]
struct SignIn {
    email: String,
    password: String,
    next: Option<String>,
}

async fn sign_in(State(app): State<App>, sender: Sender, Form(form): Form<SignIn>) -> Response {
    let next = form.next.clone();
    with_password(&app, &sender, form).await.unwrap_or_else(|trouble| sign_in_again(trouble, next.as_deref()))
}

async fn with_password(app: &App, sender: &Sender, form: SignIn) -> Result<Response, Trouble> {
    let email: String = form.email.trim().to_lowercase().chars().filter(|c| *c != '\0').take(EMAIL_CHARS_MAX).collect();
    app.limits().sign_in.take(sender.address).map_err(|_| Trouble::Wait)?;
    app.limits().account.take(email.clone()).map_err(|_| Trouble::Wait)?;
    // Whether or not there is such an account, a password is hashed and the same word comes back.
    let account = app.store.user_by_email(&email).await?.filter(|account| !account.disabled);
    let hash = account.as_ref().and_then(|account| account.password_hash.clone());
    if form.password.len() > password::PASSWORD_BYTES_MAX || !app.passwords.verify(form.password, hash).await? {
        tracing::warn!(client.address = %sender.address, "a sign-in failed");
        return Err(Trouble::Wrong);
    }
    let account = account.ok_or(Trouble::Wrong)?;
    let organization = app.store.memberships(account.id).await?.first().copied().ok_or(Trouble::Wrong)?;
    app.limits().sign_in.give_back(&sender.address);
    begin(app, account.id, organization, sender, form.next.as_deref()).await
}

fn sign_in_again(trouble: Trouble, next: Option<&str>) -> Response {
    let next = next.map(|next| format!("&next={}", query_value(next_page(Some(next))))).unwrap_or_default();
    Redirect::to(&format!("/signin?error={}{next}", trouble.word())).into_response()
}

async fn sign_out(State(app): State<App>, sender: Sender) -> Response {
    if let Some(token) = session::token(&sender.headers, sender.https)
        && let Err(error) = app.store.end_session(&token).await
    {
        tracing::error!(%error, "a session could not be ended");
        return sign_in_again(Trouble::Busy, None);
    }
    let mut response = Redirect::to("/signin").into_response();
    session::clear(&mut response, sender.https);
    response
}

#[derive(Deserialize)]
struct Acceptance {
    #[serde(default)]
    name: String,
    password: String,
}

async fn accept(
    State(app): State<App>,
    Path(token): Path<String>,
    sender: Sender,
    Form(form): Form<Acceptance>,
) -> Response {
    let joined = match Secret::given(&token) {
        Some(secret) => join(&app, &secret, &sender, form).await,
        None => Err(Trouble::Gone),
    };
    let back = |trouble: Trouble| format!("/invite/{}?error={}", query_value(&token), trouble.word());
    joined.unwrap_or_else(|trouble| Redirect::to(&back(trouble)).into_response())
}

async fn join(app: &App, token: &Secret, sender: &Sender, form: Acceptance) -> Result<Response, Trouble> {
    app.limits().registration.take(sender.address).map_err(|_| Trouble::Wait)?;
    let invitation = app.store.invitation(token, clock::now()).await?.ok_or(Trouble::Gone)?;
    let user = match app.store.user_by_email(&invitation.email).await? {
        // Who has an account shows that it is theirs.
        Some(account) => {
            if account.disabled || !app.passwords.verify(form.password, account.password_hash).await? {
                return Err(Trouble::Taken);
            }
            account.id
        }
        None => register(app, &invitation.email, sender, form).await?,
    };
    let organization = app.store.accept_invitation(token, user, clock::now()).await?.ok_or(Trouble::Gone)?;
    app.limits().registration.give_back(&sender.address);
    begin(app, user, organization, sender, None).await
}

/// An account for who was invited.
async fn register(app: &App, email: &str, sender: &Sender, form: Acceptance) -> Result<UserId, Trouble> {
    // A mistake in the form is no attempt.
    let mistake = |trouble| {
        app.limits().registration.give_back(&sender.address);
        trouble
    };
    let name = text::line(&form.name, NAME_MAX).map_err(|_| mistake(Trouble::Name))?;
    if password::fault(&form.password, &known_words(email, &name)).is_some() {
        return Err(mistake(Trouble::Weak));
    }
    let hash = app.passwords.hash(form.password).await?;
    let user = UserId(clock::fresh_id());
    let made = app.store.create_user(user, email, &name, Some(&hash), clock::now()).await?;
    if made { Ok(user) } else { Err(Trouble::Busy) }
}

/// What an attacker who knows the person would try first.
fn known_words<'a>(email: &'a str, name: &'a str) -> Vec<&'a str> {
    email.split(['@', '.']).chain(name.split_whitespace()).collect()
}

#[derive(Deserialize)]
struct NewPassword {
    #[serde(default)]
    current: String,
    password: String,
    next: Option<String>,
}

/// A new password signs the person out of every other browser.
async fn change_password(State(app): State<App>, sender: Sender, Form(form): Form<NewPassword>) -> Response {
    let next = next_page(form.next.as_deref()).to_owned();
    let at = |word: &str| format!("{next}{}{word}", if next.contains('?') { '&' } else { '?' });
    match replace_password(&app, &sender, form).await {
        Ok(mut response) => {
            if let Ok(to) = at("done=password").parse() {
                response.headers_mut().insert(header::LOCATION, to);
            }
            response
        }
        Err(trouble) => Redirect::to(&at(&format!("error={}", trouble.word()))).into_response(),
    }
}

async fn replace_password(app: &App, sender: &Sender, form: NewPassword) -> Result<Response, Trouble> {
    let who = sender.visitor.0.as_ref().ok_or(Trouble::Wrong)?;
    let signed_in = &who.signed_in;
    app.limits().account.take(signed_in.email.to_lowercase()).map_err(|_| Trouble::Wait)?;
    let account = app.store.user_by_email(&signed_in.email).await?.ok_or(Trouble::Wrong)?;
    // Who came by a link and has no password yet has nothing to prove.
    if account.password_hash.is_some() && !app.passwords.verify(form.current, account.password_hash).await? {
        return Err(Trouble::Wrong);
    }
    if password::fault(&form.password, &known_words(&signed_in.email, &signed_in.name)).is_some() {
        return Err(Trouble::Weak);
    }
    let hash = app.passwords.hash(form.password).await?;
    app.store.set_password(signed_in.user, &hash).await?;
    app.store.end_sessions_of(signed_in.user).await?;
    tracing::info!(user.id = %signed_in.user, "a password was changed");
    begin(app, signed_in.user, signed_in.organization, sender, form.next.as_deref()).await
}
