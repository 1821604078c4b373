//! What every answer carries, and what unknown doors answer.

use axum::http::{Method, StatusCode};

use super::browser::Squad;

#[tokio::test]
async fn a_page_allows_its_own_scripts_only() {
    let squad = Squad::new().await;
    let mut browser = squad.browser();
    let first = browser.get("/signin").await;
    let policy = first.header("content-security-policy").to_owned();
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next()).expect("a nonce");
    assert!(first.body.contains(&format!("nonce=\"{nonce}\"")), "{}", first.body);
    assert!(
        !policy.contains("unsafe-inline") && !policy.contains("unsafe-eval'") || policy.contains("'wasm-unsafe-eval'"),
        "{policy}"
    );
    assert!(
        !policy.contains("unsafe-inline")
            && policy.contains("frame-ancestors 'none'")
            && policy.contains("base-uri 'none'")
    );
    assert!(!policy.replace("'wasm-unsafe-eval'", "").contains("unsafe"), "{policy}");
    let second = browser.get("/signin").await;
    assert_ne!(second.header("content-security-policy"), policy, "a nonce is used once");
}

#[tokio::test]
async fn every_answer_carries_its_headers() {
    let squad = Squad::new().await;
    let mut owner = squad.owner().await;
    for path in [
        "/",
        "/signin",
        "/orchestration",
        "/no/such/page",
        "/api/no-such",
        "/livez",
        "/live-not",
        "/open/x",
        "/artifacts/x",
    ] {
        let answer = owner.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
        assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"), "{path}");
        assert!(!answer.header("content-security-policy").contains("unsafe-inline"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("x-request-id").len(), 32, "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "{path}: plain http knows no HSTS");
    }
}

#[tokio::test]
async fn an_unknown_door_of_the_api_answers_a_program() {
    let squad = Squad::new().await;
    let mut browser = squad.browser();
    for (method, path) in [(Method::GET, "/api/nothing"), (Method::GET, "/api"), (Method::POST, "/api/v1/nothing/here")]
    {
        let answer = browser.send(method, path, &[], "").await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::NOT_FOUND, "application/problem+json"),
            "{path}"
        );
        assert!(answer.body.contains("urn:devsquad:problem:not_found"), "{}", answer.body);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_read() {
    let squad = Squad::new().await;
    let mut browser = squad.browser();
    let answer = browser.post("/signin", &format!("email=a&password={}", "x".repeat(300 * 1_024))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn probes_answer_whatever_name_they_use() {
    let squad = Squad::new().await;
    let mut probe = squad.browser();
    probe.host = "10.1.2.3:3000".to_owned();
    assert_eq!(probe.get("/livez").await.status, StatusCode::OK);
    assert_eq!(probe.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    squad.app.ready.store(true, std::sync::atomic::Ordering::Release);
    assert_eq!(probe.get("/readyz").await.status, StatusCode::OK);
    crate::web::metrics::install();
    probe.get("/livez").await;
    let figures = probe.get("/metrics").await;
    assert!(figures.body.contains("http_request_duration_seconds_bucket"), "{}", figures.body);
}

#[tokio::test]
async fn an_unknown_page_says_so_and_an_unknown_file_too() {
    let squad = Squad::new().await;
    for mut browser in [squad.browser(), squad.owner().await] {
        let page = browser.get("/no/such/page").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{}", page.body);
        assert!(page.body.contains("no such page"), "{}", page.body);
        let file = browser.get("/pkg/no-such-file.js").await;
        assert_eq!((file.status, file.header("cache-control")), (StatusCode::NOT_FOUND, "no-store"));
    }
}
