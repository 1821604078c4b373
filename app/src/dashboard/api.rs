//! Server functions of the overview.

use devsquad::view::DashboardView;
use leptos::prelude::*;

use crate::error::Failure;

/// The overview.
#[server(output = crate::wire::Json)]
pub async fn load_dashboard() -> Result<DashboardView, Failure> {
    crate::backend::backend()?.dashboard().await
}
