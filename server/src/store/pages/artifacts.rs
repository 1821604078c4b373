//! Files that attempts handed in.

use std::fmt::Write as _;

use devsquad::id::TaskId;
use devsquad::view::{ArtifactView, PREVIEW_BYTES_MAX, Text};
use sqlx::FromRow;
use uuid::Uuid;

use crate::store::TenantTx;

/// Files listed for a handful of tasks.
const ARTIFACTS_MAX: i64 = 200;
/// Files shown in place on one page; the others are a click away.
const PREVIEWS_MAX: usize = 4;

#[derive(FromRow)]
struct Row {
    id: Uuid,
    task_id: Uuid,
    name: String,
    media_type: String,
    sha256: Vec<u8>,
    size_bytes: i64,
}

impl Row {
    fn view(self) -> (TaskId, ArtifactView) {
        let view = ArtifactView {
            id: self.id,
            name: self.name,
            media_type: self.media_type,
            size: self.size_bytes.unsigned_abs(),
            sha256: hex(&self.sha256),
            href: format!("/artifacts/{}", self.id),
            text: None,
        };
        (TaskId(self.task_id), view)
    }
}

/// Lower-case hex.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The files of these tasks that count: those of each task's newest attempt that handed any in.
pub async fn newest_of_tasks(tx: &mut TenantTx, tasks: &[TaskId]) -> Result<Vec<(TaskId, ArtifactView)>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, task_id, name, media_type, sha256, size_bytes FROM (
             SELECT r.*, rank() OVER (PARTITION BY r.task_id ORDER BY t.fence DESC) AS age
             FROM artifacts AS r JOIN attempts AS t ON t.organization_id = r.organization_id AND t.id = r.attempt_id
             WHERE r.organization_id = $1 AND r.task_id = ANY($2)) AS ranked
         WHERE age = 1 ORDER BY name, id LIMIT $3",
    )
    .bind(organization)
    .bind(tasks.iter().map(|task| task.0).collect::<Vec<Uuid>>())
    .bind(ARTIFACTS_MAX)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Row::view).collect())
}

/// All files of a task, newest attempt first, the first texts with their content.
pub async fn of_task(tx: &mut TenantTx, task: TaskId) -> Result<Vec<ArtifactView>, sqlx::Error> {
    let organization = tx.tenant().organization;
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT r.id, r.task_id, r.name, r.media_type, r.sha256, r.size_bytes
         FROM artifacts AS r JOIN attempts AS t ON t.organization_id = r.organization_id AND t.id = r.attempt_id
         WHERE r.organization_id = $1 AND r.task_id = $2 ORDER BY t.fence DESC, r.name, r.id LIMIT $3",
    )
    .bind(organization)
    .bind(task.0)
    .bind(ARTIFACTS_MAX)
    .fetch_all(&mut **tx)
    .await?;
    let mut views: Vec<ArtifactView> = rows.into_iter().map(|row| row.view().1).collect();
    add_texts(tx, views.iter_mut().collect()).await?;
    Ok(views)
}

/// Adds the content of the first few that are texts and short: one query.
pub(super) async fn add_texts(tx: &mut TenantTx, views: Vec<&mut ArtifactView>) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    let shown: Vec<&mut ArtifactView> = views
        .into_iter()
        .filter(|view| is_text(&view.media_type) && view.size <= PREVIEW_BYTES_MAX)
        .take(PREVIEWS_MAX)
        .collect();
    if shown.is_empty() {
        return Ok(());
    }
    let contents: Vec<(Uuid, Vec<u8>)> = sqlx::query_as(
        "SELECT r.id, b.content FROM artifacts AS r
         JOIN artifact_blobs AS b ON b.organization_id = r.organization_id AND b.sha256 = r.sha256
         WHERE r.organization_id = $1 AND r.id = ANY($2)",
    )
    .bind(organization)
    .bind(shown.iter().map(|view| view.id).collect::<Vec<Uuid>>())
    .fetch_all(&mut **tx)
    .await?;
    for view in shown {
        let content = contents.iter().find(|(id, _)| *id == view.id);
        view.text = content.and_then(|(_, content)| String::from_utf8(content.clone()).ok()).map(Text::Plain);
    }
    Ok(())
}

/// Whether the pages show it in place.
fn is_text(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    matches!(essence, "text/markdown" | "text/plain")
}

/// A file to be handed out.
#[derive(FromRow)]
pub struct Download {
    /// Its name, as its author gave it.
    pub name: String,
    /// Its media type, as its author gave it.
    pub media_type: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// One file with its bytes.
pub async fn download(tx: &mut TenantTx, id: Uuid) -> Result<Option<Download>, sqlx::Error> {
    let organization = tx.tenant().organization;
    sqlx::query_as(
        "SELECT r.name, r.media_type, b.content FROM artifacts AS r
         JOIN artifact_blobs AS b ON b.organization_id = r.organization_id AND b.sha256 = r.sha256
         WHERE r.organization_id = $1 AND r.id = $2",
    )
    .bind(organization)
    .bind(id)
    .fetch_optional(&mut **tx)
    .await
}
