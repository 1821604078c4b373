//! What attempts print.

use devsquad::id::AttemptId;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;

use super::TenantTx;

/// Appends lines after the first `written`.
pub async fn append(
    tx: &mut TenantTx,
    attempt: AttemptId,
    written: i32,
    lines: &[String],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    let organization = tx.tenant().organization;
    // PostgreSQL keeps no NUL; in a log it says nothing.
    let lines: Vec<String> = lines.iter().map(|line| line.replace('\0', "")).collect();
    sqlx::query(
        "INSERT INTO attempt_logs (organization_id, attempt_id, line_no, at, stream, line) \
         SELECT $1, $2, $3 + l.n::int, $4, 'stdout', l.line FROM unnest($5::text[]) WITH ORDINALITY AS l (line, n)",
    )
    .bind(organization)
    .bind(attempt.0)
    .bind(written)
    .bind(now.to_sqlx())
    .bind(lines)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
