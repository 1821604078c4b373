//! The pages, rendered by Leptos, with their server functions and files.

use std::sync::Arc;

use app::backend::Backend;
use axum::Router;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use leptos::prelude::{LeptosOptions, provide_context, use_context};
use leptos_axum::{LeptosRoutes as _, generate_route_list};
use tower_http::services::ServeDir;

use super::backend::WebBackend;
use super::{App, headers, session};

/// What has its content's hash in its name never changes.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Fonts and the icon may change with a version.
const FOR_AN_HOUR: HeaderValue = HeaderValue::from_static("public, max-age=3600");

/// Every page and every server function.
pub fn routes(app: &App) -> Router<App> {
    let options = LeptosOptions::builder()
        .output_name("devsquad")
        .site_root(app.site().dir.to_string_lossy().as_ref())
        .hash_files(true)
        .build();
    let files = Arc::clone(&app.site().files);
    let shell = move || app::shell(Arc::clone(&files));
    let routes = generate_route_list(app::App);
    Router::new()
        .leptos_routes_with_context(&options, routes, context(app.clone()), shell)
        .layer(from_fn(session::require))
        .with_state(options)
}

/// Files, and the page that says there is no such page.
pub fn fallback(app: &App) -> Router {
    let dir = &app.site().dir;
    let files = Arc::clone(&app.site().files);
    // Whole and not in pieces: the status has to be known before the first byte goes out.
    let render =
        leptos_axum::render_app_async_with_context(context(app.clone()), move || app::shell(Arc::clone(&files)));
    let no_such_page: Router =
        Router::new().fallback(get(render)).layer(from_fn_with_state(app.clone(), session::load));
    let pkg = ServeDir::new(dir.join("pkg")).precompressed_br().precompressed_gzip();
    let pkg = Router::new().fallback_service(pkg).layer(map_response(|response| kept(response, FOR_EVER)));
    let others = |name: &str| {
        Router::new()
            .fallback_service(ServeDir::new(dir.join(name)).precompressed_br())
            .layer(map_response(|response| kept(response, FOR_AN_HOUR)))
    };
    let root = ServeDir::new(dir).append_index_html_on_directories(false).fallback(no_such_page);
    Router::new().nest("/pkg", pkg).nest("/fonts", others("fonts")).fallback_service(root)
}

/// Lets a file be kept; that there is none today may be otherwise tomorrow.
async fn kept(mut response: Response, how_long: HeaderValue) -> Response {
    if response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().insert(header::CACHE_CONTROL, how_long);
    }
    response
}

/// What every page and server function finds in its context: who asks, and the one way to the server.
fn context(app: App) -> impl Fn() + Clone + Send + Sync + 'static {
    move || {
        headers::allow_own_scripts();
        if let Some(parts) = use_context::<Parts>() {
            provide_context::<Arc<dyn Backend>>(Arc::new(WebBackend::of_request(app.clone(), &parts)));
        }
    }
}
