//! Signing in, staying in, getting out.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use devsquad::Role;
use http_body_util::BodyExt as _;
use tokio::time::timeout;
use tower::ServiceExt as _;

use super::browser::Squad;
use crate::clock;
use crate::store::Tenant;
use crate::store::identity::Secret;
use crate::store::identity::people;
use crate::store::identity::sessions::{SESSION_AGE_MAX, SESSION_IDLE_MAX};
use crate::web::first_run;

const PASSWORD: &str = "purple tractors hum at dawn";

#[tokio::test]
async fn the_link_signs_in_once_and_whoever_looks_ahead_does_not_use_it_up() {
    let squad = Squad::new().await;
    let link = squad.link().await;
    let mut browser = squad.browser();
    assert_eq!(browser.send(Method::HEAD, &link, &[], "").await.status, StatusCode::OK);
    let ahead = browser.send(Method::GET, &link, &[("sec-purpose", "prefetch;prerender")], "").await;
    assert!(ahead.status == StatusCode::OK && ahead.body.contains("<form method=\"post\">"), "{}", ahead.body);
    assert_eq!(browser.cookie, None);

    let opened = browser.post(&link, "").await;
    assert_eq!((opened.status, opened.location()), (StatusCode::SEE_OTHER, "/welcome"));
    assert_eq!(opened.header("cache-control"), "no-store");
    let again = browser.get(&link).await;
    assert_eq!(again.location(), "/orchestration", "its owner is let in");
    let mut stranger = squad.browser();
    assert_eq!(stranger.get(&link).await.status, StatusCode::GONE);
    assert_eq!(stranger.cookie, None);
    assert_eq!(stranger.get("/open/nonsense").await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_page_asks_who_is_not_signed_in_to_sign_in_and_then_leads_back() {
    let squad = Squad::new().await;
    let mut browser = squad.browser();
    let asked = browser.get("/orchestration?x=1").await;
    assert_eq!((asked.status, asked.location()), (StatusCode::SEE_OTHER, "/signin?next=/orchestration%3Fx%3D1"));
    assert_eq!(browser.get("/signin").await.status, StatusCode::OK);
    let mut owner = squad.owner().await;
    assert_eq!(owner.get("/orchestration").await.status, StatusCode::OK);
    let out = owner.post("/signout", "").await;
    assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/signin"));
    assert_eq!(owner.cookie, None);
    assert_eq!(owner.get("/orchestration").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn signing_out_counts_for_who_kept_the_cookie_too() {
    let squad = Squad::new().await;
    let mut owner = squad.owner().await;
    let kept = owner.cookie.clone();
    owner.post("/signout", "").await;
    owner.cookie = kept;
    assert_eq!(owner.get("/orchestration").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn a_password_signs_in_and_a_wrong_one_sounds_like_an_unknown_person() {
    let squad = Squad::new().await;
    assert!(!first_run::may_leave_loopback(&squad.database).await.expect("known"));
    let mut owner = squad.owner().await;
    let weak = owner.post("/password", "password=password1234&next=/settings").await;
    assert_eq!(weak.location(), "/settings?error=password");
    let before = owner.cookie.clone();
    let changed = owner.post("/password", &format!("password={}&next=/settings", PASSWORD.replace(' ', "+"))).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER);
    assert_ne!(owner.cookie, before, "a new secret with a new password");
    assert!(first_run::may_leave_loopback(&squad.database).await.expect("known"));
    owner.cookie = before;
    assert_eq!(owner.get("/orchestration").await.status, StatusCode::SEE_OTHER, "other browsers are signed out");

    let mut browser = squad.browser();
    let wrong = browser.post("/signin", "email=owner@localhost&password=wrong&next=/orchestration/agents").await;
    let unknown = browser.post("/signin", "email=nobody@localhost&password=wrong&next=/orchestration/agents").await;
    assert_eq!(wrong.location(), "/signin?error=credentials&next=/orchestration/agents");
    assert_eq!((wrong.status, wrong.location(), &wrong.body), (unknown.status, unknown.location(), &unknown.body));
    let right = format!("email=Owner@Localhost&password={}", PASSWORD.replace(' ', "+"));
    assert_eq!(browser.post("/signin", &right).await.location(), "/welcome");
    assert!(browser.cookie.is_some());
    let mut other = squad.browser();
    other.post("/signin", "email=a&password=b").await;
    assert_eq!(other.post("/signin", &right).await.location(), "/signin?error=slow", "three failures from one address");
    assert_eq!(other.cookie, None);
}

#[tokio::test]
async fn an_invitation_makes_a_member_once() {
    let squad = Squad::new().await;
    let owners = squad.database.owners(squad.organization).await.expect("owners");
    let tenant = Tenant::person(squad.organization.0, owners[0].0.0, Role::Owner);
    let mut tx = squad.database.begin(&tenant).await.expect("begun");
    let made =
        people::invite(&mut tx, clock::fresh_id(), "nora@example.org", Role::Reviewer, owners[0].0, clock::now()).await;
    let token = made.expect("asked").expect("made");
    tx.commit().await.expect("committed");

    let path = format!("/invite/{}", token.reveal());
    let mut nora = squad.browser();
    assert_eq!(nora.post(&path, "name=Nora&password=noranoranora").await.location(), format!("{path}?error=password"));
    let joined = nora.post(&path, &format!("name=Nora&password={}", PASSWORD.replace(' ', "+"))).await;
    assert_eq!(joined.location(), "/welcome", "{}", joined.body);
    let secret = Secret::given(nora.cookie.as_deref().and_then(|pair| pair.split('=').nth(1)).expect("a cookie"))
        .expect("a secret");
    let session = squad.database.session(&secret, clock::now()).await.expect("asked").expect("signed in");
    assert_eq!(
        (session.role, session.email.as_str(), session.name.as_str()),
        (Role::Reviewer, "nora@example.org", "Nora")
    );
    let mut other = squad.browser();
    assert_eq!(other.post(&path, "name=Eve&password=x").await.location(), format!("{path}?error=link"));
}

#[tokio::test]
async fn a_session_lasts_while_it_is_used_and_never_beyond_a_week() {
    let squad = Squad::new().await;
    let store = &squad.database;
    let owner = store.owners(squad.organization).await.expect("owners")[0].0;
    let start = clock::now();
    let token = store.start_session(owner, squad.organization, "test", start).await.expect("asked").expect("made");
    let almost = SESSION_IDLE_MAX - jiff::SignedDuration::from_secs(1);
    let mut now = start;
    while now.duration_since(start) < SESSION_AGE_MAX - SESSION_IDLE_MAX {
        now += almost;
        let session = store.session(&token, now).await.expect("asked").expect("still signed in");
        store.touch_session(&token, &session, now).await.expect("touched");
    }
    assert!(store.session(&token, start + SESSION_AGE_MAX).await.expect("asked").is_none());
    let idle = store.start_session(owner, squad.organization, "test", start).await.expect("asked").expect("made");
    assert!(store.session(&idle, start + SESSION_IDLE_MAX).await.expect("asked").is_none());
}

#[tokio::test]
async fn the_stream_says_hello_and_ends_with_the_session() {
    let squad = Squad::new().await;
    let mut stranger = squad.browser();
    assert_eq!(stranger.get("/live").await.status, StatusCode::UNAUTHORIZED);
    let mut owner = squad.owner().await;
    let request = owner.request(Method::GET, "/live?after=0", &[], "");
    let response = squad.router.clone().oneshot(request).await.expect("an answer");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut body = response.into_body();
    let first = body.frame().await.expect("a frame").expect("whole").into_data().expect("data");
    assert_eq!(&first[..], b"event: hello\ndata: {\"seq\":0}\n\n");
    owner.post("/signout", "").await;
    let end = timeout(Duration::from_secs(6), async { while let Some(Ok(_)) = body.frame().await {} }).await;
    assert!(end.is_ok(), "it still runs");
}
