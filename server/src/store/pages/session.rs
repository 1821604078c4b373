//! Who is signed in, and where.

use devsquad::id::ProjectId;
use devsquad::view::SessionView;
use sqlx::FromRow;
use uuid::Uuid;

use crate::store::TenantTx;
use crate::store::identity::sessions::SignedIn;

#[derive(FromRow)]
struct Row {
    organization: String,
    welcomed: bool,
    project_id: Uuid,
    project_name: String,
}

/// The session as pages show it. New work goes to the organization's oldest project.
pub async fn session(tx: &mut TenantTx, signed_in: &SignedIn) -> Result<SessionView, sqlx::Error> {
    let row: Row = sqlx::query_as(
        "SELECT o.name AS organization, coalesce(o.settings -> 'welcomed' ? $2, false) AS welcomed, p.id AS project_id, p.name AS project_name
         FROM organizations AS o JOIN projects AS p ON p.organization_id = o.id
         WHERE o.id = $1 ORDER BY p.created_at, p.id LIMIT 1",
    )
    .bind(signed_in.organization.0)
    .bind(signed_in.user.0.to_string())
    .fetch_one(&mut **tx)
    .await?;
    Ok(SessionView {
        user: signed_in.user,
        name: signed_in.name.clone(),
        email: signed_in.email.clone(),
        role: signed_in.role,
        organization: row.organization,
        project: ProjectId(row.project_id),
        project_name: row.project_name,
        welcomed: row.welcomed,
    })
}
