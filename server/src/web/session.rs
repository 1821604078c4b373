//! Who sent a request: the cookie, and the session behind it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use devsquad::view::SessionView;

use super::App;
use super::csrf::OwnOrigin;
use super::notice::{Way, page};
use crate::clock;
use crate::store::Tenant;
use crate::store::identity::Secret;
use crate::store::identity::sessions::{SESSION_AGE_MAX, SignedIn};
use crate::store::pages;

/// Over https the name itself forbids every other site, and plain http, to set it.
const SECURE_COOKIE: &str = "__Host-devsquad";
/// `Secure` cookies are not kept by every browser for `http://127.0.0.1`.
const PLAIN_COOKIE: &str = "devsquad";
/// Pages anybody may see.
const OPEN_PAGES: [&str; 3] = ["/", "/signin", "/invite"];
/// Characters of an address that is come back to after signing in.
const NEXT_CHARS_MAX: usize = 1_000;

/// Who sent a request, put into every request of a page.
#[derive(Clone, Default)]
pub struct Visitor(pub Option<Arc<Who>>);

/// A person signed in.
pub struct Who {
    /// The session.
    pub signed_in: SignedIn,
    /// The session as pages show it.
    pub view: SessionView,
    /// Its secret, as the cookie holds it.
    pub token: Secret,
}

impl Who {
    /// On whose behalf the database is asked.
    pub fn tenant(&self) -> Tenant {
        Tenant::person(self.signed_in.organization.0, self.signed_in.user.0, self.signed_in.role)
    }
}

/// Finds out who sent the request.
pub async fn load(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let who = match token(request.headers(), is_https(request.extensions())) {
        Some(token) => find(&app, token).await,
        None => Ok(None),
    };
    match who {
        Ok(who) => {
            request.extensions_mut().insert(Visitor(who.map(Arc::new)));
            next.run(request).await
        }
        Err(error) => {
            tracing::error!(%error, "who is signed in cannot be found out");
            let sentence = "The database does not answer now. Nothing is lost; try again in a moment.";
            page(&app, StatusCode::SERVICE_UNAVAILABLE, "Just a moment", sentence, Way::Link("", "Try again"))
        }
    }
}

/// The session behind a secret, kept alive by this.
pub async fn find(app: &App, token: Secret) -> Result<Option<Who>, sqlx::Error> {
    let now = clock::now();
    let Some(signed_in) = app.store.session(&token, now).await? else { return Ok(None) };
    app.store.touch_session(&token, &signed_in, now).await?;
    let tenant = Tenant::person(signed_in.organization.0, signed_in.user.0, signed_in.role);
    let view = pages::session::session(&mut app.store.begin_read(&tenant).await?, &signed_in).await?;
    Ok(Some(Who { signed_in, view, token }))
}

/// Sends who is not signed in to sign in, and then back.
pub async fn require(request: Request, next: Next) -> Response {
    let signed_in = request.extensions().get::<Visitor>().is_some_and(|visitor| visitor.0.is_some());
    let path = request.uri().path();
    let is_open = OPEN_PAGES.iter().any(|open| {
        path == *open || (*open != "/" && path.strip_prefix(open).is_some_and(|rest| rest.starts_with('/')))
    });
    if signed_in || is_open || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return next.run(request).await;
    }
    let wanted = request.uri().path_and_query().map_or("/", |wanted| wanted.as_str());
    Redirect::to(&format!("/signin?next={}", query_value(wanted))).into_response()
}

/// An address of ours to go to after signing in; anything else leads to the start.
pub fn next_page(given: Option<&str>) -> &str {
    let is_ours = |next: &&str| {
        next.starts_with('/')
            && !next.starts_with("//")
            && next.len() <= NEXT_CHARS_MAX
            && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    given.filter(is_ours).unwrap_or("/orchestration")
}

/// Percent-encodes a value of a query.
pub fn query_value(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

/// Whether the sender reaches us over https.
pub fn is_https(extensions: &Extensions) -> bool {
    extensions.get::<OwnOrigin>().is_some_and(OwnOrigin::is_https)
}

/// The session's secret in the cookie.
pub fn token(headers: &HeaderMap, https: bool) -> Option<Secret> {
    CookieJar::from_headers(headers).get(name(https)).and_then(|cookie| Secret::given(cookie.value()))
}

fn name(https: bool) -> &'static str {
    if https { SECURE_COOKIE } else { PLAIN_COOKIE }
}

/// Gives the browser its session.
pub fn set(response: &mut Response, token: &Secret, https: bool) {
    put(response, token.reveal(), SESSION_AGE_MAX.as_secs(), https);
}

/// Takes the session from the browser.
pub fn clear(response: &mut Response, https: bool) {
    put(response, "", 0, https);
}

fn put(response: &mut Response, value: &str, age_s_max: i64, https: bool) {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={age_s_max}{secure}", name(https));
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_stays_on_this_site() {
        assert_eq!(next_page(Some("/orchestration/agents?x=1")), "/orchestration/agents?x=1");
        for elsewhere in
            ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nset-cookie: x", ""]
        {
            assert_eq!(next_page(Some(elsewhere)), "/orchestration", "{elsewhere}");
        }
    }

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let mut response = Response::default();
        set(&mut response, &Secret::fresh(), true);
        set(&mut response, &Secret::fresh(), false);
        let cookies: Vec<&str> =
            response.headers().get_all(header::SET_COOKIE).iter().filter_map(|c| c.to_str().ok()).collect();
        assert!(cookies[0].starts_with("__Host-devsquad=") && cookies[0].contains("; Secure"), "{}", cookies[0]);
        assert!(cookies[1].starts_with("devsquad=") && !cookies[1].contains("Secure"), "{}", cookies[1]);
        for cookie in cookies {
            assert!(
                cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/;"),
                "{cookie}"
            );
            assert!(!cookie.contains("Domain"), "{cookie}");
        }
    }
}
