//! A squad with a web of its own, and a browser that keeps its cookies.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use devsquad::id::OrganizationId;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::chat::client::Client;
use crate::chat::keys::Keys;
use crate::engine::Engine;
use crate::listener::Heard;
use crate::messenger;
use crate::store::testing::TestDatabase;
use crate::web::{App, Settings, first_run, router};

pub const OWN: &str = "http://127.0.0.1:3000";

/// A server on an empty database.
pub struct Squad {
    pub app: App,
    pub router: Router,
    pub organization: OrganizationId,
    // Dropped last: it ends the database.
    pub database: TestDatabase,
}

impl Squad {
    pub async fn new() -> Squad {
        Squad::at(None).await
    }

    pub async fn at(public_url: Option<&str>) -> Squad {
        // A story that fails shows what the server logged.
        let _ = tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).with_test_writer().try_init();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = TestDatabase::new().await.expect("a database");
        let organization = first_run::first_run(&database).await.expect("a first run");
        let settings = Settings {
            addr: "127.0.0.1:3000".parse().expect("an address"),
            public_url: public_url.map(str::to_owned),
            site: None,
            trusted_proxies: Vec::new(),
        };
        // Nothing answers there: stories of the chat run a whole server.
        let chat = Client::new("http://127.0.0.1:9/chat", Keys::given("key", "secret")).expect("a client");
        let engine = Engine::new(database.clone());
        let messenger = messenger::World::new(engine, database.clone(), chat.clone(), None);
        let app = App::new(messenger, chat, Heard::default(), settings).expect("an app");
        Squad { router: router(app.clone()), app, organization, database }
    }

    /// The path of a fresh link that signs the owner in.
    pub async fn link(&self) -> String {
        first_run::sign_in_link(&self.database, self.organization, "").await.expect("a link")
    }

    pub fn browser(&self) -> Browser {
        Browser {
            router: self.router.clone(),
            host: "127.0.0.1:3000".to_owned(),
            origin: Some(OWN.to_owned()),
            cookie: None,
        }
    }

    /// A browser in which the owner is signed in.
    pub async fn owner(&self) -> Browser {
        let mut browser = self.browser();
        let answer = browser.get(&self.link().await).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert!(browser.cookie.is_some(), "{answer:?}");
        browser
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub fn location(&self) -> &str {
        self.header("location")
    }
}

pub struct Browser {
    pub router: Router,
    pub host: String,
    pub origin: Option<String>,
    pub cookie: Option<String>,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Answer {
        self.send(Method::POST, path, &[("content-type", "application/x-www-form-urlencoded")], form).await
    }

    pub fn request(&self, method: Method, path: &str, extra: &[(&str, &str)], body: &str) -> Request<Body> {
        let mut request = Request::builder().method(&method).uri(path).header(header::HOST, &self.host);
        if let (Some(origin), false) = (&self.origin, method.is_safe()) {
            request = request.header(header::ORIGIN, origin);
        }
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        for (name, value) in extra {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).expect("a request")
    }

    pub async fn send(&mut self, method: Method, path: &str, extra: &[(&str, &str)], body: &str) -> Answer {
        let response = self.router.clone().oneshot(self.request(method, path, extra, body)).await.expect("an answer");
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().expect("text");
            if !set.contains("devsquad") {
                continue;
            }
            let pair = set.split(';').next().unwrap_or_default();
            self.cookie = (!set.contains("Max-Age=0")).then(|| pair.to_owned());
        }
        let body = body.collect().await.expect("a body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8_lossy(&body).into_owned() }
    }
}
