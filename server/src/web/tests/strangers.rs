//! Requests from where they should not come.

use axum::http::{Method, StatusCode};
use leptos::server_fn;

use super::browser::{OWN, Squad};

/// Every form and server function there is.
fn doors() -> Vec<(String, Method)> {
    let own = ["/signin", "/signout", "/password", "/open/x", "/invite/x"].map(|path| (path.to_owned(), Method::POST));
    let functions = server_fn::axum::server_fn_paths().map(|(path, method)| (path.to_owned(), method));
    own.into_iter().chain(functions.filter(|(_, method)| !method.is_safe())).collect()
}

#[tokio::test]
async fn nothing_is_changed_from_another_site_whatever_the_door() {
    let squad = Squad::new().await;
    let mut owner = squad.owner().await;
    assert!(doors().len() > 6, "the server functions are there");
    let elsewhere = [
        None,
        Some("null"),
        Some("https://evil.example"),
        Some("http://evil.127.0.0.1:3000"),
        Some("http://127.0.0.1:3001"),
        Some("http://127.0.0.1"),
        Some("https://127.0.0.1:3000"),
        Some("http://127.0.0.1:3000.evil.example"),
        Some("http://localhost:3000"),
        Some(""),
    ];
    for (path, method) in doors() {
        for origin in elsewhere {
            owner.origin = origin.map(str::to_owned);
            let answer =
                owner.send(method.clone(), &path, &[("content-type", "application/x-www-form-urlencoded")], "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} from {origin:?}");
            assert_eq!(answer.header("content-type"), "application/problem+json");
        }
        for site in ["cross-site", "same-site", "none"] {
            owner.origin = Some(OWN.to_owned());
            let answer = owner.send(method.clone(), &path, &[("sec-fetch-site", site)], "").await;
            assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} by {site}");
        }
        owner.origin = Some(OWN.to_owned());
        let answer =
            owner.send(method.clone(), &path, &[("content-type", "application/x-www-form-urlencoded")], "").await;
        assert_ne!(answer.status, StatusCode::FORBIDDEN, "{path} from our own page");
        owner = squad.owner().await;
    }
}

#[tokio::test]
async fn a_bearer_token_has_no_cookie() {
    let squad = Squad::new().await;
    let mut owner = squad.owner().await;
    owner.origin = None;
    let answer = owner.send(Method::POST, "/signout", &[("authorization", "Bearer dsq_person_x")], "").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    owner.origin = Some(OWN.to_owned());
    assert_eq!(owner.get("/orchestration").await.status, StatusCode::SEE_OTHER, "the browser forgot it");
    let mut owner = squad.owner().await;
    let kept = owner.cookie.clone();
    owner.send(Method::POST, "/signout", &[("authorization", "bearer x")], "").await;
    owner.cookie = kept;
    assert_eq!(owner.get("/orchestration").await.status, StatusCode::OK, "the session was out of its reach");
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_not_answered() {
    let squad = Squad::at(Some("https://squad.example")).await;
    let mut browser = squad.browser();
    for rebound in ["evil.example", "evil.example:3000", "127.0.0.1.evil.example", "squad.example.evil.example"] {
        browser.host = rebound.to_owned();
        assert_eq!(browser.get("/signin").await.status, StatusCode::MISDIRECTED_REQUEST, "{rebound}");
    }
    for own in ["127.0.0.1:3000", "localhost:3000", "[::1]:3000", "squad.example"] {
        browser.host = own.to_owned();
        assert_eq!(browser.get("/signin").await.status, StatusCode::OK, "{own}");
    }
}

#[tokio::test]
async fn over_https_the_cookie_is_bound_to_the_host() {
    let squad = Squad::at(Some("https://squad.example")).await;
    let mut browser = squad.browser();
    browser.host = "squad.example".to_owned();
    let opened = browser.get(&squad.link().await).await;
    let cookie = opened.header("set-cookie");
    assert!(cookie.starts_with("__Host-devsquad=") && cookie.contains("; Secure"), "{cookie}");
    assert!(opened.header("strict-transport-security").contains("max-age=31536000"));
    browser.origin = Some("https://squad.example".to_owned());
    assert_eq!(browser.get("/orchestration").await.status, StatusCode::OK);
    assert_eq!(browser.post("/signout", "").await.location(), "/signin");
}

#[tokio::test]
async fn the_stream_is_not_opened_from_another_site() {
    let squad = Squad::new().await;
    let mut owner = squad.owner().await;
    for extra in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site")]
    {
        assert_eq!(owner.send(Method::GET, "/live", &[extra], "").await.status, StatusCode::FORBIDDEN, "{extra:?}");
    }
}
